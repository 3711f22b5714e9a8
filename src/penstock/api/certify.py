"""`certify`: what real codecs and deduplication reach on data, against what was asked of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from ..buffers import Bytes
from ..engine.stream import ordered
from ..errors import RecipeError, UsageError
from ..measure import codecs, dedup, judge, ratios, sampling
from ..measure.certificate import Certificate, Line, Sample
from ..storage.reader import FileReader
from ..synth.recipe import Recipe
from ..synth.source import Source
from ..topology import default_threads
from .files import Progress, sidecar_path
from .verify import find_recipe

COMPRESS_SAMPLE = 16 << 20
DEDUP_SAMPLE = 512 << 20
_PIECE = 1 << 20
_READ = 8 << 20

Read = Callable[[int, int], Bytes]


def certify(
    subject: str | os.PathLike[str] | Recipe,
    recipe: Recipe | None = None,
    *,
    codec_names: Sequence[str] = codecs.DEFAULT_CODECS,
    block_sizes: Sequence[int] = codecs.DEFAULT_BLOCKS,
    units: Sequence[int] = dedup.DEFAULT_UNITS,
    compress_sample: int = COMPRESS_SAMPLE,
    dedup_sample: int = DEDUP_SAMPLE,
    seed: int = 0,
    max_threads: int | None = None,
    progress: Progress | None = None,
) -> Certificate:
    """Measure a file, or a recipe's data without writing it anywhere, against what a recipe asks.

    subject: a path (its sidecar is the recipe unless one is given; without any, figures are given and nothing is judged)
    or a Recipe. Sizes in bytes. compress_sample: how much goes through the codecs; of deduplicated data the units that
    repeat earlier ones of the sample are left out first, as a storage system would. dedup_sample: how much is counted
    for duplicates, in contiguous runs of at least a window. seed chooses the places.
    """
    threads = max_threads or default_threads()
    with ExitStack() as stack:
        if isinstance(subject, Recipe):
            recipe, name, size = subject, "recipe " + subject.hash[:12], subject.size
            read = Source(subject).read
        else:
            name = os.fspath(subject)
            reader = stack.enter_context(FileReader(subject))
            size, read = reader.size, _reading(reader)
            recipe = recipe or _sidecar_of(subject)
        if size == 0:
            raise UsageError(f"{name} is empty: there is nothing to certify")
        compression = _compression_plan(recipe, size, compress_sample, seed)
        counting = _counting_plan(recipe, size, dedup_sample, seed)
        lines = _compression(recipe, size, read, compression, codec_names, block_sizes, threads, progress)
        lines += _duplicates(recipe, size, read, counting, units, threads, progress)
    compressed, counted = _total(compression), _total(counting)
    return Certificate(
        subject=name,
        sample=Sample(size, compressed, counted, seed, _describe(size, compression, counting, recipe)),
        lines=tuple(lines),
        asked=_asked(recipe),
        versions=codecs.codec_versions(),
    )


def _sidecar_of(path: str | os.PathLike[str]) -> Recipe | None:
    return find_recipe(path) if sidecar_path(path).exists() else None


def _reading(reader: FileReader) -> Read:
    def read(offset: int, size: int) -> Bytes:
        out = np.empty(size, np.uint8)
        return out[: reader.read_into(offset, out)]

    return read


def _compression_plan(recipe: Recipe | None, size: int, sample: int, seed: int) -> sampling.Plan:
    if recipe is None or recipe.dedup_ratio == 1:
        return sampling.plan_samples(size, sample, _PIECE, seed)
    # Enough logical bytes that the unique ones among them fill the sample; whole units, several places.
    unit = recipe.dedup_unit
    run = max(_PIECE, unit) * 4
    return sampling.plan_runs(size, int(sample * recipe.dedup_ratio), run - run % unit, unit, seed)


def _counting_plan(recipe: Recipe | None, size: int, sample: int, seed: int) -> sampling.Plan:
    """Contiguous runs, two windows long where the sample allows it."""
    align = max(dedup.DEFAULT_UNITS)
    window = recipe.dedup_window if recipe and recipe.dedup_window else 64 << 20
    run = min(max(2 * window, align), sample)
    return sampling.plan_runs(size, sample, max(align, run - run % align), align, seed)


def _compression(
    recipe: Recipe | None,
    size: int,
    read: Read,
    plan: sampling.Plan,
    codec_names: Sequence[str],
    block_sizes: Sequence[int],
    threads: int,
    progress: Progress | None,
) -> list[Line]:
    pieces = [part for part in sampling.read_plan(read, plan, _READ)]
    asked, tuned, whole = None, None, size
    if recipe is not None:
        asked = recipe.compress_ratio
        tuned = codecs.parse_for(recipe.tuned_for) if recipe.tuned_for else None
        if recipe.dedup_ratio > 1:
            pieces = list(dedup.unique_units(pieces, recipe.dedup_unit))
            whole = max(recipe.unique_size, sum(part.size for part in pieces))
    data = np.concatenate(pieces)
    cut = [data[at : at + _PIECE] for at in range(0, data.size, _PIECE)]
    combinations = [(name, block) for name in codec_names for block in block_sizes]
    jobs = [(name, block, piece) for name, block in combinations for piece in cut]
    sizes = _collect(jobs, threads, progress)
    lines = []
    for number, (name, block) in enumerate(combinations):
        mine = sizes[number * len(cut) : (number + 1) * len(cut)]
        figure = ratios.ratio_of(name, block, mine, whole)
        lines += _judge_ratio(figure, asked, tuned)
    return lines


def _collect(jobs: list[Any], threads: int, progress: Progress | None) -> list[ratios.PieceSizes]:
    sizes = []
    for done in ordered(len(jobs), lambda n: ratios.piece_sizes(*jobs[n]), threads=threads, window=4 * threads):
        sizes.append(done)
        if progress:
            progress(done.raw)
    return sizes


def _judge_ratio(figure: ratios.RatioFigure, asked: float | None, tuned: judge.Tuned | None) -> list[Line]:
    if asked is None:
        label = codecs.for_label(figure.codec, figure.block_size)
        return [Line("compression", label, None, figure.ratio, figure.error95, None, "info", "nothing was asked")]
    return [judge.judge_compression(figure, asked, tuned), judge.judge_spread(figure, asked, tuned)]


def _duplicates(
    recipe: Recipe | None,
    size: int,
    read: Read,
    plan: sampling.Plan,
    units: Sequence[int],
    threads: int,
    progress: Progress | None,
) -> list[Line]:
    wanted = list(units)
    if recipe is not None and recipe.dedup_unit not in wanted:
        wanted = sorted({*wanted, recipe.dedup_unit})
    counters = {unit: dedup.Deduper(unit) for unit in wanted if unit <= max(size, min(wanted))}
    spans = [(at, min(_READ, offset + length - at)) for offset, length in plan for at in range(offset, offset + length, _READ)]
    spans = _whole_units(spans, counters)

    def work(number: int) -> tuple[int, dict[int, Any]]:
        data = read(*spans[number])
        return data.size, {unit: dedup.unit_digests(data, unit) for unit in counters}

    for count, digests in ordered(len(spans), work, threads=threads):
        for unit, counter in counters.items():
            counter.add_digests(digests[unit], count)
        if progress:
            progress(count)
    slack = _slack(recipe, size, plan)
    return [_judge_count(counter.result(), recipe, slack) for counter in counters.values()]


def _whole_units(spans: list[tuple[int, int]], counters: Iterable[int]) -> list[tuple[int, int]]:
    """Spans as they are where every unit divides their start; the plan's alignment sees to it for the usual units."""
    odd = [unit for unit in counters if _READ % unit]
    if odd and len(spans) > 1:
        raise UsageError(f"units of {odd[0]} bytes cannot be counted in runs of 8 MiB", hint="take a power of two")
    return spans


