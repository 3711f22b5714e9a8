"""Where the values of a line's JSON object stand, by key; only its structure is looked at.

What is between the marks of the structure is taken as it is: whether `12` or `1.0e5` is a number is not asked. So the
same places are found in a line whose cells have been taken out, as long as what is left holds its keys and marks.
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple

PLACE: Final = b"\0"
"""What stands for a cell in the shape of a line."""
_FREE: Final = b"'\0'"
"""A cell that may hold anything: within a string, to which apostrophes mean nothing, marks of the structure too."""
_TOKENS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|["{}\[\],:]', re.DOTALL)
_BLANKS: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"

Places = dict[str, tuple[int, int]]
"""From and to, by the keys that lead to a value, joined by points."""


class UnclearError(Exception):
    """A cell stands where the structure of its line cannot be known without it."""


def values(line: bytes, *, shape: bool = False) -> Places:
    """Return where each value stands in a line that is a JSON object; none for any other line.

    Of a key that comes twice the last value counts; values within arrays have no places of their own. shape: this is
    the shape of lines, `PLACE` stands for a cell; raises `UnclearError` where that may be structure or part of a key.
    """
    if shape and _FREE in line:
        raise UnclearError
    try:
        return _Scan(line, shape=shape).run()
    except _NoObjectError:
        return {}


class _NoObjectError(Exception):
    """The line is no object."""


class _Inside(NamedTuple):
    """An object or array that has begun."""

    array: bool
    path: str | None
    """The keys that lead to it; None if an array is among what holds it."""
    begin: int


class _Scan:
    def __init__(self, line: bytes, *, shape: bool) -> None:
        self._line = line
        self._place = PLACE if shape else b""
        self._at = len(_BOM) if line.startswith(_BOM) else 0
        """Behind the last token; of a value, where it begins."""
        self._found: Places = {}
        self._open: list[_Inside] = []
        self._path: str | None = ""
        """That of the value that is being read."""
        self._turn = self._start

    def run(self) -> Places:
        """Go through the marks once; each is for the turn that the one before has left."""
        for mark in _TOKENS.finditer(self._line):
            self._turn(mark.group(), mark.start(), mark.end())
        self._blank(len(self._line))
        if self._turn != self._over:
            raise _NoObjectError
        return self._found

    def _start(self, token: bytes, start: int, end: int) -> None:
        self._blank(start)
        if token != b"{":
            raise _NoObjectError
        self._enter(token, start, end)

    def _over(self, token: bytes, start: int, end: int) -> None:
        raise _NoObjectError

    def _first(self, token: bytes, start: int, end: int) -> None:
        """Behind an object's brace."""
        if token == b"}":
            self._blank(start)
            self._leave(token, end)
        else:
            self._key(token, start, end)

    def _key(self, token: bytes, start: int, end: int) -> None:
        self._blank(start)
        if token[:1] != b'"' or len(token) < 2:
            raise _NoObjectError
        if self._place and self._place in token:
            raise UnclearError
        holder = self._open[-1].path
        self._path = None if holder is None else f"{holder}.{_text(token)}" if holder else _text(token)
        if self._path in self._found:  # what the value before had inside is gone with it
            gone = f"{self._path}."
            self._found = {path: place for path, place in self._found.items() if not path.startswith(gone)}
        self._at, self._turn = end, self._colon

    def _colon(self, token: bytes, start: int, end: int) -> None:
        self._blank(start)
        if token != b":":
            raise _NoObjectError
        self._at, self._turn = end, self._value

    def _value(self, token: bytes, start: int, end: int) -> None:
        if token in b"{[":
            self._blank(start)
            self._enter(token, start, end)
        elif token in b",]}":
            self._keep(self._at, start)
            self._behind(token, start, end)
        elif token in {b":", b'"'}:
            raise _NoObjectError

    def _behind(self, token: bytes, start: int, end: int) -> None:
        """Behind a value."""
        if token == b",":
            self._at, self._turn = end, self._value if self._open[-1].array else self._key
            self._path = None
        elif token in b"]}":
            self._leave(token, end)
        else:
            raise _NoObjectError

    def _after(self, token: bytes, start: int, end: int) -> None:
        """Behind an object or array that has ended."""
        self._blank(start)
        self._behind(token, start, end)

    def _enter(self, token: bytes, start: int, end: int) -> None:
        array = token == b"["
        self._open.append(_Inside(array, self._path, start))
        self._at, self._turn = end, self._value if array else self._first
        self._path = None

    def _leave(self, token: bytes, end: int) -> None:
        inside = self._open.pop()
        if inside.array != (token == b"]"):
            raise _NoObjectError
        self._path, self._at = inside.path, end
        if not self._open:
            self._turn = self._over
            return
        if inside.path is not None:
            self._found[inside.path] = inside.begin, end
        self._turn = self._after

    def _keep(self, begin: int, end: int) -> None:
        """Note a value that is neither object nor array."""
        text = self._line[begin:end].strip(_BLANKS)
        if not text and not self._open[-1].array:
            raise _NoObjectError
        if self._path is not None:
            begin += self._line[begin:end].index(text)
            self._found[self._path] = begin, begin + len(text)

    def _blank(self, upto: int) -> None:
        """Raise unless nothing but blanks stands between the last mark and a place."""
        between = self._line[self._at : upto].strip(_BLANKS)
        if between:
            if self._place and self._place in between:
                raise UnclearError
            raise _NoObjectError


def _text(key: bytes) -> str:
    """A key as text."""
    inner = key[1:-1]
    if b"\\" in inner:
        try:
            return str(json.loads(key))
        except ValueError:
            raise _NoObjectError from None
    return inner.decode(errors="replace")
