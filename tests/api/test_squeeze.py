"""Compressing in memory: what comes back, into what, how much of it, and what is turned down."""

import array
import ctypes
import functools
import mmap
import re
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostile.samples import FORMS, KEY, mixed, noise, numbers, opening, repeats, text
from penstock import errors
from penstock.api.squeeze import compress, compress_bound, decompress, decompress_range
from penstock.container import seal
from penstock.container.directory import read_directory

PLAIN_FORMS = [form for form in FORMS.values() if "key" not in form]
EVERY_FORM = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


@st.composite
def contents(draw):
    """Up to 40 KB of everything, small pieces being likely."""
    make = draw(st.sampled_from([noise, text, repeats, numbers, mixed]))
    size = draw(st.one_of(st.integers(0, 300), st.integers(0, 40_000), st.sampled_from([4095, 4096, 4097, 8192])))
    return make(size, draw(st.integers(0, 5)))


def chunks_of(blob, **secret):
    return read_directory(lambda at, size: blob[at : at + size], len(blob), look_only=True).chunks


# --- round trips ------------------------------------------------------------------------------------------------------


@EVERY_FORM
@settings(max_examples=25, deadline=None)
@given(raw=contents(), chunk_size=st.sampled_from([4096, 5000, 8191, 65_536]), threads=st.sampled_from([1, 3]))
def test_what_goes_in_comes_out(form, raw, chunk_size, threads):
    blob = compress(raw, chunk_size=chunk_size, threads=threads, **form)
    assert type(blob) is bytes
    assert decompress(blob, threads=threads, **opening(form)) == raw
    assert len(blob) <= compress_bound(len(raw), chunk_size=chunk_size, **form)
    assert chunks_of(blob) == -(-len(raw) // chunk_size)


DTYPES = ["?", "i1", "<u2", ">i4", "f2", "f8", "c16", "S5", "U3", "V7", "M8[s]", "m8[ns]", [("a", "i2"), ("b", "f8")]]


@pytest.mark.parametrize("size", [600, 200_000])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_arrays_of_any_type_in_and_out(dtype, size):
    count = size // np.dtype(dtype).itemsize
    data = np.frombuffer(text(count * np.dtype(dtype).itemsize), dtype)
    blob = compress(data)
    assert blob == compress(data.tobytes())
    back = np.zeros(count + 3, dtype)
    got = decompress(blob, back)
    assert got.nbytes == data.nbytes
    assert back[:count].tobytes() == data.tobytes()
    room = np.zeros(compress_bound(data.nbytes) // np.dtype(dtype).itemsize + 1, dtype)
    assert bytes(compress(data, out=room)) == blob


def buffers(raw):
    """The same bytes in everything that has a buffer."""
    even = len(raw) // 8 * 8
    mapped = mmap.mmap(-1, max(1, len(raw)))
    mapped[: len(raw)] = raw
    yield raw, raw
    yield bytearray(raw), raw
    yield memoryview(raw), raw
    yield memoryview(b"x" + raw + b"y")[1:-1], raw
    yield memoryview(raw[:even]).cast("d"), raw[:even]
    yield memoryview(raw[:even]).cast("B", (2, even // 2)), raw[:even]
    yield array.array("q", raw[:even]), raw[:even]
    yield (ctypes.c_char * len(raw)).from_buffer_copy(raw), raw
    yield np.frombuffer(raw, np.uint8)[3:], raw[3:]
    yield np.frombuffer(raw[:even], np.uint8).reshape(4, -1, 2), raw[:even]
    yield np.lib.stride_tricks.as_strided(np.frombuffer(raw, np.uint8), (1, len(raw)), (77, 1)), raw
    yield memoryview(mapped)[: len(raw)], raw


@pytest.mark.parametrize("size", [8, 4096, 300_000])
def test_every_kind_of_buffer(size):
    for buffer, expected in buffers(text(size)):
        blob = compress(buffer, chunk_size=70_000)
        assert blob == compress(expected, chunk_size=70_000), type(buffer)
        for held in (bytearray(blob), memoryview(blob), np.frombuffer(blob, np.uint8), array.array("b", blob)):
            assert decompress(held) == expected


EMPTIES = [b"", bytearray(), memoryview(b""), np.empty(0), np.empty((3, 0, 2)), array.array("d"), np.empty(0, "M8[s]")]


@EVERY_FORM
def test_nothing_at_all(form):
    for empty in EMPTIES:
        blob = compress(empty, **form)
        assert compress_bound(0, **form) == len(blob)
        assert decompress(blob, **opening(form)) == b""
        assert decompress_range(blob, 0, 10, **opening(form)) == b""
        for out in (bytearray(), bytearray(3), np.empty((0, 3)), np.empty((2, 3)), array.array("d")):
            assert bytes(decompress(blob, out, **opening(form))) == b""


NO_BUFFERS = ["text", None, 5, [1, 2], object(), {1: 2}, np.array([object()]), open]
STRIDED = [memoryview(b"abcdef")[::2], np.arange(9)[::2], np.ones((4, 4), order="F"), memoryview(b"abc")[::-1]]


@pytest.mark.parametrize("wrong", [*NO_BUFFERS, *STRIDED], ids=lambda value: type(value).__name__)
def test_what_has_no_bytes_in_a_row(wrong):
    blob = compress(b"")
    calls = [compress, decompress, lambda data: decompress_range(data, 0, 1)]
    if wrong is not None:  # no `out` at all
        calls += [lambda data: decompress(blob, data), lambda data: compress(b"", out=data)]
        calls += [lambda data: compress(bytes(300_000), out=data)]
    for call in calls:
        with pytest.raises(errors.BadBufferError):
            call(wrong)


# --- the same bytes, and not too many ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", PLAIN_FORMS, ids=["zstd", "lz4", "store", "own", "copies"])
def test_the_same_bytes_for_any_number_of_threads(form):
    raw = mixed(700_000, 3)
    expected = compress(raw, chunk_size=30_000, threads=1, **form)
    for threads in (None, 1, 2, 3, 7):
        assert compress(raw, chunk_size=30_000, threads=threads, **form) == expected
        assert decompress(expected, threads=threads, **opening(form)) == raw


@pytest.fixture
def cheap_scrypt(monkeypatch):
    real = seal.Secret.parameters
    monkeypatch.setattr(seal.Secret, "parameters", lambda self: real(self, seal.MIN_SCRYPT_LOG_N))


def test_encrypted_data_never_looks_the_same(cheap_scrypt):
    raw = text(100_000)
    assert compress(raw, key=KEY) != compress(raw, key=KEY)
    one, two = compress(raw, passphrase="word"), compress(raw, passphrase=b"word")
    assert one != two
    assert decompress(one, passphrase=b"word") == decompress(two, passphrase="word") == raw
    assert decompress_range(one, 10, 50, passphrase="word") == raw[10:50]
    with pytest.raises(errors.WrongKeyError):
        decompress(one, passphrase="Word")


INCOMPRESSIBLE = {
    "noise": lambda size: noise(size, 4),
    "compressed": lambda size: zlib.compress(numbers(4 * size, 2), 9)[:size],
    "encrypted": lambda size: compress(text(2 * size), key=KEY)[200 : 200 + size],
}


@functools.cache
def incompressible(kind, size):
    return INCOMPRESSIBLE[kind](size)


@EVERY_FORM
@pytest.mark.parametrize("kind", INCOMPRESSIBLE)
@pytest.mark.parametrize("size", [1, 4096, 70_000, 3 << 20])
def test_never_much_larger(form, kind, size):
    raw = incompressible(kind, size)
    blob = compress(raw, **form)
    assert len(blob) <= compress_bound(len(raw), **form)
    assert len(blob) <= len(raw) * 1.001 + 250
    assert decompress(blob, **opening(form)) == raw


@pytest.mark.parametrize("chunk_size", [4096, 5000, None])
def test_the_bound_is_tight(chunk_size):
    for size in (1, 4096, 4097, 100_000):
        blob, bound = compress(noise(size), chunk_size=chunk_size), compress_bound(size, chunk_size=chunk_size)
        assert len(blob) <= bound <= len(blob) + 16 * -(-size // (chunk_size or size))


def test_a_codec_of_ones_own_that_expands():
    twice = (lambda data: data + data, lambda data: data[: len(data) // 2])
    raw = text(100_000)
    blob = compress(raw, codec=twice, chunk_size=20_000)
    assert len(raw) * 2 < len(blob) <= compress_bound(len(raw), codec=twice, chunk_size=20_000)
    assert decompress(blob, codec=twice) == raw
    room = bytearray(compress_bound(len(raw), codec=twice, chunk_size=20_000))
    assert bytes(compress(raw, codec=twice, chunk_size=20_000, out=room)) == blob
    with pytest.raises(errors.LimitExceededError, match="more than"):
        compress(raw, codec=(lambda data: data * 9, None), chunk_size=20_000)


# --- parts ------------------------------------------------------------------------------------------------------------


@EVERY_FORM
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_range_is_a_slice(form, data):
    raw = mixed(50_000)
    blob = compress(raw, chunk_size=4096, **form) + compress(b"", **form) + compress(raw[:5000], **form)
    raw += raw[:5000]
    edges = st.sampled_from([0, 4096, 8192, 50_000, 55_000])
    near = st.one_of(st.none(), st.integers(-len(raw) - 9, len(raw) + 9), edges)
    for _ in range(10):
        start, stop = data.draw(near), data.draw(near)
        assert decompress_range(blob, start, stop, **opening(form)) == raw[start:stop]


def test_a_range_decodes_only_the_chunks_it_touches():
    """All the others may be damaged."""
    raw = text(100_000)
    blob = compress(raw, chunk_size=10_000)
    places = [place.start() for place in re.finditer(re.escape(b"\x8fCHK"), blob)]
    ranges = [(0, 1, {0}), (9999, 10_001, {0, 1}), (10_000, 20_000, {1}), (35_000, 61_000, {3, 4, 5, 6}), (7, 7, set())]
    for start, stop, touched in ranges:
        bad = bytearray(blob)
        for number in set(range(10)) - touched:
            bad[places[number] + 60] ^= 1
        assert decompress_range(bad, start, stop) == raw[start:stop]
        for number in touched:
            bad[places[number] + 60] ^= 1
            with pytest.raises(errors.CorruptDataError, match=f"chunk {number} of segment 0"):
                decompress_range(bad, start, stop)
            bad[places[number] + 60] ^= 1


# --- arguments --------------------------------------------------------------------------------------------------------

BAD = [
    {"level": -1}, {"level": 20}, {"level": "best"}, {"level": 1.5}, {"level": 0, "codec": "zstd"},
    {"codec": "brotli"}, {"codec": 5}, {"codec": zlib.compressobj()}, {"codec": (1, 2)}, {"chunk_size": 4095},
    {"chunk_size": "1M"}, {"chunk_size": 1 << 27}, {"threads": 0}, {"threads": -1}, {"threads": "x"}, {"threads": 1.5},
    {"threads": 1 << 40}, {"key": b"short"}, {"key": b""}, {"passphrase": ""}, {"key": KEY, "passphrase": "x"},
]  # fmt: skip


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_arguments_that_make_no_sense(arguments):
    with pytest.raises(errors.UsageError):
        compress(bytes(3 << 20), **arguments)


@pytest.mark.parametrize("passphrase", [5, True], ids=repr)
def test_a_passphrase_that_is_no_text(passphrase, cheap_scrypt):
    with pytest.raises((errors.UsageError, TypeError)):
        compress(b"secret", passphrase=passphrase)


@pytest.mark.parametrize("size", [-1, 1.5, "1M", None])
def test_sizes_that_are_none(size):
    with pytest.raises(errors.UsageError, match="size must be a whole number"):
        compress_bound(size)
    if size is not None:  # no limit of one's own
        for blob in (compress(b"x"), compress(b"x") * 2):
            with pytest.raises(errors.UsageError, match="max_size must be a whole number"):
                decompress(blob, max_size=size)
