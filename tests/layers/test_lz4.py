"""Blocks of lz4: hostile ones, and sizes beyond a C int."""

import lz4.block
import numpy as np
import pytest

from penstock.buffers import as_bytes
from penstock.errors import CorruptDataError, LimitExceededError, UsageError
from penstock.layers import native
from penstock.layers.lz4 import make

from .codecs import LZ4S, NATIVE_LZ4

RAW = b"a line of a log, number 17\n" * 40


def encode(codec, raw, level=1):
    out = np.empty(codec.bound(len(raw)), np.uint8)
    return out[: codec.encode_into(as_bytes(raw), out, level)].tobytes()


def decode(codec, payload, size):
    out = np.empty(size, np.uint8)
    codec.decode_into(as_bytes(payload), out)
    return out.tobytes()


@pytest.mark.parametrize("codec", LZ4S)
def test_blocks_of_other_writers(codec):
    for mode in ("default", "fast", "high_compression"):
        assert decode(codec, lz4.block.compress(RAW, mode=mode, store_size=False), len(RAW)) == RAW
    assert lz4.block.decompress(encode(codec, RAW, 9), uncompressed_size=len(RAW)) == RAW


@pytest.mark.parametrize("codec", LZ4S)
@pytest.mark.parametrize(
    ("size", "payload"),
    [
        (0, b""), (1, b""), (1, b"\0"), (5, b"\x50abcd"), (4, b"\x50abcde"), (6, b"\x50abcde"),
        (20, b"\x1fa\x00\x00\x00\x50abcde"),  # a match at distance 0
        (20, b"\x1fa\x02\x00\x00\x50abcde"),  # from before the output's begin
        (100, b"\xf0" + b"\xff" * 50),  # a run of lengths without an end
        (100, b"\x1fa\x01\x00" + b"\xff" * 50),
    ],
)  # fmt: skip
def test_hostile_blocks(codec, size, payload):
    with pytest.raises(CorruptDataError, match="no lz4 block"):
        decode(codec, payload, size)
    assert decode(codec, b"\0", 0) == b""
    assert decode(codec, b"\x50abcde", 5) == b"abcde"


@pytest.mark.parametrize("codec", LZ4S)
@pytest.mark.parametrize("level", [0, 13, -1, 2**40, 1.0, None])
def test_levels_that_are_not(codec, level):
    with pytest.raises(UsageError, match="no level"):
        encode(codec, RAW, level)


def test_sizes_that_no_c_int_holds():
    """Arrays of that many bytes, of which no page is ever touched: a size cut to 32 bits would be taken."""
    called = []
    watched = native.lz4()._replace(**dict.fromkeys(native.Lz4Functions._fields, lambda *a: called.append(a) or 0))
    huge, small, codec = np.empty((1 << 32) + 5, np.uint8), np.empty(5, np.uint8), make(watched)
    with pytest.raises(LimitExceededError):
        codec.encode_into(huge, small, 1)
    for payload, out in ((huge, small), (small, huge)):
        with pytest.raises(CorruptDataError):
            codec.decode_into(payload, out)
    assert called == []
    assert NATIVE_LZ4.encode_into(as_bytes(b"hello"), huge, 1) == 6
    assert NATIVE_LZ4.encode_into(as_bytes(b"hello"), huge, 9) == 6


@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 100_000])
def test_the_bound_is_the_librarys(size):
    import ctypes

    (path,) = native.extension_modules("lz4", "block/_block*.so")
    assert NATIVE_LZ4.bound(size) == ctypes.CDLL(str(path)).LZ4_compressBound(size)
