"""Drafts of rows of text of one width: what pads them is taken away, the rest is the library's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers import padding, wanted
from ..layers.encoding import encode_tree
from ..layers.wanted import AUTO, Want
from .aims import Aim

_LEAST: Final = 16
_MOST: Final = 4096
"""Bytes of a row."""
_ROWS: Final = 48
"""Rows looked at in each of four places."""
_BYTES: Final = 12 << 10
"""The same in bytes, at most, but for rows so long that they would be fewer than four."""
_PIECES: Final = 4
_PADDED: Final = 0.25
"""The part of the bytes that must be padding."""
_DROP: Final = 0.3
"""The part of the rows that must end in padding, more than of those that begin with such a byte."""
_NEARLY: Final = 0.5
"""Of the sharpest such drop; of others as sharp as this, it is that with most padding before."""
_SHARP: Final = 16
"""Drops that are looked at."""
_SAMPLE: Final = 64 << 10
"""Bytes of the piece by which rows are judged."""
_RUNS: Final = 32 << 10
"""Bytes in which runs of padding are looked for."""
_LONG: Final = 4
"""Bytes of a run that ends rows."""
_MANY: Final = 64
"""Rows there must be for them to be looked for."""
_TRIED: Final = 4
_USUAL: Final = 0.1
"""The part of all distances that one must be."""
Shares = npt.NDArray[np.float64]


class Padded(NamedTuple):
    """Rows of one width, of which a chunk may cut the first and the last, and the library's level for what is left."""

    width: int
    level: int

    def over(self, raw: Bytes) -> Want | None:
        """Return the tree for a chunk, wherever its rows begin; None where they are not padded."""
        found = _pad_and_phase(raw, self.width)
        return None if found is None else self.tree(*found)

    def tree(self, pad: int, phase: int) -> Want:
        """Return the tree of rows that begin there."""
        rows = wanted.padding(padding.wanted(self.width, pad), AUTO, wanted.zstd(self.level))
        return wanted.regions([phase], [AUTO, rows]) if phase else rows


class Rows(NamedTuple):
    """Rows that were found in a chunk: their draft, the byte that pads them, and where the first one begins."""

    draft: Padded
    pad: int
    phase: int

    @property
    def want(self) -> Want:
        """The tree of that chunk."""
        return self.draft.tree(self.pad, self.phase)

    def price(self, raw: Bytes) -> float:
        """Return the bits a byte that a piece of the chunk takes."""
        width = self.draft.width
        start = max(raw.size - _SAMPLE, 0) // 2 // width * width + self.phase
        piece = raw[start : start + _SAMPLE]
        node = encode_tree(self.draft.tree(self.pad, 0), piece, np.empty(piece.size, np.uint8))
        return 8.0 * node.stored / piece.size if node else 8.0


def padded_rows(raw: Bytes, lengths: Sequence[int], aim: Aim) -> Rows | None:
    """Return rows at whose ends there is padding, of one of these lengths or of that at which blanks end; else None."""
    middle = max(raw.size - _RUNS, 0) // 2
    part = raw[middle : middle + _RUNS]
    counts = {byte: int(np.count_nonzero(part == byte)) for byte in padding.PADS}
    pad = max(padding.PADS, key=lambda byte: counts[byte])
    if counts[pad] < _PADDED * part.size:
        return None
    for width in dict.fromkeys((*lengths, *_usual_distances(part, pad))):
        found = _pad_and_phase(raw, width) if _LEAST <= width <= min(_MOST, raw.size // _MANY) else None
        if found is not None:
            return Rows(Padded(width, aim.strong), *found)
    return None


def _usual_distances(part: Bytes, pad: int) -> list[int]:
    """Return the commonest distances between the ends of long runs of padding, the shortest first."""
    edges = np.flatnonzero(np.diff((part == pad).astype(np.int8)))
    edges = edges[int(part[0] == pad) :]
    begins, ends = edges[::2][: edges.size // 2], edges[1::2]
    distances = np.diff(ends[ends - begins >= _LONG])
    counts = np.bincount(distances[(distances >= _LEAST) & (distances <= _MOST)], minlength=_TRIED)
    common = np.argpartition(counts, -_TRIED)[-_TRIED:]
    return sorted(int(one) for one in common if counts[one] >= _USUAL * distances.size)


def _pad_and_phase(raw: Bytes, width: int) -> tuple[int, int] | None:
    """Return the byte that pads rows, and where the first row begins."""
    table = _rows(raw, width)
    if table is None:
        return None
    pads = {byte: table == byte for byte in padding.PADS}
    pad = max(pads, key=lambda byte: int(np.count_nonzero(pads[byte])))
    blank: Shares = np.count_nonzero(pads[pad], 0) / len(table)
    drops = np.roll(blank, 1) - blank
    sharpest = np.argsort(-drops, kind="stable")[:_SHARP]
    likely = sharpest[drops[sharpest] >= max(_DROP, _NEARLY * float(drops.max()))]
    if not likely.size:
        return None
    phase = int(likely[np.argmax(_at_ends(blank, likely))])
    found = padding.find(np.roll(table, -phase, 1).reshape(-1), width)
    return (pad, phase) if found is not None and found[0] == pad and found[1] >= _PADDED * table.size else None


def _at_ends(blank: Shares, phases: npt.NDArray[np.int64]) -> Shares:
    """Return how many bytes of padding end a row, about, if rows begin at each of these phases."""
    backwards = (phases[:, None] - 1 - np.arange(blank.size)) % blank.size
    ends: Shares = np.minimum.accumulate(blank[backwards], 1).sum(1)
    return ends


def _rows(raw: Bytes, width: int) -> npt.NDArray[np.uint8] | None:
    """Return some rows of four places."""
    count = raw.size // width
    if count < _PIECES:
        return None
    gap = count // _PIECES
    many = min(_ROWS, gap, max(_BYTES // width, 4))
    rows = raw[: count * width].reshape(count, width)
    return np.concatenate([rows[nth * gap : nth * gap + many] for nth in range(_PIECES)])
