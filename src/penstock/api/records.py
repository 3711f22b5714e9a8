"""Columns of the lines of a container's text: of each chunk what is needed is decoded, and no more."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, PenstockError, UsageError
from ..layers import fieldtext, linefields
from ..layers.column import Column, joined, together
from ..layers.fieldtext import JSON, Key
from ..layers.linetree import CellReader, newlines, read_lines
from .arguments import whole
from .pstkchunks import Chunks
from .restoring import named
from .rowindex import RowIndex

_NEWLINE: Final = 10
_SAMPLE: Final = 1 << 16
"""Bytes by which it is told what lines are."""


class Records:
    """The columns of one container's lines, which stand at one delimiter; made for one call."""

    def __init__(self, chunks: Chunks, index: RowIndex, delimiter: str | None = None, *, verify: bool = False) -> None:
        self._chunks, self._index, self._verify = chunks, index, verify
        self.delimiter = self._guess() if delimiter is None else _ascii(delimiter)
        """A byte, that of a space for blanks; or `JSON`."""
        self._parts: dict[int, _Part] = {}

    def names(self) -> list[str]:
        """Return what the columns are called by the first line: none where blanks stand between them."""
        begin, end = self._index.begin(0), self._index.begin(1)
        line = self._chunks.get(begin, end - begin)
        return fieldtext.names(line.removesuffix(b"\n").removesuffix(b"\r"), self.delimiter)

    def columns(self, asked: Sequence[Key], rows: tuple[int | None, int | None] | None) -> dict[Key, Column]:
        """Return whole columns; see `PstkReader.columns`."""
        keys = self.resolved(asked)
        pieces = list(self.pieces(keys, *self.limits(asked, rows)))
        return {key: together([piece[at] for piece in pieces]) for at, key in enumerate(asked)}

    def text(self, asked: Sequence[Key], rows: tuple[int | None, int | None]) -> Iterator[Bytes]:
        """Return lines of these columns alone; see `PstkReader.cut`."""
        keys = self.resolved(asked)
        if not keys:
            raise UsageError("there are no columns to cut out", hint="name one")
        between = b"\t" if self.delimiter == JSON else bytes((self.delimiter,))
        return (joined(piece, between) for piece in self.pieces(keys, *self.limits(asked, rows)))

    def limits(self, asked: Sequence[Key], rows: tuple[int | None, int | None] | None) -> tuple[int, int]:
        """Return the lines, from and to, that are meant; of all, that with the names is left out if it gave some."""
        if rows is None:
            headed = self.delimiter != JSON and any(isinstance(key, str) for key in asked)
            return int(headed), self._index.count()
        start, stop = operator.index(rows[0] or 0), None if rows[1] is None else operator.index(rows[1])
        if start < 0 or stop is None or stop < 0:
            start, stop, _ = slice(start, stop).indices(self._index.count())
        return start, self._index.clamped(stop)

    def resolved(self, keys: Sequence[Key]) -> list[Key]:
        """Return the keys as fields are known: numbers, of JSON names. Raises `UsageError` for others."""
        if self.delimiter == JSON:
            for key in keys:
                if not isinstance(key, str):
                    raise UsageError(f"lines of JSON have no column {key!r}", hint="name the key: 'user.name'")
            return list(keys)
        names = self.names() if any(isinstance(key, str) for key in keys) else []
        return [self._number(key, names) for key in keys]

    def _number(self, key: Key, names: list[str]) -> int:
        if isinstance(key, str):
            if key in names:
                return names.index(key)
            known = ", ".join(names)
            said = f"the first line has: {known:.200}" if names else "fields between blanks have no names: give numbers"
            raise UsageError(f"{self._chunks.name}: there is no column {key!r}", hint=said)
        return whole("column", key)

    def pieces(self, keys: Sequence[Key], first: int, stop: int) -> Iterator[list[Column]]:
        """Yield the columns of lines from `first` to before `stop`, which are there, some lines after the others."""
        if first >= stop:
            return
        numbers, many = self._index.holders(first, stop), self._chunks.threads
        for at in range(0, len(numbers), many):
            batch = numbers[at : at + many]
            whole = self._whole(batch, keys, first, stop)
            for number, columns in zip(batch, whole, strict=True):
                line = self._index.straddling(number)
                if line is not None and first <= line < stop:
                    text = np.frombuffer(self._line(number, line), np.uint8)
                    yield fieldtext.columns(text, self.delimiter, keys)
                if columns is not None:
                    yield columns
                self._parts.pop(number - 1, None)

    def _whole(self, batch: range, keys: Sequence[Key], first: int, stop: int) -> list[list[Column] | None]:
        """The columns of the lines that are whole in each of some chunks, by all threads."""
        found: list[list[Column] | None] = [None] * len(batch)

        def work(nth: int) -> None:
            number = batch[nth]
            part = self._parts[number] = _Part(self._chunks, self._index, number, verify=self._verify)
            before, (begin, end) = self._index.sums[number], self._index.whole(number)
            begin, end = max(begin, first), min(end, stop)
            if begin < end:
                found[nth] = part.columns(begin - before, end - before, self.delimiter, keys)

        self._chunks.run(len(batch), work)
        return found

    def _line(self, number: int, line: int) -> bytes:
        """A line that begins before a chunk and ends in it."""
        if self._index.begins_in(number - 1):
            if number - 1 not in self._parts:
                self._parts[number - 1] = _Part(self._chunks, self._index, number - 1, verify=self._verify)
            return self._parts[number - 1].tail() + self._parts[number].head()
        begin, end = self._index.begin(line), self._index.begin(line + 1)
        return self._chunks.get(begin, end - begin)

    def _guess(self) -> int:
        return fieldtext.guess(np.frombuffer(self._chunks.get(0, _SAMPLE), np.uint8))


