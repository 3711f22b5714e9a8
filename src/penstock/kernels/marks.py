"""Which positions are marks: places that content alone chooses, so that they are the same wherever it stands."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from .jit import intrinsic, types
from .simd import load_word

MARK_RATE = 64
"""One position of so many is a mark, in data that does not repeat."""
ADD, MULTIPLY = 0x7F4A7C15, 0x9E3779B1
"""The first keeps zeros from being marks all along."""
_WORDS = ir.VectorType(ir.IntType(32), 16)
_SHORT, _I64 = ir.IntType(16), ir.IntType(64)


@intrinsic
def mark_mask(typing: Any, place: Any) -> Any:
    """Which of the 64 positions from an address on are marks: bit 16 o + k stands for position 4 k + o.

    A mark is where the four bytes as a u32 w make (w + 0x7f4a7c15) * 0x9e3779b1 < 2^32 / `MARK_RATE`. Reads 67 bytes.
    """

    def splat(value: int) -> Any:
        return ir.Constant(_WORDS, [value] * 16)

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        whole = ir.Constant(_I64, 0)
        for shift in range(4):
            at = b.inttoptr(b.add(args[0], ir.Constant(_I64, shift)), _WORDS.as_pointer())
            mixed = b.mul(b.add(load_word(b, at), splat(ADD)), splat(MULTIPLY))
            hits = b.bitcast(b.icmp_unsigned("<", mixed, splat((1 << 32) // MARK_RATE)), _SHORT)
            whole = b.or_(whole, b.shl(b.zext(hits, _I64), ir.Constant(_I64, 16 * shift)))
        return whole

    return types.uint64(types.int64), generate
