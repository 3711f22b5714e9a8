"""Says how each column of a chunk's lines, and each field of its records, is coded, in words for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, Self

import numpy as np

from ..buffers import Bytes
from . import fieldtext, linefields
from .column import Column
from .contract import (
    CHANNELS,
    CONSTANT,
    COPIES,
    DATES,
    DECIMAL,
    DELTA,
    DICTIONARY,
    DIGITS,
    GROUPED,
    HEXES,
    LINES,
    NIBBLES,
    NUMBERS,
    PACK,
    PADDING,
    PLANES,
    PRINTED,
    RECORDS,
    REGIONS,
    RELATED,
    RUNS,
    SPARSE,
    SPLIT,
    STORE,
    STRINGS,
    SYMBOLS,
    ZSTD,
)
from .fieldtext import JSON, Key
from .lines import TEXTS
from .linetree import CellReader, has_lines, read_lines
from .plan import Node
from .valuekinds import kind_of

_HEAD: Final = 1 << 16
"""Bytes in which the first line ends."""
_FEW: Final = 4096
"""Looks at shapes that take no time."""
_SAMPLE: Final = 64
"""Lines by which it is told what values are."""
_MOST: Final = 3
"""Columns named of those that are kept together."""
_DELTAS: Final = ("", "delta", "delta of delta", "xor", "left and above", "signs folded", "floats in order",
                  "median of neighbours", "increase", "mean of those above")  # fmt: skip
_CODED: Final = {
    CONSTANT: "constant", ZSTD: "zstd", STORE: "", LINES: "in parts", NUMBERS: "", STRINGS: "each text once",
    RELATED: "told by another", GROUPED: "in the order of another",
    DATES: "as numbers", HEXES: "as bytes", SYMBOLS: "symbols of some bytes",
    PRINTED: "printed doubles", DECIMAL: "as decimals", DIGITS: "as numbers", PACK: "packed", SPLIT: "split",
    RUNS: "runs", SPARSE: "mostly one value", PADDING: "without padding", DICTIONARY: "each value once",
    NIBBLES: "packed symbols", PLANES: "byte planes", CHANNELS: "channels", RECORDS: "",
}  # fmt: skip
_FIELD: Final = re.compile(r"field (\d+)(?:\.\.(\d+))? (.*)")
_UNSIGNED: Final = re.compile(r"u(\d+)(?: (big|little)-endian)?")
_FLOATS: Final = 6
_STEPS: Final = (1, 2, 8)
"""Modes of delta in which counters stand out: diff, second, rise."""
_COUNTER: Final = 0.125
"""Of their bits, what differences take where values are taken to be counters."""


class Head(NamedTuple):
    """How the lines of a text are cut, and what their columns are called."""

    delimiter: int
    names: list[str]

    @classmethod
    def of(cls, text: Bytes) -> Self:
        """Look at the first lines."""
        first = text[:_HEAD].tobytes().partition(b"\n")[0].removesuffix(b"\r")
        delimiter = fieldtext.guess(text)
        return cls(delimiter, fieldtext.header(first, delimiter))


def columns(told: dict[str, Any], node: Node, payload: Bytes, head: Head) -> list[dict[str, Any]]:
    """Return what is to be said of the columns or fields of a chunk; see `penstock.explain`.

    told: what `words.tree` says of its tree, `node`; payload: the bytes of that. All columns of lines are decoded.
    """
    if node.id == COPIES and node.edges:  # what is a copy has been told of where it comes from
        told, node = told["streams"][0]["node"], node.edges[0].node
        payload = payload[: node.stored]
    if has_lines(node):
        return of_lines(told, CellReader(read_lines(node, payload)), *head)
    while told["id"] == REGIONS:
        told = max((one["node"] for one in told["streams"]), key=lambda one: int(one["size"]))
    return of_records(told) if told["id"] == RECORDS and told.get("streams") else []


def of_lines(told: dict[str, Any], reader: CellReader, delimiter: int, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return what is to be said of the columns of lines, whose tree `words.tree` gave; see `penstock.explain`.

    names: of the fields of delimited text, none if they have none. All columns are decoded, for a look at them.
    """
    lines = _Lines(told["streams"][TEXTS:], reader, delimiter, names)
    found: dict[tuple[Key, ...], list[int]] = {}
    for number, fields in enumerate(lines.owners.cells):
        if lines.streams[number]["size"]:
            found.setdefault(tuple(sorted(fields, key=lines.place)), []).append(number)
    for field in lines.owners.lines.keys() - {field for fields in found for field in fields}:
        found[field,] = []
    order = sorted(found, key=lambda fields: (len(fields) != 1, *map(lines.place, fields)))
    return [lines.group(fields, found[fields]) if found[fields] else lines.literal(fields[0]) for fields in order]