class _Part:
    """The lines of one chunk: by its tree where that tells them, else by its text."""

    def __init__(self, chunks: Chunks, index: RowIndex, number: int, *, verify: bool) -> None:
        self._chunks, self._number = chunks, number
        self._many = index.sums[number + 1] - index.sums[number]
        self._tree: CellReader | None = None
        self._found: npt.NDArray[np.int64] | None = None
        if not verify:
            root, payload = chunks.stored(number)
            if (told := newlines(root)) is not None:
                with self._named():
                    self._check(told.many)
                    self._tree = CellReader(read_lines(root, payload))

    def columns(self, first: int, stop: int, delimiter: int, keys: Sequence[Key]) -> list[Column]:
        """Return columns of lines of the chunk, counted from its first byte on."""
        if self._tree is not None:
            with self._named():
                found = linefields.columns(self._tree, first, stop, delimiter, keys)
            if found is not None:
                return found
        text, ends = self._whole(), self._ends()
        begin = int(ends[first - 1]) + 1 if first else 0
        end = int(ends[stop - 1]) + 1 if stop <= ends.size else text.size
        return fieldtext.columns(text[begin:end], delimiter, keys)

    def head(self) -> bytes:
        """Return the first line, without its end."""
        found = self._alone(0)
        if found is None:
            ends = self._ends()
            found = self._whole()[: ends[0] if ends.size else None].tobytes()
        return found

    def tail(self) -> bytes:
        """Return what stands behind the last newline; it is not empty."""
        found = self._alone(-1)
        if found is None:
            ends = self._ends()
            found = self._whole()[int(ends[-1]) + 1 if ends.size else 0 :].tobytes()
        return found

    def _alone(self, line: int) -> bytes | None:
        """A line as the tree has it; None where all its columns would be needed."""
        if self._tree is None:
            return None
        with self._named():
            return linefields.text_of(self._tree, line)

    def _whole(self) -> Bytes:
        """All bytes of the chunk, which are checked."""
        return self._chunks.chunk(self._number)

    def _ends(self) -> npt.NDArray[np.int64]:
        """Where its lines end."""
        if self._found is None:
            self._found = np.flatnonzero(self._whole() == _NEWLINE)
            self._check(self._found.size)
        return self._found

    def _check(self, many: int) -> None:
        if many != self._many:
            raise CorruptDataError(f"chunk {self._number} has not the {self._many} line ends that it declares")

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Say whose error it is."""
        with named(self._chunks.name):
            try:
                yield
            except PenstockError as error:
                error.message = f"chunk {self._number}: {error.message}"
                raise


def _ascii(delimiter: str) -> int:
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '\0\r\n"' or ord(delimiter) > 127:
        raise UsageError(
            f"{delimiter!r} is no delimiter", hint="give one character of ASCII; a space stands for blanks"
        )
    return ord(delimiter)
