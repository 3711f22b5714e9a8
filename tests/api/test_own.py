"""Codecs of the caller's own: every route gives the same bytes, and nothing a codec does costs more than an error."""

import ctypes
import io
import itertools
import os
import random
import signal
import sys
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.family import Watch
from penstock.api import own, routed, squeeze
from penstock.api.compressing import compress_file
from penstock.api.own import ROUTES, explain
from penstock.api.restoring import decompress_file
from penstock.api.squeeze import compress, compress_bound, decompress, decompress_range
from penstock.api.squeezing import choose
from penstock.container.directory import read_directory
from penstock.engine.route import Figures, Route, decide
from penstock.errors import (
    BadBufferError,
    CorruptDataError,
    LimitExceededError,
    PenstockError,
    StorageError,
    UsageError,
    WorkerDiedError,
)
from penstock.layers.contract import FOREIGN, STORE
from penstock.storage.intake import Intake

STEP = 16 << 10
RAW = random.Random(3).randbytes(10 * STEP + 777)
KEY = bytes(range(32))
ALL_ROUTES = ("auto", *ROUTES)


@pytest.fixture(autouse=True)
def leaves_nothing():
    watch, before = Watch(), descriptors()
    yield
    assert not any(watch.left())
    assert descriptors() == before


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def two_processors(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


def turned(data):
    return data[::-1]


def _shift(by):
    forth = bytes((value + by) % 256 for value in range(256))
    back = bytes((value - by) % 256 for value in range(256))
    return lambda data: data.translate(forth), lambda data: data.translate(back)


class Halves:
    """A codec with state, whose name is a configuration."""

    codec_id = "halves"

    def get_config(self):
        return {"id": self.codec_id}

    def encode(self, data):
        view = np.frombuffer(data, np.uint8)
        return np.concatenate([view[::2], view[1::2]])

    def decode(self, data):
        view, out = np.frombuffer(data, np.uint8), np.empty(len(data), np.uint8)
        out[::2], out[1::2] = view[: (len(view) + 1) // 2], view[(len(view) + 1) // 2 :]
        return out


CODECS = {
    "function": (turned, turned),
    "closures": _shift(7),
    "lambdas": (lambda data: b"x" + data + b"y", lambda data: data[1:-1]),
    "module": zlib,
    "object": Halves(),
    "nothing": (lambda data: b"", None),
}


# The same bytes.


@pytest.mark.parametrize("name", CODECS)
def test_every_route_makes_the_same_bytes_and_restores_them(name):
    codec = CODECS[name]
    made = {bytes(compress(RAW, codec=codec, chunk_size=STEP, route=route, threads=2)) for route in ALL_ROUTES}
    assert len(made) == 1
    blob = made.pop()
    if name == "nothing":
        return
    for route in ALL_ROUTES:
        assert decompress(blob, codec=codec, route=route, threads=2) == RAW
        part = decompress_range(blob, STEP - 5, 4 * STEP + 5, codec=codec, route=route, threads=2)
        assert part == RAW[STEP - 5 : 4 * STEP + 5]


@pytest.mark.parametrize("route", ALL_ROUTES)
@pytest.mark.parametrize("size", [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP])
def test_sizes_at_the_edges(route, size):
    codec = (turned, turned)
    blob = compress(RAW[:size], codec=codec, chunk_size=STEP, route=route, threads=2)
    assert blob == compress(RAW[:size], codec=codec, chunk_size=STEP)
    assert decompress(blob, codec=codec, route=route, threads=2) == RAW[:size]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=40_000),
    step=st.integers(4096, 20_000),
    workers=st.integers(1, 3),
    span=st.tuples(st.integers(-100, 41_000), st.integers(-100, 41_000)),
)
def test_any_data_any_chunks_any_workers(data, step, workers, span):
    codec = _shift(len(data) % 256)
    blob = compress(data, codec=codec, chunk_size=step, threads=workers, route="processes")
    assert blob == compress(data, codec=codec, chunk_size=step, route="inline")
    assert decompress(blob, codec=codec, threads=workers, route="processes") == data
    start, stop = span
    assert decompress_range(blob, start, stop, codec=codec, threads=workers, route="processes") == data[start:stop]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: np.frombuffer(data, np.uint8)])
