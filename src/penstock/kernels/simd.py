"""The few LLVM operations Numba has no words for; each has a scalar twin in tests/naive/simd.py.

Offsets are in bytes into a flat uint8 array and are not checked: kernels check. Loads and stores take any alignment
unless the name says `stream`. A line is 64 bytes: eight little-endian 64-bit words.

A line of random words is `mix(z + lane * PHI, k)` for lane 0..7: the finaliser of SplitMix64 (Steele, Lea and Flood,
"Fast splittable pseudorandom number generators", OOPSLA 2014; constants: Stafford's mix 13), with a second key folded
in between its rounds, so that streams of different keys are not shifts of one another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llvmlite import ir

from .jit import cgutils, intrinsic, types

MASK = (1 << 64) - 1
PHI = 0x9E3779B97F4A7C15
C1 = 0xBF58476D1CE4E5B9
C2 = 0x94D049BB133111EB
LINE = 64

_BYTE = ir.IntType(8)
_I32 = ir.IntType(32)
_I64 = ir.IntType(64)
_V8 = ir.VectorType(_I64, 8)


def _splat(value: int) -> Any:
    return ir.Constant(_V8, [value & MASK] * 8)


def _lanes(values: list[int]) -> Any:
    return ir.Constant(_V8, [value & MASK for value in values])


def _shuffle(b: Any, vector: Any, lanes: list[int]) -> Any:
    return b.shuffle_vector(vector, ir.Constant(_V8, ir.Undefined), ir.Constant(ir.VectorType(_I32, 8), lanes))


def _broadcast(b: Any, scalar: Any) -> Any:
    first = b.insert_element(ir.Constant(_V8, ir.Undefined), scalar, ir.Constant(_I32, 0))
    return _shuffle(b, first, [0] * 8)


def _counter(b: Any, z: Any) -> Any:
    return b.add(_broadcast(b, z), _lanes([lane * PHI for lane in range(8)]))


def _mix(b: Any, z: Any, k: Any) -> Any:
    z = b.mul(b.xor(z, b.lshr(z, _splat(30))), _splat(C1))
    z = b.xor(z, k)
    z = b.mul(b.xor(z, b.lshr(z, _splat(27))), _splat(C2))
    return b.xor(z, b.lshr(z, _splat(31)))


def _base(context: Any, b: Any, array_type: Any, array: Any) -> Any:
    return context.make_array(array_type)(context, b, array).data


def _at(b: Any, base: Any, offset: Any, plus: int, kind: Any) -> Any:
    index = b.add(offset, ir.Constant(_I64, plus)) if plus else offset
    return b.bitcast(b.gep(base, [index], inbounds=True), kind.as_pointer())


def store_word(b: Any, value: Any, pointer: Any, *, stream: bool = False) -> None:
    """Emit a store of any type, aligned or not."""
    store = b.store(value, pointer)
    store.align = LINE if stream else 1
    if stream:
        store.set_metadata("nontemporal", b.module.add_metadata([ir.Constant(_I32, 1)]))


def load_word(b: Any, pointer: Any) -> Any:
    """Emit a load of any type, aligned or not."""
    load = b.load(pointer)
    load.align = 1
    return load


@intrinsic
def load64(typing: Any, array: Any, offset: Any) -> Any:
    """The word at `offset`."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return load_word(b, _at(b, _base(context, b, signature.args[0], args[0]), args[1], 0, _I64))

    return types.uint64(array, types.int64), generate


@intrinsic
def store64(typing: Any, array: Any, offset: Any, word: Any) -> Any:
    """Put a word at `offset`."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        store_word(b, args[2], _at(b, _base(context, b, signature.args[0], args[0]), args[1], 0, _I64))
        return context.get_dummy_value()

    return types.void(array, types.int64, types.uint64), generate


def equal_bytes(b: Any, place: Any, byte: Any) -> Any:
    """Emit the comparison of 64 bytes at an address with one: a mask of the equal ones."""
    kind = ir.VectorType(_BYTE, LINE)
    line = load_word(b, b.inttoptr(place, kind.as_pointer()))
    first = b.insert_element(ir.Constant(kind, ir.Undefined), byte, ir.Constant(_I32, 0))
    zeros = ir.Constant(ir.VectorType(_I32, LINE), [0] * LINE)
    wanted = b.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)
    return b.bitcast(b.icmp_unsigned("==", line, wanted), _I64)


@intrinsic
def equal_mask(typing: Any, array: Any, offset: Any, byte: Any) -> Any:
    """Bit i is set where byte `offset` + i of the line of 64 equals `byte`."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        base = b.ptrtoint(_base(context, b, signature.args[0], args[0]), _I64)
        return equal_bytes(b, b.add(base, args[1]), args[2])

    return types.uint64(array, types.int64, types.uint8), generate


