"""Fields of lines of text: what column of a table each byte of a line belongs to.

Delimited text: between delimiters, of which those between quotation marks do not count; a quotation begins at the
field's start, and each further mark ends or begins it again. Blanks: the same with a space, runs of which count as one.
JSON: the value that keys lead to, as `jsonscan` finds it. A line's end, with a CR before it, belongs to no field.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from . import jsonscan
from .column import Column, picked
from .lines import Cut, Cutting, cut
from .valuekinds import kind_of

SPACE: Final = 32
JSON: Final = 0
"""In the place of a delimiter: lines are JSON objects."""
_DELIMITERS: Final = b"\t,;|"
_CR: Final = 13
_NEWLINE: Final = 10
_BLOCK: Final = 64
_SAMPLE: Final = 1 << 16
"""Bytes by which it is told what lines are."""
_MOST: Final = 0.9
"""Of the lines, as many must have the same number of fields."""

Key = int | str


class _Fields(NamedTuple):
    """Where fields begin and end, and the first field of each line, and one more."""

    firsts: npt.NDArray[np.int64]
    starts: npt.NDArray[Any]
    ends: npt.NDArray[Any]


def guess(text: Bytes) -> int:
    """Return what lines are cut at: a delimiter; `SPACE` where there is none; or `JSON`. text: the first lines."""
    sample = text[:_SAMPLE]
    lines = [line for line in sample.tobytes().split(b"\n") if line.strip()]
    lines = lines[:-1] if len(lines) > 1 and text.size > _SAMPLE else lines
    objects = sum(line.lstrip()[:1] == b"{" and line.rstrip()[-1:] == b"}" for line in lines)
    if 2 * objects > len(lines):
        return JSON
    whole = np.frombuffer(b"\n".join(lines), np.uint8)
    found = {delimiter: _alike(whole, delimiter, len(lines)) for delimiter in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda one: found[one])
    return best if lines and found[best] >= _MOST else SPACE


def _alike(text: Bytes, delimiter: int, lines: int) -> float:
    """The share of lines with the commonest number of fields, 0 if that is one."""
    many = np.bincount(np.diff(_fields(text, delimiter).firsts)[:lines])
    return float(many.max(initial=0)) / max(lines, 1) if many.size and int(many.argmax()) > 1 else 0.0


def names(line: bytes, delimiter: int) -> list[str]:
    """Return what a table's columns are called by its first line; of JSON the keys of that."""
    if delimiter == JSON:
        return [*jsonscan.values(line)]
    if delimiter == SPACE:
        return []
    text = np.frombuffer(line.removeprefix(b"\xef\xbb\xbf"), np.uint8)
    found = _fields(text, delimiter)
    cells = [text[start:end].tobytes() for start, end in zip(found.starts, found.ends, strict=True)]
    return [unquoted(cell).decode(errors="replace") for cell in cells]


def header(line: bytes, delimiter: int) -> list[str]:
    """Return the names of a table's columns if its first line looks like names: no numbers, nothing empty or twice."""
    found = names(line, delimiter) if delimiter != JSON else []
    good = all(name and kind_of([name.encode()]) == "text" for name in found) and len(set(found)) == len(found)
    return found if good else []


def unquoted(cell: bytes) -> bytes:
    """Return a field without the quotation marks around it; of two within it is one."""
    if len(cell) > 1 and cell[:1] == cell[-1:] == b'"':
        return cell[1:-1].replace(b'""', b'"')
    return cell


def columns(text: Bytes, delimiter: int, keys: Sequence[Key]) -> list[Column]:
    """Return the columns of a text of whole lines, whose last one may have no end."""
    if delimiter == JSON:
        return _members(text, keys)
    found = _fields(text, delimiter)
    many = np.diff(found.firsts)
    return [_nth(text, found, many, int(key)) for key in keys]


