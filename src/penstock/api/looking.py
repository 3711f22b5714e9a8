"""Looking at containers: what they are made of, and whether all of it can be restored."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ..buffers import as_bytes
from ..container.directory import CapsuleDirectory, Directory, read_directory
from ..container.frontback import Parser
from ..container.index import TAG
from ..container.layout import CHUNK_LEAST, ChunkHeader, ReadAt, chunk_header_size, parse_chunk
from ..container.parts import SALVAGE, Chunk, Segment, WholeSegment, chunk_name
from ..errors import BadBufferError, CorruptDataError, PenstockError
from ..layers.contract import Codec
from ..layers.plan import parse
from ..layers.streams import Kind
from ..layers.words import short, tree
from ..storage.reader import FileReader
from ..topology import default_threads
from .arguments import whole
from .compressing import Measured, Progress, name_of, open_source
from .flows import PipeChunks, restored
from .restoring import named
from .squeezing import own_codec, secret_of

_HEAD: Final = CHUNK_LEAST + 476
"""Bytes read for a chunk's header: most are shorter by far, and one that is longer costs a second read."""
_KDF: Final = {b"\0": "key", b"\1": "passphrase"}
"""By the second byte of a header's encryption parameters."""


@dataclass(frozen=True)
class Tested(Measured):
    """A container of which every byte was checked: its name, raw and stored bytes, chunks, and the seconds it took."""

    source: str
    raw_size: int
    stored_size: int
    chunks: int
    seconds: float


def test(
    source: Any,
    *,
    codec: Any = None,
    threads: int | None = None,
    key: bytes | None = None,
    passphrase: str | bytes | None = None,
    dictionary: Any = None,
    progress: Progress | None = None,
) -> Tested:
    """Restore all of `source` without keeping it: every check is done. Returns only if every byte is right.

    source: a path, a descriptor, a binary file object, or any buffer. The other arguments are those of
    `decompress_file`. Memory: about 2 chunks a thread. Raises what `decompress` raises, with the source's name.
    """
    many = whole("threads", default_threads() if threads is None else threads, 1)
    note = progress or (lambda _: None)
    own, secret = own_codec(codec, dictionary), secret_of(key, passphrase)
    begin = time.perf_counter()
    with ExitStack() as stack:
        name, reader = _opened(source, stack)
        stack.enter_context(named(name))
        if isinstance(reader, _Anywhere):
            directory = read_directory(reader.read_at, reader.size, secret, require_encryption=secret is not None)
            for size in _checked(reader.read_at, directory, own, many):
                note(size)
            raw, stored, chunks = directory.size, reader.size, directory.chunks
        else:
            flow, raw = PipeChunks(reader, secret, own, many), 0
            for piece in flow.pieces():
                raw += piece.size
                note(piece.size)
            stored, chunks = reader.position, flow.chunks
    return Tested(name, raw, stored, chunks, time.perf_counter() - begin)


def inspect(
    source: Any, *, key: bytes | None = None, passphrase: str | bytes | None = None, chunks: bool = False
) -> dict[str, Any]:
    """Return what a container is made of, as JSON types; sizes and positions in bytes. Nothing is restored.

    source: a path, a descriptor, a binary file object, or any buffer. Of a file only the headers and the index are
    read; anything else is read through. No key is needed; with one, what is not encrypted is refused, and the tags of
    the indexes are checked, so that a wrong key shows.

    - source, raw_size, stored_size, ratio (raw / stored), chunk_size (raw bytes of the largest), encrypted
    - chunks: how many; with `chunks` chunk_list has one entry for each, in which trees of layers are as in `explain`
    - segments: position, size, chunks, raw_size, chunk_size, encrypted, kdf (key or passphrase), codec (the name of
      the writer's own, None for penstock's), window (how far back copies of earlier chunks reach at most; 0: none)
    - plans: how many chunks, raw and stored bytes went through which layers, in short; the largest share first

    Raises `CorruptDataError` and its kin, as `decompress`, for what can be seen without restoring; `StorageError`.
    """
    secret = secret_of(key, passphrase)
    with ExitStack() as stack:
        name, reader = _opened(source, stack)
        stack.enter_context(named(name))
        found = _Found(each=chunks)
        options: dict[str, Any] = {"require_encryption": secret is not None, "look_only": True}
        if isinstance(reader, _Anywhere):
            directory = read_directory(reader.read_at, reader.size, secret, **options)
            for number in range(directory.chunks):
                found.chunk(*_chunk_head(reader.read_at, directory, number))
            found.segments = directory.segments
        else:
            for part in Parser(reader.read, secret, **options):
                if isinstance(part, Chunk):
                    found.chunk(part.segment, part.number, part.position, part.header)
                elif isinstance(part, WholeSegment):
                    found.segments.append(part)
        return {"source": name} | found.to_dict()


def raw_size_of(path: Any) -> int:
    """Return how many raw bytes a container's indexes declare; 0 where that cannot be known cheaply. For progress."""
    try:
        with open_source(path) as reader:
            if not isinstance(reader, FileReader):
                return 0
            return read_directory(_Anywhere(reader.read, reader.size).read_at, reader.size, look_only=True).size
    except PenstockError:
        return 0