def _slack(recipe: Recipe | None, size: int, plan: sampling.Plan) -> float:
    """Units by which a count may be off: one, or what the edges of runs may hide.

    A run sees each duplicate of its inside, except those that repeat something of before its start: at most the uniques
    of one sixteenth of the window (WINDOW_SHARE) for each run.
    """
    if recipe is None or _total(plan) == size:
        return 1.0
    reach = (recipe.dedup_window or size) / 16 / recipe.dedup_unit
    return judge.edge_slack(len(plan), reach, recipe.dedup_ratio)


def _judge_count(figure: dedup.DedupFigure, recipe: Recipe | None, slack: float) -> Line:
    if recipe is None:
        label = codecs.size_label(figure.unit)
        return Line("dedup", label, None, figure.ratio, None, None, "info", f"{figure.unique:,} of {figure.units:,} distinct")
    return judge.judge_dedup(figure, recipe.dedup_ratio, recipe.dedup_unit, slack)


def _asked(recipe: Recipe | None) -> dict[str, Any]:
    if recipe is None:
        return {}
    names = ("compress_ratio", "tuned_for", "dedup_ratio", "dedup_unit", "dedup_window")
    return {name: getattr(recipe, name) for name in names} | {"recipe": recipe.hash}


def _total(plan: sampling.Plan) -> int:
    return sum(length for _, length in plan)


def _describe(size: int, compression: sampling.Plan, counting: sampling.Plan, recipe: Recipe | None) -> str:
    unique = ", repeated units left out" if recipe and recipe.dedup_ratio > 1 else ""
    return (
        f"compression: {_total(compression):,} bytes in {len(compression)} places of {size:,}{unique}; "
        f"duplicates: {_total(counting):,} bytes in {len(counting)} runs"
    )
