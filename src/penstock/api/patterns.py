"""The dictionary kit: many patterns found at once, short strings coded, and the order-0 entropy of data."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes, as_bytes
from ..errors import UsageError
from ..layers.symbols import LONGEST, Table, fill, table_of
from ..layers.symbols import find as find_symbols
from ..limits import MAX_MATCHES
from .arguments import whole
from .automaton import Automaton, Matches, build, find, tokens

Mode = Literal["all", "longest", "tokens"]

_PIECE = 16 << 20
"""Bytes counted by one call: some milliseconds."""
_BATCH = 256
"""Blocks whose entropies are computed at once."""


def jit_pattern_search(
    data: object, patterns: Iterable[object], mode: Mode = "all", *, limit: int = MAX_MATCHES
) -> Matches:
    """Find many patterns in one pass over the data: `(positions int64, pattern numbers int32)`, in order of position.

    mode: "all" gives every match, overlapping ones too, at one position the longest first and equal patterns in the
    order they were given; "longest" only the longest at each position (of equal ones the first); "tokens" the longest
    at the first position that has one, the longest behind it, and so on: matches that do not overlap.

    Strings stand for their UTF-8 bytes, positions count bytes. The time does not depend on the number of patterns as
    long as the automaton's rows fit the caches, and is linear in data and matches for all inputs. Memory: the matches
    (12 bytes each, at most twice that where they come unevenly), 7 MiB that each thread keeps, and the automaton.

    Raises `UsageError` for an empty pattern, `LimitExceededError` for more than `limit` matches. To search with the
    same patterns again, keep an `OptimizedDictionary`. Method: Aho and Corasick 1975, read backwards, eight parts of
    the data side by side.
    """
    return _search(build(_patterns(patterns)), _bytes(data), mode, limit)


def jit_entropy_calc(data: object, block: int | None = None) -> Any:
    """Return the order-0 entropy (Shannon 1948) in bits per byte, from 0.0 to 8.0; 0.0 of no data.

    block: bytes of a block; the result is then a float64 array, the entropy of each (the last may be shorter).
    """
    text = _bytes(data)
    if block is None:
        return float(_entropies(_counts(text)[np.newaxis])[0])
    size = whole("block", block, 1)
    starts = range(0, text.size, size)
    found = np.empty(len(starts), np.float64)
    for first in range(0, len(starts), _BATCH):
        rows = [_counts(text[start : start + size]) for start in starts[first : first + _BATCH]]
        found[first : first + len(rows)] = _entropies(np.array(rows))
    return found


class OptimizedDictionary:
    """Patterns with numbers, compiled once, to be found in any amount of data; safe to use from many threads.

    Each pattern is there once: its number is the place at which it was added. `dictionary[number]` is the pattern,
    `pattern in dictionary` and `dictionary.number(pattern)` go the other way.

    `encode` and `decode` make short strings shorter, each on its own, by at most 254 symbols of 1 to 8 bytes. symbols:
    those of another dictionary, whose codes this one is to decode.
    """

    def __init__(self, patterns: Iterable[object] = (), symbols: Iterable[bytes] | None = None) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[bytes, int] = {}
        self._patterns: list[bytes] = []
        self._compiled: Automaton | None = None
        self._table = None if symbols is None else table_of(list(symbols))
        self._searches = self._searched = self._matches = 0
        for pattern in _patterns(patterns):
            self.add(pattern)

    def add(self, pattern: object) -> int:
        """Add a pattern if it is not there yet; return its number. Raises `UsageError` for an empty one."""
        key = _pattern(pattern)
        with self._lock:
            number = self._numbers.setdefault(key, len(self._patterns))
            if number == len(self._patterns):
                self._patterns.append(key)
                self._compiled = None
        return number

    def number(self, pattern: object) -> int:
        """Return the number of a pattern; -1 where it is not there."""
        return self._numbers.get(_bytes(pattern).tobytes(), -1)

    def search(self, data: object, *, limit: int = MAX_MATCHES) -> Matches:
        """Return all matches, overlapping ones too, as `jit_pattern_search` does."""
        return self._found(data, "all", limit)

    def longest(self, data: object, *, limit: int = MAX_MATCHES) -> Matches:
        """Return the longest match at each position."""
        return self._found(data, "longest", limit)

    def tokenize(self, data: object, *, limit: int = MAX_MATCHES) -> Matches:
        """Return matches that do not overlap: the leftmost, the longest there, and so on behind it."""
        return self._found(data, "tokens", limit)

    def train(self, samples: Iterable[object]) -> None:
        """Find symbols from strings like those that will be encoded: some tens of them at least.

        Raises `UsageError` where there are symbols already: what was encoded could no longer be decoded.
        """
        joined = np.frombuffer(b"\n".join(_bytes(sample).tobytes() for sample in samples), np.uint8)
        with self._lock:
            if self._table is not None:
                raise UsageError("this dictionary has symbols", hint="train before anything is encoded")
            self._table = find_symbols(joined)

    @property
    def symbols(self) -> tuple[bytes, ...]:
        """The symbols, in the order of their codes: keep them with what is encoded. Found from the patterns if none."""
        return tuple(self._symbols().symbols)

    def encode(self, data: object) -> bytes:
        """Return the codes of any bytes, a line feed as itself: lines can be decoded one by one. At most twice as long.

        Where there are no symbols yet they are found from the patterns, and stay as they are.
        """
        return self._symbols().encode(_bytes(data)).tobytes()

    def decode(self, codes: object) -> bytes:
        """Return what was encoded. Raises `CorruptDataError` for what these symbols cannot have encoded."""
        coded, symbols = _bytes(codes), self._symbols().symbols
        out = np.empty(LONGEST * coded.size, np.uint8)
        return out[: fill(coded, symbols, out)].tobytes()

    def _symbols(self) -> Table:
        with self._lock:
            if self._table is None:
                self._table = find_symbols(np.frombuffer(b"\n".join(self._patterns), np.uint8))
            return self._table

    def statistics(self) -> dict[str, Any]:
        """Return figures on the patterns, the automaton (compiled now, if it was not), and the searches so far."""
        automaton = self._automaton()
        with self._lock:
            return {
                "patterns": automaton.lengths.size,
                "pattern_bytes": int(automaton.lengths.sum()),
                "longest": int(automaton.lengths.max(initial=0)),
                "states": automaton.states,
                "memory": automaton.nbytes,
                "compile_seconds": automaton.seconds,
                "searches": self._searches,
                "bytes_searched": self._searched,
                "matches": self._matches,
            }

    def _found(self, data: object, mode: Mode, limit: int) -> Matches:
        text = _bytes(data)
        found = _search(self._automaton(), text, mode, limit)
        with self._lock:
            self._searches += 1
            self._searched += text.size
            self._matches += found.positions.size
        return found

    def _automaton(self) -> Automaton:
        with self._lock:
            if self._compiled is None:
                self._compiled = build(self._patterns)
            return self._compiled

    def __len__(self) -> int:
        return len(self._patterns)

    def __contains__(self, pattern: object) -> bool:
        return isinstance(pattern, bytes | bytearray | memoryview | str | np.ndarray) and self.number(pattern) >= 0

    def __iter__(self) -> Iterator[bytes]:
        return iter(tuple(self._patterns))

    def __getitem__(self, number: int) -> bytes:
        return self._patterns[number]

    def __repr__(self) -> str:
        return f"<OptimizedDictionary of {len(self)} patterns>"


def _search(automaton: Automaton, text: Bytes, mode: str, limit: int) -> Matches:
    limit = whole("limit", limit)
    if mode == "tokens":
        return tokens(automaton, text, limit=limit)
    if mode not in {"all", "longest"}:
        raise UsageError(f"no mode {mode!r}", hint="all, longest or tokens")
    return find(automaton, text, every=mode == "all", limit=limit)


def _bytes(data: object) -> Bytes:
    return as_bytes(data.encode() if isinstance(data, str) else data)


def _patterns(patterns: Iterable[object]) -> list[bytes]:
    if isinstance(patterns, str | bytes | bytearray):
        raise UsageError("this is one pattern, not many", hint="give a list of them")
    return [_pattern(pattern) for pattern in patterns]


def _pattern(pattern: object) -> bytes:
    found = _bytes(pattern).tobytes()
    if not found:
        raise UsageError("a pattern is empty", hint="leave it out: it would be found everywhere")
    return found


def _counts(text: Bytes) -> npt.NDArray[np.int64]:
    """How often each byte value comes."""
    from ..kernels import entropy

    counts, scratch = np.zeros(256, np.int64), np.empty(entropy.TABLES, np.int32)
    for start in range(0, text.size, _PIECE):
        entropy.histogram(text[start : start + _PIECE], scratch)
        counts += scratch[:256]
    return counts


def _entropies(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The entropy of each row of counts, in bits."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    logs = np.log2(shares, where=shares > 0, out=np.zeros_like(shares))
    bits: npt.NDArray[np.float64] = -(shares * logs).sum(axis=1)
    return np.maximum(bits, 0.0)  # the sum of one value alone is -0.0