class _Anywhere(NamedTuple):
    """A container that can be read at any place."""

    read_at: ReadAt
    size: int


def _opened(source: Any, stack: ExitStack) -> tuple[str, Any]:
    """The source's name; and an `_Anywhere`, or an `Intake` for what comes front to back."""
    if not isinstance(source, str | int):
        try:
            data = as_bytes(source).data
        except BadBufferError:  # a path, or a file object
            pass
        else:
            return name_of(source), _Anywhere(lambda at, size: data[at : at + size], len(data))
    reader = open_source(source)
    stack.enter_context(reader)
    return name_of(source), _Anywhere(reader.read, reader.size) if isinstance(reader, FileReader) else reader


def _checked(read_at: ReadAt, directory: Directory, own: Codec | None, threads: int) -> Iterator[int]:
    """Restore every chunk, by all threads; yield the raw bytes of each when it was right."""

    def read(number: int) -> Chunk:
        place = directory.chunk(number)
        return place.parse(read_at(place.position, place.stored_size))

    many = max(1, min(threads, directory.chunks))
    return (image.raw.size for image in restored(range(directory.chunks), read, own, many))


def _chunk_head(read_at: ReadAt, directory: Directory, number: int) -> tuple[Segment, int, int, ChunkHeader]:
    """A chunk's segment, number in it, position and header, which is as the index tells."""
    place = directory.chunk(number)
    if isinstance(directory, CapsuleDirectory):
        chunk = place.parse(read_at(0, place.stored_size))
        return chunk.segment, chunk.number, chunk.position, chunk.header
    where = chunk_name(place.number, place.segment.number, place.position)
    head = read_at(place.position, min(_HEAD, place.stored_size))
    size = chunk_header_size(head, where)
    if size > len(head):
        head = read_at(place.position, min(size, place.stored_size))
    header = parse_chunk(head, where)
    here = (header.offset + place.segment.base, header.raw_size, header.stored_size, header.checksum)
    if here != (place.offset, place.raw_size, place.stored_size, place.checksum):
        raise CorruptDataError(f"{where} is not the one that the index tells of", hint=SALVAGE)
    return place.segment, place.number, place.position, header


class _Found:
    """Sums up chunks and segments."""

    def __init__(self, *, each: bool) -> None:
        self.segments: list[WholeSegment] = []
        self._plans: dict[str, list[int]] = {}
        self._largest: dict[int, int] = {}
        self._chunks: list[dict[str, Any]] | None = [] if each else None

    def chunk(self, segment: Segment, number: int, position: int, header: ChunkHeader) -> None:
        """Count a chunk."""
        clear = header.payload_size - TAG * segment.header.encrypted
        try:
            node = parse(header.plan, header.raw_size, clear)
        except PenstockError as error:
            error.message = f"{chunk_name(number, segment.number, position)}: {error.message}"
            raise
        plan = short(node)
        sums = self._plans.setdefault(plan, [0, 0, 0])
        for at, value in enumerate((1, header.raw_size, header.stored_size)):
            sums[at] += value
        self._largest[segment.number] = max(self._largest.get(segment.number, 0), header.raw_size)
        if self._chunks is not None:
            entry = {
                "segment": segment.number,
                "number": number,
                "position": position,
                "stored_size": header.stored_size,
                "offset": segment.base + header.offset,
                "raw_size": header.raw_size,
                "checksum": f"{header.checksum:016x}",
                "plan": plan,
            }
            self._chunks.append(entry | ({"tree": tree(node, Kind.BYTES, header.raw_size)} if node.edges else {}))

    def to_dict(self) -> dict[str, Any]:
        """All of it."""
        raw = sum(one.raw_size for one in self.segments)
        stored = sum(one.size for one in self.segments)
        plans = sorted(self._plans.items(), key=lambda item: -item[1][1])
        found: dict[str, Any] = {
            "raw_size": raw,
            "stored_size": stored,
            "ratio": raw / stored if stored else 0.0,
            "chunks": sum(one.chunks for one in self.segments),
            "chunk_size": max(self._largest.values(), default=0),
            "encrypted": any(one.segment.header.encrypted for one in self.segments),
            "segments": [self._segment(one) for one in self.segments],
            "plans": [
                {"plan": plan, "chunks": count, "raw_size": raw, "stored_size": stored}
                for plan, (count, raw, stored) in plans
            ],
        }
        return found if self._chunks is None else found | {"chunk_list": self._chunks}

    def _segment(self, one: WholeSegment) -> dict[str, Any]:
        header = one.segment.header
        return {
            "position": one.segment.position,
            "size": one.size,
            "chunks": one.chunks,
            "raw_size": one.raw_size,
            "chunk_size": self._largest.get(one.segment.number, 0),
            "encrypted": header.encrypted,
            "kdf": _KDF.get(header.encryption[1:2], "unknown") if header.encrypted else None,
            "codec": header.codec or None,
            "window": header.window,
        }