class _Lines:
    """What is known of the columns of some lines."""

    def __init__(self, streams: list[dict[str, Any]], reader: CellReader, delimiter: int, names: Sequence[str]) -> None:
        self.streams = streams
        self.owners = linefields.owners(reader.lines, delimiter)
        self._reader, self._delimiter, self._names = reader, delimiter, names
        self._order = {key: at for at, key in enumerate(self.owners.lines)}
        self._whole = self._fields()

    def _fields(self) -> dict[Key, Column]:
        """The fields that have columns of their own, or with few others, as far as the shapes tell them."""
        alone = list({field: True for fields in self.owners.cells if len(fields) <= _MOST for field in fields})
        size = self._reader.lines.which.size
        found = linefields.columns(self._reader, 0, size, self._delimiter, alone)
        if found is None and len(alone) * len(self._reader.lines.shapes) < _FEW:  # some of them may be told still
            each = [linefields.columns(self._reader, 0, size, self._delimiter, [field]) for field in alone]
            return {field: one[0] for field, one in zip(alone, each, strict=True) if one is not None}
        return dict(zip(alone, found or (), strict=found is not None))

    def place(self, field: Key) -> int:
        """Where a field comes among the others."""
        return field if isinstance(field, int) else self._order[field]

    def group(self, fields: tuple[Key, ...], numbers: list[int]) -> dict[str, Any]:
        """What is to be said of columns of a tree that hold the cells of these fields."""
        counts = [len(self._reader.cells(number)) for number in numbers]
        cells = max(counts) if len(fields) == 1 else sum(counts)
        text = sum(self.streams[number]["size"] for number in numbers) - sum(counts) + cells
        for field in fields if len(fields) == 1 else ():
            text += self.owners.literal[field] * cells // max(cells, self.owners.lines[field])
        nodes = [self.streams[number]["node"] for number in numbers]
        found = {
            "fields": list(fields),
            "names": [name for field in fields if (name := self._name(field))],
            "kind": self._kind(fields, numbers),
            "coding": _coding(nodes),
        }
        return _told(found, self._who(fields), cells, text, sum(node["stored"] for node in nodes))

    def literal(self, field: Key) -> dict[str, Any]:
        """What is to be said of a field that is the same in all lines of a shape."""
        cells, who = self.owners.lines[field], self._who((field,))
        names = [self._name(field)] if self._name(field) else []
        found = {"fields": [field], "names": names, "kind": "in the shapes of lines", "coding": ""}
        sizes = {"cells": cells, "size": self.owners.literal[field] + cells, "stored": 0, "bits": 0.0, "ratio": None}
        return {"words": f"{who}: {found['kind']}", "who": who} | found | sizes

    def _name(self, field: Key) -> str:
        if isinstance(field, str):
            return field
        return self._names[field] if field < len(self._names) else ""

    def _who(self, fields: tuple[Key, ...]) -> str:
        if not fields:
            return "other cells" if self.owners.lines else "cells of lines"
        said = [_quoted(field, self._name(field)) for field in fields[:_MOST]]
        more = f" and {len(fields) - _MOST} more" if len(fields) > _MOST else ""
        head = "" if self._delimiter == JSON else "columns " if len(fields) > 1 else "column "
        return f"{head}{', '.join(said)}{more}"

    def _kind(self, fields: tuple[Key, ...], numbers: list[int]) -> str:
        """By a look at the fields as a whole, if there is one of them; else at the cells."""
        if len(fields) > 1:
            kinds = {kind_of(_some(self._whole[one])).partition(",")[0] if one in self._whole else "" for one in fields}
            return f"{kinds.pop()}, together" if len(kinds) == 1 and kinds != {""} else "together"
        if fields and fields[0] in self._whole:
            return kind_of(_some(self._whole[fields[0]]))
        return kind_of(_some(self._reader.cells(numbers[0]))) if len(numbers) == 1 else "text"


