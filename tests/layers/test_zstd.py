"""Frames of zstd: what they say, hostile ones, and contexts that come and go with threads."""

import gc
import os
import subprocess
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import zstandard

from penstock.buffers import as_bytes
from penstock.errors import CorruptDataError, PenstockError, TruncatedError, UsageError
from penstock.layers import native, zstd

from .codecs import NATIVE_ZSTD, PORTABLE_ZSTD, ZSTDS

RAW = b"a line of a log, number 17\n" * 40


def encode(codec, raw, level=3):
    out = np.empty(codec.bound(len(raw)), np.uint8)
    return out[: codec.encode_into(as_bytes(raw), out, level)].tobytes()


def decode(codec, payload, size):
    out = np.empty(size, np.uint8)
    codec.decode_into(as_bytes(payload), out)
    return out.tobytes()


@pytest.mark.parametrize("codec", ZSTDS)
@pytest.mark.parametrize("raw", [b"", b"x", RAW, bytes(300_000)])
def test_what_a_frame_says(codec, raw):
    payload = encode(codec, raw)
    says = zstandard.get_frame_parameters(payload)
    assert (says.content_size, says.has_checksum, says.dict_id) == (len(raw), False, 0)
    assert zstandard.decompress(payload) == raw


@pytest.mark.parametrize("codec", ZSTDS)
def test_frames_of_other_writers(codec):
    for level in (1, 19):
        for checksum in (False, True):
            writer = zstandard.ZstdCompressor(level=level, write_checksum=checksum)
            assert decode(codec, writer.compress(RAW), len(RAW)) == RAW


def frame(declared):
    """A frame that says so many bytes in eight, and holds a run of five."""
    return b"\x28\xb5\x2f\xfd\xe0" + declared.to_bytes(8, "little") + (5 << 3 | 2 | 1).to_bytes(3, "little") + b"x"


