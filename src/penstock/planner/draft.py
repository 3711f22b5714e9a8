"""From the structure of a chunk to the tree that encodes it, and from there to those of chunks like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from ..buffers import Bytes
from ..layers import wanted
from ..layers.wanted import Want
from .aims import Aim
from .channels import choose_fields
from .framed import frames_tree
from .lags import candidates, excerpt, library_price
from .numerals import with_digits
from .padded import Padded, padded_rows
from .structure import Layout, Region, find, rephase

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


def draft_of(raw: Bytes, aim: Aim) -> tuple[Draft, Want] | None:
    """Look for structure; return a draft and this chunk's tree, or None where there is none."""
    framed = frames_tree(raw, aim)
    if framed is not None:
        return AsItIs(framed), framed
    lengths = candidates(raw)
    padded = padded_rows(raw, lengths, aim)
    if padded is None or raw.size > _FEW:
        regions = find(raw, lengths)
        if padded is None or not _better(padded, raw, regions):
            return _laid(raw, regions, aim)
    want = padded.over(raw)
    return (padded, want) if want is not None else None


def _laid(raw: Bytes, regions: Sequence[Region], aim: Aim) -> tuple[Draft, Want] | None:
    """The draft of records and arrays."""
    trees: dict[Layout, Want] = {}
    expected: list[float] = []
    for region in regions:
        if region.layout is not None and region.layout not in trees:
            trees[region.layout], each = _tree_of(raw, region, region.layout, aim)
            expected.append(8.0 * each / region.layout.record)
    if not trees or _no_better(raw, min(expected), list(trees), aim):
        return None
    draft = Laid(tuple(trees.items()), aim)
    return draft, draft.tree(regions)


def _no_better(raw: Bytes, expected: float, layouts: Sequence[Layout], aim: Aim) -> bool:
    """Whether trees are expected to take as many bits a byte as the library, so that none need be tried."""
    texts = any(one.kind == "raw" for layout in layouts for one in layout.fields)
    least = expected / (_TEXTS if texts else _NUMBERS)
    if least <= _CLEAR * library_price(excerpt(raw, _GLANCE)):
        return False
    start = max(raw.size - _PIECE, 0) // 2
    if least <= library_price(raw[start : start + _PIECE], aim.guess):
        return False
    # The middle may be unlike the rest.
    return raw.size <= _PIECE or least > library_price(excerpt(raw, _PIECE), aim.guess)


def _better(padded: Padded, raw: Bytes, regions: Sequence[Region]) -> bool:
    """Whether rows without their padding take less than records by field, by what those are priced at."""
    price = sum((one.layout.price if one.layout else 8.0) * (one.stop - one.start) for one in regions) / raw.size
    return price >= 8.0 or padded.price(raw) <= price


def _tree_of(raw: Bytes, region: Region, layout: Layout, aim: Aim) -> tuple[Want, float]:
    """The tree of a layout, and the bytes that a record is expected to take."""
    data = raw[region.start : region.stop]
    fields = with_digits(data, layout).fields if layout.record > _NUMBER else layout.fields
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