@intrinsic
def high_mask(typing: Any, array: Any, offset: Any) -> Any:
    """Bit i is set where byte `offset` + i of the line of 64 is 128 or more."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        kind = ir.VectorType(_BYTE, LINE)
        line = load_word(b, _at(b, _base(context, b, signature.args[0], args[0]), args[1], 0, kind))
        return b.bitcast(b.icmp_signed("<", line, ir.Constant(kind, [0] * LINE)), _I64)

    return types.uint64(array, types.int64), generate


@intrinsic
def lowest_bit(typing: Any, mask: Any) -> Any:
    """The number of the lowest set bit; 64 if there is none."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return b.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


@intrinsic
def bit_length(typing: Any, word: Any) -> Any:
    """How many bits a word has up to its highest set one."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return b.sub(ir.Constant(_I64, 64), b.ctlz(args[0], ir.Constant(ir.IntType(1), 0)))

    return types.int64(types.uint64), generate


@intrinsic
def address(typing: Any, array: Any) -> Any:
    """The memory address of the array's first byte."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return b.ptrtoint(_base(context, b, signature.args[0], args[0]), _I64)

    return types.int64(array), generate


@intrinsic
def prefetch(typing: Any, array: Any, offset: Any) -> Any:
    """Ask for the line at `offset`, and so for its page's translation; no fault wherever it points."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        flag, pointer = ir.IntType(32), _BYTE.as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer, flag, flag, flag])
        function = b.module.declare_intrinsic("llvm.prefetch", [pointer], kind)
        # The index may lie beyond the array: address arithmetic, not a pointer into it.
        base = b.ptrtoint(_base(context, b, signature.args[0], args[0]), _I64)
        target = b.inttoptr(b.add(base, args[1]), pointer)
        b.call(function, [target, ir.Constant(flag, 0), ir.Constant(flag, 3), ir.Constant(flag, 1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@intrinsic
def take_turn(typing: Any, counter: Any) -> Any:
    """Return the first number of an int64 array and add one to it, in one step that all threads see."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        pointer = _base(context, b, signature.args[0], args[0])
        return b.atomic_rmw("add", pointer, ir.Constant(_I64, 1), "monotonic")

    return types.int64(counter), generate


@intrinsic
def stream_fence(typing: Any) -> Any:
    """Order streaming stores before what this thread does next; they are weakly ordered on x86."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        b.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


def _line_writer(lines: int, *, stream: bool) -> Any:
    @intrinsic
    def write(typing: Any, array: Any, offset: Any, z: Any, k: Any) -> Any:
        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            base = _base(context, b, signature.args[0], args[0])
            counter, key = _counter(b, args[2]), _broadcast(b, args[3])
            for line in range(lines):
                words = _mix(b, b.add(counter, _splat(8 * line * PHI)), key)
                store_word(b, words, _at(b, base, args[1], LINE * line, _V8), stream=stream)
            return context.get_dummy_value()

        return types.void(array, types.int64, types.uint64, types.uint64), generate

    return write


mix_lines4 = _line_writer(4, stream=False)
"""`mix_lines4(array, offset, z, k)`: store four lines of random words; four hide the multiplier's latency."""
mix_lines4_stream = _line_writer(4, stream=True)
"""The same past the caches; the address must be a multiple of 64."""


