"""Windows of records as a table from which fields are taken, as columns of numbers or as blocks of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from .indexed import Whole
from .samples import Column, Numbers


class FieldLike(Protocol):
    """A field of a record: offset and width in bytes; `kind` is `int`, or `raw` for bytes that stay together."""

    @property
    def offset(self) -> int:
        """Bytes from the record's begin."""

    @property
    def width(self) -> int:
        """Bytes; 1 to 8 of an integer."""

    @property
    def big(self) -> bool:
        """Whether an integer's highest byte comes first."""

    @property
    def kind(self) -> str:
        """`int` or `raw`."""


class Place(NamedTuple):
    """Where a field stands, and what it is; see `FieldLike`."""

    offset: int
    width: int
    big: bool
    kind: str


class Table:
    """Windows of whole records of `record` bytes, and all the records if they are at hand."""

    def __init__(self, windows: Sequence[Bytes], record: int, whole: Bytes | None = None) -> None:
        self.record, self._whole = record, whole
        self._windows = [window[: window.size // record * record] for window in windows if window.size >= record]
        self._spread: dict[int, Bytes] = {}

    @cached_property
    def _joined(self) -> Bytes:
        return np.concatenate(self._windows) if self._windows else np.empty(0, np.uint8)

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        return np.array([0, *accumulate(window.size // self.record for window in self._windows)], np.int64)

    def blocks(self, field: FieldLike) -> list[npt.NDArray[np.uint8]]:
        """Return the bytes of a field, one row for each record, by window."""
        tables = [window.reshape(-1, self.record) for window in self._windows]
        return [table[:, field.offset : field.offset + field.width] for table in tables]

    def column(self, field: FieldLike) -> Column:
        """Return the numbers of a field."""
        return Column(self._numbers(self._joined, field), self._starts)

    def whole(self, field: FieldLike) -> Whole | None:
        """Return what gives all numbers of a field, or every n-th; None where there are but the windows."""
        if self._whole is None:
            return None
        return lambda step: self._numbers(self._every(step), field)

    def _every(self, step: int) -> Bytes:
        """Every n-th record; kept, for the next field asks for the same ones."""
        found = self._spread.get(step)
        if found is None:
            whole = np.empty(0, np.uint8) if self._whole is None else self._whole
            # Records as items of their own size: they are copied each in one piece.
            table = whole[: whole.size // self.record * self.record].view(f"V{self.record}")
            found = self._spread[step] = np.ascontiguousarray(table[::step]).view(np.uint8)
        return found

    def _numbers(self, records: Bytes, field: FieldLike) -> Numbers:
        from ..kernels import gather

        found = np.empty(records.size // self.record, np.uint64)
        gather.numbers(records, self.record, field.offset, field.width, int(field.big), found)
        return found
