"""Whether a measured figure keeps what was promised, and within which tolerance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from ..errors import UsageError
from ..limits import MAX_COMPRESS_RATIO, MAX_DEDUP_RATIO
from .certificate import Line, Verdict
from .codecs import DEFAULT_BLOCKS, DEFAULT_CODECS, for_label, size_label

if TYPE_CHECKING:
    from .dedup import DedupFigure
    from .ratios import RatioFigure

NO_GAIN: Final = 0.001
"""What a ratio of 1 may be above 1."""
TUNED: Final = 0.01
"""Relative tolerance of the one codec and block size that content was tuned for."""
NEAR_SHARE: Final = 0.95
"""Share of blocks that must compress like the whole."""

_SMALL, _FULL, _LARGE = DEFAULT_BLOCKS[0], DEFAULT_BLOCKS[1], DEFAULT_BLOCKS[-1]
_FINE: Final = 1e-12
"""Room for the rounding of floats at a tolerance's edge."""

Tuned = tuple[str, int]
"""A codec's name and a block size in bytes, as `parse_for` gives them."""


def joint_tolerance(asked: float, block_size: int) -> float | None:
    """Return the relative tolerance of content that all default codecs compress alike; None: no promise.

    From 16 KiB to 1 MiB 2 % up to a ratio of 4, rising in a line to 5 % at 10; at 4 KiB, where headers weigh,
    6 % and 10 %; between these sizes in a line over log2(size). Beyond a ratio of 10 it is 10 % at all sizes, and half
    a percent more for each step of 1: codecs differ more than content can hide.
    """
    if not _SMALL <= block_size <= _LARGE:
        return None
    if asked > 10:
        return 0.10 + 0.005 * (asked - 10)
    steep = max(0.0, asked - 4) / 6
    large, small = 0.02 + 0.03 * steep, 0.06 + 0.04 * steep
    toward_small = max(0.0, math.log2(_FULL / block_size) / math.log2(_FULL / _SMALL))
    return large + (small - large) * toward_small


def judge_compression(figure: RatioFigure, asked: float, tuned: Tuned | None = None) -> Line:
    """Judge one codec's ratio against the compression ratio asked.

    Joint content promises it of the five default codecs (`joint_tolerance`); content `tuned` for one codec
    and block size promises 1 % there and nothing elsewhere. At 1.0 no codec at any size may gain more than
    0.001. Raises `UsageError` for a ratio outside 1..`MAX_COMPRESS_RATIO`.
    """
    _check_ratio(asked, MAX_COMPRESS_RATIO, "compression")
    if asked == 1:
        return _compression(
            figure, 1.0, NO_GAIN, figure.ratio <= 1 + NO_GAIN + _FINE, "no codec may gain: at most 1.001"
        )
    tolerance = _tolerance(figure, asked, tuned)
    if tolerance is None:
        return _compression(figure, asked, None, None, "not promised")
    detail = f"within {tolerance:.1%}"
    if figure.error95 is None or figure.error95 / asked > tolerance:
        detail += "; the sample's error is wider than the tolerance, take a larger sample"
    return _compression(figure, asked, tolerance, abs(figure.ratio / asked - 1) <= tolerance + _FINE, detail)


def _tolerance(figure: RatioFigure, asked: float, tuned: Tuned | None) -> float | None:
    if tuned is not None:
        return TUNED if (figure.codec, figure.block_size) == tuned else None
    return joint_tolerance(asked, figure.block_size) if figure.codec in DEFAULT_CODECS else None


def _compression(figure: RatioFigure, asked: float, tolerance: float | None, kept: bool | None, detail: str) -> Line:
    return Line(
        kind="compression",
        label=for_label(figure.codec, figure.block_size),
        asked=asked,
        achieved=figure.ratio,
        error95=figure.error95,
        tolerance=tolerance,
        verdict=_verdict(kept),
        detail=detail,
    )


def judge_spread(figure: RatioFigure, asked: float, tuned: Tuned | None = None) -> Line:
    """Judge whether 95 % of the blocks or more compress within 10 % of the whole, if a ratio is promised."""
    _check_ratio(asked, MAX_COMPRESS_RATIO, "compression")
    promised = asked == 1 or _tolerance(figure, asked, tuned) is not None
    return Line(
        kind="spread",
        label=for_label(figure.codec, figure.block_size),
        asked=NEAR_SHARE,
        achieved=figure.within10,
        error95=None,
        tolerance=0.0,
        verdict=_verdict(figure.within10 >= NEAR_SHARE if promised else None),
        detail=f"share of {figure.blocks} blocks within 10 % of the whole: at least {NEAR_SHARE:.0%};"
        f" they reach {figure.worst:.4g} to {figure.best:.4g}",
    )


