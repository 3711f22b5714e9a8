"""The entropy kernels against their slow twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import entropy as twin
from penstock.kernels import entropy

SIZES = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 129, 2047, 2048, 2049, 5000]
BITS = [1, 2, 4]
few = st.binary(max_size=300).map(lambda raw: bytes(byte & 0x13 for byte in raw))
any_bytes = st.one_of(st.binary(max_size=300), few)


def symbols(size, scale, seed=0):
    """Values as zigzagged differences have them."""
    values = np.round(np.random.default_rng(seed).laplace(0, scale, size)).astype(int)
    return np.minimum(np.where(values < 0, -2 * values - 1, 2 * values), 255).astype(np.uint8)


def of(raw):
    return np.frombuffer(raw, np.uint8)


def count(data):
    counts = np.full(entropy.TABLES, 77, np.int32)
    assert entropy.histogram(data, counts) == data.size
    return counts


def pack(data, bits):
    packed, escaped = np.full((data.size * bits + 7) // 8, 0xEE, np.uint8), np.empty(data.size, np.uint8)
    used = entropy.pack_few(data, bits, np.empty(data.size, np.uint8), packed, escaped)
    return packed, escaped[:used]


def unpack(packed, escaped, bits, size):
    """With guards on both sides of the output."""
    room = np.full(size + 128, 0xEE, np.uint8)
    used = entropy.unpack_few(packed, escaped, bits, room[64 : 64 + size])
    assert (room[:64] == 0xEE).all()
    assert (room[64 + size :] == 0xEE).all()
    return used, room[64 : 64 + size].tobytes()


@pytest.mark.parametrize("size", SIZES)
def test_counts_and_bits(size):
    for data in (symbols(size, 2), symbols(size, 100), np.zeros(size, np.uint8), np.arange(size).astype(np.uint8)):
        counts = count(data)
        assert counts[:256].tolist() == twin.histogram(data.tobytes())
        assert abs(entropy.order0_bits(counts) - (twin.order0_bits(data.tobytes()) if size else 0)) <= 1


def test_bits_of_known_sources():
    assert entropy.order0_bits(count(np.zeros(1000, np.uint8))) == 0
    assert entropy.order0_bits(count(np.tile(np.arange(256), 16).astype(np.uint8))) == 8 * 4096
    assert entropy.order0_bits(count(np.tile([1, 2, 3, 3], 100).astype(np.uint8))) == 600


def test_bits_of_numbers_that_are_no_counts():
    for counts in ([], [-5] * 256, [-(2**31)] * 1024, [2**31 - 1] * 256, [0] * 256):
        assert entropy.order0_bits(np.array(counts, np.int32)) >= 0


@settings(deadline=None)  # the first call may compile
@given(any_bytes)
def test_counts_of_anything(raw):
    assert count(of(raw))[:256].tolist() == twin.histogram(raw)


def test_room_that_is_too_small_is_refused():
    data = symbols(100, 1)
    assert entropy.histogram(data, np.zeros(entropy.TABLES - 1, np.int32)) == -1
    assert entropy.covered(data, 6, 1, np.zeros(entropy.PLACES - 1, np.int32)) == -1
    assert entropy.covered(data, 5, 1, np.zeros(entropy.PLACES, np.int32)) == -1


def saved(data, least, cost):
    return entropy.covered(data, least, cost, np.full(entropy.PLACES, 1 << 30, np.int32))


@pytest.mark.parametrize("size", SIZES)
def test_matches(size):
    text = of(b"".join(b"the number %d, " % (n * n) for n in range(500)))[:size].copy()
    for data in (text, symbols(size, 1), np.zeros(size, np.uint8), symbols(size, 90)):
        for least, cost in ((6, 3), (11, 10)):
            assert saved(data, least, cost) == twin.covered(data.tobytes(), least, cost)


@settings(deadline=None)  # the first call may compile
@given(any_bytes, st.integers(6, 20), st.integers(0, 20))
def test_matches_of_anything(raw, least, cost):
    assert saved(of(raw), least, cost) == twin.covered(raw, least, cost)


def test_what_matches_save():
    noise = np.random.default_rng(0).integers(0, 256, 1000, np.uint8)
    assert saved(noise, 6, 3) == 0
    assert saved(np.concatenate([noise, noise]), 6, 3) in range(1000 - 8 - 3 - 40, 1000 - 3 + 1)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scale", [0, 0.3, 3, 60])
def test_few_bits(size, bits, scale):
    data = symbols(size, scale)
    packed, escaped = pack(data, bits)
    assert (packed.tobytes(), escaped.tobytes()) == twin.pack_few(data.tobytes(), bits)
    assert unpack(packed, escaped, bits, size) == (escaped.size, data.tobytes())


@settings(deadline=None)  # the first call may compile
@given(any_bytes, st.sampled_from(BITS))
def test_few_bits_of_anything(raw, bits):
    packed, escaped = pack(of(raw), bits)
    assert (packed.tobytes(), escaped.tobytes()) == twin.pack_few(raw, bits)
    assert unpack(packed, escaped, bits, len(raw)) == (escaped.size, raw)


@settings(deadline=None)  # the first call may compile
@given(any_bytes, any_bytes, st.sampled_from(BITS), st.integers(-9, 9))
def test_what_was_not_packed(packed, escaped, bits, more):
    size = max(len(packed) * 8 // bits + more, 0)
    used, out = unpack(of(packed), of(escaped), bits, size)
    assert ((out, used) if used >= 0 else None) == twin.unpack_few(packed, escaped, bits, size)


@pytest.mark.parametrize("size", [3, 64, 65, 2048, 5001])
@pytest.mark.parametrize("bits", BITS)
def test_escapes_that_do_not_fit(size, bits):
    packed, escaped = pack(np.full(size, 200, np.uint8), bits)
    assert escaped.size == size
    assert unpack(packed, escaped[:-1], bits, size)[0] == -1
    assert unpack(packed, np.append(escaped, 200).astype(np.uint8), bits, size)[0] == size
    lower = escaped.copy()
    lower[size // 2] = (1 << bits) - 2
    assert unpack(packed, lower, bits, size)[0] == -1


@pytest.mark.parametrize("bits", [0, 3, 5, 8, -1, 1 << 40])
def test_bits_that_are_not(bits):
    some = np.zeros(16, np.uint8)
    assert entropy.pack_few(some, bits, some.copy(), some.copy(), some.copy()) == -1
    assert entropy.unpack_few(some, some, bits, some.copy()) == -1


def test_sizes_that_do_not_fit():
    some = np.full(16, 99, np.uint8)
    for clipped, packed, escaped in ((15, 8, 16), (16, 7, 16), (16, 9, 16), (16, 8, 15), (16, 8, 0)):
        rooms = [np.zeros(size, np.uint8) for size in (clipped, packed, escaped)]
        assert entropy.pack_few(some, 4, *rooms) == -1
    for size in (14, 17, 0):
        assert entropy.unpack_few(some[:8], some[:0], 4, np.zeros(size, np.uint8)) == -1
