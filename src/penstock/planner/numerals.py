"""Puts the numbers that are written in digits into a layout, as fields of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ..buffers import Bytes
from .digitfields import digit_fields
from .fields import Field, Layout

_ROWS: Final = 192
"""Records looked at."""
_PIECES: Final = 4
_LEAST: Final = 64
"""Records below which nothing is said of digits."""


def with_digits(data: Bytes, layout: Layout) -> Layout:
    """Return the layout with the digits of each number in one field of bytes; what else they cut stays as it was."""
    record, count = layout.record, (data.size - layout.phase) // layout.record
    if count < _LEAST:
        return layout
    rows = data[layout.phase : layout.phase + count * record].reshape(count, record)
    step = max(count // _ROWS, 1)
    found = digit_fields(rows[::step][:_ROWS].reshape(-1), record)
    if not found:
        return layout
    fields = [Field(one.start, one.width, big=False, kind="raw") for one in found]
    taken = {place for one in found for place in range(one.start, one.start + one.width)}
    for one in layout.fields:
        fields += _left(one, taken)
    return replace(layout, fields=tuple(sorted(fields, key=lambda one: one.offset)))


def _left(one: Field, taken: set[int]) -> list[Field]:
    """What is left of a field: itself if it is whole, else runs of bytes."""
    places = [place for place in range(one.offset, one.offset + one.width) if place not in taken]
    if len(places) == one.width:
        return [one]
    edges = [nth for nth in range(len(places)) if nth == 0 or places[nth] != places[nth - 1] + 1]
    stops = [*edges[1:], len(places)] if places else []
    return [Field(places[nth], stop - nth, big=False, kind="raw") for nth, stop in zip(edges, stops, strict=True)]
