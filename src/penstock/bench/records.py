"""`penstock bench records`: some lines, and one column, of a compressed table, against restoring all of it."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..api.pstkfile import open as open_container
from ..api.squeeze import compress
from .rows import Goal, Row, row
from .timing import Action, machine, paired, side_by_side

_LINES: Final = 300_000
SOME: Final = 1000
"""Lines that are looked up."""
ALL: Final = "all"
_MOST: Final = 16 << 20
"""Bytes of a file, of which the rest is left out."""


def tables(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield made tables of so many lines: a name, and the text."""
    rng = np.random.default_rng(8)
    cents, people = rng.integers(0, 90_000, count).tolist(), rng.integers(0, 5000, count).tolist()
    cities = [("Rome", "Oslo", "Bern", "Lima")[at] for at in rng.integers(0, 4, count).tolist()]
    waits = np.abs(rng.normal(40, 15, count)).round(3).tolist()
    days = [
        f"2026-{1 + at // 9000 % 12:02}-{1 + at // 300 % 28:02} {at // 60 % 24:02}:{at % 60:02}" for at in range(count)
    ]
    trips = (
        f"{at},{day},{city},user{one},{cent / 100:.2f},{wait},{one % 7},open\n"
        for at, (day, city, one, cent, wait) in enumerate(zip(days, cities, people, cents, waits, strict=True))
    )
    yield "trips.csv", ("id,start,city,user,price,wait,kind,state\n" + "".join(trips)).encode()
    events = (
        json.dumps({"id": at, "at": day, "user": {"id": one, "city": city}, "price": cent / 100, "wait": wait}) + "\n"
        for at, (day, city, one, cent, wait) in enumerate(zip(days, cities, people, cents, waits, strict=True))
    )
    yield "events.ndjson", "".join(events).encode()


def _files(folder: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and path.suffix in {".csv", ".tsv", ".ndjson", ".jsonl"}:
            yield path.name, path.read_bytes()[:_MOST]


def _restored(blob: bytes) -> bytes:
    with open_container(io.BytesIO(blob), threads=1) as reader:
        return reader.read()


def _some(blob: bytes, first: int) -> bytes:
    with open_container(io.BytesIO(blob), threads=1) as reader:
        return reader.rows(first, first + SOME)


def _column(blob: bytes, key: str | int, *, as_list: bool = False) -> Any:
    with open_container(io.BytesIO(blob), threads=1) as reader:
        found = reader.columns([key], (0, None))[key]
        return found.to_list() if as_list else found


def _by_csv(blob: bytes, number: int) -> list[str | None]:
    lines = io.StringIO(_restored(blob).decode(errors="replace"), newline="")
    return [one[number] if number < len(one) else None for one in csv.reader(lines)]


def _by_json(blob: bytes, key: str) -> list[Any]:
    return [json.loads(line).get(key) for line in _restored(blob).splitlines()]


def _measure(name: str, data: bytes, runs: int) -> Row:
    """The rates of all that is compared on one table, in raw bytes of all of it."""
    blob = bytes(compress(data))
    with open_container(io.BytesIO(blob), threads=1) as reader:
        names, count = reader.column_names(), reader.row_count()
    at = len(names) // 2
    is_json = data[:1] == b"{"
    key: str | int = names[at] if is_json else at
    actions: dict[str, Action] = {
        ALL: partial(_restored, blob),
        f"{SOME} lines": partial(_some, blob, count // 2),
        "a column": partial(_column, blob, key),
        "a column as a list": partial(_column, blob, key, as_list=True),
        "a column by Python's module": partial(_by_json, blob, names[at]) if is_json else partial(_by_csv, blob, at),
    }
    if _restored(blob) != data:
        raise AssertionError(f"{name}: what comes back differs")
    rates = side_by_side(actions, len(data), runs)
    goals = [Goal(f"x {ALL}, {one}", paired(rates, one, ALL)) for one in actions if one != ALL]
    more = {"file": name, "lines": count, "columns": len(names), "size": len(data), "ratio": len(data) / len(blob)}
    return row(f"{name}, {len(data) / 1e6:.1f} MB", goals, rates, **more)


def run(*, runs: int, files: str | None, say: Callable[[str], object]) -> dict[str, Any]:
    """The whole benchmark as one JSON object. files: a folder with tables, instead of those that are made."""
    start, about, rows = time.perf_counter(), machine(), []
    for name, data in _files(files) if files else tables(_LINES):
        rows.append(found := _measure(name, data, runs))
        say(f"{found['what']}: {found['figures']}")
    seconds = time.perf_counter() - start
    return {"benchmark": "records", "machine": about, "seconds": seconds, "made": not files, "rows": rows}
