"""Compressing files and pipes, and back: from anything to anything, in any form, whole or a range."""

import io
import os
import stat
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile.samples import FORMS, mixed, opening
from penstock import errors
from penstock.api.compressing import compress_file
from penstock.api.restoring import decompress_file
from penstock.api.squeeze import compress, decompress

from .ends import SINKS, SOURCES, from_source, to_sink

RAW = mixed(300_000)
SIZE = 50_000
"""Of chunks."""
BLOB = compress(RAW, chunk_size=SIZE)


@pytest.fixture
def raw(tmp_path):
    path = tmp_path / "raw"
    path.write_bytes(RAW)
    return path


@pytest.fixture
def blob(tmp_path):
    path = tmp_path / "blob"
    path.write_bytes(BLOB)
    return path


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", SOURCES)
def test_from_anything(tmp_path, kind, threads):
    made, back = io.BytesIO(), io.BytesIO()
    from_source(kind, RAW, tmp_path, lambda source: compress_file(source, made, chunk_size=SIZE, threads=threads))
    assert made.getvalue() == BLOB
    (tmp_path / "in").unlink(missing_ok=True)
    from_source(kind, BLOB, tmp_path, lambda source: decompress_file(source, back, threads=threads))
    assert back.getvalue() == RAW


@pytest.mark.parametrize("kind", SINKS)
def test_to_anything(tmp_path, raw, blob, kind):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    assert to_sink(kind, tmp_path / "one", lambda sink: compress_file(raw, sink, chunk_size=SIZE)) == BLOB
    assert to_sink(kind, tmp_path / "two", lambda sink: decompress_file(blob, sink)) == RAW


def test_to_a_socket(tmp_path, raw):
    assert to_sink("socket", tmp_path, lambda sink: compress_file(raw, sink, chunk_size=SIZE)) == BLOB


def test_to_a_named_pipe(tmp_path, raw, blob):
    for number, (call, source, expected) in enumerate([(compress_file, raw, BLOB), (decompress_file, blob, RAW)]):
        path = tmp_path / f"fifo{number}"
        os.mkfifo(path)
        found = []
        reader = threading.Thread(target=lambda path=path, found=found: found.append(path.read_bytes()))
        reader.start()
        call(source, path, force=True, **({"chunk_size": SIZE} if call is compress_file else {}))
        reader.join()
        assert found == [expected]
        assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.parametrize("name", FORMS)
def test_every_form(tmp_path, raw, name):
    form = FORMS[name]
    done = compress_file(raw, tmp_path / "c", chunk_size=SIZE, **form)
    made = (tmp_path / "c").read_bytes()
    assert (done.raw_size, done.stored_size, done.chunks) == (len(RAW), len(made), 6)
    assert decompress(made, **opening(form)) == RAW
    if "sealed" not in name:
        assert made == compress(RAW, chunk_size=SIZE, **form)
    for source in (tmp_path / "c", io.BytesIO(made)):
        back = decompress_file(source, tmp_path / "b", force=True, **opening(form))
        assert (tmp_path / "b").read_bytes() == RAW
        assert (back.raw_size, back.stored_size, back.chunks) == (len(RAW), len(made), 6)


def test_nothing_and_files_that_say_they_are_empty(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    for source, expected in [(tmp_path / "empty", b""), (io.BytesIO(), b""), ("/proc/version", None)]:
        compress_file(source, tmp_path / "c", force=True)
        decompress_file(tmp_path / "c", tmp_path / "b", force=True)
        found = (tmp_path / "b").read_bytes()
        assert found == expected if expected is not None else found.startswith(b"Linux")


def test_progress_and_what_is_returned(tmp_path, raw, blob):
    for call, source, target in [(compress_file, raw, tmp_path / "c"), (decompress_file, blob, tmp_path / "d")]:
        seen = []
        options = {"chunk_size": SIZE} if call is compress_file else {}
        done = call(source, target, progress=seen.append, threads=2, **options)
        assert seen == [SIZE] * 6
        assert (done.source, done.target) == (str(source), str(target))
        assert done.ratio == pytest.approx(len(RAW) / len(BLOB))
        assert done.to_dict() | {"seconds": 0} == {
            "source": str(source), "target": str(target), "raw_size": len(RAW), "stored_size": len(BLOB),
            "chunks": 6, "seconds": 0, "ratio": done.ratio,
        }  # fmt: skip
        assert done.seconds > 0


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_ranges(tmp_path, blob, data):
    near = st.one_of(st.integers(0, len(RAW) + 9), st.sampled_from([0, SIZE, 2 * SIZE, len(RAW)]))
    start, stop = data.draw(near), data.draw(st.one_of(st.none(), near))
    for source in (blob, io.BytesIO(BLOB)):
        out = io.BytesIO()
        done = decompress_file(source, out, start=start, stop=stop)
        assert out.getvalue() == RAW[start:stop]
        assert done.raw_size == len(out.getvalue())
    decompress_file(blob, tmp_path / "part", start=start - len(RAW) or 0, stop=stop, force=True)
    assert (tmp_path / "part").read_bytes() == RAW[start - len(RAW) or 0 : stop]


def test_a_range_from_the_end_of_a_pipe():
    for span in ({"start": -5}, {"stop": -5}):
        with pytest.raises(errors.UsageError, match="no end to count from"):
            decompress_file(io.BytesIO(BLOB), io.BytesIO(), **span)