def test_any_buffer_goes_in_and_out(kind):
    codec = (turned, turned)
    room = bytearray(compress_bound(len(RAW), codec=codec, chunk_size=STEP))
    made = compress(kind(RAW), codec=codec, chunk_size=STEP, route="processes", out=room, threads=2)
    assert bytes(made) == compress(RAW, codec=codec, chunk_size=STEP, route="inline")
    back = np.empty(len(RAW), np.uint8)
    assert decompress(made, back, codec=codec, route="processes", threads=2) == RAW
    assert back.tobytes() == RAW
    del made


@pytest.mark.parametrize("route", ROUTES)
def test_what_a_codec_leaves_as_it_is_is_stored(route):
    blob = compress(RAW, codec=lambda data: data, chunk_size=STEP, route=route, threads=2)
    assert decompress(blob) == RAW
    assert _ids(blob) == {STORE}
    some = compress(RAW, codec=_sometimes, chunk_size=STEP, route=route, threads=2)
    assert _ids(some) == {STORE, FOREIGN}
    assert decompress(some, codec=(None or turned, turned), route=route, threads=2) == RAW
    with pytest.raises(LookupError, match=r"chunk \d+ of segment 0 .*codec"):
        decompress(some)


def _sometimes(data):
    return data if data[0] & 1 else data[::-1]


def _ids(blob):
    directory = read_directory(lambda at, size: blob[at : at + size], len(blob))
    places = map(directory.chunk, range(directory.chunks))
    return {place.parse(blob[place.position :][: place.stored_size]).header.plan[0] for place in places}


@pytest.mark.parametrize("route", ALL_ROUTES)
def test_encrypted(route):
    pytest.importorskip("cryptography")
    codec = (_sometimes, turned)
    blob = compress(RAW, codec=codec, chunk_size=STEP, route=route, key=KEY, threads=2)
    for back in ALL_ROUTES:
        assert decompress(blob, codec=codec, route=back, key=KEY, threads=2) == RAW
    with pytest.raises(CorruptDataError, match="wrong key"):
        decompress(blob, codec=codec, route=route, key=bytes(32), threads=2)


# Files and pipes.


class Pipe(io.RawIOBase):
    """Gives a little at a time."""

    def __init__(self, data):
        self._data, self._at = data, 0

    def readable(self):
        return True

    def readinto(self, room):
        part = self._data[self._at : self._at + min(len(room), 5000)]
        room[: len(part)] = part
        self._at += len(part)
        return len(part)


@pytest.mark.parametrize("route", ALL_ROUTES)
@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
def test_files_and_pipes(tmp_path, route, key):
    pytest.importorskip("cryptography")
    raw, packed, back = tmp_path / "raw", tmp_path / "packed", tmp_path / "back"
    raw.write_bytes(RAW)
    codec = (_sometimes, turned)
    options = {"codec": codec, "route": route, "key": key, "threads": 2}
    done = compress_file(raw, packed, chunk_size=STEP, **options)
    assert (done.raw_size, done.chunks) == (len(RAW), 11)
    stream = io.BytesIO()
    compress_file(Pipe(RAW), stream, chunk_size=STEP, **options)
    if key is None:
        assert packed.read_bytes() == stream.getvalue() == compress(RAW, codec=codec, chunk_size=STEP)
    decompress_file(packed, back, **options)
    assert back.read_bytes() == RAW
    for source in (packed, Pipe(stream.getvalue())):
        out = io.BytesIO()
        found = decompress_file(source, out, start=STEP + 1, stop=5 * STEP, **options)
        assert out.getvalue() == RAW[STEP + 1 : 5 * STEP]
        assert found.raw_size == 4 * STEP - 1


def test_a_pipe_that_starts_with_other_chunks():
    plain, mine = compress(RAW[: 3 * STEP], 3, chunk_size=STEP), compress(RAW, codec=(turned, turned), chunk_size=STEP)
    for route, blob in itertools.product(ALL_ROUTES, (plain + mine, mine + plain, plain)):
        out = io.BytesIO()
        decompress_file(Pipe(blob), out, codec=(turned, turned), route=route, threads=2)
        assert out.getvalue() == decompress(blob, codec=(turned, turned))


@pytest.mark.parametrize("size", [0, 1, STEP, STEP + 1])
@pytest.mark.parametrize("route", ["auto", "processes"])
def test_short_pipes(size, route):
    out, back = io.BytesIO(), io.BytesIO()
    compress_file(Pipe(RAW[:size]), out, codec=(turned, turned), chunk_size=STEP, route=route, threads=2)
    assert out.getvalue() == compress(RAW[:size], codec=(turned, turned), chunk_size=STEP)
    decompress_file(Pipe(out.getvalue()), back, codec=(turned, turned), route=route, threads=2)
    assert back.getvalue() == RAW[:size]


