"""Which parts of large data to look at: random blocks for compression, contiguous runs for dedup."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import TYPE_CHECKING, Final

from ..errors import TruncatedError, UsageError

if TYPE_CHECKING:
    from ..buffers import Bytes

Plan = list[tuple[int, int]]
"""(offset, length) pairs in bytes, ascending, without overlap."""
Read = Callable[[int, int], "Bytes"]
"""(offset, length) -> that many bytes as a flat uint8 array."""

BLOCK: Final = 1 << 20
"""Bytes of one random piece: the largest block size that `certify` measures."""


def plan_samples(total_size: int, sample_size: int, block: int = BLOCK, seed: int = 0) -> Plan:
    """Choose aligned blocks of `block` bytes, spread over all the data, about `sample_size` bytes in all.

    The first and the last block (which may be shorter) are always in. The rest is cut into equal strata with
    one block drawn at random from each, so that no large part goes unseen. The same arguments give the same
    plan. Everything is taken if `sample_size` allows it. All sizes in bytes; raises `UsageError` if one makes
    no sense.
    """
    _check(total_size, 0, "data size")
    _check(sample_size, 1, "sample size")
    _check(block, 1, "block size")
    count = -(-total_size // block)
    wanted = max(2, sample_size // block)
    if sample_size >= total_size or wanted >= count:
        chosen = list(range(count))
    else:
        inner = _one_per_stratum(1, count - 1, wanted - 2, 1, Random(seed))
        chosen = [0, *inner, count - 1]
    return [(index * block, min(block, total_size - index * block)) for index in chosen]


def plan_runs(total_size: int, sample_size: int, run: int, align: int, seed: int = 0) -> Plan:
    """Choose contiguous runs for counting duplicates: all the data if `sample_size` bytes allow it.

    Duplicates lie apart, so scattered blocks would miss most of them: a ratio can only be seen in contiguous
    data. Otherwise as many runs of `run` bytes as fit in `sample_size` (one at least, shortened to fit if
    need be, though never below `align`), one at a random place in each equal part. Offsets and lengths are
    multiples of `align`: give the dedup unit, or its window. Raises `UsageError` if a size makes no sense.
    """
    _check(total_size, 0, "data size")
    _check(sample_size, 1, "sample size")
    _check(align, 1, "alignment")
    _check(run, 1, "run length")
    slots = max(1, min(run, sample_size) // align)
    if total_size <= sample_size or total_size // align <= slots:
        return [(0, total_size)] if total_size else []
    count = max(1, sample_size // (slots * align))
    starts = _one_per_stratum(0, total_size // align, count, slots, Random(seed))
    return [(start * align, slots * align) for start in starts]


def _one_per_stratum(low: int, high: int, count: int, width: int, random: Random) -> list[int]:
    """Draw `count` starts of `width` slots each, one in each of `count` equal parts of `low..high`."""
    starts = []
    for index in range(count):
        first = low + index * (high - low) // count
        last = low + (index + 1) * (high - low) // count - width
        # random() alone is promised to stay the same in later Python versions.
        starts.append(first + int(random.random() * (last - first + 1)))
    return starts


def read_plan(read: Read, plan: Iterable[tuple[int, int]], most: int = BLOCK) -> Iterator[Bytes]:
    """Yield the planned parts in order, in arrays of at most `most` bytes.

    Raises `TruncatedError` if `read` gives back fewer or more bytes than it was asked for.
    """
    _check(most, 1, "read size")
    for offset, length in plan:
        for at in range(offset, offset + length, most):
            wanted = min(most, offset + length - at)
            part = read(at, wanted)
            if part.size != wanted:
                raise TruncatedError(
                    f"{part.size} bytes came back at offset {at}, {wanted} were asked for",
                    hint="the data may have been truncated while it was sampled",
                )
            yield part


def _check(value: int, least: int, what: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UsageError(f"a {what} of {value!r} makes no sense", hint=f"give a whole number of at least {least}")
