"""Fields of a chunk's lines from the columns of its tree alone, where its shapes tell in which of them they stand.

A writer cuts lines at one delimiter: then nothing but that stands in shapes, and a field is a cell. Or it cuts out runs
of letters, digits and what joins them, and what is in quotation marks or apostrophes: then a field is what stands
between delimiters in the shape, as long as none can be in a cell. Where the shapes leave open which way it was, the
text is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from . import fieldtext, jsonscan
from .column import Column, woven
from .fieldtext import JSON, SPACE, Key
from .linetree import CellReader, Lines, by_shape

_RUNS: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-./_" + bytes(range(128, 256))
"""What may stand in cells that are runs."""

_CR: Final = 13
_MOST: Final = 65_000
"""Shapes that a layer of lines can tell apart, nearly."""
_EMPTY: Final = (b"", b"\r")
"""Lines without fields."""


class _Place(NamedTuple):
    """Where a field stands in a shape."""

    begin: int
    end: int
    last: bool
    """Whether the line ends behind it."""


_Places = dict[int, dict[Key, _Place]]
"""For each shape, from 0, those of the fields that it has."""


def columns(reader: CellReader, first: int, stop: int, delimiter: int, keys: Sequence[Key]) -> list[Column] | None:
    """Return columns of the lines from `first` to before `stop`; None where the text is needed for them.

    Only what is needed is decoded. Raises `CorruptDataError` and its kin.
    """
    which = reader.lines.which[first:stop]
    places = _places(reader.lines, which, delimiter, keys)
    if places is None or len(places) > _MOST:
        return None
    whole = reader.whole(range(first, stop))
    fields = fieldtext.columns(whole, delimiter, keys)
    made = []
    for key, own in zip(keys, fields, strict=True):
        here = {shape: found[key] for shape, found in places.items() if key in found}
        one = _Field(reader, first, which, here).column(own)
        if one is None:
            return None
        made.append(one)
    return made


class _Field:
    """One field of some lines: the part of their shapes that it is, and the cells in that."""

    def __init__(self, reader: CellReader, first: int, which: npt.NDArray[Any], places: dict[int, _Place]) -> None:
        self._reader, self._first, self._which, self._places = reader, first, which, places
        self._seen = [*places]
        self._templates = {
            shape: reader.lines.shapes[shape][place.begin : place.end] for shape, place in self._places.items()
        }

    def column(self, own: Column) -> Column | None:
        """Return the column; None where the text is needed. own: the field of lines without a shape."""
        number = np.full(len(self._reader.lines.shapes) + 1, len(self._seen) + 1, np.uint16)
        number[0] = 0
        number[[shape + 1 for shape in self._seen]] = np.arange(1, len(self._seen) + 1)
        which = number[self._which]
        missing = which > len(self._seen)
        if own.missing is not None:
            missing[which == 0] = own.missing
        span, lines, needed = range(self._first, self._first + which.size), self._reader.lines, self._taken()
        some = [
            self._reader.taken(column, span, by_shape(skip, lines), by_shape(take, lines))
            for column, (skip, take) in needed.items()
        ]
        cells = [own.data, *some]
        only = [*self._templates.values()] == [jsonscan.PLACE] and not missing.any() and not len(own)
        data = cells[1] if only else self._woven(which, cells, {column: at for at, column in enumerate(needed, 1)})
        return self._ended(data, which, missing)

    def _columns(self, shape: int) -> tuple[list[int], list[int]]:
        """The columns of the cells before the field, and of those in it."""
        before = self._reader.lines.shapes[shape][: self._places[shape].begin].count(0)
        columns = self._reader.lines.columns[shape]
        return columns[:before], columns[before : before + self._templates[shape].count(0)]

    def _taken(self) -> dict[int, tuple[dict[int, int], dict[int, int]]]:
        """Which cells are needed of which columns: by shape, from 1, how many before the field, and in it."""
        found: dict[int, tuple[dict[int, int], dict[int, int]]] = {}
        for shape in self._seen:
            before, within = self._columns(shape)
            for column in set(within):
                skip, take = found.setdefault(column, ({}, {}))
                skip[shape + 1], take[shape + 1] = before.count(column), within.count(column)
        return found

    def _woven(self, which: npt.NDArray[np.uint16], cells: list[Bytes], order: dict[int, int]) -> Bytes:
        """The field of all lines, with an end each. order: where each column is among the `cells`."""
        shapes = [*self._templates.values(), b""]
        numbers = [order[column] for shape in self._seen for column in self._columns(shape)[1]]
        # Cells bring a byte each for their end; lines of a shape end without one, and its text has more.
        sizes = np.array([0, *(len(shape) - 2 * shape.count(0) + 1 for shape in shapes)])
        return woven(shapes, numbers, which, cells, int(sizes[which].sum()))

    def _ended(self, data: Bytes, which: npt.NDArray[np.uint16], missing: npt.NDArray[np.bool_]) -> Column | None:
        """The column without the CR at lines' ends, and with nothing for lines that are empty; None for the text."""
        found = Column(data, which.size, missing)
        places = self._places.values()
        if not any(place.last for place in places):
            return found
        if (returned := _returned(found)) is not None:
            last = np.array([False, *(place.last for place in places), False])[which]
            if (returned & ~last).any():
                return None
            found = Column(np.frombuffer(data.tobytes().replace(b"\r\n", b"\n"), np.uint8), which.size, missing)
        if any(place.last and not place.begin for place in places):
            alone = np.array([False, *(place.last and not place.begin for place in places), False])[which]
            found = Column(found.data, which.size, missing | (alone & (np.diff(found.offsets) == 1)), found.offsets)
        return found


