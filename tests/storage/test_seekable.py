"""File objects of any kind, read anywhere by many threads."""

import errno
import io
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from penstock.errors import StorageError, UsageError
from penstock.storage.seekable import SeekableReader

from .helpers import pattern

DATA = pattern(0, 50_000)


class Odd:
    """No readinto, short reads, None from seek."""

    def __init__(self, data):
        self._inner = io.BytesIO(data)

    def read(self, size):
        return self._inner.read(min(size, 777))

    def seek(self, *arguments):
        self._inner.seek(*arguments)

    def tell(self):
        return self._inner.tell()


def objects():
    temporary = tempfile.TemporaryFile()  # noqa: SIM115
    temporary.write(DATA)
    return [io.BytesIO(DATA), io.BufferedReader(io.BytesIO(DATA)), Odd(DATA.tobytes()), temporary]


@pytest.mark.parametrize("number", range(4))
def test_any_part(number):
    file = objects()[number]
    reader = SeekableReader(file)
    assert reader.size == DATA.size

    def work(offset):
        out = np.zeros(3000, np.uint8)
        done = reader.read_into(offset, out)
        return done == min(3000, DATA.size - offset) and np.array_equal(out[:done], DATA[offset : offset + 3000])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(0, 50_000, 999)))
    assert reader.read_into(DATA.size + 10, np.zeros(5, np.uint8)) == 0
    reader.close()
    reader.close()
    with pytest.raises(UsageError, match="closed"):
        reader.read_into(0, np.zeros(5, np.uint8))
    if hasattr(file, "close"):
        assert not file.closed
        file.close()


def test_what_it_does_not_take():
    class Pipe(io.RawIOBase):
        def readinto(self, room):
            return 0

    for file, words in (
        (io.StringIO(), "open as text"),
        (b"bytes", "cannot read from bytes"),
        (Pipe(), "Pipe cannot seek"),
        (object(), "cannot read"),
    ):
        with pytest.raises(UsageError, match=words):
            SeekableReader(file)


def test_errors_of_the_object():
    class Bad(io.BytesIO):
        def readinto(self, room):
            raise OSError(errno.EIO, "made up")

    with pytest.raises(StorageError, match="cannot read byte 7 of Bad") as caught:
        SeekableReader(Bad(b"0123456789")).read_into(7, np.zeros(1, np.uint8))
    assert caught.value.errno == errno.EIO

    class Greedy(Odd):
        def read(self, size):
            return bytes(size + 1)

    with pytest.raises(UsageError, match="gave 6 bytes when asked for 5"):
        SeekableReader(Greedy(b"0123456789")).read_into(0, np.zeros(5, np.uint8))