def test_a_source_is_read_no_faster_than_it_is_used():
    source = Pipe(RAW)
    _, cut = choose(None, (turned, turned), STEP).segment()
    with Intake(source) as intake:
        chunks = routed.routed_chunks(intake, cut, 2, "processes")
        for number, _ in enumerate(chunks):
            assert source._at <= (number + 1 + 4) * STEP
            if number == 3:
                break
        chunks.close()


def test_a_sink_that_fails_ends_the_workers_at_once():
    class Full(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            raise OSError(28, "No space left on device")

    watch = Watch()
    with pytest.raises(StorageError) as caught:
        compress_file(Pipe(RAW), Full(), codec=(turned, turned), chunk_size=STEP, route="processes", threads=2)
    assert not any(watch.left()), caught  # the error is still at hand, and holds the frames


def test_a_file_that_is_cut_meanwhile(tmp_path):
    path = tmp_path / "raw"
    path.write_bytes(RAW)

    class Cutting(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            os.truncate(path, 1)
            return len(data)

    with pytest.raises(StorageError, match="ended at byte"):
        compress_file(path, Cutting(), codec=(turned, turned), chunk_size=STEP, route="processes", threads=1)


# Codecs that fail.


def test_too_small_an_output():
    with pytest.raises(BadBufferError, match="compress_bound"):
        compress(RAW, codec=(turned, turned), chunk_size=STEP, route="processes", out=bytearray(3 * STEP), threads=2)


class OddError(Exception):
    """One that asks for more than it keeps, so that it does not pickle back."""

    def __init__(self, one, two):
        super().__init__(one)
        self.trap = lambda: two  # no library (tblib registers ways for all exceptions) can pickle this


def _raises_at(marker, error):
    def encode(data):
        if data.startswith(marker):
            raise error
        return data[::-1]

    return encode


@pytest.mark.parametrize("route", ALL_ROUTES)
def test_an_exception_comes_through(route):
    marker = RAW[5 * STEP : 5 * STEP + 20]
    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        compress(RAW, codec=_raises_at(marker, ZeroDivisionError("mine")), chunk_size=STEP, route=route, threads=2)
    assert any("_raises_at" in note and str(STEP) in note for note in caught.value.__notes__)


def test_an_exception_that_does_not_pickle():
    with pytest.raises(PenstockError, match=r"OddError: a"):
        compress(RAW, codec=_raises_at(RAW[:9], OddError("a", "b")), chunk_size=STEP, route="processes", threads=2)


@pytest.mark.parametrize("route", ALL_ROUTES)
def test_a_codec_that_cannot_restore(route):
    def fails(data):
        raise KeyError("no")

    blob = compress(RAW, codec=(turned, turned), chunk_size=STEP)
    with pytest.raises(CorruptDataError, match=r"chunk \d+ of segment 0 at byte \d+: .*KeyError"):
        decompress(blob, codec=(turned, fails), route=route, threads=2)
    with pytest.raises(CorruptDataError, match=r"raw bytes where"):
        decompress(blob, codec=(turned, lambda data: data[1:]), route=route, threads=2)
    with pytest.raises(CorruptDataError, match=r"checksum"):
        decompress(blob, codec=(turned, lambda data: data), route=route, threads=2)
    with pytest.raises(UsageError, match="can only compress"):
        decompress(blob, codec=turned, route=route, threads=2)


@pytest.mark.parametrize("route", ALL_ROUTES)
def test_results_that_are_none(route):
    with pytest.raises(LimitExceededError, match="made more than"):
        compress(RAW, codec=lambda data: data * 20, chunk_size=STEP, route=route, threads=2)
    with pytest.raises(UsageError, match="must give bytes"):
        compress(RAW, codec=lambda data: "text", chunk_size=STEP, route=route, threads=2)


@pytest.mark.parametrize("place", [0, 40, 17_000, -300, -20])
@pytest.mark.parametrize("route", ROUTES)
def test_damage_is_found_on_every_route(place, route):
    blob = bytearray(compress(RAW, codec=(turned, turned), chunk_size=STEP))
    blob[place] ^= 1
    with pytest.raises(PenstockError) as one:
        decompress(blob, codec=(turned, turned), route=route, threads=2)
    with pytest.raises(type(one.value)) as other:
        decompress(blob, codec=(turned, turned), route="inline")
    assert str(one.value) == str(other.value)


# Codecs that take their process along.


def _kill():
    os.kill(os.getpid(), signal.SIGKILL)


def _exit():
    os._exit(7)


def _crash():
    import faulthandler

    faulthandler.disable()
    ctypes.string_at(0)


@pytest.mark.parametrize("how", [_kill, _exit, _crash], ids=["killed", "exits", "crashes"])
def test_a_worker_that_dies_once_costs_nothing(tmp_path, how):
    flag, marker = tmp_path / "died", RAW[3 * STEP : 3 * STEP + 9]

    def dies(data):
        if marker in (data[:9], data[::-1][:9]) and not flag.exists():
            flag.touch()
            how()
        return data[::-1]

    blob = compress(RAW, codec=(dies, dies), chunk_size=STEP, route="processes", threads=2)
    assert flag.exists()
    assert blob == compress(RAW, codec=(dies, dies), chunk_size=STEP, route="inline")
    flag.unlink()
    assert decompress(blob, codec=(dies, dies), route="processes", threads=2) == RAW
    assert flag.exists()


@pytest.mark.parametrize(("how", "what"), [(_kill, "SIGKILL"), (_exit, "exit code 7")])
def test_a_worker_that_always_dies_is_an_error_that_names_the_chunk(tmp_path, how, what):
    marker = RAW[3 * STEP : 3 * STEP + 9]

    def dies(data):
        if marker in (data[:9], data[::-1][:9]):
            how()
        return data[::-1]

    options = {"route": "processes", "threads": 2}
    with pytest.raises(WorkerDiedError, match=f"chunk 3: .*died 3 times.*{what}"):
        compress(RAW, codec=(dies, turned), chunk_size=STEP, **options)
    blob = compress(RAW, codec=(turned, turned), chunk_size=STEP)
    with pytest.raises(WorkerDiedError, match="chunk 3: "):
        decompress_range(blob, 2 * STEP, 5 * STEP, codec=(turned, dies), **options)
    with pytest.raises(WorkerDiedError, match="chunk 3: "):
        decompress_file(Pipe(blob), io.BytesIO(), codec=(turned, dies), **options)
    raw, packed = tmp_path / "raw", tmp_path / "packed"
    raw.write_bytes(RAW)
    with pytest.raises(WorkerDiedError, match="chunk 3: "):
        compress_file(raw, packed, codec=(dies, turned), chunk_size=STEP, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


# Which route.


def test_routes_that_make_no_sense():
    with pytest.raises(UsageError, match="there is no route 'fast'"):
        compress(b"x", route="fast")
    with pytest.raises(UsageError, match="codec of your own"):
        compress(b"x", route="processes")
    with pytest.raises(UsageError, match="codec of your own"):
        decompress(compress(b"x"), route="processes")
    with pytest.raises(UsageError, match="threads"):
        compress(RAW, codec=(turned, turned), chunk_size=STEP, threads=0, route="processes")
    assert compress(RAW, route="inline") == compress(RAW, route="threads") == compress(RAW)


_libc = ctypes.PyDLL(None)  # calls through it keep the interpreter's lock


def holding(data):
    _libc.usleep(10_000)
    return data


def releasing(data):
    time.sleep(0.01)
    return data


@pytest.mark.parametrize("codec", [holding, releasing])
def test_the_interpreters_lock_decides(two_processors, codec):
    found = explain(RAW, codec, chunk_size=4096, threads=2)
    assert isinstance(found.figures, Figures)
    assert found.figures.seconds >= 0.009
    # Which of the two it is, a busy machine may get wrong; not what follows from the figures.
    assert found.how in {"threads", "processes"}
    assert found == decide(found.figures, len(RAW))


def test_what_is_known_is_not_measured_again(two_processors):
    calls = []

    class Slow:
        __hash__ = None

        def encode(self, data):
            calls.append(len(data))
            _libc.usleep(10_000)
            return data

        decode = encode

    codec = Slow()
    first = explain(40 * STEP, codec, chunk_size=STEP, threads=2)
    count = len(calls)
    assert count
    assert explain(40 * STEP, codec, chunk_size=STEP, threads=2) == first
    assert len(calls) == count


def test_little_is_done_inline():
    assert explain(RAW, turned, threads=2).why == "inline: there is one chunk"
    assert explain(100 << 20, turned, threads=1).why == "inline: there is one worker"
    assert explain(100, turned).how == explain(b"", turned).how == "inline"
    assert "too little" in explain(RAW, turned, chunk_size=STEP, threads=2).why


def test_penstocks_own_codecs_run_on_threads():
    assert explain(100 << 20, threads=2) == Route("threads", "threads: zstd releases the interpreter lock", None)
    assert explain(100 << 20, "lz4", threads=2).how == "threads"


def test_a_codec_that_takes_only_whole_chunks(two_processors):
    step = 1 << 20

    def picky(data):
        assert len(data) == step, len(data)
        return data

    assert explain(4 * step, picky, chunk_size=step, threads=2).how == "inline"
    assert decompress(compress(bytes(2 * step), codec=picky, chunk_size=step, threads=2)) == bytes(2 * step)
    with pytest.raises(AssertionError, match=str(step - 5)):
        explain(4 * step, lambda data: picky(data[5:]), chunk_size=step, threads=2)


@pytest.mark.parametrize("how", ROUTES)
def test_the_measured_route_is_taken(monkeypatch, tmp_path, how):
    """What ran where shows by process and thread."""
    parent, asked, seen, met = os.getpid(), [], tmp_path / "seen", threading.Event()
    both = threading.Barrier(2)

    def codec(data):
        if how == "threads" and not met.is_set():
            both.wait(30)  # on a busy machine one thread could do it all
            met.set()
        with seen.open("a") as out:
            out.write(f"{os.getpid() == parent} {threading.current_thread() is threading.main_thread()}\n")
        return data[::-1]

    def chosen(*arguments, **options):
        asked.append(options["function"])
        return Route(how, f"{how}: said the test", None)

    def ran(call):
        call()
        met.clear()
        lines = set(seen.read_text().split("\n")) - {""}
        seen.unlink()
        return lines

    monkeypatch.setattr(own, "choose", chosen)
    monkeypatch.setattr(own, "is_known", lambda function: True)  # else it is tried here first
    blob = compress(RAW, codec=(turned, turned), chunk_size=STEP)
    packed, out = tmp_path / "packed", tmp_path / "out"
    packed.write_bytes(blob)
    more = {"codec": (codec, codec), "threads": 2}
    calls = [
        lambda: compress(RAW, chunk_size=STEP, **more),
        lambda: decompress(blob, **more),
        lambda: compress_file(Pipe(RAW), io.BytesIO(), chunk_size=STEP, **more),
        lambda: decompress_file(Pipe(blob), io.BytesIO(), **more),
        lambda: decompress_file(packed, out, **more),
        lambda: decompress_file(packed, io.BytesIO(), **more),
    ]
    found = list(map(ran, calls))
    if how == "threads":
        assert all("True False" in places and not {"False True", "False False"} & places for places in found)
    else:
        assert found == [{"True True" if how == "inline" else "False True"}] * len(calls)
    assert out.read_bytes() == RAW
    assert set(asked) >= {codec}


# numcodecs.


@pytest.mark.parametrize("route", ALL_ROUTES)
@pytest.mark.parametrize(
    "configuration",
    [{"id": "zlib", "level": 1}, {"id": "lz4"}, {"id": "delta", "dtype": "<i2"}, {"id": "shuffle", "elementsize": 4}],
    ids=lambda configuration: configuration["id"],
)
def test_numcodecs(route, configuration):
    numcodecs = pytest.importorskip("numcodecs")
    codec = numcodecs.get_codec(configuration)
    data = np.arange(5 * STEP, dtype="<i4").tobytes()
    blob = compress(data, codec=codec, chunk_size=STEP, route=route, threads=2)
    assert blob == compress(data, codec=codec, chunk_size=STEP)
    assert decompress(blob, codec=codec, route=route, threads=2) == data


def test_the_codecs_name_stands_in_the_header():
    blob = compress(RAW, codec=Halves(), chunk_size=STEP, route="processes", threads=2)
    directory = squeeze.directory_of(np.frombuffer(blob, np.uint8))
    assert directory.segments[0].segment.header.codec == '{"id": "halves"}'


def test_the_main_module_is_not_needed_again():
    """Functions of a script, which processes that start anew could not import."""
    assert "__main__" in sys.modules
    space = {"__name__": "__main__"}
    exec("def forth(data): return data[::-1]", space)
    blob = compress(RAW, codec=(space["forth"], space["forth"]), chunk_size=STEP, route="processes", threads=2)
    assert decompress(blob, codec=(space["forth"], space["forth"]), route="processes", threads=2) == RAW
