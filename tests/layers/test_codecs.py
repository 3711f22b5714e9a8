"""What all codecs promise alike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.buffers import as_bytes
from penstock.errors import BadBufferError, CorruptDataError
from penstock.layers import native
from penstock.testing.conformance import check_codec

from .codecs import ALL, LIBRARIES, NATIVE_LZ4, NATIVE_ZSTD, PORTABLE_LZ4, PORTABLE_ZSTD

TEXT = np.frombuffer(b"".join(b"a line of a log, number %d\n" % (n * n) for n in range(9000)), np.uint8)


def encode(codec, source, level=3):
    out = np.empty(codec.bound(source.size), np.uint8)
    return out[: codec.encode_into(source, out, level)].copy()


def decode(codec, payload, size):
    out = np.empty(size, np.uint8)
    codec.decode_into(payload, out)
    return out


@pytest.mark.parametrize("codec", ALL)
@pytest.mark.parametrize("level", [1, 9])
def test_the_contract(codec, level):
    check_codec(codec, level=level)


def test_this_machine_has_the_c_functions():
    """The packages' own wheels export them; where a test runs without, it tests only half."""
    assert (type(NATIVE_ZSTD).__name__, type(NATIVE_LZ4).__name__) == ("NativeZstd", "NativeLz4")


@pytest.mark.parametrize("pair", [(NATIVE_ZSTD, PORTABLE_ZSTD), (NATIVE_LZ4, PORTABLE_LZ4)], ids=["zstd", "lz4"])
@pytest.mark.parametrize("size", [0, 1, 5000, TEXT.size])
def test_both_ways_read_each_other(pair, size):
    for writer, reader in (pair, pair[::-1]):
        for level in (1, 3, 12):
            assert np.array_equal(decode(reader, encode(writer, TEXT[:size], level), size), TEXT[:size])
    assert pair[0].bound(size) == pair[1].bound(size)


@pytest.mark.parametrize("codec", LIBRARIES)
def test_levels_are_kept_apart(codec):
    """Whatever level came before on this thread."""
    sizes = {level: encode(codec, TEXT, level).size for level in (1, 6, 12)}
    assert len({*sizes.values()}) == 3
    assert max(sizes.values()) < TEXT.size // 2
    for level in (12, 1, 1, 6, 12):
        assert encode(codec, TEXT, level).size == sizes[level]


def accepted(codec, payload, size):
    """What comes out over two different fillings: both the same, or refused."""
    found = []
    for fill in (0x00, 0xFF):
        out = np.full(size, fill, np.uint8)
        try:
            codec.decode_into(payload, out)
        except CorruptDataError:
            out = None
        found.append(out)
    assert (found[0] is None) == (found[1] is None)
    return found


@pytest.mark.parametrize("codec", LIBRARIES)
@given(
    raw=st.binary(max_size=300),
    flips=st.lists(st.integers(0, 10_000), min_size=2, max_size=4),
    size=st.integers(0, 400),
)
def test_several_flipped_bits(codec, raw, flips, size):
    payload = encode(codec, as_bytes(raw))
    for flip in flips:
        payload[flip // 8 % payload.size] ^= 1 << flip % 8
    for wanted in (len(raw), size):
        assert np.array_equal(*accepted(codec, payload, wanted))


@pytest.mark.parametrize("codec", LIBRARIES)
@given(junk=st.binary(max_size=300), size=st.integers(0, 400))
def test_any_bytes(codec, junk, size):
    assert np.array_equal(*accepted(codec, as_bytes(junk), size))
    assert np.array_equal(*accepted(codec, as_bytes(b"\x28\xb5\x2f\xfd" + junk), size))


@pytest.mark.parametrize("codec", [NATIVE_ZSTD, NATIVE_LZ4])
def test_arrays_that_would_lead_astray_are_refused(codec):
    """C functions follow an address and a size: neither strides nor read-only memory."""
    out, payload = np.empty(100_000, np.uint8), encode(codec, TEXT[:1000])
    frozen = np.empty(1000, np.uint8)
    frozen.flags.writeable = False
    for bad in (TEXT[::2], TEXT[::-1], TEXT.copy()[::2]):
        with pytest.raises(BadBufferError):
            codec.encode_into(bad, out, 3)
        with pytest.raises(BadBufferError):
            codec.decode_into(bad, out)
    for bad in (frozen, out[:2000:2], out[999::-1]):
        with pytest.raises(BadBufferError):
            codec.encode_into(TEXT[:100], bad, 3)
        with pytest.raises(BadBufferError):
            codec.decode_into(payload, bad)


def test_the_interpreter_lock_is_released():
    holds_the_lock = 4  # ctypes' flag of functions of Python's own interface
    for function in (*native.zstd(), *native.lz4()):
        assert not type(function)._flags_ & holds_the_lock
