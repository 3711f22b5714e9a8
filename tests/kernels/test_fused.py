"""Each fused decoder gives what its two steps give."""

import numpy as np
import pytest

from penstock.kernels import delta, fused, pack
from penstock.layers.delta import scratch

from .test_pack import packed
from .test_split import parted

WIDTHS = (2, 4, 8)
SIZES = [0, 1, 63, 65, 1023, 1024, 1025, 2600]
CASES = [(1, 1), (2, 1), (5, 1), (6, 1), (3, 1), (1, 3), (1, 700), (3, 1500), (4, 33), (4, 1025), (8, 1), (8, 900)]


def differences(width, size, mode, lag):
    random = np.random.default_rng(size)
    values = np.cumsum(random.integers(-300, 301, size)).astype(f"u{width}")
    values[random.random(size) < 0.003] += np.iinfo(values.dtype).max // 3
    out = np.empty_like(values)
    delta.difference[width](values, out, mode, lag)
    return values, out


def run(kernel, width, size, *arguments):
    """The output, or None; nothing else may be written."""
    room = np.full(size + 128, 91, f"u{width}")
    out = room[64 : 64 + size]
    mode, lag, *front = arguments[-2], arguments[-1], *arguments[:-2]
    status = kernel[width](*front, out, mode, lag, scratch(width))
    assert (room[:64] == 91).all() and (room[64 + size :] == 91).all()
    assert status in (size, pack.BAD)
    return out.tolist() if status == size else None


def planes_of(values):
    """All eight arguments, and how many count."""
    planes = list(np.ascontiguousarray(values.view(np.uint8).reshape(values.size, values.itemsize).T))
    while len(planes) > 1 and not planes[-1].any():
        planes.pop()
    return [*planes, *[np.zeros(0, np.uint8)] * (8 - len(planes)), len(planes)]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("mode", "lag"), CASES)
def test_all_agree(width, mode, lag):
    for size in SIZES:
        values, apart = differences(width, size, mode, lag)
        for k in (0, 2, 8 * width - 5):
            assert run(fused.merge_restore, width, size, *parted(apart, k), k, mode, lag) == values.tolist()
        assert run(fused.planes_restore, width, size, *planes_of(apart), mode, lag) == values.tolist()
        assert run(fused.unpack_restore, width, size, *packed(apart), mode, lag) == values.tolist()


@pytest.mark.parametrize("width", WIDTHS)
def test_what_does_not_fit(width):
    _, apart = differences(width, 1100, 1, 1)
    parts = parted(apart, 2)
    for number in range(3):
        changed = list(parts)
        changed[number] = np.resize(parts[number], parts[number].size - 1)
        assert run(fused.merge_restore, width, 1100, *changed, 2, 1, 1) is None
    parts = packed(apart)
    for number in range(6):
        changed = list(parts)
        changed[number] = np.resize(parts[number], parts[number].size + 1)
        assert run(fused.unpack_restore, width, 1100, *changed, 1, 1) is None
    parts = [part.copy() for part in packed(apart)]
    parts[2][1] = 8 * width + 1
    assert run(fused.unpack_restore, width, 1100, *parts, 1, 1) is None


@pytest.mark.parametrize("width", WIDTHS)
def test_planes_that_do_not_fit(width):
    plane, empty = np.ones(70, np.uint8), np.zeros(0, np.uint8)
    for planes in (-1, 0, width + 1, 9):
        assert run(fused.planes_restore, width, 70, *[plane] * 8, planes, 1, 1) is None
    for planes in range(1, width + 1):
        assert run(fused.planes_restore, width, 70, *[plane] * 8, planes, 5, 1) is not None
        for number in range(planes):
            wrong = [plane] * 8
            for other in (empty, plane[:69], np.ones(71, np.uint8)):
                wrong[number] = other
                assert run(fused.planes_restore, width, 70, *wrong, planes, 5, 1) is None