@intrinsic
def copy_bytes(typing: Any, target: Any, to: Any, source: Any, start: Any, size: Any) -> Any:
    """Copy `size` bytes between arrays that do not overlap."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        to = _at(b, _base(context, b, signature.args[0], args[0]), args[1], 0, _BYTE)
        start = _at(b, _base(context, b, signature.args[2], args[2]), args[3], 0, _BYTE)
        memcpy: Any = cgutils.raw_memcpy
        memcpy(b, to, start, args[4], 1)
        return context.get_dummy_value()

    return types.void(target, types.int64, source, types.int64, types.int64), generate


def _any(b: Any, vector: Any) -> Any:
    """OR of the eight lanes."""
    for step in (4, 2, 1):
        vector = b.or_(vector, _shuffle(b, vector, [(lane + step) % 8 for lane in range(8)]))
    return b.extract_element(vector, ir.Constant(_I32, 0))


def _cell_lines(b: Any, z: Any, k: Any, words: Any, motif: Any) -> Iterator[Any]:
    """Yield the eight lines of a cell: `words` random words, then the word three before, over and over.

    `motif` holds the counters of the last three random words, by index modulo 3. A line is computed only if it has
    random words; which lines do hardly changes from cell to cell, so the branches are predicted.
    """
    counter, key, limit = _counter(b, z), _broadcast(b, k), _broadcast(b, words)
    vector = ir.Constant(_V8, [0] * 8)
    for lane, scalar in enumerate(motif):
        vector = b.insert_element(vector, scalar, ir.Constant(_I32, lane))
    motif = _mix(b, vector, key)
    for line in range(8):
        repeat = _shuffle(b, motif, [(8 * line + lane) % 3 for lane in range(8)])
        before = b.block
        with b.if_then(b.icmp_unsigned(">", words, ir.Constant(_I64, 8 * line))):
            random = _mix(b, b.add(counter, _splat(8 * line * PHI)), key)
            inside = b.icmp_unsigned("<", _lanes([8 * line + lane for lane in range(8)]), limit)
            random = b.select(inside, random, repeat)
            computed = b.block
        value = b.phi(_V8)
        value.add_incoming(repeat, before)
        value.add_incoming(random, computed)
        yield value


def _cell_writer(*, stream: bool) -> Any:
    @intrinsic
    def write(typing: Any, array: Any, offset: Any, z: Any, k: Any, words: Any, a: Any, c: Any, d: Any) -> Any:
        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            base = _base(context, b, signature.args[0], args[0])
            for line, value in enumerate(_cell_lines(b, args[2], args[3], args[4], args[5:8])):
                store_word(b, value, _at(b, base, args[1], LINE * line, _V8), stream=stream)
            return context.get_dummy_value()

        word = types.uint64
        return types.void(array, types.int64, word, word, word, word, word, word), generate

    return write


store_cell = _cell_writer(stream=False)
"""`store_cell(array, offset, z, k, words, a, b, c)`: store one cell; see `_cell_lines`."""
stream_cell = _cell_writer(stream=True)
"""The same past the caches; the address must be a multiple of 64."""


@intrinsic
def differs_cell(typing: Any, array: Any, offset: Any, z: Any, k: Any, words: Any, a: Any, c: Any, d: Any) -> Any:
    """OR over 512 bytes of data XOR the cell that `store_cell` would store: 0 where they are equal."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        base = _base(context, b, signature.args[0], args[0])
        total = _splat(0)
        for line, value in enumerate(_cell_lines(b, args[2], args[3], args[4], args[5:8])):
            total = b.or_(total, b.xor(value, load_word(b, _at(b, base, args[1], LINE * line, _V8))))
        return _any(b, total)

    word = types.uint64
    return types.uint64(array, types.int64, word, word, word, word, word, word), generate


@intrinsic
def differs_random(typing: Any, array: Any, offset: Any, z: Any, k: Any) -> Any:
    """OR over 512 bytes of data XOR the random words of counter `z`: 0 where they are equal."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        base = _base(context, b, signature.args[0], args[0])
        counter, key = _counter(b, args[2]), _broadcast(b, args[3])
        total = _splat(0)
        for line in range(8):
            words = _mix(b, b.add(counter, _splat(8 * line * PHI)), key)
            total = b.or_(total, b.xor(words, load_word(b, _at(b, base, args[1], LINE * line, _V8))))
        return _any(b, total)

    return types.uint64(array, types.int64, types.uint64, types.uint64), generate
