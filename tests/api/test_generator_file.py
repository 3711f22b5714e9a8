"""A generator as a file: everything that reads files can read it."""

import hashlib
import io
import os
import shutil
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.api.generator import Generator
from penstock.errors import UsageError

from .streams import RECIPES, SIZE, whole_stream

RECIPE = RECIPES[3]


def file_of(**settings_):
    return Generator(recipe=RECIPE, **settings_).as_file()


@pytest.mark.parametrize("length", [0, 1000, 65_536, 2 << 20])
def test_copyfileobj(tmp_path, length):
    with file_of(max_threads=2) as source, (tmp_path / "copy").open("wb") as target:
        shutil.copyfileobj(source, target, length)
    assert (tmp_path / "copy").read_bytes() == whole_stream(RECIPE)


def test_what_it_says_it_can():
    file = file_of()
    assert isinstance(file, io.RawIOBase)
    assert file.readable()
    assert file.seekable()
    assert not file.writable()
    assert not file.closed
    with pytest.raises(OSError, match="fileno"):
        file.fileno()


def test_reads_of_all_kinds():
    data = whole_stream(RECIPE)
    with file_of() as file:
        assert file.read(10) == data[:10]
        assert file.read(0) == b""
        buffer = bytearray(7)
        assert file.readinto(buffer) == 7
        assert buffer == data[10:17]
        assert file.tell() == 17
        assert file.read() == data[17:]
        assert file.read(5) == b""
        assert file.read() == file.readall() == b""
        assert file.readinto(buffer) == 0
        assert file.tell() == SIZE
        file.seek(SIZE + 5)
        assert file.read() == b""
        file.seek(SIZE - 5)
        assert file.readall() == data[-5:]


steps = st.lists(
    st.tuples(st.just("read"), st.integers(0, 70_000))
    | st.tuples(st.just("set"), st.integers(0, SIZE + 100))
    | st.tuples(st.just("move"), st.integers(-5000, 5000))
    | st.tuples(st.just("end"), st.integers(-5000, 100)),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(steps, st.booleans())
def test_it_behaves_as_a_file_of_these_bytes(moves, buffered):
    file, twin = file_of(), io.BytesIO(whole_stream(RECIPE))
    if buffered:
        file = io.BufferedReader(file)
    for what, number in moves:
        if what == "read":
            assert file.read(number) == twin.read(number)
        elif what == "set":
            assert file.seek(number) == twin.seek(number)
        elif what == "end":
            assert file.seek(number, os.SEEK_END) == twin.seek(number, os.SEEK_END)
        elif twin.tell() + number >= 0:
            assert file.seek(number, os.SEEK_CUR) == twin.seek(number, os.SEEK_CUR)
        assert file.tell() == twin.tell()


def test_seeks_that_make_no_sense():
    generator = Generator(recipe=RECIPE)
    for target in (generator, generator.as_file()):
        target.seek(100)
        for arguments in [(-1,), (-101, 1), (-SIZE - 1, 2), (0, 3), (0, -1), (1.5,)]:
            with pytest.raises(UsageError):
                target.seek(*arguments)
        assert target.tell() == 100
        assert target.seek(-100, os.SEEK_CUR) == 0


def test_files_and_stream_do_not_disturb_each_other():
    generator = Generator(recipe=RECIPE)
    one, other = generator.as_file(), generator.as_file()
    one.seek(1000)
    assert other.read(10) == whole_stream(RECIPE)[:10]
    assert one.read(10) == whole_stream(RECIPE)[1000:1010]
    assert generator.position() == 0
    one.close()
    assert other.read(1) == whole_stream(RECIPE)[10:11]


def test_a_closed_file_refuses():
    file = file_of()
    file.close()
    for call in (lambda: file.read(1), lambda: file.readinto(bytearray(1)), lambda: file.seek(0), file.tell, file.read):
        with pytest.raises(ValueError, match="closed"):
            call()


def test_libraries_that_read_files(tmp_path):
    with file_of() as file:
        assert hashlib.file_digest(file, "sha256").digest() == hashlib.sha256(whole_stream(RECIPE)).digest()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive, archive.open("x", "w") as target:
        shutil.copyfileobj(file_of(), target)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("x") == whole_stream(RECIPE)