def _some(cells: Column) -> list[bytes | None]:
    """Those in the middle, without those that are missing."""
    have = np.arange(len(cells)) if cells.missing is None else np.flatnonzero(~cells.missing)
    begin = max(0, have.size // 2 - _SAMPLE)
    return [cells[at] for at in have[begin : begin + 2 * _SAMPLE].tolist()]


def of_records(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is to be said of the fields of records, whose tree `words.tree` gave."""
    found = []
    for stream in told["streams"]:
        match = _FIELD.fullmatch(stream["name"])
        if match is None:
            return []
        begin, end, form = int(match[1]), int(match[2] or match[1]), match[3]
        node, width = stream["node"], end - begin + 1
        cells = told["size"] // max(_record_of(told), 1)
        bits = 8.0 * node["stored"] / max(cells, 1)
        one = {"bytes": [begin, end], "kind": _field_kind(form, width, node, bits), "coding": _coding([node])}
        who = f"bytes {begin}-{end}" if width > 1 else f"byte {begin}"
        found.append(_told(one, who, cells, cells * width, node["stored"]))
    return found


def _record_of(told: dict[str, Any]) -> int:
    """Bytes of a record."""
    match = _FIELD.fullmatch(told["streams"][-1]["name"])
    return int(match[2] or match[1]) + 1 if match else 0


def _field_kind(form: str, width: int, node: dict[str, Any], bits: float) -> str:
    layers = set(_layers(node))
    if not _UNSIGNED.fullmatch(form):
        return "digits" if DIGITS in layers else "padded text" if PADDING in layers else "bytes"
    size = f"{8 * width}-bit"
    if node["id"] == CONSTANT:
        return f"{size} constant"
    if layers & {DECIMAL, PRINTED}:
        return f"{size} floats, decimals"
    if node["id"] == DELTA and _mode(node) == _FLOATS:
        return f"{size} floats"
    counts = node["id"] == DELTA and _mode(node) in _STEPS and bits < _COUNTER * 8 * width
    big = ", big-endian" if form.endswith("big-endian") else ""
    return f"{size} {'counter' if counts else 'numbers'}{big}"


def _told(found: dict[str, Any], who: str, cells: int, text: int, stored: int) -> dict[str, Any]:
    """Add sizes to what is said, and the sentence."""
    bits, ratio = 8.0 * stored / max(cells, 1), text / max(stored, 1)
    sizes = {"cells": cells, "size": text, "stored": stored, "bits": bits, "ratio": ratio}
    coded = f", {found['coding']}" if found["coding"] else ""
    words = f"{who}: {found['kind']}{coded}, {short(bits)} bits each, {short(ratio)} x"
    return {"words": words, "who": who} | found | sizes


def short(value: float) -> str:
    """A number with two or three digits that count: 0.03, 9.3, 11, 1,234."""
    places = 0 if value >= 9.95 or value < 0.005 else 1 if value >= 0.1 else 2
    return f"{value:,.{places}f}"


def _quoted(field: Key, name: str) -> str:
    if isinstance(field, str):
        return f"`{field}`"
    return f"{field} `{name}`" if name else f"{field}"


def _coding(nodes: list[dict[str, Any]]) -> str:
    """How a column is coded: its layers from outside in, along what takes most."""
    largest = max(nodes, key=lambda node: int(node["stored"]))
    said = [f"{len(nodes)} parts"] if len(nodes) > 1 else []
    while True:
        word = _word(largest)
        if word and word not in said:
            said.append(word)
        if not largest.get("streams"):
            return ", ".join(said)
        largest = max((one["node"] for one in largest["streams"]), key=lambda node: int(node["stored"]))


def _word(node: dict[str, Any]) -> str:
    if node["id"] == DELTA:
        return _DELTAS[_mode(node)] if _mode(node) < len(_DELTAS) else "delta"
    if node["id"] == LINES:
        many = len(node["streams"]) - TEXTS
        return f"{many} part{'s' * (many != 1)}"
    if node["id"] == ZSTD:
        return "entropy-coded" if node["words"] == "zstd, literals only" else "zstd"
    return _CODED.get(node["id"], str(node["layer"]))


def _mode(node: dict[str, Any]) -> int:
    return int(node.get("params", "00")[:2], 16)


def _layers(node: dict[str, Any]) -> Iterator[int]:
    yield node["id"]
    for one in node.get("streams", ()):
        yield from _layers(one["node"])
