"""What a plan is to be best at."""

from __future__ import annotations

from typing import Final, NamedTuple


class Aim(NamedTuple):
    """An objective, and what of the library it is measured against."""

    name: str
    """speed, balanced or ratio."""
    guess: int
    """zstd's level by which is judged whether a tree pays."""
    gain: float
    """A tree must be smaller than this much of what that level makes: it costs more to decode."""
    strong: int
    """zstd's level for streams of a tree in which matches are worth more time than elsewhere."""
    thorough: bool = False
    """Whether every chunk is planned by all aims, and every leaf tried by all that it may be, whatever that takes."""


AIMS: Final = {
    "speed": Aim("speed", 1, 0.98, 1),
    "balanced": Aim("balanced", 3, 0.98, 5),
    # Level 19 makes up to 7 % less of binary data than 12, at a tenth of its speed.
    "ratio": Aim("ratio", 12, 0.93, 9),
    "maximal": Aim("ratio", 22, 1.0, 22, thorough=True),
}


def tried(aim: Aim) -> tuple[Aim, ...]:
    """Return the aims by which trees are looked for: where size is all, the balanced one too: samples may be wrong."""
    if aim.thorough:
        return aim, AIMS["ratio"], AIMS["balanced"], AIMS["speed"]
    return (aim, AIMS["balanced"]) if aim.name == "ratio" else (aim,)
