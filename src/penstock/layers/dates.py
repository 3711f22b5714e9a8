"""Layer 19: cells that are dates and times of one format become whole numbers.

Parameters asked for: the format, whose bytes below 16 stand for parts of a date (`kernels.calendar`), all others for
themselves. Stored: varint first, a day since 1600, then the format. Streams: the numbers (days, minutes, seconds or
parts of them since the begin of that day), as narrow as they can be; then, only if there are exceptions: the gaps
before each (U32), and their cells (BYTES). An exception has a number too, that before it. Any cells come back exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .cells import Exceptions, cells_of, check_exceptions, count_cells
from .contract import DATES
from .params import Reader
from .plan import varint
from .streams import Kind, Stream

MOST: Final = 40
"""Bytes of a format at most."""
_DAY: Final = (1, 1440, 86400)
"""What numbers count to a day: days, minutes, seconds."""
_LAST: Final = 366 * 8400
_KNOWN: Final = 1 << 13
"""Days that are remembered."""
_PARTS: Final = 9
"""Digits of the second's part at most."""
_TILE: Final = 1 << 15
_KINDS: Final = (np.uint8, np.uint16, np.uint32, np.uint64)
_ALONE: Final = ((1, 15), (2, 8, 9), (3, 11, 12), (4, 14), (5,), (6,), (13,))
"""Bytes of a format of which one at most may stand in it, once: year, month, day, hour, minute, second, weekday."""


_LOOSE: Final = (9, 11, 14)
"""What has one digit or two."""
_WORDS: Final = (8, 12, 13)
"""What is no digits, or not always."""


_SPELLED: Final = ("", *["YYYY", "MM", "DD", "hh", "mm", "ss", "f", "Mon", "M"], "", *["D", "_D", "Day", "h", "YY"])


class Format(NamedTuple):
    """A format as kernels take it."""

    ops: Bytes
    shape: npt.NDArray[np.int64]
    """What numbers count, digits of the second's part, whether there is a date, the kind of year."""
    places: npt.NDArray[np.int64]
    pattern: Bytes

    @property
    def day(self) -> int:
        """By how much numbers grow in a day."""
        unit, digits = (int(one) for one in self.shape[:2])
        return _DAY[unit] * int(10**digits)


class Dates:
    """Dates and times as whole numbers."""

    id: Final = DATES
    name: Final = "dates"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the parameters and the streams. Raises `UsageError` for a last cell without an end."""
        form, block = format_of(params), cells_of(stream)
        if form is None:
            raise UsageError(f"no dates have the format {params!r}")
        from ..kernels import calendar, dates

        many = count_cells(block)
        values, gaps, raw = np.empty(many, np.uint64), np.empty(many, np.uint32), np.empty(block.size, np.uint8)
        state, parts = _state(-1), np.empty(calendar.LITERAL, np.int64)
        while state[calendar.AT] < block.size:
            if dates.read(block, *form, state, values, gaps, raw, parts) < 0:
                raise UsageError("the cells changed while they were encoded")
        least, largest = (int(state[at]) % 2**64 for at in (calendar.LOW, calendar.HIGH))
        bad, first = int(state[calendar.BAD]), least // form.day
        if bad:  # those before the first date have no value yet
            values[: _leading(gaps[:bad])] = least
        children = [Stream.of(_narrow(values, first * form.day, largest))]
        if bad:
            children += [Stream.of(gaps[:bad].copy()), Stream.of(raw[: int(state[calendar.RAW])].copy())]
        return varint(first) + params, children

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` with the cells. Raises `CorruptDataError` for streams that do not fit it."""
        first, form = read(params)
        given = list(children)
        if out.kind is not Kind.BYTES or len(given) not in (1, 3) or given[0].kind is Kind.STRINGS:
            raise CorruptDataError(f"dates with {len(given)} streams in {out.kind.name.lower()}")
        values = given[0].read()
        gaps, raw = check_exceptions(given[1:])
        if not _written(values, form, first, (gaps, raw), out.data):
            raise CorruptDataError(f"{values.size} dates and {gaps.size} exceptions do not fit {out.data.size} bytes")


def _state(last: int) -> npt.NDArray[np.int64]:
    from ..kernels import calendar

    state = np.zeros(calendar.VALUE + 1, np.int64)
    state[calendar.LAST_BAD] = last
    return state


