"""Channels that foretell one another, against the slow twin."""

import numpy as np
import pytest

from naive import channels as naive
from penstock.kernels import channels as k


def scratch(width, size=k.BLOCK):
    return np.empty(size, np.uint64 if width == 4 else np.uint32)


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("count", [0, 1, 7, k.BLOCK - 1, k.BLOCK, k.BLOCK + 1])
def test_as_the_twin(width, signed, count):
    random = np.random.default_rng([width, signed, count])
    many = 4
    rows = random.integers(0, 256**width, (count, many), np.uint64)
    factors = random.integers(-32767, 32768, (many, many)) >> random.integers(0, 16, (many, many))
    factors[2] = 0
    table = np.full((many, count + 3), 77, f"u{width}")
    table[:, :count] = rows.T
    before = table.copy()
    assert k.foretell[width](table, count, factors.reshape(-1), signed, scratch(width), k.APART) == 0
    below = [factors[j, :j].tolist() for j in range(many)]
    assert table[:, :count].tolist() == naive.apart(rows.tolist(), below, width, signed=signed)
    assert (table[:, count:] == 77).all()
    assert k.foretell[width](table, count, factors.reshape(-1), signed, scratch(width), k.TOGETHER) == 0
    assert (table == before).all()


def test_what_does_not_fit():
    table, factors = np.zeros((3, 5), np.uint16), np.ones(9, np.int64)
    assert k.foretell[2](table, 6, factors, 0, scratch(2), k.APART) == -1
    assert k.foretell[2](table, 5, factors[:8], 0, scratch(2), k.APART) == -1
    assert k.foretell[2](table, 5, factors, 0, scratch(2, 1023), k.APART) == -1
    assert not table.any()
