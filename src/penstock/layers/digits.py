"""Layer 35: a field of fixed width whose rows are numbers in digits becomes whole numbers.

Parameters asked for: `field(form, width)`: one byte and a LEB128 number. Stored: those, and the least number (zigzag),
which is taken off all others. Streams: the numbers (U32 for up to 9 digits, else U64); then, only if there are
exceptions: the gaps before each (U32), and their rows (BYTES). Any bytes come back exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import CorruptDataError, UsageError
from .contract import DIGITS
from .params import Reader
from .plan import varint
from .streams import Kind, Stream

_MOST_DIGITS: Final = 18
_MOST_LOW: Final = (1 << 62) - 1


class Form(IntEnum):
    """How the digits of a field are written. The numbers stand in files."""

    ZONED = 0
    """EBCDIC digits F0 .. F9."""
    ZONED_SIGNED = 1
    """The zone of the last one is its sign: C or D."""
    ASCII = 2
    ASCII_SIGNED = 3
    """The last one is overpunched: {ABCDEFGHI, negative }JKLMNOPQR."""
    PACKED = 4
    """COMP-3, two digits a byte, the last four bits F."""
    PACKED_SIGNED = 5
    """The last four bits are the sign: C or D."""
    PAIRS = 6
    """Two digits a byte, no sign."""
    ZONED_BLANKS = 7
    """EBCDIC digits behind blanks, a minus sign before the first."""
    ASCII_BLANKS = 8

    @property
    def packed(self) -> bool:
        """Whether a byte holds two digits."""
        return self in (Form.PACKED, Form.PACKED_SIGNED, Form.PAIRS)

    @property
    def most(self) -> int:
        """The widest field, in bytes: 18 digits, 17 with a packed sign."""
        return _MOST_DIGITS // 2 if self.packed else _MOST_DIGITS

    def digits(self, width: int) -> int:
        """Return how many digits a field of `width` bytes holds."""
        return (2 * width - (self is not Form.PAIRS)) if self.packed else width


class _Tables(NamedTuple):
    """What the kernels are told about a form and a width."""

    zone: int
    """Of a digit's byte; 0: bytes hold two digits."""
    last: npt.NDArray[np.uint8]
    step: int
    """Ten to the digits of the last byte."""
    bounds: npt.NDArray[np.int64]
    lasts: npt.NDArray[np.uint8]
    """Those of 0, 1, 2 ... and, from place 100 on, of -0, -1, -2 ..."""
    marks: npt.NDArray[np.uint8] | None
    """Blank, zero, minus, of forms with blanks; the others above do not matter then."""
    kind: Kind
    none: npt.NDArray[Any]


def field(form: Form, width: int) -> bytes:
    """Return the parameters for a field of `width` bytes. Raises `UsageError` for one that is too wide."""
    if not 1 <= width <= form.most:
        raise UsageError(f"no {form.name.lower()} field has {width} bytes", hint=f"use 1 to {form.most}")
    return bytes((form,)) + varint(width)


