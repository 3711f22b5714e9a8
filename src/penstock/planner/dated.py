"""Finds the format of a column of dates and times by looking at a few of its cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Final

import numpy as np

from ..buffers import Bytes
from ..layers.dates import MOST, Dates, format_of
from ..layers.streams import Kind, Stream

_FEW: Final = 48
"""Cells by which formats are compared."""
_BAD: Final = 0.1
"""Share of cells that may have no format, or another."""
_TRIED: Final = 24
_MONTH: Final = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_LOOKS: Final = re.compile(
    r"(?=.*\d.*\d)(?:.*\d[:/-]\d|\d\d\.\d\d\.\d|\d{8}T?\d{6}|.*(?:" + _MONTH + r")\b)", re.DOTALL
)
_NEXT: Final = re.compile(
    r"(?P<iso>(?<!\d)\d{4}(?P<s1>[-/.])\d\d(?P=s1)\d\d(?!\d))"
    r"|(?P<last>(?<!\d)\d\d(?P<s2>[-/.])\d\d(?P=s2)\d{4}(?!\d))"
    r"|(?P<bare>(?<!\d)\d{1,2}(?P<s3>[-/.])\d{1,2}(?P=s3)\d{4}(?!\d))"
    r"|(?P<short>(?<!\d)\d\d(?P<s4>[-/.])\d\d(?P=s4)\d\d(?!\d))"
    r"|(?P<solid>(?<!\d)(?:19|20)\d{6}(?=T?\d{6}(?:\D|$)))"
    r"|(?P<sixth>(?<=[\dT])\d{6}(?!\d))"
    r"|(?P<time>(?<![\d+-])\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?!\d))"
    r"|(?P<name>\b(?:" + _MONTH + r")\b)"
    r"|(?P<weekday>\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b)"
    r"|(?P<year>(?<!\d)(?:19|20)\d\d(?!\d))"
    r"|(?P<day>(?<= ) \d(?!\d)|(?<![\d+:.,])[0-3]?\d(?![\d:]))"
)
"""Parts of a date or a time; what stands between them is the same in all cells."""


def guess(cells: Bytes) -> bytes | None:
    """Return the parameters of the layer that suit a sample of cells; None where they are no dates."""
    few = [cell for cell in cells[: _FEW * (MOST + 1)].tobytes().split(b"\n")[:_FEW] if cell]
    likely = [cell for cell in few if len(cell) <= MOST and _LOOKS.match(cell.decode("latin-1"))]
    if not likely or len(likely) < (1 - _BAD) * len(few) or len(likely) < _FEW // 8:
        return None
    sample = np.frombuffer(b"\n".join(few) + b"\n", np.uint8)
    # The first one may be a name, and among others there may be a day of one digit.
    found = {form for cell in likely[1:4] for form in islice(_formats(cell.decode("latin-1")), _TRIED)}
    rated = [(*_rated(sample, form), form) for form in sorted(found) if format_of(form)]
    misfits, _, form = min(rated, default=(len(few), 0, b""))
    return form if misfits <= _BAD * len(few) else None


def _rated(cells: Bytes, form: bytes) -> tuple[int, int]:
    """How many cells have another format, and over how long a time the others spread."""
    _, streams = Dates().encode(Stream(Kind.BYTES, cells), form)
    return streams[1].count if len(streams) > 1 else 0, int(np.ptp(streams[0].read()))


def _formats(cell: str) -> Iterator[bytes]:
    """The formats that a cell may have."""
    choices, at = [], 0
    for match in _NEXT.finditer(cell):
        found = _readings(next(name for name in _GROUPS if match[name] is not None), match)
        choices += [[cell[at : match.start()].encode("latin-1")], found]
        at = match.end()
    choices.append([cell[at:].encode("latin-1")])
    return (b"".join(form) for form in product(*choices))


_GROUPS: Final = ("iso", "last", "bare", "short", "solid", "sixth", "time", "name", "weekday", "year", "day")


_DAYS: Final = {(False, 1): [b"\x0b"], (False, 2): [b"\3", b"\x0c", b"\x0b"], (True, 2): [b"\x0c"]}
_SHORT: Final = ((b"\x0f", b"\2", b"\3"), (b"\3", b"\2", b"\x0f"), (b"\2", b"\3", b"\x0f"))


def _readings(part: str, match: re.Match[str]) -> list[bytes]:
    """What a part of a cell may mean."""
    by = next((match[name] for name in ("s1", "s2", "s3", "s4") if match[name]), "").encode()
    if part == "time":
        return _times(match["time"])
    if part == "day":
        return _DAYS[match[0][0] == " ", len(match[0])]
    return {
        "iso": [by.join((b"\1", b"\2", b"\3"))],
        "last": [by.join((b"\3", b"\2", b"\1")), by.join((b"\2", b"\3", b"\1")), *_bare(by)],
        "bare": _bare(by),
        "short": [by.join(order) for order in _SHORT],
        "solid": [b"\1\2\3"],
        "sixth": [b"\4\5\6"],
        "name": [b"\x08"],
        "weekday": [b"\x0d"],
        "year": [b"\1"],
    }[part]


def _bare(by: bytes) -> list[bytes]:
    return [by.join((b"\x0b", b"\x09", b"\1")), by.join((b"\x09", b"\x0b", b"\1"))]


def _times(text: str) -> list[bytes]:
    hour, *rest = text.split(":")
    later = b":\5"
    if len(rest) > 1:
        part = rest[1][2:]
        later += b":\6" + (part[0].encode() + b"\7" * (len(part) - 1) if part else b"")
    return [b"\4" + later, b"\x0e" + later] if len(hour) > 1 else [b"\x0e" + later]
