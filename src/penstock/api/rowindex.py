"""Where the lines of a container's text begin, chunk by chunk, counted as far as somebody asked."""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import Final

import numpy as np

from ..buffers import Bytes
from ..errors import CorruptDataError
from ..layers.linetree import STREAMS, Newlines, newlines
from .pstkchunks import Chunks

_NEWLINE: Final = 10
_PIECE: Final = 1 << 18
"""Bytes looked at together: what is made of them stays in the cache."""


class RowIndex:
    """Counts the newlines of chunks, from the first one on and each once; safe from many threads.

    A chunk whose tree is one of lines is counted by its header alone, others are decoded.
    """

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._lock = threading.Lock()
        self.sums = [0]
        """Newlines before each chunk that is counted, and behind the last of them."""
        self._ended: list[bool] = []
        """Whether each of them ends with a newline."""

    def count(self) -> int:
        """Return how many lines there are; the last one may have no end."""
        many = self._chunks.directory.chunks
        self._extend(many)
        return self.sums[many] + (many > 0 and not self._ended[-1])

    def clamped(self, row: int) -> int:
        """Return how many lines there are, but no more than `row`; only so many are counted."""
        return row if self._holder(row) is not None else min(row, self.count())

    def begin(self, row: int) -> int:
        """Return the raw byte at which a line begins, 0 or more; that of the end for lines that are not there."""
        if row <= 0:
            return 0
        number = self._holder(row)
        if number is None:
            return self._chunks.size
        chunk, before = self._chunks.chunk(number), self.sums[number]
        many = self.sums[number + 1] - before
        if count_newlines(chunk) != many:
            raise CorruptDataError(f"{self._chunks.name}: chunk {number} has not the {many} line ends that it declares")
        return int(self._chunks.directory.offsets[number]) + _place(chunk, row - before) + 1

    def holders(self, first: int, stop: int) -> range:
        """Return the chunks in which lines from `first` to before `stop` end; there are so many, and one at least."""
        self._holder(stop)
        last = self._chunks.directory.chunks - 1
        one, other = (min(bisect_left(self.sums, line) - 1, last) for line in (first + 1, stop))
        return range(one, other + 1)

    def whole(self, number: int) -> tuple[int, int]:
        """Return the lines, from and to, that stand in a chunk as a whole."""
        begin, end = self.sums[number : number + 2]
        return begin + self._is_within(number), end + (self._is_last(number) and not self._ended[number])

    def straddling(self, number: int) -> int | None:
        """Return the line that begins before a chunk and ends in it, if there is one."""
        begin, end = self.sums[number : number + 2]
        return begin if self._is_within(number) and (end > begin or self._is_last(number)) else None

    def begins_in(self, number: int) -> bool:
        """Whether the line with which a chunk ends begins in it too."""
        return self.sums[number + 1] > self.sums[number] or not self._is_within(number)

    def _is_within(self, number: int) -> bool:
        """Whether a chunk begins within a line."""
        return number > 0 and not self._ended[number - 1]

    def _is_last(self, number: int) -> bool:
        return number + 1 == self._chunks.directory.chunks

    def _holder(self, newline: int) -> int | None:
        """The chunk that holds a newline, counted from 1; None beyond the last one."""
        many = self._chunks.directory.chunks
        while self.sums[-1] < newline and len(self.sums) <= many:
            self._extend(min(many, len(self.sums) - 1 + self._chunks.threads))
        number = bisect_left(self.sums, newline) - 1
        return number if number < many else None

    def _extend(self, number: int) -> None:
        """Count all chunks before this one."""
        with self._lock:
            while len(self.sums) <= number:
                first = len(self.sums) - 1
                found: list[Newlines | None] = [None] * min(number - first, self._chunks.threads)

                def work(at: int, first: int = first, found: list[Newlines | None] = found) -> None:
                    found[at] = self._counted(first + at)

                self._chunks.run(len(found), work)
                for one in found:
                    assert one is not None
                    self._ended.append(one.ended)
                    self.sums.append(self.sums[-1] + one.many)

    def _counted(self, number: int) -> Newlines:
        told = newlines(self._chunks.front(number, STREAMS))
        if told is not None:
            return told
        chunk = self._chunks.chunk(number)
        return Newlines(count_newlines(chunk), bool(chunk[-1] == _NEWLINE))


def count_newlines(text: Bytes) -> int:
    """Return how many newlines there are."""
    return sum(int(np.count_nonzero(text[at : at + _PIECE] == _NEWLINE)) for at in range(0, text.size, _PIECE))


def _place(text: Bytes, nth: int) -> int:
    """Where the nth newline stands, counted from 1, of a text that has so many."""
    left = nth
    for at in range(0, text.size, _PIECE):
        found = text[at : at + _PIECE] == _NEWLINE
        many = int(np.count_nonzero(found))
        if left <= many:
            return at + int(np.flatnonzero(found)[left - 1])
        left -= many
    raise AssertionError(f"there are no {nth} newlines")
