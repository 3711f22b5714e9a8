"""What ratio a codec reaches on a sample of data, and how surely."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..buffers import Bytes, as_bytes
from ..errors import UsageError
from .codecs import Sizer, check_block, codec

NEAR: Final = 0.10
"""A block is like the whole if its ratio is within this share of the whole's."""

_T95: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t, two-sided 95 %, for 1 to 10 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class PieceSizes:
    """One contiguous piece of a sample, compressed block by block.

    `raw` is the piece's bytes; `stored` the compressed bytes of each block in order. Only the last block can
    be shorter than `block_size`.
    """

    block_size: int
    raw: int
    stored: tuple[int, ...]

    def ratios(self, *, whole_only: bool) -> list[float]:
        """Return the compression ratio of each block, without a short last one if `whole_only`."""
        whole = self.raw // self.block_size
        found = [self.block_size / stored for stored in self.stored[:whole]]
        if not whole_only and len(self.stored) > whole:
            found.append(self.raw % self.block_size / self.stored[-1])
        return found


@dataclass(frozen=True, slots=True)
class RatioFigure:
    """The compression ratio (raw / stored) of one codec at one block size over a sample.

    `blocks` counted, `raw` and `stored` bytes, `ratio` of the whole sample. `error95`: the ratio of all the
    data is within +- this of `ratio` in 95 of 100 samples; 0 if the sample is all the data, None if it is a
    single piece, which tells nothing about the rest. `within10` is the share of blocks whose ratio is within
    10 % of `ratio`; `worst` and `best` are the lowest and highest ratio of a block. A short block at a
    piece's end counts in `ratio` but not among the blocks that are compared, unless there are no others.
    """

    codec: str
    block_size: int
    blocks: int
    raw: int
    stored: int
    ratio: float
    error95: float | None
    within10: float
    worst: float
    best: float


def split(piece: Bytes, block_size: int) -> list[Bytes]:
    """Cut a flat uint8 array into views of `block_size` bytes; the last may be shorter."""
    check_block(block_size)
    return [piece[at : at + block_size] for at in range(0, piece.size, block_size)]


def block_sizes(sizer: Sizer, blocks: Iterable[Any]) -> list[int]:
    """Return the compressed bytes of each block."""
    return [sizer(block) for block in blocks]


def piece_sizes(codec_name: str, block_size: int, piece: Bytes) -> PieceSizes:
    """Compress one flat uint8 piece block by block: a pure function, so pieces may be spread over threads.

    Raises `UnknownCodecError` and, for a block size out of range, `UsageError`.
    """
    piece = as_bytes(piece)
    sizes = block_sizes(codec(codec_name), split(piece, block_size))
    return PieceSizes(block_size, piece.size, tuple(sizes))


def ratio_of(codec_name: str, block_size: int, pieces: Sequence[PieceSizes], total_size: int) -> RatioFigure:
    """Sum up the pieces of a sample of `total_size` bytes of data into one figure.

    Raises `UsageError` if the sample is empty, holds more than the data, or was cut into other blocks.
    """
    filled = [piece for piece in pieces if piece.raw]
    raw = sum(piece.raw for piece in filled)
    _check_sample(filled, block_size, raw, total_size)
    stored = sum(sum(piece.stored) for piece in filled)
    ratio = raw / stored
    compared = [one for piece in filled for one in piece.ratios(whole_only=True)]
    compared = compared or [one for piece in filled for one in piece.ratios(whole_only=False)]
    near = sum(abs(one / ratio - 1) <= NEAR for one in compared)
    return RatioFigure(
        codec=codec_name,
        block_size=block_size,
        blocks=sum(len(piece.stored) for piece in filled),
        raw=raw,
        stored=stored,
        ratio=ratio,
        error95=_error95(filled, ratio, raw / total_size),
        within10=near / len(compared),
        worst=min(compared),
        best=max(compared),
    )


def _check_sample(pieces: Sequence[PieceSizes], block_size: int, raw: int, total_size: int) -> None:
    if raw == 0:
        raise UsageError("an empty sample has no compression ratio", hint="sample at least one block")
    if raw > total_size:
        raise UsageError(f"a sample of {raw} bytes is larger than the data, {total_size} bytes")
    if any(piece.block_size != block_size for piece in pieces):
        raise UsageError(f"a piece was not cut into blocks of {block_size} bytes")


def _error95(pieces: Sequence[PieceSizes], ratio: float, share: float) -> float | None:
    """Half the width of the 95 % interval of a ratio estimated from random pieces.

    Ratio estimator over clusters (W. G. Cochran, Sampling Techniques, 3rd ed., 1977, sections 2.11 and 9A.1):
    v(R) = (1 - f) / (n * x_mean^2) * sum((y - R x)^2) / (n - 1), here y = raw, x = stored, f = share of the
    data in the sample. The pieces, not the blocks, are what was drawn at random, and neighbouring blocks
    resemble one another. Where strata differ, drawing one piece from each makes the true error smaller than
    this.
    """
    if share >= 1:
        return 0.0
    n = len(pieces)
    if n < 2:
        return None
    stored = [sum(piece.stored) for piece in pieces]
    mean = sum(stored) / n
    residual = sum((piece.raw - ratio * x) ** 2 for piece, x in zip(pieces, stored, strict=True)) / (n - 1)
    return student95(n - 1) * math.sqrt((1 - share) / n * residual) / mean


def student95(freedom: int) -> float:
    """Return Student's t for a two-sided 95 % interval; beyond 10 degrees by Cornish and Fisher's series."""
    if freedom < 1:
        raise UsageError("Student's t needs at least one degree of freedom")
    if freedom <= len(_T95):
        return _T95[freedom - 1]
    return 1.960 + 2.372 / freedom + 2.82 / freedom**2
