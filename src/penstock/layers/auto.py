"""Chooses the leaf of a stream by a look at its bytes: constant, stored, literals only, or zstd with matches."""

from __future__ import annotations

import math
import threading
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from .constant import period_of
from .contract import CONSTANT, STORE, ZSTD
from .nibbles import Nibbles, fitting_bits
from .registry import codec_by_id
from .wanted import AUTO, Want, literals
from .zstd import LITERALS

_TINY: Final = 32
"""Bytes that no frame would make smaller."""
_SMALL: Final = 512
"""Bytes up to which zstd itself is faster than any look, and hardly ever worse than its literals alone."""
_COUNTED: Final = (32 << 10, 16 << 10)
"""Bytes up to which all are counted; of more, evenly spaced pieces of so many together. The second where quick."""
_PIECES: Final = 16
_MATCHED: Final = (32 << 10, 8 << 10)
"""Bytes from the middle in which matches are sought."""
_LONG: Final = 32
"""Bytes of a match that pays whatever its literals are like."""
_TRIAL: Final = 8 << 10
"""Bytes from the middle that zstd is tried on, for the short matches that no parse of ours finds alike."""
_GAIN: Final = (0.01, 0.03)
"""What share of the bytes matches must save to be worth zstd's slower search."""
_NOISE: Final = 7.95
"""Bits a byte from which coding is not worth its time."""
_MATCH_BITS: Final = 20
"""What one match costs zstd, about: offset, lengths, and the literals that it cuts off from others."""
_LEVELS: Final = (3, 1)
_FLOOR: Final = 1.0
"""Huffman codes have no less than one bit a symbol."""
_FEW_FROM: Final = 4 << 10
"""Bytes from which two leaves more are worth their calls."""
_MANY: Final = 64 << 10
_LOW: Final = 2.0
"""Of fewer bytes, those of more bits are decoded faster unpacked, and hardly larger."""
_SLACK: Final = 0.04
"""Bits a symbol that Huffman coding of packed symbols takes above the ideal, about."""


class _Scratch(threading.local):
    """Each thread's own room; kernels allocate nothing."""

    def __init__(self) -> None:
        from ..kernels import entropy

        self.counts: npt.NDArray[np.int32] = np.empty(entropy.TABLES, np.int32)
        self.room: npt.NDArray[np.uint8] = np.empty(2 * _TRIAL, np.uint8)
        self.places: npt.NDArray[np.int32] = np.empty(entropy.PLACES, np.int32)


_local = threading.local()


class _Look(NamedTuple):
    """What the bytes look like."""

    each: float
    """Bits a byte of an ideal order-0 coder."""
    table: int
    """Bits that a table of Huffman codes takes, about."""
    matched: float
    """Share of the bytes that matches save."""
    bits: int
    """Bits in which nearly all of them fit, 1, 2 or 4; 0 if they do not."""


def choose_leaf(data: Bytes, quick: bool = False) -> tuple[int, int]:
    """Return the id and the level of the leaf that suits these bytes; the same for the same bytes always.

    quick: look at less, without a trial of zstd, and ask for a faster search: some 15 us, else 50. Levels are 0 for
    leaves that have none, `LITERALS`, or a level of zstd. A look at a part can be wrong about the whole
    (docs/decisions/0009-entropy.md): where that matters, price both.
    """
    if period_of(data) > 0:
        return CONSTANT, 0
    if data.size <= _SMALL:
        return (STORE, 0) if data.size <= _TINY else (ZSTD, _LEVELS[quick])
    return _leaf(_look(data, quick), data.size, quick)


def choose(data: Bytes, quick: bool = False) -> Want:
    """Return the same leaf, or `nibbles` over two, where small symbols make that smaller and faster."""
    if data.size < _FEW_FROM or period_of(data) > 0:
        return Want(*_without_params(choose_leaf(data, quick)))
    look = _look(data, quick)
    # Literals alone cost a Huffman code more, so only matches can be better than packed symbols.
    matched = max(look.each, _FLOOR) * (1.0 - look.matched) if look.matched > _GAIN[quick] else 8.0
    worth = look.bits and (data.size >= _MANY or look.each < _LOW)
    if worth and max(look.each + _SLACK, look.bits / 8) < matched:
        return Want(Nibbles.id, bytes((look.bits,)), 0, (literals(), AUTO))
    return Want(*_without_params(_leaf(look, data.size, quick)))


def _without_params(leaf: tuple[int, int]) -> tuple[int, bytes, int]:
    return leaf[0], b"", leaf[1]


def _look(data: Bytes, quick: bool) -> _Look:
    from ..kernels import entropy

    scratch = _scratch()
    counted = entropy.histogram(_sample(data, _COUNTED[quick]), scratch.counts)
    values = int(np.count_nonzero(scratch.counts[:256]))
    # A sample's entropy is too low by (values - 1) / (2 n ln 2) on average (Miller 1955).
    each = (entropy.order0_bits(scratch.counts) + (values - 1) / (2 * math.log(2))) / counted
    matched = _tried(data, scratch, each) if each < _NOISE and not quick else _parsed(data, scratch, each, quick)
    return _Look(each, 4 * values, matched, fitting_bits(scratch.counts[:256], counted))


def _parsed(data: Bytes, scratch: _Scratch, each: float, quick: bool, least: int = 6) -> float:
    """Return the share that matches save in a greedy parse of the middle."""
    from ..kernels import entropy

    cost = math.ceil(_MATCH_BITS / max(each, _FLOOR))
    piece = _middle(data, _MATCHED[quick])
    return entropy.covered(piece, max(cost + 1, least), cost, scratch.places) / piece.size


def _tried(data: Bytes, scratch: _Scratch, each: float) -> float:
    """Return what share of its literals zstd saves on a small piece, or what long matches save in a larger one."""
    codec, piece = codec_by_id(ZSTD), _middle(data, _TRIAL)
    coded, literals_only = (codec.encode_into(piece, scratch.room, level) for level in (_LEVELS[False], LITERALS))
    near = 1.0 - coded / literals_only
    return near if near > _GAIN[False] else max(near, _parsed(data, scratch, each, False, _LONG))


def _leaf(look: _Look, size: int, quick: bool) -> tuple[int, int]:
    if look.matched > _GAIN[quick]:
        return ZSTD, _LEVELS[quick]
    noise = look.each >= _NOISE or size * look.each + look.table >= 8 * size
    return (STORE, 0) if noise else (ZSTD, LITERALS)


def _sample(data: Bytes, most: int) -> Bytes:
    if data.size <= most:
        return data
    step = data.size // _PIECES
    return np.ascontiguousarray(data[: step * _PIECES].reshape(_PIECES, step)[:, : most // _PIECES]).reshape(-1)


def _middle(data: Bytes, most: int) -> Bytes:
    start = max(data.size - most, 0) // 2
    return data[start : start + most]


def _scratch() -> _Scratch:
    scratch = getattr(_local, "scratch", None)
    if scratch is None:
        scratch = _local.scratch = _Scratch()
    return scratch
