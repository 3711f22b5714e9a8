"""Layer 16: lines of text as their shapes, what is left without their cells, and columns of cells.

A shape stands in the first stream as text, with a zero byte for each cell and a newline at the end. The second one says
to which column each cell of each shape belongs (U16), the third which shape each line has, counted from 1 (BYTES where
255 are enough, else U16); a line of 0 is a cell of column 0 as a whole. The columns follow (BYTES), their cells in the
order of the text, a newline behind each. The parameters are 1 where the text ends with a newline, else 0; and the byte
that ends its lines: if that is no newline, then all those bytes and all newlines change places before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from . import arena
from .cells import count_cells
from .contract import LINES
from .native import readable
from .params import Reader
from .streams import Kind, Stream

_MOST_SHAPES: Final = 8192
TEXTS: Final = 3
"""Streams before the columns."""
_NEWLINE: Final = 10
_BARE: Final = b"\0\n"
"""The shape of lines that are cells and nothing else."""
_MANY: Final = 256
"""Shapes from which on a line's needs two bytes."""
_KEY: Final = np.dtype([("key", "<u8"), ("column", "<u2")])
_CUTTING: Final = 3
_BLOCK: Final = 64
_PLACE: Final = 4
"""Bytes of a cell's place in the text."""

_TAIL: Final = np.full(3 * _BLOCK, _NEWLINE, np.uint8)

Numbers = npt.NDArray[np.uint32]


class Cutting(NamedTuple):
    """How a text is cut into cells."""

    way: int
    """One of `kernels.tokens`."""
    delimiter: int = 0
    """Of that way which has one."""
    end: int = 10
    """The byte that ends lines."""


class Cut(NamedTuple):
    """Lines with their cells, and their shapes in the order in which they come first."""

    text: Bytes
    begins: Numbers
    firsts: Numbers
    starts: Numbers
    ends: Numbers
    which: npt.NDArray[np.uint16]
    examples: Numbers
    counts: Numbers


class Columns(NamedTuple):
    """Shapes as text, the columns of their cells, the shape of each line, and the columns."""

    shapes: Bytes
    numbers: npt.NDArray[np.uint16]
    offsets: Numbers
    """Where the columns of each shape start among the numbers."""
    which: npt.NDArray[Any]
    cells: list[Bytes]
    keys: npt.NDArray[np.uint64]


def wanted(cutting: Cutting, keys: npt.NDArray[np.uint64], places: npt.NDArray[Any] | None = None) -> bytes:
    """Return the parameters that ask for columns: those known by `keys`, from the second one on.

    places: the column of each key, counted from 0, where cells known by several keys share one; not above their index.
    """
    rows = np.empty(keys.size, _KEY)
    rows["key"], rows["column"] = keys, np.arange(keys.size) if places is None else places
    return bytes(cutting) + rows.tobytes()


class Lines:
    """Lines by shapes and columns."""

    id: Final = LINES
    name: Final = "lines"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the shapes, their columns, the shape of each line, and the columns, as `params` from `wanted` say."""
        if stream.kind is not Kind.BYTES or len(params) % _KEY.itemsize != _CUTTING:
            raise UsageError("lines are cut from bytes, as parameters say")
        cutting = Cutting(*params[:_CUTTING])
        text = turned(stream.data, cutting.end)
        keys, places = wanted_columns(params)
        with arena.borrowed(cut_room(text)) as room:
            made = columns(cut(text, cutting, room), keys, keys.size, places=places)
        ended = not text.size or bool(text[-1] == _NEWLINE)
        parts = [Stream(Kind.BYTES, made.shapes), Stream.of(made.numbers), Stream.of(made.which)]
        return bytes((ended, cutting.end)), parts + [Stream(Kind.BYTES, cells) for cells in made.cells]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Put the lines together; raise `CorruptDataError` where they do not fill `out` just so."""
        reader = Reader(params)
        ended, end = reader.byte(), reader.byte()
        reader.end()
        kinds = [child.kind for child in children]
        known = kinds[:2] == [Kind.BYTES, Kind.U16] and set(kinds[TEXTS:]) == {Kind.BYTES}
        if ended > 1 or not known or kinds[2] not in {Kind.BYTES, Kind.U16} or out.kind is not Kind.BYTES:
            raise CorruptDataError("the inner streams are not those that lines make")
        if not _woven(children, bool(ended), out.data):
            raise CorruptDataError(f"{len(children) - TEXTS} columns do not fit the shapes of {out.data.size} bytes")
        if end != _NEWLINE:
            from ..kernels import weave

            weave.swap_here(out.data, _NEWLINE, end)


