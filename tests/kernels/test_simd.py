"""Each intrinsic does what its scalar twin does: every alignment, and not a byte beyond."""

import platform
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import simd as twins
from penstock.buffers import arena
from penstock.kernels import simd

WORDS = st.one_of(st.sampled_from([0, 1, (1 << 64) - 1, 1 << 63]), st.integers(0, (1 << 64) - 1))
DATA = "uint8[::1], int64"
CELL = "uint64, uint64, uint64, uint64, uint64, uint64"
FORMS = {
    "load64": (f"uint64({DATA})", "array, offset"),
    "store64": (f"void({DATA}, uint64)", "array, offset, word"),
    "equal_mask": (f"uint64({DATA}, uint8)", "array, offset, byte"),
    "high_mask": (f"uint64({DATA})", "array, offset"),
    "lowest_bit": ("int64(uint64)", "mask"),
    "bit_length": ("int64(uint64)", "word"),
    "prefetch": (f"void({DATA})", "array, offset"),
    "take_turn": ("int64(int64[::1])", "counter"),
    "address": ("int64(uint8[::1])", "array"),
    "mix_lines4": (f"void({DATA}, uint64, uint64)", "array, offset, z, k"),
    "mix_lines4_stream": (f"void({DATA}, uint64, uint64)", "array, offset, z, k"),
    "copy_bytes": (f"void({DATA}, {DATA}, int64)", "target, to, source, start, size"),
    "store_cell": (f"void({DATA}, {CELL})", "array, offset, z, k, words, a, b, c"),
    "stream_cell": (f"void({DATA}, {CELL})", "array, offset, z, k, words, a, b, c"),
    "differs_cell": (f"uint64({DATA}, {CELL})", "array, offset, z, k, words, a, b, c"),
    "differs_random": (f"uint64({DATA}, uint64, uint64)", "array, offset, z, k"),
}


@lru_cache
def compiled(name):
    """A loop that does nothing but this intrinsic."""
    signature, names = FORMS[name]
    scope = {"intrinsic": getattr(simd, name), "fence": simd.stream_fence}
    back = "" if signature.startswith("void") else "return "
    fence = "\n    fence()" if "stream" in name else ""
    exec(f"def loop({names}):\n    {back}intrinsic({names}){fence}", scope)
    return numba.njit(signature, boundscheck=False)(scope["loop"])


def noise(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8)


def aligned(size, seed=0):
    """Noise that starts at a page."""
    room = arena(size)
    room[:] = noise(size, seed)
    return room


def both(name, data, *args):
    """Call the intrinsic and its twin on copies of the same data; the results and all bytes must be the same."""
    twin = bytearray(data)
    expected = getattr(twins, name)(twin, *args)
    assert compiled(name)(data, *args) == expected
    assert data.tobytes() == bytes(twin)
    return expected


def test_every_intrinsic_is_tested():
    made = {name for name, value in vars(simd).items() if type(value).__name__ == "_Intrinsic"}
    assert made == FORMS.keys() | {"stream_fence"}


def test_a_line_may_be_asked_for_anywhere():
    data = aligned(4096)
    before = data.tobytes()
    for offset in (0, 100, 4096, 1 << 20, 1 << 46, -(1 << 40)):  # no fault beyond the array, nor where nothing is
        compiled("prefetch")(data, offset)
    assert data.tobytes() == before


def test_every_turn_is_taken_once_by_many_threads():
    counter, taken, loop = np.zeros(2, np.int64), [], compiled("take_turn")
    loop(counter)
    assert counter.tolist() == [1, 0]

    def take(_):
        return [loop(counter) for _ in range(2000)]

    with ThreadPoolExecutor(8) as pool:
        for mine in pool.map(take, range(8)):
            assert mine == sorted(mine)
            taken += mine
    assert sorted(taken) == list(range(1, 16_001))


@pytest.mark.parametrize("offset", range(72))
def test_words_at_every_alignment(offset):
    data = aligned(96)
    word = both("load64", data, offset)
    both("store64", data, 80 - offset, word)


@pytest.mark.parametrize("offset", range(70))
def test_equal_bytes_at_every_alignment(offset):
    data = aligned(160) & 3
    for byte in (0, 1, 3, 77):
        both("equal_mask", data, offset, byte)


@pytest.mark.parametrize("offset", range(70))
def test_high_bytes_at_every_alignment(offset):
    both("high_mask", aligned(160), offset)
    both("high_mask", aligned(160) & 127, offset)


