"""Which route the calls of a caller's own codec take: inline, threads or processes, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

import numpy as np

from ..buffers import Bytes, as_bytes
from ..container.directory import Directory
from ..container.index import TAG
from ..container.layout import CHUNK_FIXED, ChunkHeader, chunk_header_size, parse_chunk
from ..container.parts import Chunk
from ..engine.chunks import decode
from ..engine.route import Route, choose, is_known
from ..errors import PenstockError, UsageError
from ..layers.contract import FOREIGN, Codec
from ..layers.foreign import Foreign
from ..layers.plan import Node, parse
from ..topology import default_threads
from .arguments import whole
from .squeezing import choose as choose_codec

How = Literal["inline", "threads", "processes"]
ROUTES: Final[tuple[How, ...]] = ("inline", "threads", "processes")
AUTO: Final = "auto"
_PROBE: Final = 8
"""A part of a chunk that is enough to time a codec with: one in so many bytes."""
_PROBE_LEAST: Final = 64 << 10

ReadAt = Callable[[int, int], Bytes]


def explain(
    data: Any,
    codec: Any = None,
    *,
    level: int | str | None = None,
    chunk_size: int | None = None,
    threads: int | None = None,
) -> Route:
    """Return the route that `compress` with these arguments takes, why in one sentence, and what was measured.

    data: a buffer; or its size, and the codec is tried on bytes made up for it, which compress by half. The codec is
    called as `compress` would call it to find out; what was measured of a function is kept for its next use. Raises
    what the codec raises; `UsageError`.
    """
    wanted = choose_codec(level, codec, chunk_size)
    size = whole("data", data) if isinstance(data, int | np.integer) else as_bytes(data).size
    sample = _made_up(min(size, wanted.chunk_size)) if isinstance(data, int | np.integer) else as_bytes(data)
    return encoding_route(wanted.codec, sample[: wanted.chunk_size], size, threads=threads)


def _made_up(size: int) -> Bytes:
    sample = np.zeros(size, np.uint8)
    sample[::2] = np.random.default_rng(size).integers(0, 256, sample[::2].size, np.uint8)
    return sample


def check_route(route: str, codec: Codec | None) -> None:
    """Raise UsageError for a route there is not, and for processes where there is nothing for them to do."""
    if route != AUTO and route not in ROUTES:
        raise UsageError(f"there is no route {route!r}", hint=f"{AUTO}, {', '.join(ROUTES)}")
    if route == "processes" and not isinstance(codec, Foreign):
        raise UsageError(
            "processes are for a codec of your own", hint="penstock's codecs run beside each other on threads"
        )


def workers_of(threads: int | None) -> int:
    """Return how many threads or processes are meant. Raises UsageError."""
    return whole("threads", default_threads() if threads is None else threads, 1)


def encoding_route(codec: Codec, first: Bytes, total: int, *, threads: int | None = None, route: str = AUTO) -> Route:
    """Return how `total` bytes are encoded. first: the first chunk of them, on which the caller's codec is tried.

    Only a caller's codec is: penstock's own release the interpreter lock.
    """
    check_route(route, codec)
    workers = workers_of(threads)
    found = _without_a_trial(codec, total > first.size, workers, route)
    if found is not None:
        return found
    assert isinstance(codec, Foreign)
    probe = first if is_known(codec.encoder) else _probe(codec, first)
    return choose(lambda: codec.encode(probe), probe.size, total, workers, function=codec.encoder)


def decoding_route(
    own: Codec | None, sample: Chunk | None, total: int, *, threads: int | None = None, route: str = AUTO
) -> Route:
    """Return how chunks of `total` raw bytes are decoded. sample: one that the caller's codec made, None without any.

    Its codec is tried on that.
    """
    check_route(route, own)
    workers = workers_of(threads)
    several = sample is None or total > sample.header.raw_size
    found = _without_a_trial(own if sample else None, several, workers, route)
    if found is not None:
        return found
    assert isinstance(own, Foreign)
    assert sample is not None

    def call() -> Bytes:
        out = np.empty(sample.header.raw_size, np.uint8)
        decode(sample, out, own)
        return out

    return choose(call, sample.header.raw_size, total, workers, function=own.decoder)


def _without_a_trial(codec: Codec | None, several: bool, workers: int, route: str) -> Route | None:
    """The route where it does not depend on the codec's ways."""
    if route != AUTO:
        how: How = next(each for each in ROUTES if each == route)
        return Route(how, f"{how}: asked for", None)
    if not several:
        return Route("inline", "inline: there is one chunk", None)
    if workers == 1:
        return Route("inline", "inline: there is one worker", None)
    if not isinstance(codec, Foreign):
        name = codec.name if codec else "what made these chunks"
        return Route("threads", f"threads: {name} releases the interpreter lock", None)
    return None


def _probe(codec: Foreign, first: Bytes) -> Bytes:
    """A part of the chunk, for a slow codec's sake; all of it if the codec takes only chunks of that size."""
    part = first[: max(_PROBE_LEAST, first.size // _PROBE)]
    try:
        codec.encode(part)
    except Exception:  # the whole chunk will tell whether it is the size
        return first
    return part


def first_own(directory: Directory, numbers: Iterable[int], read_at: ReadAt) -> Chunk | None:
    """Return the first of the chunks that a caller's codec made; None without any, or where headers are damaged."""
    try:
        for number in numbers:
            place = directory.chunk(number)
            size = chunk_header_size(read_at(place.position, CHUNK_FIXED))
            header = parse_chunk(read_at(place.position, size))
            if made_by_own(header, encrypted=place.segment.header.encrypted):
                return place.parse(read_at(place.position, place.stored_size))
    except PenstockError:  # decoding will tell, in its turn
        return None
    return None


def made_by_own(header: ChunkHeader, *, encrypted: bool) -> bool:
    """Whether a caller's codec is in a chunk's plan; not in one that is damaged."""
    try:
        return _is_in(parse(header.plan, header.raw_size, header.payload_size - TAG * encrypted))
    except PenstockError:
        return False


def _is_in(node: Node) -> bool:
    return any(_is_in(edge.node) for edge in node.edges) if node.edges else node.id == FOREIGN