def turned(text: Bytes, end: int) -> Bytes:
    """Return the text with newlines and what ends its lines in each other's place."""
    if end == _NEWLINE:
        return text
    from ..kernels import weave

    out = np.empty_like(text)
    weave.swap(text, _NEWLINE, end, out)
    return out


def _woven(children: Sequence[Stream], ended: bool, out: Bytes) -> bool:
    from ..kernels import weave

    shapes = np.concatenate([children[0].data, np.zeros(weave.PADDING, np.uint8)])
    size, numbers = children[0].data.size, children[1].read()
    which = np.ascontiguousarray(children[2].read(), np.uint16)
    many = count_cells(shapes[:size])
    if children[0].data.tobytes() == _BARE and numbers.size == 1 and (which == 1).all():
        return _copied(children[TEXTS:], int(numbers[0]), which.size, ended, out)
    firsts, pieces = np.zeros(many + 1, np.uint32), np.empty(many + numbers.size, np.uint32)
    cells = [child.data for child in children[TEXTS:]]
    if weave.read_shapes(shapes, size, numbers, len(cells), firsts, pieces) != many:
        return False
    cursors = np.array([readable(one) for one in cells], np.int64)
    limits = cursors + np.array([one.size for one in cells], np.int64)
    done: int = weave.weave(shapes, firsts, pieces, numbers, many, which, cursors, limits, ended, out)
    return done == out.size


def _copied(columns: Sequence[Stream], number: int, lines: int, ended: bool, out: Bytes) -> bool:
    """Fill `out` from the one column of lines that are a cell each; False where that does not fit."""
    if number >= len(columns) or any(one.data.size for at, one in enumerate(columns) if at != number):
        return False
    cells = columns[number].data
    if not cells.size or cells[-1] != _NEWLINE or count_cells(cells) != lines or cells.size - (not ended) != out.size:
        return False
    out[:] = cells[: out.size]
    return True


def cut_room(text: Bytes) -> int:
    """Return the bytes of an arena in which a text can be cut."""
    return 2 * _PLACE * (text.size + count_cells(text) + 1 + 3 * _BLOCK)


def cut(text: Bytes, cutting: Cutting, room: arena.Arena | None = None) -> Cut:
    """Cut a text into lines, which newlines end, and cells; number the shapes, those beyond some thousand have none.

    room: of `cut_room` bytes, where cells then are; else in memory of their own.
    """
    from ..kernels import cuts, lines, tokens

    many = count_cells(text) + int(bool(text.size) and text[-1] != _NEWLINE)
    # Runs have a byte between them, but fields may be empty.
    most = text.size // (1 if cutting.way == tokens.FIELDS else 2) + many + 3 * _BLOCK
    begins, firsts = np.zeros((2, many + 1), np.uint32)
    starts, ends = (room or arena.Arena(cut_room(text))).bytes(2 * _PLACE * most).view(np.uint32).reshape(2, most)
    which, tail = np.empty(many, np.uint16), _TAIL.copy()
    rest = text[max(text.size - 1, 0) // _BLOCK * _BLOCK :]
    tail[: rest.size] = rest
    most = min(many, _MOST_SHAPES)
    table, hashes = np.zeros(1 << max(8, (4 * most).bit_length()), np.int32), np.empty(most, np.uint64)
    examples, counts = np.empty(most, np.uint32), np.zeros(most, np.uint32)
    if cutting.way == tokens.FIELDS:
        made = cuts.cut_fields(text, tail, cutting.delimiter, begins, firsts, starts, ends)
    else:
        made = cuts.cut_runs(text, tail, cutting.way, begins, firsts, starts, ends)
    if made < 0:
        # Too many cells: all lines are left whole.
        which[:], shapes = most, 0
        begins[1:] = np.flatnonzero(np.concatenate([text == _NEWLINE, [True]]))[:many] + 1
    else:
        fields = cutting.way == tokens.FIELDS
        shapes = lines.shape(text, fields, begins, firsts, starts, ends, which, table, hashes, examples, counts)
    many = int(firsts[-1]) if shapes else 0
    return Cut(text, begins, firsts, starts[:many], ends[:many], which, examples[:shapes], counts[:shapes])


def wanted_columns(params: bytes) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint16]]:
    """Return the keys that parameters ask for, and the column of each, counted from 0."""
    rows = np.frombuffer(params, _KEY, offset=_CUTTING)
    return rows["key"].astype(np.uint64), rows["column"].astype(np.uint16)


