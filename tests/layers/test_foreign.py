"""Codecs that the caller brings: what fits, what they are given, what they may give, and what goes wrong."""

import bz2
import functools
import gzip
import json
import lzma
import operator
import pickle
import zlib
from concurrent.futures import ThreadPoolExecutor

import lz4.frame
import numpy as np
import pytest
import zstandard

from penstock.buffers import as_bytes
from penstock.errors import CorruptDataError, PenstockError, UsageError
from penstock.layers.foreign import Foreign, foreign
from penstock.testing.conformance import check_codec

RAW = as_bytes(b"aaaaaaaaaabbbbbbbbbbbbbbbcdeffffffffffffffffffffff" * 5)


def kind_of(value):
    """A name that is the same in every process, as those with addresses are not."""
    return type(value).__name__


def runs(data):
    """Run lengths, as one writes them for a lesson: slices, `startswith`, dictionaries of slices."""
    out, at = b"", 0
    while at < len(data):
        piece = data[at : at + 1]
        length = 1
        while length < 255 and data[at + length : at + length + 1] == piece:
            length += 1
        out += bytes([length]) + piece
        at += length
    return out


def unruns(data):
    if len(data) % 2:
        raise ValueError("half a run")
    return b"".join(data[at + 1 : at + 2] * data[at] for at in range(0, len(data), 2))


class Encoder:
    """The ways of numcodecs, without its id."""

    def encode(self, data):
        return runs(data)

    def decode(self, data):
        return unruns(data)


class Static:
    compress = staticmethod(runs)
    decompress = staticmethod(unruns)


class Called:
    def __call__(self, data):
        return runs(data)


def round_trip(codec, raw=RAW):
    out = np.empty(codec.bound(raw.size), np.uint8)
    size = codec.encode_into(raw, out, 3)
    assert size >= 0
    back = np.empty(raw.size, np.uint8)
    codec.decode_into(out[:size], back)
    assert np.array_equal(raw, back)
    return out[:size].tobytes()


@pytest.mark.parametrize(
    ("brought", "name"),
    [
        (zlib, "zlib"),
        (bz2, "bz2"),
        (lzma, "lzma"),
        (gzip, "gzip"),
        (lz4.frame, "lz4.frame"),
        (zstandard, "zstandard"),
        ((zlib.compress, zlib.decompress), "zlib.compress"),
        ([runs, unruns], f"{__name__}.runs"),
        ((lambda data: data[::-1], lambda data: data[::-1]), f"{__name__}.<lambda>"),
        ((functools.partial(zlib.compress, level=9), zlib.decompress), "zlib.compress"),
        ((Called(), unruns), f"{__name__}.Called"),
        (Encoder(), f"{__name__}.Encoder"),
        (Static, f"{__name__}.Static"),
        (Static(), f"{__name__}.Static"),
    ],
    ids=kind_of,
)
def test_what_can_be_brought(brought, name):
    codec = foreign(brought)
    assert (codec.id, codec.name) == (3, name)
    assert round_trip(codec)
    assert foreign(codec) is codec


TURN = operator.itemgetter(slice(None, None, -1))


@pytest.mark.parametrize(
    "brought", [bz2, lzma, lz4.frame, zstandard, (TURN, TURN), (lambda data: data[::-1],) * 2], ids=kind_of
)
def test_the_contract(brought):
    check_codec(foreign(brought))


def test_python_functions_get_bytes_and_others_memory():
    class Views:
        """Not written in Python, as far as one can see from outside: like a C function."""

        def __init__(self):
            self.seen = []

        @property
        def __call__(self):
            return self.take

        def take(self, data):
            self.seen.append((type(data), getattr(data, "readonly", None)))
            return bytes(data)

    def plain(data):
        seen.append(type(data))
        return bytes(data)

    seen, c_like = [], Views()
    cached = functools.lru_cache(plain)
    for python in (plain, cached, functools.partial(plain), lambda data: plain(data) + b"!"):
        Foreign("x", python).encode(RAW)
    assert seen == [bytes] * 4
    Foreign("x", plain, views=True).encode(RAW)
    assert seen.pop() is memoryview
    for _ in range(2):
        Foreign("x", c_like).encode(RAW)
    assert c_like.seen == [(memoryview, True)] * 2


class Picky:
    """Takes only one type, and notes what it was offered."""

    def __init__(self, wanted):
        self.wanted, self.calls = wanted, []

    def take(self, data):
        self.calls.append(type(data))
        if not isinstance(data, self.wanted):
            raise TypeError(f"not {type(data).__name__}")
        return bytes(data)


def test_bytes_are_offered_where_memory_is_refused_and_remembered():
    picky = Picky(bytes)
    codec = Foreign("picky", picky.take, views=True)
    for _ in range(3):
        assert codec.encode(RAW).size == RAW.size
    assert picky.calls == [memoryview, bytes, bytes, bytes]


def test_a_type_error_later_is_not_tried_twice():
    picky = Picky(memoryview)
    codec = Foreign("picky", picky.take, views=True)
    codec.encode(RAW)
    picky.wanted = bytes
    with pytest.raises(TypeError):
        codec.encode(RAW)
    assert picky.calls == [memoryview, memoryview]


def test_a_callable_that_takes_neither():
    picky = Picky(str)
    with pytest.raises(TypeError, match="not bytes"):
        Foreign("picky", picky.take, views=True).encode(RAW)


