"""`certify`: what real codecs and deduplication reach on data, against what was asked of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..buffers import Bytes
from ..engine.stream import ordered
from ..errors import TruncatedError, UsageError
from ..limits import MAX_DEDUP_UNIT
from ..measure import codecs, dedup, judge, ratios, sampling
from ..measure.certificate import Certificate, Line, Sample
from ..storage.reader import FileReader
from ..synth.recipe import WINDOW_SHARE, Recipe
from ..synth.source import Source
from ..topology import default_threads
from .arguments import whole
from .files import Progress, sidecar_path
from .verify import find_recipe

COMPRESS_SAMPLE = 16 << 20
DEDUP_SAMPLE = 512 << 20
_PIECE = 1 << 20
_READ = 8 << 20
_MOST_LOGICAL = 2 << 30
"""Bytes looked through at most to find unique ones for the codecs."""

Read = Callable[[int, int], Bytes]
Pair = tuple[str, int]
"""A codec's name and a block size in bytes."""


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
    planned: Progress | None = None,
) -> Certificate:
    """Measure a file, or a recipe's data without writing it anywhere, against what a recipe asks.

    subject: a path or a Recipe. Of a path the sidecar is the recipe unless one is given; without any, figures are given
    and nothing is judged. Sizes in bytes. The codec and block size that a recipe is tuned for are always measured, and
    its dedup unit. compress_sample: how much goes through the codecs; of deduplicated data the units that repeat others
    of the sample are left out first, as a storage system would. dedup_sample: how much is counted for duplicates,
    in contiguous runs of at least a window. seed chooses the places. planned is called once, with the sum of what
    progress will be called with.

    Raises UsageError, UnknownCodecError, StorageError, RecipeError, TruncatedError (a file cut while it was read).
    """
    threads = default_threads() if max_threads is None else whole("max_threads", max_threads, 1)
    with ExitStack() as stack:
        data = _of_recipe(subject) if isinstance(subject, Recipe) else _of_file(stack, subject, recipe)
        if data.size == 0:
            raise UsageError(f"{data.name} is empty: there is nothing to certify")
        pairs = _pairs(data.recipe, codec_names, block_sizes)
        groups = _counting_plans(data, dedup_sample, units, seed)
        piece = max(_PIECE, *(block for _, block in pairs))
        plan = _compression_plan(data, compress_sample, piece, seed)
        pieces = _pieces(data, plan, piece)
        if planned:
            planned(len(pairs) * sum(each.size for each in pieces) + sum(_total(runs) for runs, _ in groups))
        lines = _compression(data, pieces, pairs, threads, progress)
        for runs, group in groups:
            lines += _duplicates(data, runs, group, threads, progress)
    counted = groups[0][0]
    return Certificate(
        subject=data.name,
        sample=Sample(data.size, _total(plan), _total(counted), seed, _describe(data, plan, counted)),
        lines=tuple(lines),
        asked=_asked(data.recipe),
        versions=codecs.codec_versions(),
    )


@dataclass(frozen=True)
class _Data:
    """What is measured, and against which recipe."""

    name: str
    size: int
    read: Read
    recipe: Recipe | None

    @property
    def has_duplicates(self) -> bool:
        return self.recipe is not None and self.recipe.dedup_ratio > 1


def _of_recipe(recipe: Recipe) -> _Data:
    return _Data("recipe " + recipe.hash[:12], recipe.size, Source(recipe).read, recipe)


def _of_file(stack: ExitStack, path: str | os.PathLike[str], recipe: Recipe | None) -> _Data:
    reader = stack.enter_context(FileReader(path))
    if recipe is None and sidecar_path(path).exists():
        recipe = find_recipe(path)
    size = reader.size
    if recipe and Path(path).is_block_device():
        size = min(size, recipe.size)  # a device does not end where its data does

    def read(offset: int, many: int) -> Bytes:
        out = np.empty(many, np.uint8)
        if (got := reader.read_into(offset, out)) < many:
            raise TruncatedError(f"{reader.path} ends at {offset + got}: it was cut while it was read")
        return out

    return _Data(os.fspath(path), size, read, recipe)


