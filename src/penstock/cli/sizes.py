"""Sizes, rates and times as people write and read them."""

from __future__ import annotations

import re

from ..errors import UsageError

_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([KMGTPE]?)(i?B)?\s*", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Bytes of "4096", "4K", "1.5GiB" (1024) or "100GB" (1000). Raises UsageError."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise UsageError(f"{text!r} is not a size", hint="write 4096, 64K, 1.5GiB or 100GB")
    number, unit, suffix = match.groups()
    base = 1000 if (suffix or "").upper() == "B" and unit else 1024
    whole, _, part = number.partition(".")
    scale: int = base ** _UNITS[unit.upper()]
    value = int(whole or 0) * scale
    if part:
        value += int(part) * scale // 10 ** len(part)
    return value


def show_size(count: float) -> str:
    """Bytes for a person, in units of 1024: "1.50 GiB"."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if abs(count) < 1024 or unit == "PiB":
            break
        count /= 1024
    return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.2f} {unit}"


def show_rate(bytes_per_second: float) -> str:
    """A rate in units of 1000: "8.21 GB/s"."""
    if bytes_per_second >= 1e9:
        return f"{bytes_per_second / 1e9:.2f} GB/s"
    return f"{bytes_per_second / 1e6:.0f} MB/s"


def show_time(seconds: float) -> str:
    """A duration: "0.8 s", "2:05", "1:02:03"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
