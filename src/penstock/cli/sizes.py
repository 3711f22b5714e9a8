"""Sizes, rates and times as people write and read them."""

from __future__ import annotations

import re

from ..errors import UsageError

_UNITS = "KMGTPE"
_SIZE = re.compile(
    r"\s*([0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})\s*(?:([KMGTPE])(i?B)?|B)?\s*", re.IGNORECASE | re.ASCII
)


def parse_size(text: str) -> int:
    """Bytes of "4096", "4K", "1.5 GiB" (1024) or "100GB" (1000); what is less than a byte is cut off.

    Raises UsageError.
    """
    match = _SIZE.fullmatch(text)
    if not match:
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise UsageError(f"{shown!r} is not a size", hint="write 4096, 64K, 1.5GiB or 100GB")
    number, unit, suffix = match.groups()
    base = 1000 if suffix and suffix.upper() == "B" else 1024
    scale = int(base ** (1 + _UNITS.index(unit.upper()))) if unit else 1
    whole, _, part = number.partition(".")
    return int(whole or 0) * scale + int(part or 0) * scale // int(10 ** len(part))


def show_size(count: float) -> str:
    """Bytes for a person, in units of 1024: "1.50 GiB"."""
    if abs(count) < 1024:
        return f"{count:,.0f} byte" + ("" if count == 1 else "s")
    steps = 1
    while abs(count) / 1024**steps >= 1023.995 and steps < 5:
        steps += 1
    return f"{count / 1024**steps:,.2f} {_UNITS[steps - 1]}iB"


def show_rate(bytes_per_second: float) -> str:
    """A rate in units of 1000: "8.21 GB/s"."""
    if bytes_per_second >= 1e9:
        return f"{bytes_per_second / 1e9:.2f} GB/s"
    return f"{bytes_per_second / 1e6:.0f} MB/s"


def show_time(seconds: float) -> str:
    """A duration: "0.8 s", "2:05", "1:02:03"."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