@pytest.mark.parametrize("codec", ZSTDS)
def test_frames_that_lie(codec):
    whole = encode(codec, RAW)
    assert decode(codec, frame(5), 5) == b"xxxxx"
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(RAW)
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    with_dictionary = zstandard.ZstdCompressor(
        dict_data=zstandard.ZstdCompressionDict(RAW, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    ).compress(RAW)
    half = encode(codec, RAW[: len(RAW) // 2])
    for size, hostile in [
        (4, frame(4)), (6, frame(6)), (5, frame(6)), (6, frame(5)), (5, frame(2**64 - 1)), (5, frame(2**40)),
        (len(RAW), unsized), (len(RAW), half + half), (len(RAW), whole + skippable), (len(RAW), skippable + whole),
        (4, skippable), (0, skippable), (len(RAW), whole + b"\0"), (len(RAW), whole[:-1]), (0, b""),
        (1, b"\x28\xb5\x2f"), (len(RAW), with_dictionary), (5, b"\x27" + frame(5)[1:]),
    ]:  # fmt: skip
        with pytest.raises(CorruptDataError):
            decode(codec, hostile, size)


@pytest.mark.parametrize("codec", ZSTDS)
def test_what_the_error_says(codec):
    for size, payload, words in [
        (6, frame(5), "5 raw bytes where 6"),
        (5, b"not zstd at all", "15 stored bytes are no zstd frame"),
        (len(RAW), zstandard.ZstdCompressor(write_content_size=False).compress(RAW), "unknown size"),
    ]:
        with pytest.raises(CorruptDataError, match=words):
            decode(codec, payload, size)
    with pytest.raises(TruncatedError):
        decode(NATIVE_ZSTD, encode(codec, RAW)[:-3], len(RAW))
    with pytest.raises(CorruptDataError, match="3 bytes follow"):
        decode(NATIVE_ZSTD, encode(codec, RAW) + b"abc", len(RAW))


def test_a_bomb_takes_no_memory():
    bomb = zstandard.compress(bytes(64 << 20))
    for codec in (NATIVE_ZSTD, PORTABLE_ZSTD):
        for payload in (bomb, frame(64 << 20)):
            tracemalloc.start()
            with pytest.raises(CorruptDataError):
                decode(codec, payload, 100)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 1 << 20


@pytest.mark.parametrize("codec", ZSTDS)
@pytest.mark.parametrize("level", [0, 23, 98, 100, -8, 2**31, 3.0, 99.0, None, "3"])
def test_levels_that_are_not(codec, level):
    # Also for a codec that has no level yet, and for one whose level is equal and of another type.
    for used in (codec, zstd.make(None), zstd.make(native.zstd())):
        for before in (None, 3):
            if before is not None:
                encode(used, RAW, before)
            with pytest.raises(UsageError, match="no level"):
                encode(used, RAW, level)
    assert decode(codec, encode(codec, RAW, -7), len(RAW)) == RAW


@pytest.mark.parametrize("size", [0, 1, 2, 1000, 131071, 131072, 131073, 10_000_000])
def test_the_bound_is_the_librarys(size):
    import ctypes

    (path,) = native.extension_modules("zstandard", "_cffi*.so")
    bound = ctypes.CDLL(str(path)).ZSTD_compressBound
    bound.restype, bound.argtypes = ctypes.c_size_t, [ctypes.c_size_t]
    assert NATIVE_ZSTD.bound(size) == bound(size)


def counted():
    """A codec of its own, and the lists of contexts made and freed."""
    library, made, freed = native.zstd(), [], []

    def make(create):
        made.append(create())
        return made[-1]

    def free(release, handle):
        freed.append(handle)
        return release(handle)

    codec = zstd.make(
        library._replace(
            create_compressor=lambda: make(library.create_compressor),
            create_decompressor=lambda: make(library.create_decompressor),
            free_compressor=lambda handle: free(library.free_compressor, handle),
            free_decompressor=lambda handle: free(library.free_decompressor, handle),
        )
    )
    return codec, made, freed


def test_contexts_live_as_long_as_their_thread():
    codec, made, freed = counted()
    all_there = threading.Barrier(10)

    def work():
        for _ in range(3):
            assert decode(codec, encode(codec, RAW), len(RAW)) == RAW
        all_there.wait(60)
        assert (len(made), len(freed)) == (22, 0)  # this test's own thread has two
        all_there.wait(60)

    with ThreadPoolExecutor(10) as pool:
        for future in [pool.submit(work) for _ in range(10)]:
            future.result()
    gc.collect()
    assert (len(made), len({*made}), len(freed)) == (22, 22, 20)
    assert decode(codec, encode(codec, RAW), len(RAW)) == RAW


def test_contexts_end_with_their_codec():
    codec, made, freed = counted()
    assert decode(codec, encode(codec, RAW), len(RAW)) == RAW
    del codec
    gc.collect()
    assert sorted(made) == sorted(freed)
    assert len(made) == 2


def test_a_forked_child_reuses_its_own_and_frees_nobodys():
    codec, made, freed = counted()
    payload, ready, stop = encode(codec, RAW), threading.Event(), threading.Event()

    def other():
        encode(codec, RAW)
        ready.set()
        stop.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    assert ready.wait(60)
    child = os.fork()
    if child == 0:  # no assertion may get out of here
        status = 3
        try:
            same = encode(codec, RAW) == payload and len(made) == 3
            gc.collect()
            status = 0 if same and not freed else 1
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    stop.set()
    thread.join()
    assert len(freed) == 1


def test_errors_of_the_library():
    library = native.zstd()
    with pytest.raises(MemoryError):
        encode(zstd.make(library._replace(create_compressor=lambda: None)), RAW)
    codes = 1 << 64
    for answer, error in [(64, MemoryError), (1, PenstockError), (42, PenstockError)]:
        with pytest.raises(error):
            encode(zstd.make(library._replace(compress=lambda *_, code=codes - answer: code)), RAW)
        with pytest.raises(error):
            decode(
                zstd.make(library._replace(decompress=lambda *_, code=codes - answer: code)),
                encode(NATIVE_ZSTD, RAW),
                len(RAW),
            )
    with pytest.raises(CorruptDataError, match="1079 raw bytes where 1080"):
        decode(zstd.make(library._replace(decompress=lambda *_: 1079)), encode(NATIVE_ZSTD, RAW), len(RAW))
    refuses = zstd.make(library._replace(set_parameter=lambda *_: codes - 42))
    with pytest.raises(PenstockError, match="level 3"):
        encode(refuses, RAW)


def test_nothing_is_said_when_the_interpreter_ends():
    text = (
        "import numpy, threading\n"
        "from penstock.layers.registry import codec_by_name\n"
        "codec = codec_by_name('zstd'); out = numpy.empty(1000, numpy.uint8)\n"
        "work = lambda: codec.encode_into(numpy.zeros(100, numpy.uint8), out, 3)\n"
        "thread = threading.Thread(target=work); thread.start(); thread.join()\n"
        "threading.Thread(target=lambda: (work(), threading.Event().wait()), daemon=True).start()\n"
        "print(work())\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", text], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 0


def residuals(size, scale=2.0):
    """Symbols as zigzagged differences have them."""
    values = np.round(np.random.default_rng(0).laplace(0, scale, size)).astype(int)
    return np.minimum(np.where(values < 0, -2 * values - 1, 2 * values), 255).astype(np.uint8).tobytes()


@pytest.mark.parametrize("codec", ZSTDS)
@pytest.mark.parametrize("size", [0, 1, 63, 64, 1000, 131_072, 131_073, 300_000])
def test_literals_only(codec, size):
    raw = residuals(size)
    payload = encode(codec, raw, zstd.LITERALS)
    assert zstandard.decompress(payload) == raw
    assert decode(codec, payload, size) == raw
    assert zstandard.get_frame_parameters(payload).content_size == size


@pytest.mark.parametrize("codec", ZSTDS)
@pytest.mark.parametrize("scale", [1.0, 4.0, 20.0])
def test_literals_only_come_near_the_entropy(codec, scale):
    raw = residuals(200_000, scale)
    shares = np.bincount(np.frombuffer(raw, np.uint8)) / len(raw)
    ideal = -sum(share * np.log2(share) for share in shares if share) * len(raw) / 8
    assert ideal < len(encode(codec, raw, zstd.LITERALS)) < ideal * 1.05


def test_literals_only_seek_no_matches():
    noise = np.random.default_rng(0).integers(0, 128, 50_000, np.uint8).tobytes()
    once, twice = (len(encode(NATIVE_ZSTD, raw, zstd.LITERALS)) for raw in (noise, noise + noise))
    assert 0.87 * len(noise) < once < 0.89 * len(noise)
    assert twice > 1.98 * once


@pytest.mark.parametrize(
    "make", [lambda: zstd.make(native.zstd()), lambda: zstd.make(None)], ids=["native", "portable"]
)
def test_literals_only_leave_nothing_behind(make):
    raw = residuals(50_000) + RAW * 100
    levels = (-7, -1, 1, 3, 12, 19, zstd.LITERALS)
    alone = {level: encode(make(), raw, level) for level in levels}
    assert len({*alone.values()}) == len(levels)
    used = make()
    for level in levels:
        for before in levels:
            encode(used, raw, before)
            assert encode(used, raw, level) == alone[level]


def test_parameters_that_are_refused_are_set_again():
    library, codes, refused = native.zstd(), 1 << 64, []

    def refuse(handle, parameter, value):
        if parameter == 1002 and not refused:
            refused.append(parameter)
            return codes - 40
        return library.set_parameter(handle, parameter, value)

    codec, raw = zstd.make(library._replace(set_parameter=refuse)), residuals(9000)
    with pytest.raises(PenstockError, match="level 99"):
        encode(codec, raw, zstd.LITERALS)
    assert encode(codec, raw, 3) == encode(NATIVE_ZSTD, raw, 3)
    assert encode(codec, raw, zstd.LITERALS) == encode(NATIVE_ZSTD, raw, zstd.LITERALS)


@pytest.mark.parametrize("codec", ZSTDS)
@pytest.mark.parametrize("other", [1, zstd.LITERALS])
def test_another_level_after_a_frame_that_did_not_fit(codec, other):
    noise = np.random.default_rng(5).integers(0, 256, 300_000, np.uint8)
    wanted = encode(codec, RAW, other)
    assert codec.encode_into(noise, np.empty(1000, np.uint8), 3) == -1
    assert encode(codec, RAW, other) == wanted
    assert codec.encode_into(noise, np.empty(1000, np.uint8), zstd.LITERALS) == -1
    assert encode(codec, RAW, 3) == zstd_library(RAW)


def zstd_library(raw):
    return zstandard.ZstdCompressor(level=3, write_content_size=True, write_checksum=False).compress(raw)
