"""From the structure of a chunk to the tree that encodes it, and from there to those of chunks like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from ..buffers import Bytes
from ..layers import wanted
from ..layers.contract import DIGITS, FRAMES, LINES, PADDING, RECORDS
from ..layers.switches import is_on
from ..layers.wanted import Want
from .aims import Aim
from .channels import choose_fields
from .columns import choose_column
from .framed import frames_tree
from .lags import candidates, excerpt, library_price
from .numerals import with_digits
from .padded import Rows, padded_rows
from .structure import Layout, Region, find, rephase
from .textual import text_tree
from .whole import Whole
from .wide import wide_text

_WINDOWS: Final = 4
_WINDOW: Final = 8 << 10
"""Bytes of each of the windows by which columns are priced, unless rows need more."""
_TEXTS: Final = 1.1
_NUMBERS: Final = 0.96
"""Of what the library makes of a piece; of the whole it makes less. Texts take less than is expected."""
_PIECE: Final = 64 << 10
_GLANCE: Final = 16 << 10
_CLEAR: Final = 0.6
"""Of what the library at its lowest level makes of so few bytes, what needs no other look."""
_PLAINLY: Final = 0.7
"""Of what the library makes of so few bytes, what leaves no doubt."""
_BARE: Final = 0.15
"""The part of a chunk without a layout from which on there is a doubt."""
_LESS: Final = 0.65
_LITTLE_LESS: Final = 0.9
"""Of a layout's price, the least that its tree takes."""
_DECIMALS: Final = frozenset({4, 8})
"""Bytes of numbers that may be decimals."""
_NUMBER: Final = 8
"""Bytes up to which records are numbers."""
_FEW: Final = 256 << 10
"""Bytes up to which fields of text are not worth the time to price them."""
_RECORDS: Final = 1024
"""Records of a window at most: more say nothing new."""


class Draft(Protocol):
    """A plan without the sizes of one chunk."""

    def over(self, raw: Bytes) -> Want | None:
        """Return the tree for another chunk; None where the plan does not hold there."""


class AsItIs(NamedTuple):
    """A tree whose layers find for themselves where records begin."""

    want: Want

    def over(self, raw: Bytes) -> Want | None:
        """Return the same tree."""
        return self.want


class OfWhole(NamedTuple):
    """A tree for chunks that are a whole number of characters."""

    want: Want
    width: int

    def over(self, raw: Bytes) -> Want | None:
        """Return the same tree; None where a character is cut."""
        return self.want if raw.size % self.width == 0 else None


class Lined(NamedTuple):
    """A tree of lines, which go on as they were, and what the library makes of a sample: bits a byte."""

    want: Want
    library: float

    def over(self, raw: Bytes) -> Want | None:
        """Return the same tree."""
        return self.want


class Laid(NamedTuple):
    """Layouts with the trees of their records."""

    trees: tuple[tuple[Layout, Want], ...]
    aim: Aim

    def over(self, raw: Bytes) -> Want | None:
        """Return the tree for another chunk; None where its layout does not hold there."""
        regions = rephase(raw, self.trees[-1][0])
        return None if regions is None else self.tree(regions)

    def tree(self, regions: Sequence[Region]) -> Want:
        """Return the tree of consecutive regions."""
        wants = [self._want(region) for region in regions]
        if len(wants) == 1:
            return wants[0]
        return wanted.regions([region.stop - region.start for region in regions[:-1]], wants)

    def _want(self, region: Region) -> Want:
        for layout, want in self.trees:
            if layout is region.layout or layout == region.layout:
                return want
        return wanted.zstd(self.aim.guess)


def draft_of(raw: Bytes, aim: Aim, whole: Whole | None = None) -> tuple[Draft, Want] | None:
    """Look for structure; return a draft and this chunk's tree, or None where there is none.

    whole: what is asked what the library makes of all, where samples leave a doubt; None: they must do.
    """
    framed = frames_tree(raw, aim) if is_on(FRAMES) else None
    if framed is not None:
        return AsItIs(framed), framed
    wide = wide_text(raw, aim) if is_on(RECORDS) else None
    if wide is not None:
        return OfWhole(wide, len(wide.children)), wide
    lengths = candidates(raw)
    rows = padded_rows(raw, lengths, aim) if is_on(PADDING) else None
    if not is_on(RECORDS):
        return (rows.draft, rows.want) if rows else bytes_draft(raw, aim)
    if rows is None or raw.size > _FEW:
        regions = find(raw, lengths)
        if rows is None or not _better(rows, raw, regions):
            return _laid(raw, regions, aim, whole)
    return rows.draft, rows.want


def text_draft(raw: Bytes, aim: Aim) -> tuple[Lined, Want] | None:
    """Look for lines of one kind in text; return as `draft_of` does."""
    text = text_tree(raw, aim) if is_on(LINES) else None
    return (Lined(*text), text.want) if text is not None else None