@given(mask=WORDS)
def test_lowest_bits(mask):
    assert compiled("lowest_bit")(mask) == twins.lowest_bit(mask)


@given(word=WORDS)
def test_bit_lengths(word):
    assert compiled("bit_length")(word) == twins.bit_length(word)


@given(start=st.integers(0, 9))
def test_addresses(start):
    data = aligned(100)[start:]
    assert compiled("address")(data) == data.ctypes.data


@pytest.mark.parametrize("offset", range(65))
def test_random_lines_at_every_alignment(offset):
    both("mix_lines4", aligned(256 + 128), offset, 77 * offset, 1 << 63)


@pytest.mark.parametrize("offset", [0, 64, 128, 4096])
def test_streamed_lines(offset):
    both("mix_lines4_stream", aligned(4096 + 512), offset, 5 + offset, offset)


@settings(deadline=None)
@given(z=WORDS, k=WORDS)
def test_random_words_of_any_counter_and_key(z, k):
    both("mix_lines4", aligned(256), 0, z, k)


@settings(deadline=None)
@given(to=st.integers(0, 80), start=st.integers(0, 80), size=st.integers(0, 300))
def test_copies(to, start, size):
    source = noise(400, 1)
    target, twin = aligned(400), bytearray(aligned(400))
    twins.copy_bytes(twin, to, source.tobytes(), start, size)
    compiled("copy_bytes")(target, to, source, start, size)
    assert target.tobytes() == bytes(twin)


@pytest.mark.parametrize("words", range(65))
def test_cells_of_every_number_of_random_words(words):
    for offset in (words, 64):
        both("store_cell", aligned(512 + 128), offset, 123, 456, words, 7, 8, 9)
    both("stream_cell", aligned(512 + 128), 64, 123, 456, words, 7, 8, 9)


@settings(deadline=None)
@given(z=WORDS, k=WORDS, words=st.integers(0, 64), a=WORDS, b=WORDS, c=WORDS, offset=st.integers(0, 64))
def test_cells_of_any_counters(z, k, words, a, b, c, offset):
    both("store_cell", aligned(512 + 64), offset, z, k, words, a, b, c)
    both("stream_cell", aligned(512 + 128), offset // 64 * 64, z, k, words, a, b, c)


FLIPS = st.lists(st.tuples(st.integers(-3, 514), st.integers(1, 255)), max_size=4)


def flip(data, offset, flips):
    for at, bits in flips:
        data[offset + at] ^= bits


@settings(deadline=None)
@given(z=WORDS, k=WORDS, words=st.integers(0, 64), offset=st.integers(3, 67), flips=FLIPS)
def test_differences_from_a_cell(z, k, words, offset, flips):
    data = aligned(600)
    args = (z, k, words, 1, 2, 3)
    compiled("store_cell")(data, offset, *args)
    assert both("differs_cell", data, offset, *args) == 0
    flip(data, offset, flips)
    both("differs_cell", data, offset, *args)


@settings(deadline=None)
@given(z=WORDS, k=WORDS, offset=st.integers(3, 67), flips=FLIPS)
def test_differences_from_random_words(z, k, offset, flips):
    data = aligned(600)
    compiled("store_cell")(data, offset, z, k, 64, 0, 0, 0)
    assert both("differs_random", data, offset, z, k) == 0
    flip(data, offset, flips)
    both("differs_random", data, offset, z, k)


@pytest.mark.parametrize("bit", range(0, 4096, 61))
def test_a_single_flipped_bit_is_a_difference_anywhere(bit):
    data = aligned(512)
    for at in (0, 256):
        compiled("mix_lines4")(data, at, (5 + at // 8 * twins.PHI) % twins.WORD, 9)
    assert compiled("differs_random")(data, 0, 5, 9) == 0
    data[bit // 8] ^= 1 << bit % 8
    assert compiled("differs_random")(data, 0, 5, 9) == 1 << bit % 64


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the names of x86 instructions")
@pytest.mark.parametrize("name", ["mix_lines4", "store_cell"])
def test_only_streaming_stores_go_past_the_caches(name):
    def assembly(name):
        return "".join(compiled(name).inspect_asm().values())

    assert "movnt" not in assembly(name)
    streamed = {"mix_lines4": "mix_lines4_stream", "store_cell": "stream_cell"}[name]
    assert "movnt" in assembly(streamed)