def judge_dedup(figure: DedupFigure, asked: float, recipe_unit: int, slack: float = 1.0) -> Line:
    """Judge the count of distinct units against the dedup ratio asked with a unit of `recipe_unit` bytes.

    A promise holds for units that divide the recipe's. The count may be off by `slack` recipe units: 1 when
    all the data was counted, `edge_slack` for a part of it. Where the slack exceeds what is expected, nothing
    is judged. At 1.0 the ratio may be at most 1.001 at any unit. Raises `UsageError` for a ratio outside
    1..`MAX_DEDUP_RATIO`.
    """
    _check_ratio(asked, MAX_DEDUP_RATIO, "dedup")
    if asked == 1:
        kept = figure.ratio <= 1 + NO_GAIN + _FINE
        return _dedup(figure, 1.0, NO_GAIN, kept, _counts(figure) + "; nothing may repeat: at most 1.001")
    if figure.unit > recipe_unit or recipe_unit % figure.unit:
        return _dedup(figure, None, None, None, _counts(figure) + f"; not promised: the unit is {recipe_unit} bytes")
    expected = figure.units / asked
    allowed = _allowed(figure, recipe_unit, slack)
    detail = f"{_counts(figure)}; asked {expected:,.1f}, give or take {allowed:,.0f}"
    if allowed >= expected:
        return _dedup(figure, asked, None, None, detail + ": too little was counted to judge")
    return _dedup(figure, asked, allowed / expected, abs(figure.unique - expected) <= allowed * (1 + _FINE), detail)


def _allowed(figure: DedupFigure, recipe_unit: int, slack: float) -> float:
    """Turn slack in recipe units into units of the figure.

    Seen in smaller units, an incomplete last recipe unit weighs less than the one it counted for in the
    promise, and its own last part is like no other: one more recipe unit covers both.
    """
    if not (math.isfinite(slack) and slack >= 0):
        raise UsageError(f"a slack of {slack!r} units makes no sense", hint="give a finite number of at least 0")
    incomplete = figure.logical % recipe_unit != 0 and figure.unit < recipe_unit
    return (slack + incomplete) * (recipe_unit // figure.unit)


def edge_slack(edges: int, window_units: float, asked: float) -> float:
    """Return the slack, in recipe units, of runs that cut `edges` windows of `window_units` units each.

    Of n units in a window n / D are distinct. The part of it that lies inside a run may hold all of the
    distinct ones or only copies, so its count is off by at most (n / D)(1 - 1 / D), and by one for rounding.
    No edges: 1.
    """
    _check_ratio(asked, MAX_DEDUP_RATIO, "dedup")
    return 1.0 + edges * (window_units / asked * (1 - 1 / asked) + 1)


def judge_windows(figure: DedupFigure, asked: float, recipe_unit: int, slack: float = 1.0) -> Line:
    """Judge whether every aligned window shows its share of duplicates, within `slack` recipe units.

    `achieved` is the ratio of the window that is furthest from what was asked. Raises `UsageError` if the
    figure was counted without windows.
    """
    _check_ratio(asked, MAX_DEDUP_RATIO, "dedup")
    window = figure.window
    if window is None:
        raise UsageError("no windows were counted", hint="give the Deduper a window")
    expected = window.units / asked
    furthest = max((window.low, window.high), key=lambda ratio: abs(window.units / ratio - expected))
    allowed = _allowed(figure, recipe_unit, slack) if recipe_unit % figure.unit == 0 else math.inf
    promised = allowed < expected
    return Line(
        kind="window",
        label=f"{size_label(figure.unit)} in {size_label(window.window)}",
        asked=asked,
        achieved=furthest,
        error95=None,
        tolerance=allowed / expected if promised else None,
        verdict=_verdict(abs(window.units / furthest - expected) <= allowed * (1 + _FINE) if promised else None),
        detail=f"{window.windows:,} windows reach {window.low:.4g} to {window.high:.4g}, mean {window.mean:.4g}",
    )


def _dedup(figure: DedupFigure, asked: float | None, tolerance: float | None, kept: bool | None, detail: str) -> Line:
    label = size_label(figure.unit)
    return Line("dedup", label, asked, figure.ratio, None, tolerance, _verdict(kept), detail)


def _counts(figure: DedupFigure) -> str:
    return f"{figure.unique:,} distinct of {figure.units:,} units"


def _verdict(kept: bool | None) -> Verdict:
    if kept is None:
        return "info"
    return "pass" if kept else "fail"


def _check_ratio(asked: float, most: float, what: str) -> None:
    if not 1 <= asked <= most:
        raise UsageError(f"a {what} ratio of {asked!r} makes no sense", hint=f"it goes from 1 to {most:g}")
