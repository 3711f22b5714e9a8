"""What kind of values the cells of a column are, in plain words, by a look at some of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_TIME: Final = rb"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?(?:Z| ?[+-]\d\d:?\d\d)?"
_DATE: Final = rb"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}/[A-Z][a-z]{2}/\d{4})"
_FORMS: Final = (
    ("true or false", rb"(?i:true|false)"),
    ("whole numbers", rb"[-+]?\d{1,19}"),
    ("decimals", rb"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?"),
    ("dates", _DATE),
    ("times", _TIME),
    ("dates and times", rb"\[?" + _DATE + rb"[ T:]" + _TIME + rb"\]?"),
    ("IPv4 addresses", rb"\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2}|:\d{1,5})?"),
    ("UUIDs", rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    ("hexadecimal", rb"(?:0x)?[0-9a-fA-F]{6,}"),
    ("URLs", rb"[a-z][a-z+.-]*://\S*"),
)
_PATTERNS: Final = tuple((name, re.compile(pattern)) for name, pattern in _FORMS)
_BEGINS: Final = ((b"{", "objects"), (b"[", "arrays"))
_EXPONENT: Final = re.compile(rb"[eE]")
_EMPTY: Final = (b"", b"-", b"null", b"NULL", b"NA", b"NaN", b"\\N")
"""What stands where there is no value."""


def kind_of(cells: Iterable[bytes | None]) -> str:
    """Return what the cells are: `whole numbers`, `decimals, scale 2`, `dates` ...; `text` where nothing fits all."""
    given = [cell for cell in cells if cell is not None]
    some = {cell.strip(b'"') for cell in given} - {*_EMPTY}
    if not some:
        return "nothing" if given else "text"
    for name, pattern in _PATTERNS:
        if all(pattern.fullmatch(cell) for cell in some):
            return f"decimals, {_scale(some)}" if name == "decimals" else name
    for begin, name in _BEGINS:
        if all(cell.startswith(begin) for cell in some):
            return name
    return "text"


def _scale(cells: set[bytes]) -> str:
    """How many digits stand behind the point."""
    if any(_EXPONENT.search(cell) for cell in cells):
        return "any scale"
    places = {len(cell.partition(b".")[2]) for cell in cells}
    return f"scale {min(places)}" if len(places) == 1 else f"scale {min(places)} to {max(places)}"
