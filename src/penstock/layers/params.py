"""Reads a layer's parameters as they stand in a file: every byte is checked, and none may be left over."""

from __future__ import annotations

from ..errors import CorruptDataError


class Reader:
    """Takes bytes and LEB128 numbers off the front of some parameters. Written by `plan.varint` and `bytes`."""

    __slots__ = ("_at", "_data")

    def __init__(self, params: bytes) -> None:
        self._data = params
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._at

    def byte(self) -> int:
        """Return the next byte. Raises `CorruptDataError` where there is none."""
        at = self._at
        if at >= len(self._data):
            raise CorruptDataError(f"a layer's parameters end early, after {at} bytes")
        self._at = at + 1
        return self._data[at]

    def number(self, most: int) -> int:
        """Return the next number, 0 .. `most`. Raises `CorruptDataError` if it is larger, or not in its shortest form.

        most: less than 2**63.
        """
        byte = self.byte()
        value, shift = byte & 0x7F, 7
        while byte & 0x80:
            byte = self.byte()
            if byte == 0 or shift > 56:
                raise CorruptDataError(f"byte {self._at - 1} of a layer's parameters belongs to no number")
            value |= (byte & 0x7F) << shift
            shift += 7
        if value > most:
            raise CorruptDataError(f"a layer's parameters say {value} where at most {most} can be")
        return value

    def end(self) -> None:
        """Raise `CorruptDataError` unless all has been read."""
        if self.left:
            raise CorruptDataError(f"{self.left} bytes follow the end of a layer's parameters")
