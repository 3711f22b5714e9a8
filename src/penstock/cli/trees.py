"""Trees of layers as text: a line for each layer, with what goes in, what is stored, and what that saves; columns."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final, NamedTuple

WIDTH: Final = 100
"""Characters of a line where nobody says how many a terminal has."""
_WIDTHS: Final = (76, 120)
"""The narrowest and the widest."""
_COLUMN: Final = 11
_NARROW: Final = 10
_INDENT: Final = 2
_TINY: Final = 64
"""Stored bytes up to which it does not matter how a stream is made."""
_MOST_STREAMS: Final = 24
"""Streams of one layer that are shown; of more, those that take most."""


class Line(NamedTuple):
    """One line: text, and the cells of its columns."""

    text: str
    cells: tuple[str, ...] = ()


def print_tree(told: dict[str, Any], indent: int = _INDENT) -> None:
    """Print a tree as `penstock.explain` gives it, with a head over its columns."""
    heads = ("in", "stored", "saved") if "saved" in told else ("in", "stored")
    room = width() - _COLUMN * len(heads)
    print_line(Line("", heads), room)
    for line in _tree(told, "", indent, room):
        print_line(line, room)


def print_columns(told: list[dict[str, Any]], indent: int = _INDENT) -> None:
    """Print what `penstock.explain` says of columns or fields: a line for each of those that take most."""
    from ..layers.columnwords import short

    heads = ("bits each", "stored", "smaller")
    room = width() - _NARROW * len(heads)
    largest = sorted(range(len(told)), key=lambda at: -told[at]["stored"])[:_MOST_STREAMS]
    shown = [told[at] for at in sorted(largest)]
    print_line(Line(" " * indent + ("columns" if "fields" in told[0] else "fields"), heads), room, _NARROW)
    for one in shown:
        coded = f", {one['coding']}" if one["coding"] else ""
        who = one["who"].removeprefix("columns ").removeprefix("column ")
        first, *more = textwrap.wrap(
            f"{who}: {one['kind']}{coded}", room, initial_indent=" " * 2 * indent, subsequent_indent=" " * 4 * indent,
            break_on_hyphens=False,
        )  # fmt: skip
        ratio = f"{short(one['ratio'])} x" if one["ratio"] else "-"
        print_line(Line(first, (short(one["bits"]), size(one["stored"]), ratio)), room, _NARROW)
        for line in more:
            print(line)
    if len(shown) < len(told):
        rest = sum(one["stored"] for one in told) - sum(one["stored"] for one in shown)
        text = f"{' ' * 2 * indent}and {len(told) - len(shown):,} smaller ones (--json shows all)"
        print_line(Line(text, ("", size(rest))), room, _NARROW)


def width() -> int:
    """Return how many characters a line may have."""
    found = shutil.get_terminal_size((WIDTH, 0)).columns
    return min(max(found, _WIDTHS[0]), _WIDTHS[1])


def print_line(line: Line, room: int, column: int = _COLUMN) -> None:
    """Print a line whose cells stand to the right of `room` characters, in columns of so many."""
    text = line.text
    for number, cell in enumerate(line.cells, 1):
        text = text.ljust(room + column * number - len(cell)) + cell if cell else text
    print(text)


def shape(told: dict[str, Any]) -> Any:
    """Return what two trees have in common that do the same; of regions, their sizes and small rests do not matter."""
    streams = told.get("streams", [])
    if told["layer"] == "regions":
        return tuple(shape(one["node"]) for one in streams if "streams" in one["node"])
    # The leaves and exceptions of a stream may change with its values.
    return told["words"], tuple(shape(one["node"]) for one in streams if "streams" in one["node"])


def alike(chunks: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield neighbours with the same tree, or without one for the same reason."""
    for _, found in groupby(chunks, lambda one: shape(one["tree"]) if "tree" in one else one.get("why")):
        yield list(found)


def _tree(told: dict[str, Any], name: str, indent: int, room: int) -> Iterator[Line]:
    """The lines of a stream and all inside of it."""
    cells, words = _cells(told), told["words"]
    if name and indent + len(name) + len(words) + 2 >= room:
        yield Line(f"{' ' * indent}{name}:", cells)
        name, cells, indent = "", (), indent + _INDENT
    yield Line(_cut(f"{' ' * indent}{name}: {words}" if name else " " * indent + words, room), cells)
    streams = told.get("streams", []) if told["stored"] > _TINY else []
    shown = _shown(streams)
    for one in shown:
        yield from _tree(one["node"], one["name"], indent + _INDENT, room)
        yield from _second(one, indent + 2 * _INDENT, room)
    if len(shown) < len(streams):
        rest = sum(one["node"]["stored"] for one in streams) - sum(one["node"]["stored"] for one in shown)
        yield Line(
            f"{' ' * indent}  and {len(streams) - len(shown):,} smaller ones (--json shows all)", ("", size(rest))
        )


def _shown(streams: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The streams that take most, in their own order."""
    if len(streams) <= _MOST_STREAMS:
        return streams
    least = sorted((one["node"]["stored"] for one in streams), reverse=True)[_MOST_STREAMS - 1]
    return [one for one in streams if one["node"]["stored"] >= least][:_MOST_STREAMS]


def _cells(told: dict[str, Any]) -> tuple[str, ...]:
    cells = (size(told["size"]), size(told["stored"]))
    return (*cells, size(told["saved"])) if "saved" in told else cells


def _second(one: dict[str, Any], indent: int, room: int) -> Iterator[Line]:
    """What the runner-up of a field would have given."""
    found = one.get("runner_up")
    if found and one["node"]["stored"] > _TINY:  # nothing stands in its first column
        text = _cut(f"{' ' * indent}next best: {found['tree']}", room + _COLUMN)
        yield Line(text, ("", size(found["stored"])))


def _cut(text: str, room: int) -> str:
    return text if len(text) < room else f"{text[: room - 4]}..."


def size(count: int) -> str:
    """Bytes in a column: `1,023 B`, `12.3 KiB`."""
    if abs(count) < 1024:
        return f"{count:,} B"
    unit, name = (1 << 10, "KiB") if abs(count) < 1 << 20 else (1 << 20, "MiB")
    return f"{count / unit:,.1f} {name}"
