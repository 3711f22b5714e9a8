"""Finds the setting at which a measured ratio meets its target."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from ..errors import UsageError

_NARROW: Final = 1e-9
"""Share of the first interval below which a bracket tells nothing more."""
_PATIENCE: Final = 3
"""Secant steps that may pass before the bracket has halved."""


def solve(sizer: Callable[[float], float], target: float, low: float, high: float, tol: float) -> float:
    """Return an x in `low..high` with |sizer(x) / target - 1| <= `tol`.

    `sizer` gives a positive ratio, rising or falling with x; noise and steps well below `tol` do no harm.

    Regula falsi with the Illinois weights (Dowell and Jarratt, 1971) on target / sizer(x) - 1, since a
    compressed size is close to linear in the share of literals. Where three steps did not halve the bracket a
    bisection does, so that the calls are bounded by about 120; mostly they are 3 to 7.

    Raises `UsageError` if the target lies outside what `low` and `high` give, or `sizer` jumps over it.
    """
    _check(target, low, high, tol)

    def miss(x: float) -> float:
        value = sizer(x)
        if not (math.isfinite(value) and value > 0):
            raise UsageError(f"the ratio measured at {x:.6g} is {value!r}, not a positive number")
        return target / value - 1

    at_low, at_high = miss(low), miss(high)
    for x, error in ((low, at_low), (high, at_high)):
        if _good(error, tol):
            return x
    if (at_low > 0) == (at_high > 0):
        raise UsageError(
            f"a ratio of {target:.6g} cannot be reached",
            hint=f"this gives {_value(target, at_low):.6g} to {_value(target, at_high):.6g}",
        )
    return _close_in(miss, (low, at_low), (high, at_high), target, tol)


def _good(error: float, tol: float) -> bool:
    """Whether |value / target - 1| <= tol, where error = target / value - 1."""
    return abs(error) <= tol * (1 + error)


def _value(target: float, error: float) -> float:
    return target / (1 + error) if error > -1 else math.inf


def _close_in(
    miss: Callable[[float], float],
    one: tuple[float, float],
    other: tuple[float, float],
    target: float,
    tol: float,
) -> float:
    """Shrink the bracket between two points of opposite miss until a point is good."""
    (a, at_a), (b, at_b) = one, other
    enough = _NARROW * (b - a)
    width, slow, moved = b - a, 0, ""
    while b - a > enough:
        x = a + (b - a) / 2 if slow >= _PATIENCE else _between(a, at_a, b, at_b)
        error = miss(x)
        if _good(error, tol):
            return x
        # Illinois: an end that stays twice running loses half its weight, or it might stay for ever.
        if (error > 0) == (at_a > 0):
            a, at_a, at_b = x, error, at_b / 2 if moved == "a" else at_b
            moved = "a"
        else:
            b, at_b, at_a = x, error, at_a / 2 if moved == "b" else at_a
            moved = "b"
        width, slow = (width, slow + 1) if b - a > width / 2 else (b - a, 0)
    raise UsageError(
        f"no setting comes within {tol:.3g} of a ratio of {target:.6g}",
        hint=f"the measured ratio jumps over it near {a:.6g}",
    )


def _between(a: float, at_a: float, b: float, at_b: float) -> float:
    """Return where the secant crosses zero, kept a little inside the bracket."""
    x = a + (b - a) * at_a / (at_a - at_b)
    edge = (b - a) * 1e-3
    return min(max(x, a + edge), b - edge)


def _check(target: float, low: float, high: float, tol: float) -> None:
    if not all(math.isfinite(number) for number in (target, low, high, tol)):
        raise UsageError("target, low, high and tol must be finite numbers")
    if target <= 0 or tol <= 0 or low >= high:
        raise UsageError(
            f"no ratio of {target:.6g} can be looked for in {low:.6g}..{high:.6g} with tolerance {tol:.3g}",
            hint="target and tol must be above 0, and low below high",
        )
