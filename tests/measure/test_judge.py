"""Verdicts and their thresholds; what a certificate says as a whole."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import UsageError
from penstock.measure.certificate import Certificate, Line, Sample
from penstock.measure.codecs import DEFAULT_BLOCKS, DEFAULT_CODECS, codec_versions
from penstock.measure.dedup import DedupFigure, WindowFigure, dedup_of
from penstock.measure.judge import (
    edge_slack,
    joint_tolerance,
    judge_compression,
    judge_dedup,
    judge_spread,
    judge_windows,
)
from penstock.measure.ratios import RatioFigure

K = 1 << 10


def figure(ratio, codec="zstd-3", block=128 * K, within10=1.0, error95=0.001):
    return RatioFigure(codec, block, 100, 100 * block, int(100 * block / ratio), ratio, error95, within10, 1, 9)


def counted(unit, units, unique, logical=None, window=None):
    return DedupFigure(unit, units * unit if logical is None else logical, units, unique, units / unique, 0.0, window)


@pytest.mark.parametrize(
    ("asked", "block", "tolerance"),
    [
        (1.5, 16 * K, 0.02),
        (4, 16 * K, 0.02),
        (4, 128 * K, 0.02),
        (4, K * K, 0.02),
        (7, 128 * K, 0.035),
        (10, 16 * K, 0.05),
        (10, K * K, 0.05),
        (10.5, K * K, 0.1025),
        (20, 16 * K, 0.15),
        (20, 4 * K, 0.15),
        (1.5, 4 * K, 0.06),
        (4, 4 * K, 0.06),
        (7, 4 * K, 0.08),
        (10, 4 * K, 0.10),
        (2, 8 * K, 0.04),
        (2, 64 * K, 0.02),
        (2, 2 * K, None),
        (2, 2 * K * K, None),
    ],
)
def test_joint_tolerance(asked, block, tolerance):
    assert joint_tolerance(asked, block) == (None if tolerance is None else pytest.approx(tolerance))


@given(
    st.floats(1.01, 30),
    st.sampled_from(DEFAULT_BLOCKS),
    st.sampled_from(DEFAULT_CODECS),
    st.sampled_from([-1, 1]),
)
def test_compression_verdict_turns_at_the_tolerance(asked, block, codec, side):
    tolerance = joint_tolerance(asked, block)
    inside = judge_compression(figure(asked * (1 + side * tolerance * 0.9999), codec, block), asked)
    outside = judge_compression(figure(asked * (1 + side * tolerance * 1.0001), codec, block), asked)
    assert (inside.verdict, outside.verdict) == ("pass", "fail")
    assert inside.tolerance == tolerance
    assert inside.kind == "compression"


def test_the_edge_itself_passes():
    assert judge_compression(figure(2.04), 2.0).verdict == "pass"
    assert judge_compression(figure(1.96), 2.0).verdict == "pass"


@pytest.mark.parametrize(("ratio", "verdict"), [(0.97, "pass"), (1.0, "pass"), (1.001, "pass"), (1.00101, "fail")])
def test_nothing_gains_at_one(ratio, verdict):
    for name, block, tuned in (
        ("lz4", 4 * K, None),
        ("zlib-9", 512, None),
        ("lz4", 4 * K, ("zstd-1", 4 * K)),
    ):
        assert judge_compression(figure(ratio, name, block), 1.0, tuned).verdict == verdict


def test_tuned_content_promises_one_line_only():
    tuned = ("zstd-3", 128 * K)
    assert judge_compression(figure(3.0299), 3, tuned).verdict == "pass"
    assert judge_compression(figure(3.0301), 3, tuned).verdict == "fail"
    assert judge_compression(figure(9.0, "lz4"), 3, tuned).verdict == "info"
    assert judge_compression(figure(9.0, block=16 * K), 3, tuned).verdict == "info"
    assert judge_spread(figure(9.0, "lz4", within10=0.1), 3, tuned).verdict == "info"
    assert judge_spread(figure(3.0, within10=0.1), 3, tuned).verdict == "fail"
    other = ("zstd-19", 2048)
    assert judge_compression(figure(3.01, *other), 3, other).verdict == "pass"


def test_codecs_and_blocks_outside_the_promise_are_only_told():
    line = judge_compression(figure(9.0, "zstd-19"), 2)
    assert (line.verdict, line.tolerance, line.asked, line.achieved) == ("info", None, 2, 9.0)
    assert judge_compression(figure(9.0, "lz4", 512), 2).verdict == "info"


def test_a_wide_error_is_said():
    assert "larger sample" in judge_compression(figure(2.0, error95=0.05), 2).detail
    assert "larger sample" in judge_compression(figure(2.0, error95=None), 2).detail
    assert "larger sample" not in judge_compression(figure(2.0, error95=0.03), 2).detail


@pytest.mark.parametrize(("share", "verdict"), [(0.9499, "fail"), (0.95, "pass"), (1.0, "pass")])
def test_spread(share, verdict):
    for asked in (1, 2, 15):
        assert judge_spread(figure(asked, within10=share), asked).verdict == verdict
    assert judge_spread(figure(2, "zstd-19", within10=share), 2).verdict == "info"


@pytest.mark.parametrize("asked", [0, 0.99, -1, 30.01, math.nan, math.inf])
def test_compression_ratios_that_make_no_sense(asked):
    with pytest.raises(UsageError):
        judge_compression(figure(2.0), asked)
    with pytest.raises(UsageError):
        judge_spread(figure(2.0), asked)


@pytest.mark.parametrize("asked", [0, 0.99, -1, 1e7, math.nan, math.inf])
def test_dedup_ratios_that_make_no_sense(asked):
    with pytest.raises(UsageError):
        judge_dedup(counted(4096, 1000, 500), asked, 4096)
    with pytest.raises(UsageError):
        edge_slack(2, 10, asked)


def test_dedup_is_exact_to_one_unit():
    for unique, verdict in ((499, "pass"), (500, "pass"), (501, "pass"), (498, "fail"), (502, "fail")):
        assert judge_dedup(counted(4096, 1000, unique), 2, 4096).verdict == verdict
    assert judge_dedup(counted(4096, 1001, 401), 2.5, 4096).verdict == "pass"
    assert judge_dedup(counted(4096, 1001, 402), 2.5, 4096).verdict == "fail"


def test_dedup_in_smaller_units_may_be_off_by_one_recipe_unit():
    for unique, verdict in ((3992, "pass"), (4008, "pass"), (3991, "fail"), (4009, "fail")):
        assert judge_dedup(counted(512, 8000, unique), 2, 4096).verdict == verdict


def test_dedup_tolerance_is_relative_to_what_is_expected():
    assert judge_dedup(counted(4096, 1000, 500), 2, 4096).tolerance == pytest.approx(1 / 500)


def test_dedup_at_other_units_is_only_told():
    for unit in (8192, 1536):
        line = judge_dedup(counted(unit, 1000, 999), 2, 4096)
        assert (line.verdict, line.asked, line.tolerance) == ("info", None, None)


def test_dedup_of_too_little_is_only_told():
    assert judge_dedup(counted(4096, 4, 2), 4, 4096).verdict == "info"
    assert judge_dedup(counted(4096, 1000, 10), 2, 4096, slack=600).verdict == "info"
    assert judge_dedup(counted(4096, 1000, 10), 2, 4096, slack=400).verdict == "fail"


@pytest.mark.parametrize("slack", [-1, math.nan, math.inf])
def test_slack_that_makes_no_sense(slack):
    with pytest.raises(UsageError):
        judge_dedup(counted(4096, 1000, 500), 2, 4096, slack)


def test_nothing_may_repeat_at_one():
    for unit in (512, 4 * K, 128 * K, K * K):
        assert judge_dedup(counted(unit, 1001, 1000), 1, 4096).verdict == "pass"
        assert judge_dedup(counted(unit, 10011, 10000), 1, 4096).verdict == "fail"


@given(st.floats(1.01, 100), st.integers(400, 2000), st.integers(0, 4095), st.integers(0, 9))
def test_data_with_exact_counts_passes_at_every_dividing_unit(asked, whole, tail, seed):
    """Units whose count rounds to what was asked must pass, an incomplete last one included."""
    total = whole + (tail > 0)
    unique = max(1, round(total / asked))
    rng = np.random.default_rng(seed)
    full = unique - (tail > 0) if unique > 1 else 1
    marks = np.concatenate([np.arange(full), rng.integers(0, full, whole - full)])
    rng.shuffle(marks)
    pool = rng.integers(0, 256, (full, 4096), np.uint8)
    data = np.concatenate([pool[marks].reshape(-1), rng.integers(0, 256, tail, np.uint8)])
    for unit in (512, 1024, 4096):
        assert judge_dedup(dedup_of(data, unit), asked, 4096).verdict != "fail"


@given(st.integers(2, 400), st.floats(1.1, 20), st.integers(0, 10**6), st.integers(0, 10**6), st.randoms())
def test_edge_slack_covers_any_cut(per, asked, first, last, random):
    """Windows of exact counts in any order, cut anywhere: the count stays inside the slack."""
    distinct = max(1, round(per / asked))
    order = []
    for window in range(3):
        names = list(range(distinct)) + [random.randrange(distinct) for _ in range(per - distinct)]
        random.shuffle(names)
        order += [(window, name) for name in names]
    begin, end = sorted((first % len(order), last % (len(order) + 1)))
    run = order[begin:end]
    # Each window's own rounding of its count is its promise's, up to half a unit for each of the three.
    assert abs(len(set(run)) - len(run) / asked) <= edge_slack(2, per, asked) + 1.5


def test_edge_slack_by_hand():
    assert edge_slack(0, 1000, 2) == 1
    assert edge_slack(2, 1000, 2) == 1 + 2 * (250 + 1)


def windowed(low, high, unit=4096, per=100):
    window = WindowFigure(per * unit, 10, per, (low + high) / 2, low, high)
    return counted(unit, 1000, 500, window=window)


def test_windows_are_judged_by_the_furthest():
    assert judge_windows(windowed(100 / 51, 100 / 49), 2, 4096).verdict == "pass"
    low = judge_windows(windowed(100 / 53, 100 / 49), 2, 4096)
    assert (low.verdict, low.achieved, low.label) == ("fail", 100 / 53, "4K in 400K")
    assert judge_windows(windowed(100 / 50, 100 / 48), 2, 4096).verdict == "fail"
    assert judge_windows(windowed(100 / 50, 100 / 48), 2, 4096, slack=2).verdict == "pass"
    assert judge_windows(windowed(1.0, 9.0), 2, 2048).verdict == "info"
    assert judge_windows(windowed(1.0, 9.0), 99.0, 4096, slack=3).verdict == "info"
    with pytest.raises(UsageError):
        judge_windows(counted(4096, 1000, 500), 2, 4096)


def test_certificate_as_a_whole():
    sample = Sample(1 << 30, 64 << 20, 1 << 30, 7, "64 random blocks of 1 MiB; every unit counted")
    good = judge_compression(figure(2.0), 2)
    bad = judge_compression(figure(2.5), 2)
    told = judge_compression(figure(2.5, "zstd-19", error95=None), 2)
    for lines, passed, judged, failed in (((good, told), True, 1, 0), ((good, bad, told), False, 2, 1)):
        certificate = Certificate("out.bin", sample, lines, {"compress_ratio": 2.0}, codec_versions())
        assert (certificate.passed, certificate.judged, len(certificate.failures)) == (passed, judged, failed)
        found = json.loads(json.dumps(certificate.to_json_dict(), allow_nan=False))
        assert found == certificate.to_json_dict()
        assert (found["passed"], found["failed"], found["sample"]["counted_all"]) == (passed, failed, True)
        assert [Line(**line) for line in found["lines"]] == list(lines)


def test_a_certificate_that_judged_nothing_does_not_pass():
    sample = Sample(10, 10, 5, 0, "")
    told = judge_compression(figure(2.5, "zstd-19"), 2)
    for lines in ((), (told,)):
        certificate = Certificate("x", sample, lines)
        assert not certificate.passed
        assert not certificate.failures
    assert not sample.counted_all
