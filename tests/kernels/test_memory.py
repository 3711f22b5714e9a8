"""Loads and stores at an address do what their scalar twins do, at every alignment."""

from functools import lru_cache

import numba
import numpy as np
import pytest

from naive import simd as twins
from penstock.kernels import memory, simd

FORMS = {
    "load64": "uint64", "load32": "int64", "load8": "uint8", "store64": "void", "store32": "void",
    "store8": "void", "equal_mask": "uint64", "range_mask": "uint64",
}  # fmt: skip
VALUES = {
    "store64": [0x0123456789ABCDEF], "store32": [0x0123456789ABCDEF], "store8": [0xEF], "equal_mask": [10],
    "range_mask": [48, 10],
}  # fmt: skip
TYPES = {
    "store64": ", uint64", "store32": ", int64", "store8": ", uint8", "equal_mask": ", uint8",
    "range_mask": ", uint8, uint8",
}  # fmt: skip


@lru_cache
def compiled(name):
    """A loop that does nothing but this intrinsic, at an offset into an array."""
    more = "".join(f", value{number}" for number in range(len(VALUES.get(name, []))))
    scope = {"intrinsic": getattr(memory, f"{name}_at"), "address": simd.address}
    back = "" if FORMS[name] == "void" else "return "
    exec(f"def loop(array, offset{more}):\n    {back}intrinsic(address(array) + offset{more})", scope)
    return numba.njit(f"{FORMS[name]}(uint8[::1], int64{TYPES.get(name, '')})")(scope["loop"])


def test_every_intrinsic_is_tested():
    made = {name for name, value in vars(memory).items() if type(value).__name__ == "_Intrinsic"}
    assert made == {f"{name}_at" for name in (*FORMS, "copy16")}


@pytest.mark.parametrize("offset", range(17))
@pytest.mark.parametrize("name", FORMS)
def test_at_every_alignment(name, offset):
    data = np.random.default_rng(offset).integers(0, 256, 96, np.uint8)
    data[::3] = 10
    value = VALUES.get(name, [])
    twin = bytearray(data)
    assert compiled(name)(data, offset, *value) == getattr(twins, name)(twin, offset, *value)
    assert data.tobytes() == bytes(twin)


@pytest.mark.parametrize(("low", "count"), [(48, 10), (0, 1), (0, 255), (255, 1), (200, 100), (7, 0), (128, 128)])
def test_ranges(low, count):
    data = np.random.default_rng(low).integers(0, 256, 96, np.uint8)
    assert compiled("range_mask")(data, 5, low, count) == twins.range_mask(data, 5, low, count)


@pytest.mark.parametrize("offset", range(17))
def test_copies_that_look(offset):
    @numba.njit("uint64(uint8[::1], uint8[::1], int64, int64, uint8)")
    def loop(to, source, at, start, byte):
        return memory.copy16_at(simd.address(to) + at, simd.address(source) + start, byte)

    source = np.random.default_rng(offset).integers(0, 256, 40, np.uint8)
    source[:: 1 + offset // 2] = 10
    to, twin = np.full(40, 7, np.uint8), bytearray(b"\7" * 40)
    assert loop(to, source, 17 - offset, offset, 10) == twins.copy16(twin, 17 - offset, source, offset, 10)
    assert to.tobytes() == bytes(twin)