def _returned(cells: Column) -> npt.NDArray[np.bool_] | None:
    """Which cells end with a CR; None if there are none."""
    if not (cells.data[:-1] == _CR).any():
        return None
    found: npt.NDArray[np.bool_] = (np.diff(cells.offsets) > 1) & (cells.data[cells.offsets[1:] - 2] == _CR)
    return found if found.any() else None


def _places(lines: Lines, which: npt.NDArray[Any], delimiter: int, keys: Sequence[Key]) -> _Places | None:
    """Where the fields stand in the shapes that some lines have; None where these do not tell."""
    if delimiter != JSON and not _is_told(lines, delimiter):
        return None
    try:
        return {
            shape: _asked(lines.shapes[shape], delimiter, keys)
            for shape in np.flatnonzero(np.bincount(which, minlength=1)[1:]).tolist()
        }
    except jsonscan.UnclearError:
        return None


def _is_told(lines: Lines, delimiter: int) -> bool:
    """Whether delimiters are in shapes alone, as far as there are no quotation marks."""
    literal = set().union(*lines.shapes) - {0}
    by_fields = literal == {delimiter} and delimiter != SPACE
    return delimiter not in _RUNS and (by_fields or len(literal) > 1)


def _asked(shape: bytes, delimiter: int, keys: Sequence[Key]) -> dict[Key, _Place]:
    if delimiter == JSON:
        found = jsonscan.values(shape, shape=True)
        return {key: _Place(*found[str(key)], last=False) for key in keys if str(key) in found}
    fields, whole = _fields(shape, delimiter, max(map(int, keys), default=0))
    if not whole and any(int(key) >= len(fields) for key in keys):
        raise jsonscan.UnclearError
    return {key: fields[int(key)] for key in keys if int(key) < len(fields)}


def _fields(shape: bytes, delimiter: int, most: int) -> tuple[list[_Place], bool]:
    """The fields of a shape up to number `most`, or one with quotations, which may hold delimiters; then False."""
    blanks = delimiter == SPACE
    text = shape.removesuffix(b"\r") if blanks else shape
    found: list[_Place] = []
    begin = 0
    for field in text.split(bytes((delimiter,))) if shape not in _EMPTY else ():
        if b'"' in field or b"'" in field:
            return found, False
        end = begin + len(field)
        if field or not blanks:
            found.append(_Place(begin, end, last=end == len(text) and not blanks))
        if len(found) > most:
            break
        begin = end + 1
    return found, True


def text_of(reader: CellReader, line: int) -> bytes | None:
    """Return a line, of which -1 is the last, without its end; None where all columns are needed for it."""
    if int(reader.lines.which[line]):
        return None
    line %= reader.lines.which.size
    return reader.whole(range(line, line + 1))[:-1].tobytes()


class Owners(NamedTuple):
    """Whose cells stand in the columns of a tree."""

    cells: list[dict[Key, int]]
    """For each column how many cells it has of which field; what belongs to none is left out."""
    lines: dict[Key, int]
    """In how many lines of a shape each field is."""
    literal: dict[Key, int]
    """How many bytes of it are no cells, in all of them."""


def owners(lines: Lines, delimiter: int) -> Owners:
    """Return which fields the columns of a tree hold, as far as shapes tell."""
    found = Owners([{} for _ in lines.edges], {}, {})
    if delimiter != JSON and not _is_told(lines, delimiter):
        return found
    many = lines.counts.tolist()[1:]
    for shape, columns, count in zip(lines.shapes, lines.columns, many, strict=True):
        for key, place in _all(shape, delimiter).items() if count else ():
            template, before = shape[place.begin : place.end], shape[: place.begin].count(0)
            cells = template.count(0)
            found.lines[key] = found.lines.get(key, 0) + count
            found.literal[key] = found.literal.get(key, 0) + count * (len(template) - cells)
            for column in columns[before : before + cells]:
                found.cells[column][key] = found.cells[column].get(key, 0) + count
    return found


def _all(shape: bytes, delimiter: int) -> dict[Key, _Place]:
    """The fields of a shape; of objects the innermost values."""
    if delimiter != JSON:
        return dict(enumerate(_fields(shape, delimiter, len(shape))[0]))
    try:
        values = jsonscan.values(shape, shape=True)
    except jsonscan.UnclearError:
        return {}
    outer = {path.rpartition(".")[0] for path in values}
    return {path: _Place(*place, last=False) for path, place in values.items() if path not in outer}
