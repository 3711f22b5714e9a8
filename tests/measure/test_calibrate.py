"""Solving for the setting that gives a ratio."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from penstock.errors import UsageError
from penstock.measure.calibrate import solve
from penstock.measure.codecs import DEFAULT_CODECS
from penstock.measure.ratios import piece_sizes, ratio_of


class Counted:
    def __init__(self, sizer):
        self.sizer, self.calls = sizer, 0

    def __call__(self, x):
        self.calls += 1
        return self.sizer(x)


SHAPES = {
    "hyperbola": lambda x: 1 / (0.02 + 0.98 * x),
    "rising": lambda x: 1 + 40 * x,
    "cubic": lambda x: 1 + (3 * x) ** 3,
    "steep": lambda x: 1 + 50 / (1 + math.exp(-80 * (x - 0.3))),
    "flat then steep": lambda x: 1 + 50 * x**20,
    "root": lambda x: 1 + 20 * math.sqrt(x),
}


@given(st.sampled_from(sorted(SHAPES)), st.floats(0.001, 1), st.floats(1e-6, 0.05))
def test_any_reachable_target_is_met(shape, where, tol):
    sizer = Counted(SHAPES[shape])
    target = SHAPES[shape](where)
    x = solve(sizer, target, 0.0, 1.0, tol)
    assert 0 <= x <= 1
    assert abs(SHAPES[shape](x) / target - 1) <= tol
    assert sizer.calls <= 125


def test_a_near_linear_size_takes_few_calls():
    sizer = Counted(lambda x: 1 / (0.013 + 0.9 * x + 0.02 * x * x))
    solve(sizer, 3.7, 0.0, 1.0, 1e-4)
    assert sizer.calls <= 6


def test_a_curved_size_takes_few_calls():
    for power in (2, 3):
        sizer = Counted(lambda x, power=power: 1 / (0.01 + x**power))
        solve(sizer, 2.0, 0.0, 1.0, 1e-6)
        assert sizer.calls <= 10


def test_ratios_hundreds_of_digits_apart_keep_the_calls_bounded():
    sizer = Counted(lambda x: math.exp(600 * (x - 0.5)))
    assert solve(sizer, 1.0, 0.0, 1.0, 1e-6) == pytest.approx(0.5)
    assert sizer.calls <= 125
    with pytest.raises(UsageError, match="inf"):
        solve(lambda x: 1e300 + x, 1e-100, 0.0, 1.0, 0.1)


@given(st.floats(1.2, 30), st.integers(0, 1000))
def test_noise_below_the_tolerance_does_no_harm(target, seed):
    noise = np.random.default_rng(seed)
    truth = lambda x: 1 / (0.02 + 0.98 * x)  # noqa: E731
    x = solve(lambda x: truth(x) * (1 + noise.uniform(-0.001, 0.001)), target, 0.0, 1.0, 0.004)
    assert abs(truth(x) / target - 1) <= 0.0051


@given(st.integers(50, 400), st.floats(1.1, 15))
def test_fine_steps_do_no_harm(steps, target):
    truth = lambda x: 1 / (0.02 + 0.98 * round(x * steps) / steps)  # noqa: E731
    tol = 1.01 * target / steps
    assume(tol < 0.3)
    assert abs(truth(solve(truth, target, 0.0, 1.0, tol)) / target - 1) <= tol


@pytest.mark.parametrize("name", DEFAULT_CODECS)
@pytest.mark.parametrize("target", [1.37, 2.35, 6.0])
def test_real_codecs_on_a_simple_model(name, target):
    """Cells of random words of which a share is repeated: solve on one sample, check on another."""

    def ratio(share, seed=1):
        rng = np.random.default_rng(seed)
        cells = rng.integers(0, 2**64, (64, 256), np.uint64)
        literals = np.maximum(1, np.floor(256 * share + rng.random(64))).astype(int)
        index = np.minimum(np.arange(256), literals[:, None] - 1)
        data = np.take_along_axis(cells, index, axis=1).reshape(-1).view(np.uint8)
        return ratio_of(name, 1 << 17, [piece_sizes(name, 1 << 17, data)], data.size).ratio

    share = solve(ratio, target, 0.005, 1.0, 0.003)
    assert abs(ratio(share) / target - 1) <= 0.003
    assert abs(ratio(share, seed=2) / target - 1) <= 0.02


def test_out_of_reach_says_what_can_be_reached():
    with pytest.raises(UsageError, match=r"1 to 41") as caught:
        solve(SHAPES["rising"], 50, 0, 1, 0.01)
    assert "50" in str(caught.value)
    with pytest.raises(UsageError):
        solve(SHAPES["rising"], 0.9, 0, 1, 0.01)


def test_an_end_that_is_close_enough_is_taken():
    assert solve(SHAPES["rising"], 41.1, 0, 1, 0.01) == 1
    assert solve(SHAPES["rising"], 0.995, 0, 1, 0.01) == 0


def test_a_jump_over_the_target_is_an_error_not_an_answer():
    sizer = Counted(lambda x: 2.0 if x < 0.37 else 4.0)
    with pytest.raises(UsageError, match=r"near 0\.37"):
        solve(sizer, 3, 0, 1, 0.01)
    assert sizer.calls <= 125


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0, -2.0])
def test_a_measure_that_is_no_ratio(bad):
    with pytest.raises(UsageError, match="positive"):
        solve(lambda x: bad if 0 < x < 1 else 1 + x, 1.5, 0, 1, 1e-3)


@pytest.mark.parametrize(
    "arguments",
    [
        *[(0, 0, 1, 0.1), (-1, 0, 1, 0.1), (2, 1, 1, 0.1), (2, 1, 0, 0.1), (2, 0, 1, 0), (2, 0, 1, -1)],
        *[(math.nan, 0, 1, 0.1), (2, math.nan, 1, 0.1), (2, 0, math.inf, 0.1), (2, 0, 1, math.nan)],
    ],
)
def test_hostile_arguments(arguments):
    with pytest.raises(UsageError):
        solve(lambda x: 1 + x, *arguments)
