"""Layer 98: bytes as codes of symbols, found from a sample, so that each line or cell can be decoded on its own.

No parameters. Streams: codes (BYTES), then symbols (BYTES), as cells. A symbol is 1 to 8 bytes without 0x0A; 0x0A is
a code of its own, itself, so the codes of cells are cells too. Method: Boncz, Neumann and Leis, FSST, VLDB 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .contract import SYMBOLS
from .streams import Kind, Stream

ESCAPE: Final = 255
"""The code before a byte that is no symbol."""
LONGEST: Final = 8
"""Bytes of a symbol at most."""
_SAMPLE: Final = 16 << 10
"""Bytes by which symbols are found."""
_PIECES: Final = 16
_ROUNDS: Final = 5
"""Times that symbols are joined to longer ones; each looks at more of the sample than the one before."""
_LEAST: Final = 2
_TRIED: Final = 512
"""Candidates that are tried: some find no place in the tables."""
_STEP: Final = 1 << 18
"""Bytes coded by one call: their codes stay in the cache."""


class Symbols:
    """Bytes as codes of symbols."""

    id: Final = SYMBOLS
    name: Final = "symbols"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return no parameters, and codes and symbols."""
        if params or stream.kind is not Kind.BYTES:
            raise UsageError(f"symbols of {stream.kind.name.lower()} with {len(params)} bytes of parameters")
        table = find(stream.data)
        codes = table.encode(stream.data)
        return b"", [Stream.of(codes), Stream.of(np.frombuffer(join(table.symbols), np.uint8))]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` with what the codes stand for. Raises `CorruptDataError` for streams that do not fit it."""
        if params or len(children) != 2 or not all(one.kind is Kind.BYTES for one in (out, *children)):
            raise CorruptDataError(f"symbols of {out.kind.name} with {len(children)} streams, {len(params)} bytes")
        made = fill(children[0].data, split(children[1].data), out.data)
        if made != out.data.size:
            raise CorruptDataError(f"codes of {made} bytes do not fill {out.data.size}")


class Table(NamedTuple):
    """Symbols, and the tables to code with them; kernels/symbols.py tells what they hold."""

    pairs: npt.NDArray[np.uint16]
    longer: npt.NDArray[np.uint64]
    slots: npt.NDArray[np.uint16]
    by_code: npt.NDArray[np.uint64]
    sizes: Bytes
    made: int

    @property
    def symbols(self) -> list[bytes]:
        """The symbols, in the order of their codes."""
        from ..kernels.symbols import NEWLINE

        codes = [at + (at >= NEWLINE) for at in range(self.made)]
        return [self.by_code[code].tobytes()[: int(self.sizes[code])] for code in codes]

    def encode(self, data: Bytes) -> Bytes:
        """Return the codes of any bytes: at most twice as many."""
        from ..kernels import symbols as kernels

        room, ends = np.empty(2 * min(data.size, _STEP), np.uint8), np.empty(2 * kernels.WAYS, np.int64)
        parts = [room[:0]]
        for start in range(0, data.size, _STEP):
            stop = min(start + _STEP, data.size)
            kernels.encode(data, start, stop, self.pairs, self.longer, self.slots, ends, room)
            whole = np.concatenate([room[ends[kernels.WAYS + way] : ends[way]] for way in range(kernels.WAYS)])
            parts.append(whole)
        return parts[-1] if len(parts) == 2 else np.concatenate(parts)


def table_of(symbols: Sequence[bytes]) -> Table:
    """Return the tables of symbols, in this order, if each finds a place there. Raises `UsageError` where not."""
    if all(0 < len(one) <= LONGEST and b"\n" not in one for one in symbols):
        words, lengths = _words(symbols), np.array([len(one) for one in symbols], np.uint8)
        table = _install(_empty(), np.arange(words.size), words, lengths)
        if table.symbols == list(symbols):
            return table
    raise UsageError("these are no symbols that were found together", hint="find them anew")


def _words(symbols: Sequence[bytes]) -> npt.NDArray[np.uint64]:
    return np.frombuffer(bytearray(b"".join(one.ljust(LONGEST, b"\0") for one in symbols)), np.uint64)


def _empty() -> Table:
    """The tables of no symbols, and room for others."""
    from ..kernels import symbols as kernels

    room = Table(
        np.empty(kernels.PAIRS + kernels.BEHIND, np.uint16),
        np.empty(kernels.SLOTS, np.uint64),
        np.empty(kernels.SLOTS + kernels.BEHIND, np.uint16),
        np.empty(kernels.CODES, np.uint64),
        np.empty(kernels.CODES, np.uint8),
        0,
    )
    return _install(room, np.empty(0, np.int64), np.empty(0, np.uint64), np.empty(0, np.uint8))


def _install(room: Table, order: npt.NDArray[np.int64], words: npt.NDArray[np.uint64], lengths: Bytes) -> Table:
    """The tables of symbols in this order, in the memory of others."""
    from ..kernels import symbols as kernels

    return room._replace(made=kernels.install(order, words, lengths, *room[:-1]))


def find(data: Bytes) -> Table:
    """Find symbols that make the codes of a sample of the data few."""
    from ..kernels import symbols as kernels

    sample, many = _sample(data), kernels.CANDIDATES
    words, lengths, gains = np.empty(many, np.uint64), np.empty(many, np.uint8), np.empty(many, np.int64)
    slots, singles = np.empty(many, np.int32), np.empty(kernels.CODES, np.uint16)
    doubles, table = np.empty(kernels.CODES**2, np.uint16), _empty()
    for turn in range(1, _ROUNDS + 1):
        for counts in (slots, singles, doubles):
            counts.fill(0)
        kernels.count(sample[: sample.size * turn // _ROUNDS], *table[:3], singles, doubles)
        found = kernels.propose(singles, doubles, _LEAST, *table[3:5], slots, words, lengths, gains)
        table = _install(table, _best(gains[:found]), words, lengths)
    return table


def _best(gains: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The candidates that gain most, most first; of equal ones those that were found first."""
    if gains.size > _TRIED:
        least = np.partition(gains, gains.size - _TRIED)[gains.size - _TRIED]
        few = np.flatnonzero(gains >= least)
    else:
        few = np.arange(gains.size)
    return few[np.argsort(-gains[few], kind="stable")]


def _sample(data: Bytes) -> Bytes:
    """Pieces evenly spread."""
    if data.size <= _SAMPLE:
        return data
    step, size = data.size // _PIECES, _SAMPLE // _PIECES
    return np.concatenate([data[at : at + size] for at in range(0, step * _PIECES, step)])


def join(symbols: Sequence[bytes]) -> bytes:
    """Return symbols as cells."""
    return b"".join(one + b"\n" for one in symbols)


def split(cells: Bytes) -> list[bytes]:
    """Return the symbols of cells that came from a file. Raises `CorruptDataError` where they are none."""
    from ..kernels.symbols import MOST

    if cells.size > MOST * (LONGEST + 1):
        raise CorruptDataError(f"symbols of {cells.size} bytes are too many")
    *symbols, rest = cells.tobytes().split(b"\n")
    if rest or len(symbols) > MOST or not all(0 < len(one) <= LONGEST for one in symbols):
        raise CorruptDataError(f"{len(symbols)} symbols that are too many, too long, or empty")
    return symbols


def fill(codes: Bytes, symbols: Sequence[bytes], out: Bytes) -> int:
    """Write what codes stand for to the front of `out`; return its bytes.

    Raises `CorruptDataError` for a code without a symbol, an escape without a byte, or more bytes than `out` has.
    """
    from ..kernels import symbols as kernels

    used = [at + (at >= kernels.NEWLINE) for at in range(len(symbols))]
    by_code, sizes = np.zeros(256, np.uint64), np.full(256, kernels.SPECIAL, np.uint8)
    by_code[used] = _words(symbols)
    sizes[used] = [len(one) for one in symbols]
    by_code[kernels.NEWLINE], sizes[kernels.NEWLINE] = kernels.NEWLINE, 1
    state = np.zeros(2, np.int64)
    while state[kernels.AT] < codes.size:
        if kernels.decode(codes, by_code, sizes, state, out) < 0:
            raise CorruptDataError(f"a code without a symbol, or codes of more than {out.size} bytes")
    return int(state[kernels.MADE])