def _pairs(recipe: Recipe | None, codec_names: Sequence[str], block_sizes: Sequence[int]) -> list[Pair]:
    """Every codec at every block size, once, and what the recipe is tuned for."""
    names = [codecs.parse_codec(name) for name in codec_names]
    pairs = [(name, codecs.check_block(block)) for name in names for block in block_sizes]
    tuned = [] if recipe is None or not recipe.tuned_for else [codecs.parse_for(recipe.tuned_for)]
    pairs = list(dict.fromkeys(pairs + tuned))
    if not pairs:
        raise UsageError("there is no codec or no block size to measure with", hint="name at least one of each")
    return pairs


def _compression_plan(data: _Data, sample: int, piece: int, seed: int) -> sampling.Plan:
    recipe = data.recipe
    if recipe is None or not data.has_duplicates:
        return sampling.plan_samples(data.size, sample, piece, seed)
    # Enough logical bytes that the unique ones among them fill the sample; whole units, several places.
    unit = recipe.dedup_unit
    run = max(piece, unit) * 4
    logical = max(sample, min(_MOST_LOGICAL, int(sample * recipe.dedup_ratio)))
    return sampling.plan_runs(data.size, logical, run - run % unit, unit, seed)


def _pieces(data: _Data, plan: sampling.Plan, piece: int) -> list[Bytes]:
    """What goes through the codecs, in pieces of at least the largest block."""
    if data.recipe is None or not data.has_duplicates:
        return list(sampling.read_plan(data.read, plan, piece))
    unit = data.recipe.dedup_unit
    parts = sampling.read_plan(data.read, plan, _READ - _READ % unit)
    unique = np.concatenate(list(dedup.unique_units(parts, unit)))
    return [unique[at : at + piece] for at in range(0, unique.size, piece)]


def _compression(
    data: _Data, pieces: list[Bytes], pairs: list[Pair], threads: int, progress: Progress | None
) -> list[Line]:
    recipe, asked, tuned, all_of_it = data.recipe, None, None, data.size
    if recipe is not None:
        asked = recipe.compress_ratio
        tuned = codecs.parse_for(recipe.tuned_for) if recipe.tuned_for else None
        if data.has_duplicates:
            all_of_it = max(recipe.unique_size, sum(piece.size for piece in pieces))
    sizes = _collect([(*pair, piece) for pair in pairs for piece in pieces], threads, progress)
    lines = []
    for number, (name, block) in enumerate(pairs):
        mine = sizes[number * len(pieces) : (number + 1) * len(pieces)]
        lines += _judge_ratio(ratios.ratio_of(name, block, mine, all_of_it), asked, tuned)
    return lines


def _collect(jobs: list[Any], threads: int, progress: Progress | None) -> list[ratios.PieceSizes]:
    sizes = []
    for done in ordered(jobs, lambda job: ratios.piece_sizes(*job), threads=threads, window=4 * threads):
        sizes.append(done)
        if progress:
            progress(done.raw)
    return sizes


def _judge_ratio(figure: ratios.RatioFigure, asked: float | None, tuned: judge.Tuned | None) -> list[Line]:
    if asked is None:
        label = codecs.for_label(figure.codec, figure.block_size)
        return [Line("compression", label, None, figure.ratio, figure.error95, None, "info", "nothing was asked")]
    return [judge.judge_compression(figure, asked, tuned), judge.judge_spread(figure, asked, tuned)]


def _counting_plans(data: _Data, sample: int, units: Sequence[int], seed: int) -> list[tuple[sampling.Plan, list[int]]]:
    """Units and the runs to count them in; those that divide 8 MiB share theirs, any other has its own."""
    wanted = {dedup.check_unit(unit) for unit in units}
    if most := [unit for unit in wanted if unit > MAX_DEDUP_UNIT]:
        raise UsageError(f"a unit of {most[0]} bytes is too large to count", hint="up to 4 MiB")
    wanted |= {data.recipe.dedup_unit} if data.recipe else set()
    wanted = {unit for unit in wanted if unit <= data.size} or {min(wanted, default=dedup.DEFAULT_UNITS[0])}
    even = sorted(unit for unit in wanted if _READ % unit == 0)
    odd = sorted(wanted.difference(even))
    groups = [(max(dedup.DEFAULT_UNITS), even)] if even else []
    groups += [(unit, [unit]) for unit in odd]
    return [(_counting_plan(data, sample, align, seed), group) for align, group in groups]