class Digits:
    """Digits as numbers."""

    id: Final = DIGITS
    name: Final = "digits"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the parameters and the streams. Raises `UsageError` for bytes that are no whole number of rows."""
        reader = Reader(params)
        try:
            form, width = _field(reader)
            reader.end()
        except CorruptDataError as error:
            raise UsageError(f"digits takes a form and a width: {error}") from error
        block = stream.data
        if stream.kind is not Kind.BYTES or block.size % width:
            raise UsageError(f"{block.size} bytes of {stream.kind.name} are no rows of {width} bytes")
        from ..kernels import blanks, digits

        tables = _tables(form, width)
        numbers, low = np.empty(block.size // width, tables.none.dtype), np.zeros(1, np.int64)
        item, scratch = numbers.itemsize, np.empty((3, digits.TILE), np.uint8)
        if tables.marks is None:
            zone, last, step = tables.zone, tables.last, tables.step
            wrong = digits.read[item](block, width, zone, last, step, tables.none, numbers, low, scratch)
        else:
            wrong = blanks.read[item](block, width, tables.marks, tables.none, numbers, low, scratch)
        least = int(low[0]) if wrong < numbers.size else 0
        gaps, raw = np.empty(wrong, np.uint32), np.empty(wrong * width, np.uint8)
        if least or wrong:
            digits.set_apart[item](block, width, tables.none, numbers, least, gaps, raw)
        params += varint(2 * least if least >= 0 else -2 * least - 1)
        return params, [Stream.of(numbers), Stream.of(gaps), Stream.of(raw)] if wrong else [Stream.of(numbers)]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` with the rows. Raises `CorruptDataError` for streams that do not fit it."""
        reader = Reader(params)
        form, width = _field(reader)
        low = reader.number(_MOST_LOW)
        reader.end()
        tables = _tables(form, width)
        if out.kind is not Kind.BYTES or len(children) not in (1, 3) or children[0].kind is not tables.kind:
            raise CorruptDataError(f"digits with {len(children)} streams in {out.kind.name}")
        numbers, block = children[0].read(), out.data
        if numbers.size * width != block.size:
            raise CorruptDataError(f"{numbers.size} rows of {width} bytes are not {block.size} bytes")
        from ..kernels import blanks, digits, digitwords

        least, item = (low >> 1 if low & 1 == 0 else -(low >> 1) - 1), numbers.itemsize
        scratch, parts = np.empty((2, digits.TILE), np.uint8), np.empty((4, digits.TILE), np.uint32)
        bounds, lasts = tables.bounds, tables.lasts
        if tables.marks is None:
            words = np.empty(digitwords.WORDS, np.uint64)
            done = digitwords.write[item](
                numbers, least, width, bounds, tables.zone, lasts, block, scratch, parts, words
            )
        else:
            done = blanks.write[item](numbers, least, width, bounds, tables.marks, lasts, block, scratch, parts)
        if done < 0:
            raise CorruptDataError(f"a number does not fit a field of {width} bytes ({form.name.lower()})")
        if len(children) == 3:
            _patch(block, width, children[1], children[2])


def _field(reader: Reader) -> tuple[Form, int]:
    number = reader.byte()
    if number >= len(Form):
        raise CorruptDataError(f"there is no form {number} of digits")
    form = Form(number)
    width = reader.number(form.most)
    if width == 0:
        raise CorruptDataError("a field of no bytes")
    return form, width


def _patch(block: npt.NDArray[np.uint8], width: int, gaps: Stream, raw: Stream) -> None:
    from ..kernels import digits

    if gaps.kind is not Kind.U32 or raw.kind is not Kind.BYTES or raw.count != gaps.count * width:
        raise CorruptDataError(f"{gaps.count} places for {raw.count} bytes of rows of {width}")
    if digits.patch(block, width, gaps.read(), raw.data) < 0:
        raise CorruptDataError(f"an exception lies behind the last of {block.size // width} rows")


@cache
def _tables(form: Form, width: int) -> _Tables:
    from ..kernels import digits, digitwords

    step, lasts = int(digitwords.STEPS[form]), digitwords.LASTS[form]
    signed, marked = bool(lasts[100]), form >= digitwords.MARKED
    last = np.full(256, digits.BAD, np.uint8)
    last[lasts[:step]] = np.arange(step)
    if signed and not marked:
        last[lasts[100 : 100 + step]] = np.arange(step) + digits.NEGATIVE
    count = form.digits(width)
    kind = Kind.U32 if count <= 9 else Kind.U64
    most = 10**count - 1
    bounds = np.array([-most if signed else 0, most, step], np.int64)
    marks = digitwords.MARKS[form - digitwords.MARKED] if marked else None
    none = np.array([digits.missing(kind.width)], f"<u{kind.width}")
    return _Tables(int(digitwords.ZONES[form]), last, step, bounds, lasts, marks, kind, none)
