"""What compressing would make of data, and why: the trees of layers, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from io import BytesIO
from itertools import chain
from os import PathLike
from typing import Any, Final

import numpy as np

from ..buffers import Bytes, as_bytes
from ..container.capsule import is_capsule
from ..container.capsule import parse as parse_capsule
from ..container.layout import MAGIC
from ..errors import BadBufferError, CorruptDataError, PenstockError, UsageError
from ..layers.columnwords import Head, columns
from ..layers.switches import Layers, off_of
from ..planner.aims import AIMS
from ..planner.explain import Alone, Explainer
from ..planner.planner import GROUP
from ..storage.intake import Intake
from ..storage.reader import FileReader
from .compressing import name_of, open_source
from .levels import Level, chunk_size_of, level_of
from .looking import inspect

_HEAD: Final = 1 << 16
"""Bytes by which it is told what lines are."""


def explain(
    source: Any,
    level: int | str | None = None,
    *,
    chunk_size: int | None = None,
    every: bool = False,
    layers: Layers = None,
) -> dict[str, Any]:
    """Return what `compress` with this level and chunk size makes of `source`, and why, as JSON types.

    source: a path, a descriptor, a binary file object, or any buffer. The first chunk of each group is explained,
    whose plan the others follow; with `every` all are. layers: as for `compress`. It takes some
    twenty times as long as compressing these chunks.
    Sizes are in bytes, rates in MB/s (10**6) of raw bytes on one thread, measured now.

    - source, size (of all), level (its number or word), objective (what plans aim at), chunk_size, chunks (of all)
    - explained: how many chunks; raw_size, stored_size, library_size, ratio, library_ratio: of these together.
      Headers and the index are not counted: some 40 bytes a chunk
    - chunk_list: for each number, offset, size, structure (whether there is a tree), stored, library (the codec that
      would have it without a tree: name, stored, encode, decode); and without a tree
        - why: the reason, in a sentence
    - columns, of lines of text and of records, where they are known: for each words (a sentence); who (which it is);
        fields (number, from 0, or key; of several that are kept together all; of cells of no known field none) and
        names, or bytes (first and last of a record); kind (of values); coding; cells; size (bytes in the text or
        records); stored; bits (stored, of a cell); ratio (size / stored; None where shapes of lines hold its text)
    - or with one
        - plan_bytes: of the tree itself, in the file; measured: plan_seconds (to find the tree), encode, decode
        - tree: layer, id, words (what it does), params (hexadecimal), size (of the stream it gives back), stored (with
          all inside of it), saved (what zstd at the objective's level makes of that stream, less `stored`), streams
          (name, kind, size, node: the tree that gives it). Fields of records have `predicted` (stored), where a second
          look at a sample chooses the same tree, and `runner_up` (tree, and the bytes that it really makes: stored), or
          None; the tree of records has `predicted` (stored, encode, decode) if all its fields have

    Of a container nothing is measured: what stands in its headers is told; and columns of the first chunk of each
    group, for which that is decoded, unless it is encrypted or damaged. compressed is then true, and only source, size,
    chunks, explained, raw_size, stored_size, ratio and chunk_list are there; trees have no `saved`.
    Raises `UsageError` for a level that does not look for structure, `StorageError`, and what `inspect` raises.
    """
    wanted = level_of(level)
    size = chunk_size_of(chunk_size, wanted)
    if wanted.aim is None:
        raise UsageError("level 0 stores, and looks at nothing", hint="explain another level: 1 to 19, balanced ...")
    with ExitStack() as stack:
        data = _opened(source, stack)
        pieces = _pieces(data, size, every=every)
        first = next(pieces, None)
        if first is None or not _is_compressed(first[1]):
            found = _Explained(wanted, size, off_of(layers))
            for number, raw in chain([first] if first else [], pieces):
                found.chunk(number, raw, look=every or number % GROUP == 0)
            asked = "balanced" if level is None else level
            return {"source": name_of(source), "compressed": False, "level": asked} | found.to_dict(data)
    if isinstance(data, Intake):
        raise UsageError("a container that comes through a pipe is not explained", hint="name its file")
    return _stored(inspect(source, chunks=True), source)


def _is_compressed(start: Bytes) -> bool:
    """Whether data that starts so is a container or a capsule; two bytes alone may be anything's."""
    if not is_capsule(start):
        return start[: len(MAGIC)].tobytes() == MAGIC
    with suppress(PenstockError):
        return bool(parse_capsule(start.data))
    return False


def _opened(source: Any, stack: ExitStack) -> Bytes | FileReader | Intake:
    if not isinstance(source, str | int):
        with suppress(BadBufferError):  # a path, or a file object
            return as_bytes(source)
    reader = open_source(source)
    stack.enter_context(reader)
    return reader


def _pieces(data: Bytes | FileReader | Intake, size: int, *, every: bool) -> Iterator[tuple[int, Bytes]]:
    """The chunks with their numbers: those to be explained; of what cannot be skipped, all."""
    if isinstance(data, Intake):
        yield from enumerate(_flow(data, size))
        return
    for at in range(0, data.size, size if every else GROUP * size):
        yield at // size, data.read(at, size) if isinstance(data, FileReader) else data[at : at + size]


def _flow(data: Intake, size: int) -> Iterator[Bytes]:
    while (raw := np.frombuffer(data.read(size), np.uint8)).size:
        yield raw


class _Explained:
    """Explains chunks, and sums them up."""

    def __init__(self, level: Level, chunk_size: int, off: frozenset[int]) -> None:
        assert level.aim is not None
        self._level, self._chunk_size = level, chunk_size
        self._explainer = Explainer(AIMS[level.aim], Alone(level.codec, level.strength), off)
        self._size = 0
        """Bytes seen, also of chunks that are left out."""
        self._chunks: list[dict[str, Any]] = []

    def chunk(self, number: int, raw: Bytes, *, look: bool) -> None:
        """Take the next chunk; explain it if `look`."""
        self._size = number * self._chunk_size + raw.size
        if look:
            found = self._explainer.chunk(number, raw)
            self._chunks.append({"number": number, "offset": number * self._chunk_size} | found)

    def to_dict(self, data: Bytes | FileReader | Intake) -> dict[str, Any]:
        """All of it; of a file, `data` knows its size."""
        size = self._size if isinstance(data, Intake) else data.size
        raw, stored = (sum(one[name] for one in self._chunks) for name in ("size", "stored"))
        library = sum(one["library"]["stored"] for one in self._chunks)
        return {
            "size": size,
            "objective": self._level.aim,
            "chunk_size": self._chunk_size,
            "chunks": -(-size // self._chunk_size),
            "explained": len(self._chunks),
            "raw_size": raw,
            "stored_size": stored,
            "library_size": library,
            "ratio": raw / stored if stored else 0.0,
            "library_ratio": raw / library if library else 0.0,
            "chunk_list": self._chunks,
        }


def _stored(facts: dict[str, Any], source: Any) -> dict[str, Any]:
    """What a container's chunks say of themselves."""
    found = {"source": facts["source"], "compressed": True, "size": facts["raw_size"]}
    for name in ("chunks", "raw_size", "stored_size", "ratio"):
        found[name] = facts[name]
    chunks = [_stored_chunk(one) for one in facts["chunk_list"]]
    if not facts["encrypted"] and not isinstance(source, int) and any("tree" in one for one in chunks[::GROUP]):
        _add_columns(chunks, source)
    return found | {"explained": facts["chunks"], "chunk_list": chunks}


def _add_columns(chunks: list[dict[str, Any]], source: Any) -> None:
    """Add what is to be said of columns to the first chunk of each group."""
    from .pstkfile import open as open_container

    place: Any = source if isinstance(source, str | PathLike) else BytesIO(source)
    with open_container(place, threads=1) as reader, suppress(CorruptDataError):
        head = Head.of(as_bytes(reader.pread(_HEAD, 0)))
        for number in range(0, len(chunks), GROUP):
            if "tree" in chunks[number]:
                found = columns(chunks[number]["tree"], *reader.stored_chunk(number), head)
                chunks[number] |= {"columns": found} if found else {}


def _stored_chunk(one: dict[str, Any]) -> dict[str, Any]:
    told = {"number": one["number"], "segment": one["segment"], "offset": one["offset"], "size": one["raw_size"]}
    told |= {"structure": "tree" in one, "stored": one["stored_size"]}
    return told | ({"tree": one["tree"]} if "tree" in one else {"why": f"left to {one['plan']}"})
