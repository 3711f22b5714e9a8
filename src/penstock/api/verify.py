"""`verify`: read data back and name every sector that differs, and what stands there instead."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..buffers import Bytes, arena, as_bytes
from ..engine.stream import ordered
from ..errors import RecipeError, StorageError, UnsupportedVersionError, UsageError
from ..limits import KERNEL_BYTES, MAX_RECIPE_BYTES
from ..storage.reader import FileReader
from ..synth.recipe import Recipe
from ..synth.source import Source
from .diagnose import Diagnosis
from .files import Progress, placed_lanes, sidecar_path
from .finding import Finding
from .teams import borrowed_team

CHUNK = 4 << 20
_PIECE = 1 << 20
MAX_FINDINGS = 1000
"""Findings kept by default; the counts go on."""


@dataclass
class Report:
    """What `verify` found. `ok` says whether the data is exactly what its recipe says.

    expected_size, actual_size: bytes. checked: bytes compared. bad_sectors: 512-byte sectors that differ. findings:
    ranges in ascending order, at most as many as were asked for; `more` says how many were left out. by_kind: bytes by
    kind of finding, those left out included. bypass: how the page cache was avoided ("direct", "fadvise", "none").
    """

    path: str
    recipe_hash: str
    expected_size: int
    actual_size: int
    checked: int = 0
    bad_sectors: int = 0
    findings: list[Finding] = field(default_factory=list)
    more: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    bypass: str = "none"
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing differs: neither a sector nor the size."""
        return not self.by_kind

    @property
    def rate(self) -> float:
        """GB/s (10**9 bytes) of reading and comparing."""
        return self.checked / self.seconds / 1e9 if self.seconds else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON types."""
        data = asdict(self) | {"ok": self.ok, "gb_per_s": self.rate}
        data["findings"] = [finding.to_dict() for finding in self.findings]
        return data

    def close(self, diagnosis: Diagnosis, start: float) -> Report:
        """Take over what the diagnosis found, and the sizes that differ."""
        short, over = self.expected_size - self.actual_size, self.actual_size - self.expected_size
        if short > 0:
            at = self.actual_size
            diagnosis.note(Finding(at, short, "missing", first_byte=at, last_byte=self.expected_size - 1))
        elif over > 0:
            at = self.expected_size
            diagnosis.note(Finding(at, over, "extra", first_byte=at, last_byte=self.actual_size - 1))
        self.bad_sectors, self.findings = diagnosis.bad_sectors, diagnosis.findings
        self.more, self.by_kind = diagnosis.more, diagnosis.by_kind
        self.seconds = time.perf_counter() - start
        return self


def find_recipe(path: str | os.PathLike[str]) -> Recipe:
    """The recipe in the sidecar of `path`. Raises RecipeError if there is none, or it cannot be read."""
    return read_recipe(sidecar_path(path))


def read_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read a recipe file. Raises RecipeError, StorageError."""
    name = os.fspath(path)
    try:
        with Path(path).open("rb") as file:
            text = file.read(MAX_RECIPE_BYTES + 1)
    except FileNotFoundError:
        raise RecipeError(f"there is no recipe {name}", hint="name the recipe of this data with --recipe") from None
    except OSError as error:
        raise StorageError(f"cannot read {name}: {error.strerror}", errno=error.errno, filename=name) from error
    try:
        return Recipe.from_json(text)
    except (RecipeError, UnsupportedVersionError) as error:
        hint = error.hint or "a recipe is the .recipe.json file of a data set"
        raise type(error)(f"{name}: {error.message}", hint=hint) from error


