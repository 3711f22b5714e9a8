"""Uniform numbers follow their formula for any thread count; rows are scaled to length 1."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.api.numeric import generate_uniform, generate_uniform_vectors, normalize_rows
from penstock.api.view import BytesView
from penstock.errors import BadBufferError, LimitExceededError, UsageError
from penstock.synth import keys

PIECE = 1 << 18
SINGLE = st.floats(-(2.0**127), 2.0**127, width=32)


def floats(view):
    return np.frombuffer(view, np.float32)


def by_formula(seed, i, low, high):
    """Number i as the docstring tells it, in Python."""
    k0, k1, _, _ = keys.root(seed, "uniform")
    fraction = (keys.mix((k0 + i * keys.PHI) & keys.MASK, k1) >> 40) / 2**24
    value = np.float32(low + (high - low) * fraction)
    return value if value < np.float32(high) else np.nextafter(np.float32(high), np.float32(low))


# --- uniform ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.0, 5.5), (100.0, 100.001), (0, 7), (-3.4e38, 3.4e38)])
def test_numbers_follow_the_formula(low, high):
    count = 2 * PIECE + 10
    values = floats(generate_uniform(count, low, high, 3, seed=7))
    assert values.size == count
    for i in [*range(50), *range(PIECE - 3, PIECE + 3), *range(count - 12, count)]:
        assert values[i] == by_formula(7, i, low, high)


def test_same_numbers_for_any_threads_and_modes():
    expected = bytes(generate_uniform(3 * PIECE + 1, -1, 1, 1, "uma", seed="x"))
    for threads in (2, 3, 8, None):
        assert bytes(generate_uniform(3 * PIECE + 1, -1.0, 1.0, threads, "auto", "x")) == expected
    assert bytes(generate_uniform(1000, -1, 1, seed="x")) == expected[:4000], "a longer row starts with the shorter"


@settings(max_examples=60, deadline=None)
@given(SINGLE, SINGLE, st.integers(0, 500), st.integers(0, 9))
def test_numbers_stay_in_their_range(a, b, count, seed):
    if a == b:
        return
    low, high = min(a, b), max(a, b)
    values = floats(generate_uniform(count, low, high, seed=seed))
    assert values.size == count
    assert ((values >= np.float32(low)) & (values < np.float32(high))).all()


def test_a_narrow_range_never_gives_its_upper_end():
    values = floats(generate_uniform(1 << 20, 0.0, 1e-3, seed=3))
    assert values.max() < np.float32(1e-3)
    narrow = floats(generate_uniform(1 << 16, 1.0, np.nextafter(np.float32(1), np.float32(2)), seed=3))
    assert set(narrow) == {np.float32(1)}, "most results round up here"


def test_the_distribution_is_uniform():
    values = floats(generate_uniform(1 << 20, seed=1)).astype(np.float64)
    n = values.size
    assert abs(values.mean() - 0.5) < 5 * np.sqrt(1 / 12 / n)
    assert abs(values.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / n)
    counts = np.bincount((values * 256).astype(int), minlength=256)
    chi2 = ((counts - n / 256) ** 2 / (n / 256)).sum()
    assert abs(chi2 - 255) < 5 * np.sqrt(2 * 255)
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 5 / np.sqrt(n)


def test_seeds():
    assert bytes(generate_uniform(100)) != bytes(generate_uniform(100))
    rows = {bytes(generate_uniform(100, seed=seed)) for seed in (0, 1, "1", -1)}
    assert len(rows) == 4
    assert bytes(generate_uniform(100, seed=np.int64(1))) == bytes(generate_uniform(100, seed=1))
    a, b = (floats(generate_uniform(1 << 16, seed=seed)) for seed in (8, 9))
    assert (a == b).mean() < 1e-3
    assert (a[1:] == b[:-1]).mean() < 1e-3


def test_it_is_a_view_of_bytes():
    view = generate_uniform(np.int64(6), max_threads=np.int8(1))
    assert isinstance(view, BytesView)
    assert (len(view), view.dtype, memoryview(view).format) == (24, np.uint8, "B")
    assert len(generate_uniform(0, max_threads=2)) == 0


BAD = [
    ({"count": -1}, UsageError), ({"count": 1.0}, UsageError), ({"count": "1"}, UsageError),
    ({"count": 1 << 61}, LimitExceededError), ({"count": (1 << 64) + 1}, LimitExceededError),
    ({"low": 1.0}, UsageError), ({"low": 2.0}, UsageError), ({"low": float("nan")}, UsageError),
    ({"high": float("inf")}, UsageError), ({"low": -float("inf")}, UsageError), ({"high": 1e300}, UsageError),
    ({"low": "0"}, UsageError), ({"high": None}, UsageError), ({"max_threads": 0}, UsageError),
    ({"numa_mode": "bogus"}, UsageError), ({"seed": 1.5}, UsageError),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "error"), BAD, ids=str)
def test_arguments_that_make_no_sense(arguments, error):
    with pytest.raises(error):
        generate_uniform(**{"count": 5} | arguments)


# --- rows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dim", [1, 2, 3, 128, 1536, PIECE, PIECE + 1])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_rows_get_length_one(dim, threads):
    rows = max(3, (PIECE + 1) // dim)
    numbers = floats(generate_uniform(rows * dim, -2, 5, seed=1)).reshape(rows, dim)
    mine = numbers.copy()
    assert normalize_rows(mine, dim, threads) is None
    length = np.sqrt((numbers.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(mine, numbers / length, rtol=3e-7)


def test_zero_rows_stay_and_do_no_harm_to_others():
    matrix = np.ones((4, 3), np.float32)
    matrix[1] = 0
    matrix[2] = [-0.0, 0.0, 0.0]
    kept = matrix[1:3].tobytes()
    normalize_rows(matrix, 3)
    assert matrix[1:3].tobytes() == kept
    np.testing.assert_allclose(matrix[[0, 3]], 1 / np.sqrt(3), rtol=1e-7)


def test_large_and_tiny_numbers_do_not_overflow():
    matrix = np.array([[3e38, -3e38], [1e-44, 1e-44]], np.float32)
    normalize_rows(matrix, 2)
    np.testing.assert_allclose(np.abs(matrix), np.sqrt(0.5), rtol=1e-6)


@pytest.mark.parametrize("skew", [0, 1, 2, 3, 4])
def test_any_alignment_and_nothing_beyond(skew):
    numbers = floats(generate_uniform(3 * PIECE, seed=2))
    room = bytearray(b"\xa5" * (skew + numbers.nbytes + 8))
    room[skew : skew + numbers.nbytes] = numbers.tobytes()
    normalize_rows(memoryview(room)[skew : skew + numbers.nbytes], 6, 2)
    expected = numbers.copy()
    normalize_rows(expected, 6, 1)
    assert room[skew : skew + numbers.nbytes] == expected.tobytes()
    assert room[:skew] + room[-8:] == b"\xa5" * (skew + 8)


def test_buffers_of_bytes_will_do():
    numbers = floats(generate_uniform(12, seed=1))
    expected = numbers.reshape(3, 4) / np.linalg.norm(numbers.reshape(3, 4), axis=1, keepdims=True)
    for buffer in (bytearray(numbers), memoryview(bytearray(numbers)), generate_uniform(12, seed=1), numbers.copy()):
        normalize_rows(buffer, dim=np.int64(4))
        np.testing.assert_allclose(floats(buffer).reshape(3, 4), expected, rtol=1e-6)
    normalize_rows(bytearray(), 4, max_threads=2)


@pytest.mark.parametrize("dtype", ["f8", "i4", "u4", "f2", "c8", ">f4", "M8[s]", [("x", "f4")]], ids=str)
def test_other_numbers_are_never_taken_for_float32(dtype):
    array = np.ones(8, dtype)
    before = array.tobytes()
    with pytest.raises(ValueError, match="float32"):
        normalize_rows(array, 1)
    assert array.tobytes() == before


@pytest.mark.parametrize(("buffer", "dim", "error"), [
    (bytearray(15), 4, UsageError), (bytearray(16), 8, UsageError), (bytearray(16), 0, UsageError),
    (bytearray(16), -1, UsageError), (bytearray(16), 2.0, UsageError), (bytes(16), 4, BadBufferError),
    (np.ones((4, 4), np.float32)[:, ::2], 2, BadBufferError), ([1.0], 1, BadBufferError), (None, 1, BadBufferError),
])  # fmt: skip
def test_rows_that_make_no_sense(buffer, dim, error):
    with pytest.raises(error):
        normalize_rows(buffer, dim)


def test_vectors_are_uniform_numbers_in_rows():
    view = generate_uniform_vectors(1000, 300, -1.0, 1.0, False, 2, "auto", 5)
    assert isinstance(view, BytesView)
    assert bytes(view) == bytes(generate_uniform(300_000, -1.0, 1.0, seed=5))
    unit = generate_uniform_vectors(1000, 300, -1.0, 1.0, max_threads=1, seed=5)
    assert bytes(unit) == bytes(generate_uniform_vectors(1000, 300, -1.0, 1.0, max_threads=3, seed=5))
    normalize_rows(view, 300)
    assert bytes(view) == bytes(unit)
    np.testing.assert_allclose(np.linalg.norm(floats(unit).reshape(1000, 300), axis=1), 1, rtol=1e-6)
    assert len(generate_uniform_vectors(0, 4, max_threads=2)) == 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"rows": -1}, UsageError), ({"dim": 0}, UsageError), ({"rows": 1.5}, UsageError), ({"dim": "3"}, UsageError),
        ({"rows": 1 << 40, "dim": 1 << 40}, LimitExceededError), ({"rows": 1 << 63, "dim": 2}, LimitExceededError),
    ],
    ids=str,
)  # fmt: skip
def test_vectors_that_make_no_sense(arguments, error):
    with pytest.raises(error):
        generate_uniform_vectors(**{"rows": 2, "dim": 2} | arguments)