def bytes_draft(raw: Bytes, aim: Aim) -> tuple[Draft, Want] | None:
    """Look for what layers make of single bytes: runs, one usual byte, small symbols; return as `draft_of` does."""
    step = max(raw.size // _WINDOWS, 1)
    windows = [raw[at : at + _WINDOW // _WINDOWS] for at in range(0, raw.size, step)]
    found = choose_column(windows, aim.name, total=raw.size)
    return (AsItIs(found.want), found.want) if found.want.children else None


def _laid(raw: Bytes, regions: Sequence[Region], aim: Aim, whole: Whole | None) -> tuple[Draft, Want] | None:
    """The draft of records and arrays."""
    trees: dict[Layout, Want] = {}
    expected: dict[Layout, float] = {}
    if all(one.layout is None for one in regions):
        return None
    small = library_price(excerpt(raw, _GLANCE))
    if whole and _is_doubtful(raw, regions, small) and _promised(raw, regions) > whole.price:
        return None
    for region in regions:
        if region.layout is not None and region.layout not in trees:
            trees[region.layout], each = _tree_of(raw, region, region.layout, aim)
            expected[region.layout] = 8.0 * each / region.layout.record
    slack = _TEXTS if any(one.kind == "raw" for layout in trees for one in layout.fields) else _NUMBERS
    if whole and whole.asked:
        bits = sum(expected[one.layout] * (one.stop - one.start) for one in regions if one.layout)
        beaten = bits / slack > 8 * whole.made.size
    else:
        beaten = _no_better(raw, min(expected.values()) / slack, aim, small)
    draft = Laid(tuple(trees.items()), aim)
    return None if beaten else (draft, draft.tree(regions))


def _is_doubtful(raw: Bytes, regions: Sequence[Region], small: float) -> bool:
    """Whether samples leave a doubt that layouts are cheaper than the library, which finds more in the whole.

    small: the bits a byte that the library takes for a few bytes.
    """
    bare = sum(one.stop - one.start for one in regions if one.layout is None)
    return bare > _BARE * raw.size or _promised(raw, regions) > _PLAINLY * small


def _promised(raw: Bytes, regions: Sequence[Region]) -> float:
    """Bits a byte that the trees of all regions take at least, or the library for those that have none."""
    bits = 0.0
    for one in regions:
        size = one.stop - one.start
        if one.layout:
            bits += _hope(one.layout) * one.layout.price * size
        else:
            bits += _LITTLE_LESS * library_price(excerpt(raw[one.start : one.stop], _GLANCE)) * size
    return bits / raw.size


def _hope(layout: Layout) -> float:
    """The least part of its price that a layout's tree takes: text and decimals may become numbers."""
    decimals = layout.record in _DECIMALS and len(layout.fields) == 1
    return _LESS if decimals or any(one.kind == "raw" for one in layout.fields) else _LITTLE_LESS


def _no_better(raw: Bytes, least: float, aim: Aim, small: float) -> bool:
    """Whether trees that take at least so many bits a byte take as many as the library, so that none need be tried."""
    if least <= _CLEAR * small:
        return False
    start = max(raw.size - _PIECE, 0) // 2
    if least <= library_price(raw[start : start + _PIECE], aim.guess):
        return False
    # The middle may be unlike the rest.
    return raw.size <= _PIECE or least > library_price(excerpt(raw, _PIECE), aim.guess)


def _better(rows: Rows, raw: Bytes, regions: Sequence[Region]) -> bool:
    """Whether rows without their padding take less than records by field, by what those are priced at."""
    price = sum((one.layout.price if one.layout else 8.0) * (one.stop - one.start) for one in regions) / raw.size
    return price >= 8.0 or rows.price(raw) <= price


def _tree_of(raw: Bytes, region: Region, layout: Layout, aim: Aim) -> tuple[Want, float]:
    """The tree of a layout, and the bytes that a record is expected to take."""
    data = raw[region.start : region.stop]
    fields = with_digits(data, layout).fields if layout.record > _NUMBER and is_on(DIGITS) else layout.fields
    windows = _windows(data, layout)
    return choose_fields(windows, fields, layout.record, aim.name, row=layout.row, whole=data)


def _windows(data: Bytes, layout: Layout) -> list[Bytes]:
    """Return pieces of whole records from places evenly spread."""
    record = layout.record
    least = 3 * layout.row * record
    size = max(least, min(_WINDOW, _RECORDS * record)) // record * record or record
    many = max(1, min(2 * _WINDOWS if layout.row else _WINDOWS, data.size // max(size, 1)))
    gap = (data.size // many) // record * record
    size = min(size, gap)
    if not gap:
        return [data]
    # From the middles of equal parts: the first records are often unlike the others. Of images in a row the middles
    # would be the same part of each.
    free = gap - size
    offs = [free * (34 * at % 55) // 55 if layout.row else free // 2 for at in range(1, many + 1)]
    return [data[gap * nth + off // record * record :][:size] for nth, off in enumerate(offs)]