@pytest.mark.parametrize(
    "give",
    [
        bytearray,
        memoryview,
        lambda data: memoryview(data)[::-1],
        lambda data: np.frombuffer(data, np.uint8)[::-1],
        lambda data: np.frombuffer(data[: len(data) // 8 * 8], "<f8").reshape(2, -1).T if len(data) % 16 == 0 else data,
        lambda data: np.frombuffer(data, np.uint8).reshape(2, -1),
        lambda data: np.frombuffer(data, "M8[s]"),
    ],
)
def test_results_may_be_any_buffer(give):
    raw = as_bytes(bytes(range(160)))
    coded = Foreign("x", give).encode(raw)
    assert (coded.dtype, coded.ndim, coded.size) == (np.uint8, 1, 160)
    made = give(raw.tobytes())
    assert coded.tobytes() == (made.tobytes() if hasattr(made, "tobytes") else bytes(made))


@pytest.mark.parametrize("result", [None, "text", 5, [1, 2], (b"", b""), np.array([None]), object()], ids=kind_of)
def test_results_that_are_no_buffer(result):
    codec = Foreign("mine", lambda data: result, lambda data: result)
    with pytest.raises(UsageError, match=f"codec mine, compressing, gave {type(result).__name__}"):
        codec.encode(RAW)
    with pytest.raises(UsageError, match=f"codec mine, decompressing, gave {type(result).__name__}"):
        codec.decode_into(RAW, np.empty(5, np.uint8))


def test_results_of_another_size():
    codec = Foreign("mine", bytes, lambda data: data + b"x")
    with pytest.raises(CorruptDataError, match="codec mine gave 251 raw bytes where 250"):
        codec.decode_into(RAW, np.empty(250, np.uint8))
    codec = Foreign("large", lambda data: bytes(10 * len(data)))
    assert codec.encode(RAW).size == 2500
    assert codec.encode_into(RAW, np.empty(2499, np.uint8), 3) == -1
    assert codec.encode_into(RAW, np.empty(2500, np.uint8), 3) == 2500


def test_only_compressing():
    for codec in (foreign(runs), foreign((runs, None)), Foreign("x", runs)):
        assert codec.encode(RAW).size
        with pytest.raises(UsageError, match=r"can only compress.*pass a pair"):
            codec.decode_into(RAW, np.empty(5, np.uint8))


def test_the_callables_own_errors():
    def fail(data):
        raise KeyError("what the caller knows")

    codec = Foreign("mine", fail, fail)
    with pytest.raises(KeyError, match="what the caller knows") as caught:
        codec.encode(RAW)
    assert caught.value.__notes__ == ["raised by the codec mine, compressing 250 bytes"]
    with pytest.raises(
        CorruptDataError, match=r"mine cannot decompress 250 .*KeyError.*what the caller knows"
    ) as caught:
        codec.decode_into(RAW, np.empty(5, np.uint8))
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt, UsageError])
def test_errors_that_say_nothing_of_the_data(error):
    def fail(data):
        raise error("no")

    with pytest.raises(error):
        Foreign("mine", bytes, fail).decode_into(RAW, np.empty(5, np.uint8))


@pytest.mark.parametrize(
    ("brought", "words"),
    [
        ("zlib", "str is no codec"),
        (None, "NoneType is no codec"),
        (b"", "bytes is no codec"),
        ((), "compressing and a decompressing"),
        ((runs,), "compressing and a decompressing"),
        ((runs, unruns, runs), "compressing and a decompressing"),
        ((zlib, zlib), "compressing and a decompressing"),
        ((runs, 5), "int cannot be called"),
        (Encoder, r"Encoder is a class.*Encoder\(\)"),
        (zlib.compressobj(), "is a stream"),
        (bz2.BZ2Compressor(), "is a stream"),
        (zlib.decompressobj(), "is no codec"),
        (zstandard.ZstdCompressor(), "ZstdCompressor cannot serve several threads"),
        ((zstandard.ZstdCompressor().compress, zstandard.decompress), "ZstdCompressor cannot serve several"),
        ((zstandard.compress, zstandard.ZstdDecompressor().decompress), "ZstdDecompressor cannot serve several"),
    ],
    ids=kind_of,
)
def test_what_cannot_be_brought(brought, words):
    with pytest.raises(UsageError, match=words) as caught:
        foreign(brought)
    assert isinstance(caught.value, PenstockError)
    assert caught.value.hint


def test_names_fit_the_header():
    assert len(Foreign("é" * 1000, runs).name.encode()) <= 1024
    assert Foreign("\udcff", runs).name == "?"


def test_pickled_where_the_callables_can_be():
    codec = pickle.loads(pickle.dumps(foreign((runs, unruns))))
    assert round_trip(codec) == round_trip(foreign((runs, unruns)))


def test_many_threads_meet_a_new_codec_at_once():
    picky = Picky(bytes)
    codec = Foreign("picky", picky.take, picky.take, views=True)
    with ThreadPoolExecutor(8) as pool:
        assert len([*pool.map(lambda _: round_trip(codec), range(100))]) == 100


def test_numcodecs():
    numcodecs = pytest.importorskip("numcodecs")
    for codec in (numcodecs.Zlib(level=2), numcodecs.LZ4(), numcodecs.Blosc(), numcodecs.Delta("u2"), numcodecs.Zstd()):
        brought = foreign(codec)
        assert numcodecs.get_codec(json.loads(brought.name)) == codec
        round_trip(brought)
    for codec in (numcodecs.Zlib(), numcodecs.LZ4(), numcodecs.Zstd()):
        check_codec(foreign(codec))
