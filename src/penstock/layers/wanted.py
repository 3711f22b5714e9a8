"""What the planner asks the encoder for: a tree of layers that has no sizes yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from .contract import (
    CHANNELS,
    CONSTANT,
    DATES,
    DECIMAL,
    DELTA,
    DICTIONARY,
    DIGITS,
    GROUPED,
    HEXES,
    LINES,
    LZ4,
    NIBBLES,
    NUMBERS,
    PACK,
    PADDING,
    PLANES,
    PRINTED,
    RECORDS,
    REGIONS,
    RELATED,
    RUNS,
    SPARSE,
    SPLIT,
    STORE,
    STRINGS,
    SYMBOLS,
    ZSTD,
)
from .plan import layer_name, varint

ANY: Final = 254
"""No layer of files: the encoder looks at the stream and picks the leaf."""

LITERALS: Final = 99
"""The level of zstd that codes symbols and looks for no matches."""

DIFF: Final = 1
SECOND: Final = 2
XOR: Final = 3
GRID: Final = 4
ZIGZAG: Final = 5
FLOAT: Final = 6
MEDIAN: Final = 7
RISE: Final = 8
SMOOTH: Final = 9

_NUMBERS_BYTES: Final = 4
_ZEROS: Final = 0x80
_MODES: Final = ("?", "diff", "second", "xor", "grid", "zigzag", "float", "median", "rise", "smooth")


class Want(NamedTuple):
    """One layer that a stream is to be encoded with, and what its inner streams are to be encoded with.

    Where a layer gives more streams than there are children, the last child stands for the others; where it gives
    fewer, those at the end are not used.
    """

    id: int
    params: bytes = b""
    """What the layer is told, as its own file says; empty for a leaf."""
    level: int = 0
    """The library's level, or `LITERALS`, of a leaf that has levels."""
    children: tuple[Want, ...] = ()


STORED: Final = Want(STORE)
AUTO: Final = Want(ANY)
"""A leaf that is chosen while encoding, by a look at the bytes: constant, store, literals or zstd."""


def store() -> Want:
    """Return the leaf that keeps bytes as they are."""
    return STORED


def zstd(level: int = 3) -> Want:
    """Return the leaf that zstd encodes at a level of its own."""
    return Want(ZSTD, b"", level)


def lz4(level: int = 0) -> Want:
    """Return the leaf that lz4 encodes."""
    return Want(LZ4, b"", level)


def literals() -> Want:
    """Return the leaf whose symbols zstd codes without looking for matches."""
    return Want(ZSTD, b"", LITERALS)


def constant() -> Want:
    """Return the leaf of a stream that repeats its first 1, 2, 4 or 8 bytes."""
    return Want(CONSTANT)


def delta(mode: int, lag: int, child: Want) -> Want:
    """Return differences: `mode` from `DIFF` to `SMOOTH`, of values `lag` apart (a row's length for grids)."""
    return Want(DELTA, bytes((mode,)) + varint(lag), 0, (child,))


def split(k: int, symbols: Want, low: Want = STORED, exceptions: Want = AUTO) -> Want:
    """Return values cut `k` bits from below: symbols, low bits (none for `k` 0), values that are too large."""
    low_bits = (low,) if k else ()
    return Want(SPLIT, bytes((k,)), 0, (symbols, *low_bits, exceptions))


def planes(*children: Want) -> Want:
    """Return the bytes of values by their place, lowest first."""
    return Want(PLANES, b"", 0, children)


def pack(child: Want = STORED) -> Want:
    """Return values packed in as few bits as each block needs."""
    return Want(PACK, b"", 0, (child,))


def runs(values: Want, lengths: Want = AUTO) -> Want:
    """Return one value and one length for each run of equal values."""
    return Want(RUNS, b"", 0, (values, lengths))


def sparse(params: bytes, gaps: Want = AUTO, values: Want = AUTO) -> Want:
    """Return the places and values of what differs from the usual one; `params` as the layer says."""
    return Want(SPARSE, params, 0, (gaps, values))


def lines(params: bytes, children: Iterable[Want]) -> Want:
    """Return lines by shapes and columns; `params` as the layer's `wanted` makes them.

    children: of the shapes, their columns, the shape of each line, cells without a column of their own, the columns.
    """
    return Want(LINES, params, 0, tuple(children))


def records(fields: bytes, children: Iterable[Want]) -> Want:
    """Return fixed-size records by field; `fields`: the layer's codes of them, in order."""
    return Want(RECORDS, fields, 0, tuple(children))


def channels(params: bytes, children: Iterable[Want]) -> Want:
    """Return the channels of a recording, each without what those before it foretell; `params` as the layer says."""
    return Want(CHANNELS, params, 0, tuple(children))


def regions(sizes: Iterable[int], children: Iterable[Want]) -> Want:
    """Return consecutive pieces; `sizes`: bytes of all but the last."""
    return Want(REGIONS, b"".join(map(varint, sizes)), 0, tuple(children))


