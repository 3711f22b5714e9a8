"""Layer 18: cells whose digits are hexadecimal and stand at fixed places, as in a UUID, become rows of bytes.

Parameters, asked for and stored: a byte, 1 if the digits above 9 are capital letters, else 0; then the template, as
many bytes as a cell has without its end: 0 for a digit, else the byte that stands there. Streams: the rows (BYTES), two
digits a byte, the first one in the high bits, an odd last one with zeros behind it; then, only if there are exceptions:
the gaps before each (U32), and their cells (BYTES). Exceptions have no row. Any cells come back exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .cells import cells_of, check_exceptions, count_cells
from .contract import HEXES
from .streams import Kind, Stream

MOST: Final = 64
"""Bytes of a cell at most, its end not counted."""
_END: Final = 10
_LETTERS: Final = (39, 7)
"""How far the digits `a` and `A` are behind the digit 9."""
_MORE: Final = 16
"""Bytes behind the rows that may be read and written."""
_SEEN: Final = 64
_LEAST: Final = 6
"""Digits of a cell, of which fewer are as good as text."""
_GOOD: Final = 0.9
"""Cells of a sample that must be of one form."""


class Template(NamedTuple):
    """A form of cells, as kernels take it."""

    digits: int
    letters: int
    pattern: Bytes
    mask: Bytes
    runs: npt.NDArray[np.int64]

    @property
    def width(self) -> int:
        """Bytes of a row."""
        return (self.digits + 1) // 2


class Hexes:
    """Cells of hexadecimal digits as bytes."""

    id: Final = HEXES
    name: Final = "hexes"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the parameters and the streams. Raises `UsageError` for a last cell without an end."""
        form, block = template(params), cells_of(stream)
        if form is None:
            raise UsageError(f"no cells look like {params.hex()}")
        from ..kernels import hexes

        many = count_cells(block)
        rows, gaps = np.empty(many * form.width + _MORE, np.uint8), np.empty(many, np.uint32)
        raw, scratch, state = np.empty(block.size, np.uint8), np.empty(hexes.SCRATCH, np.uint8), _state(-1)
        pattern = form.pattern.copy()
        pattern[len(params) - 1] = 0
        while state[hexes.AT] < block.size:
            told = (block, pattern, form.mask, form.runs, form.letters, state, rows, gaps, raw, scratch)
            if hexes.read(*told) < 0:
                raise UsageError("the cells changed while they were encoded")
        bad, children = int(state[hexes.BAD]), [Stream.of(rows[: int(state[hexes.ROW]) * form.width].copy())]
        if bad:
            children += [Stream.of(gaps[:bad].copy()), Stream.of(raw[: int(state[hexes.RAW])].copy())]
        return params, children

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` with the cells. Raises `CorruptDataError` for streams that do not fit it."""
        form, given = template(params), list(children)
        if form is None or out.kind is not Kind.BYTES or len(given) not in (1, 3) or given[0].kind is not Kind.BYTES:
            raise CorruptDataError(f"hexes as {params.hex()} with {len(given)} streams in {out.kind.name.lower()}")
        many, rest = divmod(given[0].data.size, form.width)
        gaps, raw = check_exceptions(given[1:])
        if rest or not _written(form, given[0].data, gaps, raw, out.data):
            raise CorruptDataError(f"{many} rows and {gaps.size} exceptions do not fit {out.data.size} bytes")


def template(params: bytes) -> Template | None:
    """Return the form that parameters tell; None if there is no such form."""
    cell = params[1:]
    if not 1 <= len(cell) <= MOST or params[0] > 1 or _END in cell or 0 not in cell:
        return None
    from ..kernels import hexes

    pattern, mask = np.zeros(hexes.ROOM, np.uint8), np.zeros(hexes.ROOM, np.uint8)
    pattern[: len(cell) + 1] = [*cell, _END]
    mask[: len(cell)] = np.where(pattern[: len(cell)] == 0, 0, 255)
    runs, at = [len(cell), cell.count(0)], 0
    for digit, group in groupby(cell, lambda byte: byte == 0):
        size = len(list(group))
        runs += [at, size] if digit else []
        at += size
    return Template(runs[1], _LETTERS[params[0]], pattern, mask, np.array(runs, np.int64))


def _state(last: int) -> npt.NDArray[np.int64]:
    from ..kernels import hexes

    state = np.zeros(hexes.LAST_BAD + 1, np.int64)
    state[hexes.LAST_BAD] = last
    return state


def _written(form: Template, rows: Bytes, gaps: npt.NDArray[np.uint32], raw: Bytes, out: Bytes) -> bool:
    """Write all cells; return whether all is used, and fills `out`."""
    from ..kernels import hexes

    state, scratch = _state(int(gaps[0]) if gaps.size else hexes.NONE), np.empty(hexes.SCRATCH, np.uint8)
    wide = np.zeros(rows.size + _MORE, np.uint8)
    wide[: rows.size] = rows
    step = hexes.STEP
    while step == hexes.STEP:
        step = hexes.write(wide, form.pattern, form.runs, form.letters, gaps, raw, state, out, scratch)
    ends = [out.size, rows.size // form.width, gaps.size, raw.size]
    return step >= 0 and [int(state[at]) for at in (hexes.AT, hexes.ROW, hexes.BAD, hexes.RAW)] == ends


def guess(cells: Bytes) -> bytes | None:
    """Return the parameters that suit a sample of cells; None where they have no such form."""
    few = [cell for cell in cells[: _SEEN * (MOST + 1)].tobytes().split(b"\n")[:_SEEN] if cell]
    sizes = [len(cell) for cell in few]
    size = max(set(sizes), key=sizes.count, default=0)
    if not _LEAST <= size <= MOST or sizes.count(size) < _GOOD * len(few):
        return None
    table = np.frombuffer(b"".join(cell for cell in few if len(cell) == size), np.uint8).reshape(-1, size)
    digit, low, high = _between(table, 48, 57), _between(table, 97, 102), _between(table, 65, 70)
    same = (table == table[0]).all(axis=0)
    # Among constants a letter is a digit only beside one: the `b` of `bytes` is none.
    places = (digit | low | high).all(axis=0)
    capital = bool((high[:, places & ~same]).any())
    other = low if capital else high
    places &= ~(other.any(axis=0) & same)
    if (
        other[:, places].any()
        or not (places | same).all()
        or int(places.sum()) < _LEAST
        or (places & same).sum() == places.sum()
    ):
        return None
    if not (low | high)[:, places].any():
        return None
    return bytes((int(capital),)) + np.where(places, 0, table[0]).astype(np.uint8).tobytes()


def _between(table: npt.NDArray[np.uint8], low: int, high: int) -> npt.NDArray[np.bool_]:
    return (table >= low) & (table <= high)
