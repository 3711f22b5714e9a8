"""Loads and stores at an address, for helpers of loops over cells; each has a scalar twin in tests/naive/simd.py.

A helper that is given an array counts a reference to it, and where it has loops or branches Numba keeps that: two
atomic additions for each cell. Nothing is checked: kernels check, and hold the arrays.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from .jit import intrinsic, types
from .simd import LINE, equal_bytes, load_word, store_word

_BYTE, _I32, _I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)


@intrinsic
def load64_at(typing: Any, place: Any) -> Any:
    """The word at an address."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return load_word(b, b.inttoptr(args[0], _I64.as_pointer()))

    return types.uint64(types.int64), generate


@intrinsic
def load32_at(typing: Any, place: Any) -> Any:
    """The four bytes at an address, as a whole number."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return b.zext(load_word(b, b.inttoptr(args[0], _I32.as_pointer())), _I64)

    return types.int64(types.int64), generate


@intrinsic
def load8_at(typing: Any, place: Any) -> Any:
    """The byte at an address."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return load_word(b, b.inttoptr(args[0], _BYTE.as_pointer()))

    return types.uint8(types.int64), generate


@intrinsic
def store64_at(typing: Any, place: Any, word: Any) -> Any:
    """Put a word at an address."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        store_word(b, args[1], b.inttoptr(args[0], _I64.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.uint64), generate


@intrinsic
def store32_at(typing: Any, place: Any, number: Any) -> Any:
    """Put the low four bytes of a whole number at an address."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        store_word(b, b.trunc(args[1], _I32), b.inttoptr(args[0], _I32.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def store8_at(typing: Any, place: Any, byte: Any) -> Any:
    """Put a byte at an address."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        store_word(b, args[1], b.inttoptr(args[0], _BYTE.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.uint8), generate


@intrinsic
def range_mask_at(typing: Any, place: Any, low: Any, count: Any) -> Any:
    """Bit i is set where byte i of the 64 at an address is one of the `count` bytes from `low` on."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        kind = ir.VectorType(_BYTE, LINE)
        line = load_word(b, b.inttoptr(args[0], kind.as_pointer()))
        zeros, none = ir.Constant(ir.VectorType(_I32, LINE), [0] * LINE), ir.Constant(kind, ir.Undefined)
        first, many = (
            b.shuffle_vector(b.insert_element(none, one, ir.Constant(_I32, 0)), none, zeros) for one in args[1:]
        )
        return b.bitcast(b.icmp_unsigned("<", b.sub(line, first), many), _I64)

    return types.uint64(types.int64, types.uint8, types.uint8), generate


@intrinsic
def equal_mask_at(typing: Any, place: Any, byte: Any) -> Any:
    """Bit i is set where byte i of the 64 at an address equals `byte`."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return equal_bytes(b, args[0], args[1])

    return types.uint64(types.int64, types.uint8), generate


@intrinsic
def copy16_at(typing: Any, to: Any, source: Any, byte: Any) -> Any:
    """Copy 16 bytes from one address to another; bit i is set where byte i of them equals `byte`."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        kind, zeros = ir.VectorType(_BYTE, 16), ir.Constant(ir.VectorType(_I32, 16), [0] * 16)
        some = load_word(b, b.inttoptr(args[1], kind.as_pointer()))
        store_word(b, some, b.inttoptr(args[0], kind.as_pointer()))
        none = ir.Constant(kind, ir.Undefined)
        sought = b.shuffle_vector(b.insert_element(none, args[2], ir.Constant(_I32, 0)), none, zeros)
        return b.zext(b.bitcast(b.icmp_unsigned("==", some, sought), ir.IntType(16)), _I64)

    return types.uint64(types.int64, types.int64, types.uint8), generate