def padding(params: bytes, lengths: Want, bodies: Want) -> Want:
    """Return rows without what pads them; `params` as the layer's `wanted` makes them."""
    return Want(PADDING, params, 0, (lengths, bodies))


def digits(params: bytes, numbers: Want, exceptions: Want = AUTO) -> Want:
    """Return rows of digits as numbers; `params` as the layer's `field` makes them."""
    return Want(DIGITS, params, 0, (numbers, exceptions))


def decimal(params: bytes, integers: Want, exceptions: Want = AUTO) -> Want:
    """Return floats as whole numbers; `params`: the exponents as the layer says."""
    return Want(DECIMAL, params, 0, (integers, exceptions))


def printed(params: bytes, numbers: Want, steps: Want = AUTO, exceptions: Want = AUTO) -> Want:
    """Return values with the noise of printed doubles as short numbers; `params` as the layer says."""
    return Want(PRINTED, params, 0, (numbers, steps, exceptions))


def dictionary(indices: Want, distinct: Want = AUTO) -> Want:
    """Return the index of each value among the distinct ones, and those."""
    return Want(DICTIONARY, b"", 0, (indices, distinct))


def numbers(params: bytes, values: Want, *rest: Want) -> Want:
    """Return cells as whole numbers; `params` as the layer says. rest: decimals in the form `STREAM`, exceptions."""
    return Want(NUMBERS, params, 0, (values, *(rest or (AUTO,))))


def hexes(params: bytes, rows: Want, *rest: Want) -> Want:
    """Return cells of hexadecimal digits as rows of bytes; `params` as the layer says. rest: the exceptions."""
    return Want(HEXES, params, 0, (rows, *(rest or (AUTO,))))


def dates(params: bytes, values: Want, *rest: Want) -> Want:
    """Return cells of dates as whole numbers; `params` as the layer says. rest: the exceptions."""
    return Want(DATES, params, 0, (values, *(rest or (AUTO,))))


def grouped(params: bytes, indices: Want, heads: Want, cells: Sequence[Want]) -> Want:
    """Return rows of cells in the order of a head; `params` as the layer says; cells: those beside the head."""
    return Want(GROUPED, params, 0, (indices, heads, *cells, AUTO))


def related(params: bytes, indices: Want, heads: Want, cells: Sequence[Want]) -> Want:
    """Return rows of cells that a head tells; `params` as the layer says; cells: those beside the head."""
    flags = -(-len(cells) // 8)
    return Want(RELATED, params, 0, (indices, heads, *[AUTO] * flags, *cells, AUTO))


def strings(indices: Want, distinct: Want = AUTO) -> Want:
    """Return the number of each cell among the distinct ones, and those."""
    return Want(STRINGS, b"", 0, (indices, distinct))


def symbols(codes: Want, table: Want = AUTO) -> Want:
    """Return codes of frequent pieces, and those."""
    return Want(SYMBOLS, b"", 0, (codes, table))


def nibbles(bits: int, packed: Want, escapes: Want = AUTO) -> Want:
    """Return small symbols in 1, 2 or 4 bits each, packed to bytes, and those that do not fit."""
    return Want(NIBBLES, bytes((bits,)), 0, (packed, escapes))


def describe(want: Want) -> str:
    """Return the tree in one line: `delta(diff) -> split k=3 -> [literals, store, auto]`."""
    inner = [describe(child) for child in want.children]
    if not inner:
        return _word(want)
    return f"{_word(want)} -> {inner[0] if len(inner) == 1 else '[' + ', '.join(inner) + ']'}"


def _word(want: Want) -> str:
    """One layer without those below it, and what its parameters say."""
    if want.id == ANY:
        return "auto"
    if want.id == ZSTD:
        return "literals" if want.level == LITERALS else f"zstd {want.level}"
    told = _TOLD.get(want.id) if want.params else None
    return layer_name(want.id) + (told(want.params) if told else "")


def _mode(params: bytes) -> str:
    lag = _number(params[1:])
    name = _MODES[params[0]] if params[0] < len(_MODES) else "?"
    return f"({name})" if lag <= 1 else f"({name} {lag})"


def _number(varint: bytes) -> int:
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(varint))


def _decimals(params: bytes) -> str:
    """How many decimals numbers have."""
    if len(params) != _NUMBERS_BYTES:
        return ""
    flags, _, places, least = params
    return (f"({places})", "(any)", f"({least} to {places})", "")[flags >> 2 & 3]


_TOLD: Final[dict[int, Callable[[bytes], str]]] = {
    DELTA: _mode,
    SPLIT: lambda params: f" k={params[0]}",
    NIBBLES: lambda params: f" {params[0]}",
    PRINTED: lambda params: f"({params[0]} of {params[1]})",
    NUMBERS: _decimals,
    DECIMAL: lambda params: f" {params[0] if params[0] < _ZEROS else _ZEROS - params[0]}",
}