def verify(
    path: str | os.PathLike[str],
    recipe: Recipe | None = None,
    *,
    direct: bool = False,
    drop_cache: bool = False,
    max_threads: int | None = None,
    max_findings: int = MAX_FINDINGS,
    others: Sequence[Recipe] = (),
    progress: Progress | None = None,
) -> Report:
    """Compare a file or block device with its recipe, streaming and in parallel.

    recipe: None reads `path.recipe.json`. direct, drop_cache: read from the device and not from the page cache.
    others: recipes whose data might be found here, beside the older versions, neighbours and other seeds that are tried
    anyway. Differences are findings in the report, not errors; StorageError is raised for what cannot be read.
    """
    start = time.perf_counter()
    placement = placed_lanes(max_threads)
    with FileReader(path, direct=direct, drop_cache=drop_cache) as reader:
        recipe = recipe or find_recipe(path)
        diagnosis = Diagnosis(recipe, others, max_findings)
        reader.advise_sequential()
        report = Report(os.fspath(path), recipe.hash, recipe.size, reader.size, bypass=reader.bypass)
        if Path(path).is_block_device():
            report.actual_size = min(reader.size, recipe.size)  # a device does not end where its data does
        _compare_file(reader, report, diagnosis, placement, progress)
    return report.close(diagnosis, start)


def _compare_file(
    reader: FileReader,
    report: Report,
    diagnosis: Diagnosis,
    placement: list[tuple[int, ...]],
    progress: Progress | None,
) -> None:
    recipe = diagnosis.recipe
    size = min(report.actual_size, recipe.size)
    count = -(-size // CHUNK)
    threads = min(len(placement), max(1, count))
    window = threads + 2
    source = Source(recipe)
    free: queue.SimpleQueue[Bytes] = queue.SimpleQueue()
    for _ in range(window + 1):
        free.put(arena(CHUNK))

    def work(number: int) -> tuple[Bytes, int, Bytes | None]:
        at = number * CHUNK
        room = free.get()
        got = reader.read_into(at, room[: min(CHUNK, size - at)])
        return room, got, source.compare(at, room[:got])

    compared = ordered(range(count), work, threads=threads, window=window, placement=placement[:threads])
    for number, (room, got, marks) in enumerate(compared):
        at = number * CHUNK
        if marks is not None:
            diagnosis.add(at, room[:got], marks)
        free.put(room)
        report.checked += got
        if got < min(CHUNK, size - at):  # cut short while it was read
            report.actual_size = at + got
            return
        if progress:
            progress(got)


def verify_buffer(
    buffer: Any,
    recipe: Recipe,
    *,
    offset: int = 0,
    max_threads: int | None = None,
    max_findings: int = MAX_FINDINGS,
    others: Sequence[Recipe] = (),
) -> Report:
    """Compare a buffer with the recipe's bytes from `offset` on; findings name offsets of the stream.

    The buffer may be any part of the stream; what lies beyond the stream's end is a finding. others: as in `verify`.
    """
    data = as_bytes(buffer)
    if not 0 <= offset <= recipe.size:
        raise UsageError(f"offset {offset} is outside of a stream of {recipe.size} bytes")
    start = time.perf_counter()
    end = min(offset + data.size, recipe.size)
    report = Report("<buffer>", recipe.hash, end, offset + data.size, checked=end - offset)
    source = Source(recipe)
    diagnosis = Diagnosis(recipe, others, max_findings, source)
    marked: dict[int, Bytes] = {}

    def compare(number: int) -> None:
        marks = source.compare(cuts[number], parts[number])
        if marks is not None:
            marked[number] = marks

    with borrowed_team(max_threads) as (team, _):
        # Cut where sectors of the stream end, so that none is told twice; in few pieces, each of which costs Python.
        piece = max(_PIECE, min(KERNEL_BYTES // 4, -(-data.size // (4 * team.threads)) + _PIECE - 1 & -_PIECE))
        cuts = [offset, *range(offset - offset % piece + piece, end, piece), end]
        parts = [data[a - offset : b - offset] for a, b in pairwise(cuts)]
        team.run(len(parts), compare)
    for number in sorted(marked):
        diagnosis.add(cuts[number], parts[number], marked[number])
    return report.close(diagnosis, start)
