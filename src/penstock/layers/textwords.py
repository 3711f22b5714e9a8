"""Says what the layers of text and its cells do, in words for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import grouped, related
from .contract import DATES, GROUPED, HEXES, LINES, NUMBERS, PRINTED, RELATED, STRINGS, SYMBOLS
from .streams import Kind


def _numbers(params: bytes, _: Kind) -> str:
    from .numbers import Form as Decimals
    from .numbers import read

    shape, signed = read(params)
    places = {
        Decimals.FIXED: f"{shape.decimals}",
        Decimals.STREAM: "any",
        Decimals.TRIMMED: f"{shape.least} to {shape.decimals}",
    }[shape.form]
    said = "whole numbers" if places == "0" else f"{places} decimal{'s' * (places != '1')}"
    padded = f", at least {shape.whole} digits before the point" if shape.whole > 1 else ""
    return f"numbers: {said}{', signed' * signed}{padded}"


def _hexes(params: bytes, _: Kind) -> str:
    form = "".join("x" if byte == 0 else chr(byte) if 32 <= byte < 127 else "?" for byte in params[1:])
    return f"hexes: hexadecimal digits as bytes, {form.upper() if params[0] else form}"


def _dates(params: bytes, _: Kind) -> str:
    from .dates import read, spelled

    return f"dates: {spelled(bytes(read(params)[1].ops))}"


def _lines(params: bytes, _: Kind) -> str:
    end = "" if params[1:2] == b"\n" else f", which end with {params[1:2]!r}"
    return f"lines: shapes and columns{end}"


def _printed(params: bytes, _: Kind) -> str:
    return f"printed: doubles of numbers with {params[0]} digits behind the point, printed with all their digits"


OF_TEXT: Final[dict[int, Callable[[bytes, Kind], str]]] = {
    LINES: _lines,
    NUMBERS: _numbers,
    HEXES: _hexes,
    DATES: _dates,
    PRINTED: _printed,
    RELATED: lambda params, _kind: related.words(params),
    GROUPED: lambda params, _kind: grouped.words(params),
    STRINGS: lambda _params, _kind: "strings: each cell once",
    SYMBOLS: lambda _params, _kind: "symbols: frequent pieces of up to 8 bytes in one",
}
"""For each layer what says it, from its parameters as they stand in a file."""