def columns(
    found: Cut,
    keys: npt.NDArray[np.uint64],
    room: int,
    *,
    empty: bool = False,
    places: npt.NDArray[np.uint16] | None = None,
) -> Columns:
    """Put the cells into columns; more than the known `keys` as long as there is `room` for so many.

    empty: only say which columns there are. places: the column of each key, counted from 0; else each has its own.
    """
    from ..kernels import lines

    known = np.empty(max(room, keys.size), np.uint64)
    known[: keys.size] = keys
    shapes, numbers = np.empty(found.text.size + _BLOCK, np.uint8), np.empty(found.starts.size, np.uint16)
    offsets, used = np.empty(found.examples.size + 1, np.uint32), np.zeros(lines.USED, np.int64)
    renumbered = np.zeros(min(found.which.size, _MOST_SHAPES) + 1, np.uint16)
    table = np.zeros(1 << max(4, (2 * known.size).bit_length()), np.int32)
    count = lines.name(
        found.text, found.begins, found.firsts, found.starts, found.ends, found.examples, found.counts, table, known,
        keys.size, room, shapes, numbers, offsets, renumbered, used,
    )  # fmt: skip
    kept, size, many = used.tolist()
    which = renumbered.take(found.which)
    numbers, offsets = numbers[:many], offsets[:kept]
    if places is not None:
        numbers = _placed(numbers, offsets, places)
        count = int(places.max()) + 1 if places.size else 0
    none = [found.text[:0]] * (count + 1)
    cells = none if empty else _spread(found, which, numbers, offsets, count + 1)
    narrow = which.astype(np.uint8) if kept < _MANY else which
    return Columns(shapes[:size], numbers, offsets, narrow, cells, known[:count])


def _placed(
    numbers: npt.NDArray[np.uint16], offsets: Numbers, places: npt.NDArray[np.uint16]
) -> npt.NDArray[np.uint16]:
    """The columns of the shapes' cells, where some keys share one; shapes that have not all of these take column 0."""
    column = np.concatenate([np.zeros(1, np.uint16), places + np.uint16(1)])
    found, shapes = column[numbers], np.repeat(np.arange(offsets.size), np.diff(offsets, append=numbers.size))
    for shared in np.flatnonzero(np.bincount(places) > 1):
        keys, here = np.flatnonzero(places == shared) + 1, np.flatnonzero(found == shared + 1)
        many = np.bincount(shapes[here], minlength=offsets.size)[shapes[here]]
        whole = here[many == keys.size]
        good = (numbers[whole].reshape(-1, keys.size) == keys).all(1)
        found[here[many != keys.size]] = 0
        found[whole.reshape(-1, keys.size)[~good].reshape(-1)] = 0
    return found


def _spread(found: Cut, which: npt.NDArray[Any], numbers: npt.NDArray[Any], offsets: Numbers, many: int) -> list[Bytes]:
    """Copy the cells into `many` columns."""
    from ..kernels import lines

    sizes = np.zeros(many, np.int64)
    lines.measure(found.begins, found.firsts, found.starts, found.ends, which, numbers, offsets, sizes)
    places = np.zeros(many, np.int64)
    places[1:] = np.cumsum(sizes + lines.SLACK)[:-1]
    begins = places.tolist()
    out = np.empty(int(sizes.sum()) + lines.SLACK * many, np.uint8)
    lines.spread(found.text, found.begins, found.firsts, found.starts, found.ends, which, numbers, offsets, places, out)
    return [out[begin:end] for begin, end in zip(begins, places.tolist(), strict=True)]
