"""The suite that a codec must pass before anybody trusts data to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final

import numpy as np

from ..buffers import Bytes
from ..errors import CorruptDataError
from ..layers.contract import FOREIGN, Codec

_SIZES: Final = (0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 255, 256, 257, 4095, 4096, 4097, 65535, 65536, 65537, 262_145)
_SMALL: Final = 200
"""Raw bytes of the payload of which every bit is flipped."""
_GUARD: Final = 64
"""Bytes on both sides of an output that must stay as they are."""
_GUARD_BYTE: Final = 0xA7
_THREADS: Final = 8
_ROUNDS: Final = 6
_RANDOM_PAYLOADS: Final = 200


def check_codec(codec: Codec, *, level: int = 3) -> None:
    """Raise `AssertionError`, which says what went wrong, unless `codec` keeps the whole contract of a codec.

    Takes about a second. Checks round trips of edge sizes and kinds of content, at odd addresses and from read-only
    memory; that `bound` suffices; that the same input gives the same bytes; that outputs too small are noticed and
    nothing is written outside of them; that each truncation, each flipped bit and random bytes give a
    `CorruptDataError`, or fill the output; and that many threads at once get what one gets.

    In the tests of a plug-in::

        from penstock.testing.conformance import check_codec

        def test_my_codec():
            check_codec(MyCodec(), level=3)

    A codec that writes far outside of its output, or reads outside of its input, may crash the process instead.
    """
    _check_names(codec)
    # No chunk is empty; an inner stream may be, which only codecs of penstock's own get.
    for size in _SIZES[1:] if codec.id == FOREIGN else _SIZES:
        for content in _contents(size):
            _check_round_trip(codec, content, level)
    for content in _contents(_SMALL):
        payload = _encode(codec, content, level)
        _check_small_outputs(codec, content, level)
        _check_other_sizes(codec, payload, content.size)
        _check_lengths(codec, payload, content)
        for damaged in (*_flipped(payload), *_random_payloads(payload.size)):
            _must_fill_or_refuse(codec, damaged, content.size)
        _must_give(codec, payload, content, "after damaged payloads")
    _check_threads(codec, level)


def _claim(holds: bool, codec: Codec, problem: str) -> None:
    """Not `assert`, which `python -O` takes away."""
    if not holds:
        raise AssertionError(f"codec {codec.name}: {problem}")


def _check_names(codec: Codec) -> None:
    _claim(isinstance(codec.name, str) and codec.name != "", codec, "its name must be a word")
    _claim(isinstance(codec.id, int) and codec.id >= 0, codec, f"its id must be a whole number, not {codec.id!r}")


def _contents(size: int) -> Iterator[Bytes]:
    """Yield zeros, text, and noise: what shrinks to nothing, what shrinks, and what does not."""
    yield np.zeros(size, np.uint8)
    line = b"2024-05-17 10:31:07 GET /index.html 200 %d\n"
    text = b"".join(line % (number * number) for number in range(size // 40 + 1))
    yield np.frombuffer(text, np.uint8)[:size]  # read-only
    yield np.random.default_rng(size).integers(0, 256, size + 1, np.uint8)[1:]  # at an odd address


class _Room:
    """An output between two guards."""

    def __init__(self, size: int, fill: int = 0) -> None:
        self._whole = np.full(size + 2 * _GUARD, _GUARD_BYTE, np.uint8)
        self.out = self._whole[_GUARD : _GUARD + size]
        self.out[:] = fill

    def is_whole(self) -> bool:
        """Whether nothing was written outside."""
        before, after = self._whole[:_GUARD], self._whole[_GUARD + self.out.size :]
        return bool((before == _GUARD_BYTE).all() and (after == _GUARD_BYTE).all())


def _encode(codec: Codec, content: Bytes, level: int) -> Bytes:
    """Return the payload, made with as much room as `bound` asks for."""
    payload = _encode_in(codec, content, level, codec.bound(content.size))
    if payload is None:
        raise AssertionError(f"codec {codec.name}: {content.size} bytes did not fit in bound({content.size})")
    return payload


def _encode_in(codec: Codec, content: Bytes, level: int, room: int) -> Bytes | None:
    """Return the payload, or None if the codec says that it does not fit in `room` bytes."""
    target = _Room(room)
    size = codec.encode_into(content, target.out, level)
    _claim(target.is_whole(), codec, f"encoding {content.size} bytes wrote outside of an output of {room}")
    _claim(-1 <= size <= room, codec, f"encode_into returned {size} for an output of {room} bytes")
    return None if size < 0 else target.out[:size].copy()


def _decode(codec: Codec, payload: Bytes, size: int, fill: int = 0) -> Bytes | None:
    """Return the raw bytes, or None if the codec says that the payload is damaged."""
    target = _Room(size, fill)
    before = payload.copy()
    try:
        codec.decode_into(payload, target.out)
        raw = target.out
    except CorruptDataError:
        raw = None
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
        raise AssertionError(f"codec {codec.name}: decoding must raise CorruptDataError, not {found}") from error
    _claim(target.is_whole(), codec, f"decoding wrote outside of an output of {size} bytes")
    _claim(np.array_equal(before, payload), codec, "decoding changed its payload")
    return raw


def _must_give(codec: Codec, payload: Bytes, content: Bytes, what: str) -> None:
    raw = _decode(codec, payload, content.size, fill=0x55)
    if raw is None:
        raise AssertionError(f"codec {codec.name}: {what}: its own payload for {content.size} bytes is refused")
    _claim(np.array_equal(raw, content), codec, f"{what}: {content.size} bytes came back different")


def _check_round_trip(codec: Codec, content: Bytes, level: int) -> None:
    before = content.copy()
    payload = _encode(codec, content, level)
    _claim(np.array_equal(before, content), codec, "encoding changed its source")
    again = _encode(codec, content, level)
    _claim(np.array_equal(payload, again), codec, f"{content.size} bytes gave two different payloads")
    _must_give(codec, payload, content, "round trip")
    odd = np.append(np.uint8(0), payload)[1:]
    _must_give(codec, odd, content, "a payload at an odd address")
    read_only = np.frombuffer(payload.tobytes() + b"\0", np.uint8)[:-1]
    _must_give(codec, read_only, content, "a read-only payload")


def _check_small_outputs(codec: Codec, content: Bytes, level: int) -> None:
    """Any room is enough, or turned down."""
    for room in range(_encode(codec, content, level).size + 1):
        payload = _encode_in(codec, content, level, room)
        if payload is not None:
            _must_give(codec, payload, content, f"encoded into {room} bytes")


def _check_other_sizes(codec: Codec, payload: Bytes, right: int) -> None:
    for size in (0, 1, right - 1, right + 1, 2 * right):
        raw = _decode(codec, payload, size)
        _claim(raw is None, codec, f"a payload of {right} raw bytes was accepted for an output of {size}")


def _check_lengths(codec: Codec, payload: Bytes, content: Bytes) -> None:
    """Cut anywhere, or too long by a byte: refused, or the right bytes after all."""
    for other in (*(payload[:cut].copy() for cut in range(payload.size)), np.append(payload, np.uint8(0))):
        raw = _decode(codec, other, content.size)
        right = raw is None or np.array_equal(raw, content)
        _claim(right, codec, f"{other.size} bytes of a payload of {payload.size} gave wrong bytes")


def _flipped(payload: Bytes) -> Iterator[Bytes]:
    for bit in range(8 * payload.size):
        damaged = payload.copy()
        damaged[bit >> 3] ^= 1 << (bit & 7)
        yield damaged


def _random_payloads(size: int) -> Iterator[Bytes]:
    random = np.random.default_rng(size)
    for _ in range(_RANDOM_PAYLOADS):
        yield random.integers(0, 256, int(random.integers(0, 2 * size + 2)), np.uint8)


def _must_fill_or_refuse(codec: Codec, payload: Bytes, size: int) -> None:
    """What is accepted must not depend on what the output held before."""
    first, second = (_decode(codec, payload, size, fill) for fill in (0x00, 0xFF))
    _claim((first is None) == (second is None), codec, "a damaged payload was accepted once and refused once")
    if first is not None and second is not None:
        _claim(np.array_equal(first, second), codec, "a damaged payload was accepted, and did not fill the output")


def _check_threads(codec: Codec, level: int) -> None:
    """The same payloads and raw bytes from many threads as from one."""
    contents = [content for size in (_SMALL, 65_537) for content in _contents(size)]
    expected = [_encode(codec, content, level) for content in contents]
    together = Barrier(_THREADS)

    def work(start: int) -> None:
        together.wait()
        for number in range(start, start + _ROUNDS):
            content, payload = contents[number % len(contents)], expected[number % len(contents)]
            mine = _encode(codec, content, level)
            _claim(np.array_equal(mine, payload), codec, "another payload than from one thread")
            _must_give(codec, mine, content, "round trip")

    try:
        _in_threads(work)
    except AssertionError as error:
        raise AssertionError(f"{error} (with many threads at once)") from error


def _in_threads(work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(_THREADS) as pool:
        for future in [pool.submit(work, seat) for seat in range(_THREADS)]:
            future.result()
