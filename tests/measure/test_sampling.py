"""Plans of what to look at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import TruncatedError, UsageError
from penstock.measure.sampling import plan_runs, plan_samples, read_plan

SIZES = st.integers(0, 1 << 62)


def check_plan(plan, total):
    end = 0
    for offset, length in plan:
        assert offset >= end
        assert length > 0
        end = offset + length
    assert end <= total


@given(
    st.integers(0, 1 << 50),
    st.integers(1, 300 << 20),
    st.sampled_from([1 << 18, 1 << 20, 3000]),
    st.integers(),
)
def test_samples_are_aligned_apart_and_reach_both_ends(total, sample, block, seed):
    sample = min(sample, 500 * block)
    plan = plan_samples(total, sample, block, seed)
    check_plan(plan, total)
    assert plan == plan_samples(total, sample, block, seed)
    assert all(offset % block == 0 for offset, _ in plan)
    assert all(length == block for _, length in plan[:-1])
    if total:
        assert plan[0][0] == 0
        assert sum(plan[-1]) == total
        assert sum(length for _, length in plan) <= max(sample, 2 * block)
    if sample >= total:
        assert sum(length for _, length in plan) == total


def test_samples_are_stratified_and_follow_the_seed():
    plan = plan_samples(1 << 40, 102 << 20, seed=3)
    assert len(plan) == 102
    inner = np.array([offset >> 20 for offset, _ in plan[1:-1]])
    assert np.array_equal((inner - 1) * 100 // ((1 << 20) - 2), np.arange(100))
    assert plan != plan_samples(1 << 40, 102 << 20, seed=4)


def test_samples_reach_every_block():
    seen = {offset for seed in range(400) for offset, _ in plan_samples(40, 8, 2, seed)}
    assert seen == set(range(0, 40, 2))


def test_golden_plan_so_that_a_certificate_can_be_repeated():
    assert plan_samples(1000, 50, 10, 7) == [(0, 10), (110, 10), (370, 10), (870, 10), (990, 10)]
    assert plan_runs(100_000, 3000, 1000, 100, 7) == [(10400, 1000), (38100, 1000), (87700, 1000)]


@given(
    st.integers(0, 1 << 50),
    st.integers(1, 1 << 20),
    st.integers(1, 1 << 16),
    st.integers(1, 5000),
    st.integers(),
)
def test_runs_are_aligned_and_apart(total, sample, run, align, seed):
    sample = min(sample, 300 * max(run, align))
    plan = plan_runs(total, sample, run, align, seed)
    check_plan(plan, total)
    if total <= sample:
        assert plan == ([(0, total)] if total else [])
    elif plan != [(0, total)]:
        assert all(offset % align == 0 and length % align == 0 for offset, length in plan)
        assert len({length for _, length in plan}) == 1
        assert plan[0][1] <= max(run, align)
        assert sum(length for _, length in plan) <= max(sample, align)
    else:
        assert total < 2 * max(align, run)


def test_a_run_longer_than_the_sample_is_shortened():
    assert plan_runs(1 << 30, 10_000, 1 << 20, 4096)[0][1] == 8192
    assert plan_runs(1 << 30, 10, 1 << 20, 4096)[0][1] == 4096


@pytest.mark.parametrize("bad", [-1, 0.5, True, None, "4K"])
def test_sizes_that_make_no_sense(bad):
    for call in (
        lambda: plan_samples(bad, 1),
        lambda: plan_samples(1, bad),
        lambda: plan_samples(1, 1, bad),
        lambda: plan_runs(bad, 1, 1, 1),
        lambda: plan_runs(1, bad, 1, 1),
        lambda: plan_runs(1, 1, bad, 1),
        lambda: plan_runs(1, 1, 1, bad),
    ):
        with pytest.raises(UsageError):
            call()


def test_zero_where_something_is_needed():
    for call in (lambda: plan_samples(1, 0), lambda: plan_samples(1, 1, 0), lambda: plan_runs(9, 1, 1, 0)):
        with pytest.raises(UsageError):
            call()


def test_reading_a_plan_gives_the_planned_bytes_in_bounded_parts():
    data = np.random.default_rng(2).integers(0, 256, 10_000, np.uint8)
    plan = [(0, 1000), (2000, 5001), (9999, 1)]
    parts = list(read_plan(lambda at, length: data[at : at + length], plan, most=700))
    assert max(part.size for part in parts) <= 700
    assert np.array_equal(np.concatenate(parts), np.concatenate([data[a : a + n] for a, n in plan]))


@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_read_of_another_length_is_an_error(wrong):
    with pytest.raises(TruncatedError, match="offset 8192"):
        list(read_plan(lambda at, n: np.zeros(n + wrong * (at == 8192), np.uint8), [(0, 12288)], most=4096))