def _leading(gaps: npt.NDArray[np.uint32]) -> int:
    """How many exceptions come before all dates."""
    later = np.flatnonzero(gaps)
    return int(later[0]) if later.size else gaps.size


def _narrow(values: npt.NDArray[np.uint64], least: int, largest: int) -> npt.NDArray[Any]:
    kind = next(one for one in _KINDS if largest - least <= np.iinfo(one).max)
    return (values - np.uint64(least)).astype(kind)


def _written(values: npt.NDArray[Any], form: Format, first: int, exceptions: Exceptions, out: Bytes) -> bool:
    """Write all cells; return whether all is used, and fills `out`."""
    from ..kernels import calendar, datewriter

    gaps, raw = exceptions
    state, scratch = _state(int(gaps[0]) if gaps.size else calendar.NONE), np.empty(2 * calendar.MOST, np.uint8)
    parts, known = np.zeros(calendar.LITERAL, np.int64), np.zeros(min(values.size, _KNOWN) + 1, np.int64)
    known[0] = first - 1
    for at in range(0, values.size, _TILE):
        tile = values[at : at + _TILE].astype(np.uint64)
        if datewriter.write(tile, *form, first * form.day, gaps, raw, state, out, scratch, parts, known) < 0:
            return False
    ends = [out.size, values.size, gaps.size, raw.size]
    return [int(state[at]) for at in (calendar.AT, calendar.CELL, calendar.BAD, calendar.RAW)] == ends


@lru_cache(maxsize=256)
def read(params: bytes) -> tuple[int, Format]:
    """Return the first day and the format of stored parameters. Raises `CorruptDataError` for what cannot be."""
    reader = Reader(params)
    first = reader.number(_LAST)
    form = format_of(params[len(varint(first)) :])
    if form is None or first * form.day >= 2**64 or (first and not form.shape[2]):
        raise CorruptDataError(f"no dates have the format {params.hex()}")
    return first, form


@lru_cache(maxsize=256)
def format_of(params: bytes) -> Format | None:
    """Return what a format says; None where it says nothing that can be.

    A date has a month and a day, and may have a year; a weekday needs all of them. A time has hour and minute, and may
    have a second, this up to nine digits of its part, which stand together behind it.
    """
    found = [[at for at, byte in enumerate(params) if byte in these] for these in _ALONE]
    year, month, day, hour, minute, second, weekday = (len(places) for places in found)
    parts = [at for at, byte in enumerate(params) if byte == 7]
    together = not parts or (second and parts[0] > found[5][0] and parts[-1] - parts[0] == len(parts) - 1)
    fits = month == day and hour == minute and year <= day and weekday <= year and second <= minute
    alone = max(year, month, day, hour, minute, second, weekday) == 1
    if (
        not (fits and alone and together and len(params) <= MOST and len(parts) <= _PARTS)
        or 10 in params
        or 0 in params
    ):
        return None
    shape = np.array([2 if second else 1 if minute else 0, len(parts), day, 2 if 15 in params else year], np.int64)
    return Format(np.frombuffer(params, np.uint8), shape, *_laid_out(params))


def spelled(form: bytes) -> str:
    """Return a format as people write it: `YYYY-MM-DD hh:mm:ss.f`."""
    return "".join(_SPELLED[op] if op < len(_SPELLED) else chr(op) for op in form)


def _laid_out(params: bytes) -> tuple[npt.NDArray[np.int64], Bytes]:
    """Where parts stand in cells, if all have the same size; and what else does."""
    from ..kernels import calendar

    places, pattern = np.full(calendar.SIZE + 1, -1, np.int64), np.zeros((3, calendar.PATTERN), np.uint8)
    widths = [1 if op >= calendar.LITERAL else int(calendar.WIDTHS[op]) for op in params]
    if sum(widths) <= MOST and not set(_LOOSE) & set(params):
        at = 0
        for op, width in zip(params, widths, strict=True):
            if op >= calendar.LITERAL:
                pattern[:2, at] = op, 255
            else:
                places[op] = at if places[op] < 0 else places[op]
                pattern[2, at : at + width] = 0 if op in _WORDS else 255
            at += width
        places[calendar.SIZE] = at
    return places, pattern.reshape(-1)
