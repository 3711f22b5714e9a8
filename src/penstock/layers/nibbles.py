"""L7: small symbols packed 2, 4 or 8 to a byte, so that a byte-wise entropy coder sees them together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .streams import Kind, Stream

_BITS: Final = (1, 2, 4)
_ESCAPES: Final = ((1, 0.005), (2, 0.04), (4, 0.015))
"""Which share of the symbols may be escaped at so many bits."""
_NO_ESCAPES: Final = np.empty(0, np.uint8)


class Nibbles:
    """BYTES -> packed BYTES, and the BYTES that did not fit, if there are any.

    params, wanted and stored: one byte, the bits of a symbol (1, 2 or 4). The highest code stands for that value and
    all above it; those values stand in the second stream, in order. A Huffman coder then spends as little as half, a
    quarter or an eighth of a bit on a symbol, sees pairs of neighbours, and has as many fewer symbols to decode.
    """

    id: Final = 113
    name: Final = "nibbles"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Pack the symbols. Raises `UsageError` for other parameters or another kind of stream."""
        from ..kernels import entropy

        if stream.kind is not Kind.BYTES or len(params) != 1 or params[0] not in _BITS:
            raise UsageError(f"nibbles cannot pack {stream.kind.name.lower()} with parameters {params.hex()!r}")
        bits, data = params[0], stream.data
        packed = np.empty(_packed_size(data.size, bits), np.uint8)
        escaped = np.empty(data.size, np.uint8)
        count = entropy.pack_few(data, bits, np.empty(data.size, np.uint8), packed, escaped)
        below = [Stream(Kind.BYTES, packed)]
        return params, below if count == 0 else [*below, Stream(Kind.BYTES, escaped[:count])]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out`. Raises `CorruptDataError` for what `encode` would not have made."""
        from ..kernels import entropy

        packed, escaped = _checked(params, children, out)
        used = entropy.unpack_few(packed, escaped, params[0], out.data)
        if used != escaped.size:
            raise CorruptDataError(f"nibbles: {escaped.size} escaped symbols do not fit the packed ones")


def fitting_bits(counts: npt.NDArray[np.int32], total: int) -> int:
    """Return in how many bits, 1, 2 or 4, nearly all symbols fit, so that decoding them is faster; 0 if in none.

    counts: how often each of the 256 values comes, `total` in all (docs/decisions/0009-entropy.md).
    """
    for bits, most in _ESCAPES:
        if counts[(1 << bits) - 1 :].sum() <= most * total:
            return bits
    return 0


def _packed_size(symbols: int, bits: int) -> int:
    return (symbols * bits + 7) // 8


def _checked(params: bytes, children: Sequence[Stream], out: Stream) -> tuple[Bytes, Bytes]:
    """Return the packed symbols and the escaped ones."""
    if len(params) != 1 or params[0] not in _BITS:
        raise CorruptDataError(f"nibbles: there are no parameters {params.hex()!r}")
    if out.kind is not Kind.BYTES or not 1 <= len(children) <= 2 or {child.kind for child in children} != {Kind.BYTES}:
        raise CorruptDataError("nibbles: streams of other kinds, or another number of them")
    if children[0].data.size != _packed_size(out.data.size, params[0]):
        raise CorruptDataError(f"nibbles: {children[0].data.size} packed bytes for {out.data.size} symbols")
    return children[0].data, children[1].data if len(children) == 2 else _NO_ESCAPES
