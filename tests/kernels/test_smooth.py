"""Pixels foretold by the row above, against the slow twin."""

import numpy as np
import pytest

from naive import smooth as naive
from penstock.kernels import smooth as k


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("row", [3, 4, 5, 60, 1026, 5000])
@pytest.mark.parametrize("count", [0, 1, 2, 5, 6, 7, 1027, 1028, 1029, 2100, 3300])
def test_as_the_twin(width, row, count):
    random = np.random.default_rng([width, row, count])
    bits = 8 * width
    for values in (
        random.integers(0, 2**bits, count),
        np.cumsum(random.integers(-3, 4, count)) % 2**bits,
        random.choice([0, 2**bits - 1, 2 ** (bits - 1)], count),
    ):
        x = values.astype(f"u{width}")
        out, scratch = np.empty_like(x), np.empty(k.BLOCK, x.dtype)
        assert k.foretell[width](x, out, row, scratch) == count
        assert out.tolist() == naive.residuals(values.tolist(), row, bits)
        back = np.empty_like(x)
        assert k.retell[width](out, back, row, scratch) == count
        assert (back == x).all()


def test_what_does_not_fit():
    x, room = np.zeros(9, np.uint16), np.empty(k.BLOCK, np.uint16)
    for kernel in (k.foretell[2], k.retell[2]):
        assert kernel(x, x.copy(), 2, room) == -1
        assert kernel(x, x[:8].copy(), 4, room) == -1
        assert kernel(x, x.copy(), 4, room[:-1].copy()) == -1
