"""Memory by its address, and calls of C functions by theirs, from within kernels."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from .jit import intrinsic, types

_I64 = ir.IntType(64)


@intrinsic
def pointer(typing: Any, address: Any) -> Any:
    """The address as a pointer, which `carray` takes."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return b.inttoptr(args[0], context.get_value_type(signature.return_type))

    return types.voidptr(types.int64), generate


def _caller(count: int) -> Any:
    @intrinsic
    def call(typing: Any, function: Any, numbers: Any) -> Any:
        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            kind = ir.FunctionType(_I64, [_I64] * count)
            target = b.inttoptr(args[0], kind.as_pointer())
            return b.call(target, [b.extract_value(args[1], place) for place in range(count)])

        pair: Any = types.UniTuple
        return types.int64(types.int64, pair(types.int64, count)), generate

    return call


call2 = _caller(2)
"""`call2(function, (a, b))`: call the C function at an address; pointers and sizes are both 64-bit numbers."""
call5 = _caller(5)
"""The same with five numbers."""


def _retyped(*, readonly: bool, aligned: bool) -> Any:
    @intrinsic
    def retype(typing: Any, array: Any) -> Any:
        kind = types.Array(array.dtype, 1, "C", readonly=readonly, aligned=aligned)

        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            return args[0]

        return kind(array), generate

    return retype


read_items = _retyped(readonly=True, aligned=True)
"""The same array as kernels take what they only read; Numba does not turn one into the other by itself."""
read_anywhere = _retyped(readonly=True, aligned=False)
"""The same, of those that take items at any address."""
write_anywhere = _retyped(readonly=False, aligned=False)
"""As kernels take what they write, items at any address."""