def _fields(text: Bytes, delimiter: int) -> _Fields:
    from ..kernels import cuts

    ends_of_lines = int(np.count_nonzero(text == _NEWLINE))
    many = ends_of_lines + int(bool(text.size) and text[-1] != _NEWLINE)
    room = int(np.count_nonzero(text == delimiter)) + many + 3 * _BLOCK
    begins, firsts = np.zeros(many + 1, np.uint32), np.zeros(many + 1, np.uint32)
    starts, ends = np.empty(room, np.uint32), np.empty(room, np.uint32)
    tail = np.full(3 * _BLOCK, _NEWLINE, np.uint8)
    rest = text[max(text.size - 1, 0) // _BLOCK * _BLOCK :]
    tail[: rest.size] = rest
    made = cuts.cut_fields(text, tail, delimiter, begins, firsts, starts, ends)
    found = _Fields(firsts.astype(np.int64), starts[:made], ends[:made])
    _drop_returns(text, found)
    full = found.ends > found.starts
    if delimiter != SPACE:  # an empty field is one, but for an empty line, which has none
        full |= np.repeat(np.diff(found.firsts) > 1, np.diff(found.firsts))
    before = np.concatenate([[0], np.cumsum(full)])
    return _Fields(before[found.firsts], found.starts[full], found.ends[full])


def _drop_returns(text: Bytes, found: _Fields) -> None:
    """Let no field end with the CR of its line's end."""
    last = found.firsts[1:] - 1
    ends = found.ends[last]
    last = last[ends > found.starts[last]]
    found.ends[last] -= text[found.ends[last] - 1] == _CR


def _nth(text: Bytes, found: _Fields, many: npt.NDArray[np.int64], number: int) -> Column:
    have = many > number
    at = found.firsts[:-1][have] + number
    starts, ends = np.zeros(many.size, np.uint32), np.zeros(many.size, np.uint32)
    starts[have], ends[have] = found.starts[at], found.ends[at]
    return picked(text, starts, ends, ~have)


class _Values(NamedTuple):
    """Where the value of a key begins and ends in each line, and whether there is none."""

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    missing: npt.NDArray[np.bool_]


def _members(text: Bytes, keys: Sequence[Key]) -> list[Column]:
    """The values of JSON objects: each shape of lines is scanned once, and lines that have none one by one."""
    from ..kernels import tokens

    found = cut(text, Cutting(tokens.DECIMALS | tokens.QUOTES))
    many, order = found.which.size, np.argsort(found.which, kind="stable")
    borders = np.flatnonzero(np.diff(found.which[order].astype(np.int64), prepend=-1, append=-1))
    out = {
        str(key): _Values(np.zeros(many, np.int64), np.zeros(many, np.int64), np.ones(many, np.bool_)) for key in keys
    }
    for begin, end in pairwise(borders.tolist()):
        here = order[begin:end]
        if int(found.which[here[0]]) >= found.counts.size or not _by_shape(found, here, out):
            _one_by_one(found, here, out)
    return [picked(text, *out[str(key)]) for key in keys]


def _by_shape(found: Cut, here: npt.NDArray[Any], out: dict[str, _Values]) -> bool:
    """Fill in the values of lines of one shape; False where the shape does not tell where they are."""
    line = int(here[0])
    cells = slice(int(found.firsts[line]), int(found.firsts[line + 1]))
    begins = [int(found.begins[line]), *found.ends[cells].tolist()]
    ends = [*found.starts[cells].tolist(), int(found.begins[line + 1])]
    pieces = [found.text[begin:end].tobytes() for begin, end in zip(begins, ends, strict=True)]
    shape = jsonscan.PLACE.join(pieces)
    if shape.count(jsonscan.PLACE) != len(pieces) - 1:
        return False
    try:
        places = jsonscan.values(shape, shape=True)
    except jsonscan.UnclearError:
        return False
    # Where each piece begins in the shape; in each line it begins behind a cell, or with the line.
    inside = np.cumsum([0, *(len(piece) + 1 for piece in pieces[:-1])])
    firsts = found.firsts[here].astype(np.int64)

    def where(place: int) -> npt.NDArray[np.int64]:
        piece = int(inside.searchsorted(place, "right")) - 1
        base = found.ends[firsts + piece - 1] if piece else found.begins[here]
        moved: npt.NDArray[np.int64] = base.astype(np.int64) + (place - int(inside[piece]))
        return moved

    for key, values in out.items():
        if key in places:
            values.starts[here], values.ends[here] = where(places[key][0]), where(places[key][1])
            values.missing[here] = False
    return True


def _one_by_one(found: Cut, here: npt.NDArray[Any], out: dict[str, _Values]) -> None:
    for at in here.tolist():
        begin, end = int(found.begins[at]), int(found.begins[at + 1])
        places = jsonscan.values(found.text[begin:end].tobytes())
        for key, values in out.items():
            if key in places:
                values.starts[at], values.ends[at] = begin + places[key][0], begin + places[key][1]
                values.missing[at] = False
