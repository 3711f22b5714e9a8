"""The compiled form of many patterns, and what is found with it: flat arrays, never changed once they are made."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import LimitExceededError
from ..limits import MAX_PATTERN_BYTES

Places = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]

ROW_PLACES: Final = 1 << 25
"""Places in the rows of states: 128 MiB. States beyond that are looked up by their children."""
_NAMED: Final = 1 << 18
"""Matches named by one call."""
_AHEAD: Final = 4
"""Matches that room is made for, for each that there is: no more than will likely come, and that is a guess."""
_KEPT: Final = 1 << 22
"""Matches looked through by one call."""


class Matches(NamedTuple):
    """Where patterns are, in order of position, and at one position the longest first."""

    positions: Places
    """Bytes from the start of the data."""
    patterns: Numbers
    """The number of the pattern that starts there."""

    def cut(self, count: int) -> Matches:
        """The first `count` of them, in the same memory."""
        return Matches(self.positions[:count], self.patterns[:count])


class Automaton(NamedTuple):
    """The automaton of some patterns; kernels/automaton.py tells what its arrays hold."""

    classes: Bytes
    width: int
    step: int
    rows: int
    labels: Bytes
    depths: Numbers
    kids: Numbers
    links: Numbers
    first: Numbers
    following: Numbers
    table: npt.NDArray[np.uint32]
    lengths: Places
    """Bytes of each pattern."""
    seconds: float
    """What it took to make."""

    @property
    def states(self) -> int:
        """How many states there are."""
        return self.depths.size

    @property
    def nbytes(self) -> int:
        """Bytes of all its arrays."""
        return sum(part.nbytes for part in self if isinstance(part, np.ndarray))


class _Tree(NamedTuple):
    """What is known of each state before they are linked."""

    labels: Bytes
    parents: Numbers
    depths: Numbers
    own: Numbers


def build(patterns: Sequence[bytes], *, row_places: int = ROW_PLACES) -> Automaton:
    """Compile patterns, none of them empty. Raises `LimitExceededError` where they are too long all together."""
    from ..kernels import automaton as kernels

    began = time.perf_counter()
    lengths = np.array([len(pattern) for pattern in patterns], np.int64)
    if (total := int(lengths.sum())) > MAX_PATTERN_BYTES:
        raise LimitExceededError(f"patterns of {total} bytes are more than the limit of {MAX_PATTERN_BYTES}")
    backwards = [pattern[::-1] for pattern in patterns]
    numbers = np.array(sorted(range(len(patterns)), key=backwards.__getitem__), np.int32)
    joined = np.frombuffer(b"".join([backwards[number] for number in numbers]), np.uint8)
    starts = np.concatenate([[0], np.cumsum(lengths[numbers])])
    classes, count = _classes(joined)
    tree, following = _grown(joined, starts, numbers, classes)
    states, width = tree.labels.size, count + 1 + (count + 1) % 2  # even, and one place more than a row
    rows = min(states, max(1, row_places // width))
    step = width if rows == states else 2
    kids, links = np.zeros(states + 1, np.int32), np.zeros(states, np.int32)
    table, state = np.empty(rows * width, np.uint32), np.array([0, 1], np.int64)
    while kernels.connect(
        states, rows, width, step, tree.labels, tree.parents, kids, links, tree.own, following, table, state
    ):
        pass
    return Automaton(
        classes, width, step, rows, tree.labels, tree.depths, kids, links, tree.own, following, table, lengths,
        time.perf_counter() - began,
    )  # fmt: skip


def _classes(joined: Bytes) -> tuple[Bytes, int]:
    """A number for each byte value that patterns have, 0 for all others, if there are any; and how many numbers."""
    used = np.bincount(joined, minlength=256) > 0
    others = not used.all()
    classes = np.where(used, np.cumsum(used) - (not others), 0).astype(np.uint8)
    return classes, int(used.sum()) + others


def _grown(joined: Bytes, starts: Places, numbers: Numbers, classes: Bytes) -> tuple[_Tree, Numbers]:
    """The tree of sorted patterns, and for each pattern the next equal one."""
    from ..kernels import automaton as kernels

    room, count = joined.size + 1, numbers.size
    tree = _Tree(np.zeros(room, np.uint8), *np.zeros((3, room), np.int32))
    tree.own[0] = -1
    following, active = np.full(count, -1, np.int32), np.arange(count, dtype=np.int32)
    state, places = np.array([0, 1, count], np.int64), np.zeros(count, np.int32)
    while kernels.grow(joined, starts, numbers, classes, active, places, *tree, following, state):
        pass
    states = int(state[kernels.STATES])
    labels, parents, depths, own = tree
    return _Tree(labels[:states].copy(), parents[:states], depths[:states].copy(), own[:states].copy()), following


class _Scratch(NamedTuple):
    """Memory for the hits of a block, and for matches before they are moved to where they stay."""

    hits: npt.NDArray[np.uint64]
    spans: Places
    matches: Matches


_spare = threading.local()
"""The scratch of each thread, while it is not used: new memory costs more than what is written there."""


@contextmanager
def _scratch() -> Iterator[_Scratch]:
    from ..kernels import patterns as kernels

    scratch: _Scratch | None = getattr(_spare, "scratch", None)
    _spare.scratch = None
    if scratch is None:
        room = Matches(np.empty(_NAMED, np.int64), np.empty(_NAMED, np.int32))
        scratch = _Scratch(np.empty(kernels.ROOM, np.uint64), np.zeros(4 * kernels.STREAMS, np.int64), room)
    yield scratch
    _spare.scratch = scratch


class _Found:
    """Matches that come from the last to the first, in few arrays that are filled from their ends."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._parts: list[Matches] = []
        self._free = self.total = 0

    def put(self, matches: Matches, start: int) -> None:
        """Put matches before those that are there; start: how much of the data is still to be looked through."""
        count = matches.positions.size
        self.total += count
        if count > self._free:
            self._cut()
            likely = min(self.total * start // (self._size - start), _AHEAD * self.total)
            room = count + likely + likely // 8
            self._parts.append(Matches(np.empty(room, np.int64), np.empty(room, np.int32)))
            self._free = room
        self._free -= count
        last, stop = self._parts[-1], self._free + count
        last.positions[self._free : stop], last.patterns[self._free : stop] = matches

    def _cut(self) -> None:
        """Leave out of the last array what is free."""
        if self._parts:
            last = self._parts[-1]
            self._parts[-1] = Matches(last.positions[self._free :], last.patterns[self._free :])

    def joined(self) -> Matches:
        """All matches in order."""
        self._cut()
        if len(self._parts) == 1:
            return self._parts[0]
        parts = [Matches(np.empty(0, np.int64), np.empty(0, np.int32)), *self._parts][::-1]
        return Matches(
            np.concatenate([one.positions for one in parts]), np.concatenate([one.patterns for one in parts])
        )


def find(automaton: Automaton, text: Bytes, *, every: bool, limit: int) -> Matches:
    """Return all matches, or the longest at each position. Raises `LimitExceededError` for more than `limit`."""
    found = _Found(text.size)
    with _scratch() as scratch:
        for start in _scanned(automaton, text, scratch):
            parts: list[Matches] = []
            for matches, last in _named(automaton, scratch, start, every=every):
                if found.total + sum(one.positions.size for one in (*parts, matches)) > limit:
                    hint = "search a part of the data, or only the longest matches, or allow more"
                    raise LimitExceededError(f"there are more than {limit} matches", hint=hint)
                parts.append(matches if last else Matches(matches.positions.copy(), matches.patterns.copy()))
            for matches in reversed(parts):
                found.put(matches, start)
    return found.joined()


def _scanned(a: Automaton, text: Bytes, scratch: _Scratch) -> Iterator[int]:
    """Scan one block after the other, from the last to the first; yield where each starts that has hits."""
    from ..kernels import patterns as kernels

    hits, spans, state = scratch.hits, scratch.spans, np.zeros(1, np.int64)
    step = kernels.BLOCK if a.rows == a.states else kernels.PART
    for stop in range(text.size, 0, -step):
        start = max(0, stop - step)
        if a.rows == a.states:
            count = kernels.scan(text, start, stop, a.classes, a.width, a.depths, a.table, hits, spans, state)
        else:
            count = kernels.scan_deep(
                text, start, stop, a.classes, a.width, a.rows, a.labels, a.kids, a.links, a.first, a.table,
                hits, spans, state,
            )  # fmt: skip
        if count:
            yield start


def _named(a: Automaton, scratch: _Scratch, start: int, *, every: bool) -> Iterator[tuple[Matches, bool]]:
    """Yield the matches of a block in order, in memory that the next ones take, and whether they are the last."""
    from ..kernels import patterns as kernels

    state, last = np.array([0, 0, -1], np.int64), False
    while not last:
        made = kernels.name(
            scratch.hits, scratch.spans, start, a.step, a.first, a.following, every, *scratch.matches, state
        )
        last = bool(state[0] == 2 * kernels.STREAMS)
        yield scratch.matches.cut(made), last


def tokens(automaton: Automaton, text: Bytes, *, limit: int) -> Matches:
    """Return the longest match at the first position that has one, the same behind that, and so on."""
    from ..kernels import patterns as kernels

    found, state = find(automaton, text, every=False, limit=limit), np.zeros(2, np.int64)
    for start in range(0, found.positions.size, _KEPT):
        kernels.leftmost(*found, automaton.lengths, start, start + _KEPT, state)
    kept = found.cut(int(state[0]))
    return Matches(kept.positions.copy(), kept.patterns.copy())