def _counting_plan(data: _Data, sample: int, align: int, seed: int) -> sampling.Plan:
    """Contiguous runs, two windows long where the sample allows it."""
    window = (data.recipe and data.recipe.dedup_window) or 64 << 20
    run = min(max(2 * window, align), sample)
    return sampling.plan_runs(data.size, sample, max(align, run - run % align), align, seed)


def _duplicates(
    data: _Data, plan: sampling.Plan, units: list[int], threads: int, progress: Progress | None
) -> list[Line]:
    counters = [dedup.Deduper(unit, _window(data, plan, unit)) for unit in units]
    step = _READ - _READ % units[-1]
    spans = [
        (at, min(step, start + length - at)) for start, length in plan for at in range(start, start + length, step)
    ]

    def work(span: tuple[int, int]) -> tuple[int, list[dedup.Digests]]:
        part = data.read(*span)
        return part.size, [dedup.unit_digests(part, unit) for unit in units]

    for count, digests in ordered(spans, work, threads=threads):
        for counter, mine in zip(counters, digests, strict=True):
            counter.add_digests(mine, count)
        if progress:
            progress(count)
    slack = _slack(data, plan)
    figures = [counter.result() for counter in counters]
    lines = [_judge_count(figure, data.recipe, slack) for figure in figures]
    if recipe := data.recipe:
        # A window misses what repeats something of before its start, like a run.
        edge = judge.edge_slack(1, _reach(recipe, data.size), recipe.dedup_ratio)
        shown = [figure for figure in figures if figure.window]
        lines += [judge.judge_windows(figure, recipe.dedup_ratio, recipe.dedup_unit, edge) for figure in shown]
    return lines


def _window(data: _Data, plan: sampling.Plan, unit: int) -> int | None:
    """The window in which duplicates of this unit were promised, if the runs are made of whole ones."""
    recipe = data.recipe
    if recipe is None or not data.has_duplicates or unit != recipe.dedup_unit or not recipe.dedup_window:
        return None
    window = recipe.dedup_window - recipe.dedup_window % unit
    lengths = [length for _, length in plan]
    whole_ones = len(plan) == 1 or not any(length % window for length in lengths)
    return window if whole_ones and min(lengths) >= window else None


def _reach(recipe: Recipe, size: int) -> float:
    """How many units back a duplicate may have its original."""
    return (recipe.dedup_window or size) / WINDOW_SHARE / recipe.dedup_unit


def _slack(data: _Data, plan: sampling.Plan) -> float:
    """Units by which a count may be off: one, or what the edges of runs may hide.

    A shorter last unit is like no other, though it be made as a duplicate: one more. A run sees each duplicate of its
    inside, except those that repeat something of before its start: at most the uniques of one sixteenth of the window
    (WINDOW_SHARE) for each run.
    """
    recipe = data.recipe
    if recipe is None:
        return 1.0
    if _total(plan) == data.size:
        return 1.0 + (data.size % recipe.dedup_unit != 0)
    return judge.edge_slack(len(plan), _reach(recipe, data.size), recipe.dedup_ratio)


def _judge_count(figure: dedup.DedupFigure, recipe: Recipe | None, slack: float) -> Line:
    if recipe is None:
        label = codecs.size_label(figure.unit)
        return Line(
            "dedup", label, None, figure.ratio, None, None, "info", f"{figure.unique:,} of {figure.units:,} distinct"
        )
    return judge.judge_dedup(figure, recipe.dedup_ratio, recipe.dedup_unit, slack)


def _asked(recipe: Recipe | None) -> dict[str, Any]:
    if recipe is None:
        return {}
    names = ("compress_ratio", "tuned_for", "dedup_ratio", "dedup_unit", "dedup_window")
    return {name: getattr(recipe, name) for name in names} | {"recipe": recipe.hash}


def _total(plan: sampling.Plan) -> int:
    return sum(length for _, length in plan)


def _describe(data: _Data, compression: sampling.Plan, counting: sampling.Plan) -> str:
    compressed, counted = _total(compression), _total(counting)
    unique = ", repeats left out" if data.has_duplicates else ""
    return (
        f"compression: {compressed:,} of {data.size:,} bytes in {_parts(compression)}{unique}; "
        f"duplicates: {counted:,} of {data.size:,} bytes in {_parts(counting)}"
    )


def _parts(plan: sampling.Plan) -> str:
    return f"{len(plan)} part" + ("" if len(plan) == 1 else "s")
