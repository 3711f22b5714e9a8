"""A container as a file that is read: bytes in, chunks and codecs nowhere to be seen."""

from __future__ import annotations

import io
import operator
import os
import threading
from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn

from ..buffers import Bytes, as_bytes
from ..errors import LimitExceededError, UsageError
from ..layers.column import Column
from ..layers.plan import Node
from ..limits import FREE_OUTPUT, FREE_RATIO
from .arguments import whole
from .pstkahead import ReadAhead
from .pstkchunks import Chunks
from .records import Records
from .rowindex import RowIndex

_PEEK: Final = 8 << 10


class PstkReader(io.RawIOBase):
    """The raw bytes of a container; `penstock.open(path)` makes one.

    A read decodes only the chunks it touches: whole ones straight into the caller's buffer, several at once by threads;
    of others the last few are kept. Reads that follow one another have the next chunks decoded in the background.
    Every chunk is checked (of one that copies from others, see `dedup`, what a small read needs of it); a damaged one
    raises (`ChecksumError`, `CorruptDataError` ...) and moves nothing: what lies around it can be read still.

    `pread` and `preadinto` may be called from many threads at once, and while others read or close: they end well, or
    raise `UsageError`. All heavy work lets other Python threads run. `io.BufferedReader` and `io.TextIOWrapper` go on
    top. Memory: about 4 chunks a thread, and one for each caller more; where chunks copy from others, as much as that
    reaches back. After a fork only the parent can read: open the file again in the child.
    """

    mode = "rb"
    name: str

    def __init__(self, chunks: Chunks, stored_size: int) -> None:
        super().__init__()
        self.name = chunks.name
        self.stored_size = stored_size
        """Bytes of the container."""
        self._chunks = chunks
        self._ahead = ReadAhead(chunks)
        self._rows = RowIndex(chunks)
        self._position = 0
        self._lock = threading.Lock()
        """Of the position, and of what reads ahead of it."""
        self._process = os.getpid()

    @property
    def size(self) -> int:
        """Raw bytes in all."""
        return self._chunks.size

    @property
    def chunks_decoded(self) -> int:
        """Chunks decoded since it was opened."""
        return self._chunks.decoded

    def pread(self, size: int, offset: int) -> bytes:
        """Return `size` raw bytes from `offset` on, fewer only where they end. Moves no position, as `os.pread`."""
        self._check()
        return self._chunks.get(whole("offset", offset), whole("size", size))

    def preadinto(self, buffer: Any, offset: int) -> int:
        """Fill `buffer`, any writable contiguous one, from `offset` on; return how many bytes there were."""
        self._check()
        return self._chunks.fill(whole("offset", offset), as_bytes(buffer, writable=True))

    def row_count(self) -> int:
        """Return how many lines there are; the last one may have no end. Chunks are decoded where no tree tells it."""
        self._check()
        return self._rows.count()

    def rows(self, start: int, stop: int | None = None) -> bytes:
        """Return the lines from `start` to before `stop`, exactly as they are, each with its end.

        Lines are numbered from 0, and end with a newline; of quotation marks nothing is known here. The limits are
        those of a slice: negative ones count from the end, and lines that are not there are left out. Only chunks that
        hold wanted lines are decoded and checked, and those before that are no lines in columns: to be counted, once.
        """
        start, stop = self.row_span(start, stop)
        self._all(stop - start)
        return self._chunks.get(start, stop - start)

    def row_span(self, start: int, stop: int | None = None) -> tuple[int, int]:
        """Return the raw bytes, from and to, that `rows` would return."""
        self._check()
        first, last = operator.index(start), None if stop is None else operator.index(stop)
        if first < 0 or (last is not None and last < 0):
            first, last, _ = slice(first, last).indices(self._rows.count())
        begin = self._rows.begin(first)
        return begin, max(begin, self.size if last is None else self._rows.begin(last))

    def columns(
        self,
        columns: Iterable[str | int],
        rows: tuple[int | None, int | None] | None = None,
        *,
        delimiter: str | None = None,
        verify: bool = False,
    ) -> dict[str | int, Column]:
        """Return columns of the lines: the exact text of a field of each line; None where a line has none.

        columns: of delimited text and of lines with blanks between their fields numbers, from 0, or names in the first
        line, which then is no row; of lines that are JSON objects the keys, as in `user.name`. A quoted field has its
        quotation marks. rows: from and to, as for `rows`; None: all. delimiter: what stands between fields, a space for
        blanks; found from the first lines unless said. A line break ends a field, quoted or not.

        Of chunks that hold columns only the wanted ones are decoded, so the checksum of their bytes is not looked at:
        with `verify` they are decoded whole. Raises `UsageError` for columns that there cannot be; what `read` raises.
        """
        self._check()
        records = Records(self._chunks, self._rows, delimiter, verify=verify)
        return records.columns(list(columns), rows)

    def cut(
        self,
        columns: Iterable[str | int],
        rows: tuple[int | None, int | None] | None = None,
        *,
        delimiter: str | None = None,
        verify: bool = False,
    ) -> Iterator[Bytes]:
        """Yield text, some lines at a time: of each line these columns alone, with what stands between them in it.

        That is a tab for values of JSON objects. Columns are as for `columns`, where they are missing nothing stands;
        rows None: all lines, with that of the names. Memory does not depend on the container's size.
        """
        self._check()
        records = Records(self._chunks, self._rows, delimiter, verify=verify)
        return records.text(list(columns), (0, None) if rows is None else rows)

    def stored_chunk(self, number: int) -> tuple[Node, Bytes]:
        """Return a chunk's plan tree and the bytes of its leaves, which are not checked; for those who look inside."""
        self._check()
        return self._chunks.stored(number)

    def column_names(self, *, delimiter: str | None = None) -> list[str]:
        """Return the names in the first line, for `columns`; of JSON objects its keys, nested ones too."""
        self._check()
        return Records(self._chunks, self._rows, delimiter).names()

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next `size` bytes, fewer only where they end; all that are left if it is negative or None."""
        size = -1 if size is None else operator.index(size)
        with self._lock:
            self._check()
            left = max(0, self.size - self._position)
            if not 0 <= size <= left:
                size = left if size >= 0 else self._all(left)
            self._ahead.begin(self._position, size)
            data = self._chunks.get(self._position, size)
            self._advance(len(data))
        return data

    def readall(self) -> bytes:
        """Return all that is left. Refuses what nobody expects of so small a container: see `decompress`."""
        return self.read()

    def readinto(self, buffer: Any, /) -> int:
        """Fill `buffer`, any writable contiguous one, with the next bytes; return how many there were."""
        view = as_bytes(buffer, writable=True)
        with self._lock:
            self._check()
            self._ahead.begin(self._position, view.size)
            done = self._chunks.fill(self._position, view)
            self._advance(done)
        return done

    def peek(self, size: int = 0, /) -> bytes:
        """Return some of the next bytes without moving; `readline` asks for them."""
        return self.pread(max(size, _PEEK), self.tell())

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to `offset` from the start, the position or the end (`whence`); past the end too. Return the position."""
        with self._lock:
            self._check()
            if whence not in (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END):
                raise UsageError(f"whence is {whence!r}", hint="use os.SEEK_SET, SEEK_CUR or SEEK_END")
            base = (0, self._position, self.size)[whence]
            position = base + operator.index(offset)
            if position < 0:
                raise UsageError(f"there is no byte {position} in a file")
            self._position = position
        return position

    def tell(self) -> int:
        """Return the position: raw bytes from the start."""
        self._check()
        return self._position

    def readable(self) -> bool:
        """True."""
        self._check()
        return True

    def seekable(self) -> bool:
        """True."""
        self._check()
        return True

    def write(self, data: Any, /) -> NoReturn:
        """Raise: this file is read."""
        raise io.UnsupportedOperation(f"{self.name} is open for reading")

    def close(self) -> None:
        """Close it; threads end. Reads under way in other threads end first, or raise `UsageError`."""
        if self.closed:
            return
        try:
            if self._process == os.getpid():  # locks and threads of another process are let be
                self._chunks.close()
                with self._lock:
                    self._ahead.close()
        finally:
            super().close()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"cannot pickle {self!r}: open the container again where it is needed")

    def __repr__(self) -> str:
        return f"<penstock.open({self.name!r}, {self.mode!r}){', closed' * self.closed}>"

    def _advance(self, done: int) -> None:
        start = self._position
        self._position += done
        self._ahead.end(start, self._position)

    def _all(self, left: int) -> int:
        if left > max(FREE_OUTPUT, FREE_RATIO * self.stored_size):
            raise LimitExceededError(
                f"{self.name}: {self.stored_size} bytes would become {left}", hint="read them in parts"
            )
        return left

    def _check(self) -> None:
        self._chunks.check()
        if self._process != os.getpid():
            raise UsageError(f"{self.name} was opened by another process", hint="open it again in this one")
