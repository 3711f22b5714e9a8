"""Layers by name, one after another, to see what each makes of data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from ..buffers import Bytes, as_bytes
from ..errors import LimitExceededError, UsageError
from ..layers import numbershape, wanted
from ..layers.contract import (
    COPIES,
    DECIMAL,
    DELTA,
    DICTIONARY,
    FRAMES,
    NAMES,
    NIBBLES,
    NUMBERS,
    PACK,
    PLANES,
    RECORDS,
    RUNS,
    SPARSE,
    SPLIT,
    STRINGS,
)
from ..layers.encoding import encode_tree
from ..layers.plan import pack
from ..layers.records import Field, pack_fields
from ..layers.registry import layer_by_id
from ..layers.streams import Kind, Stream
from ..layers.switches import SWITCHED
from ..layers.wanted import AUTO, STORED, Want, describe
from ..layers.words import words
from ..limits import MAX_CHUNK
from ..planner.fixed import Fixed
from .compressing import Measured
from .levels import MIB
from .squeeze import compress_as
from .squeezing import choose

_SAMPLE: Final = 64 << 10
"""Bytes by which parameters are chosen."""
_ROOM: Final = 1 * MIB
_LEAVES: Final = {
    "auto": AUTO, "store": STORED, "zstd": wanted.zstd(3), "lz4": wanted.lz4(1), "literals": wanted.literals(),
    "constant": wanted.constant(),
}  # fmt: skip
_MODES: Final = (wanted.DIFF, wanted.RISE, wanted.ZIGZAG, wanted.SECOND, wanted.XOR, wanted.FLOAT)
_PLAIN: Final = frozenset({COPIES, PLANES, PACK, RUNS, DICTIONARY, STRINGS})
"""Layers without parameters."""
_ALL_STREAMS: Final = frozenset({PLANES, RECORDS})
"""Layers whose streams are all alike: what comes next is done to each."""
Step = str | tuple[str, bytes]


class Applied(NamedTuple):
    """What one layer made of its stream."""

    layer: str
    params: bytes
    words: str
    size: int
    """Bytes of the stream that it took."""
    streams: tuple[tuple[str, int], ...]
    """Kind and bytes of each stream it gave; the next layer takes the first, of planes and records all."""
    stored: int
    """Bytes of all data if the chain ended here, its streams left to the library or what is cheaper."""


@dataclass(frozen=True)
class AppliedLayers(Measured):
    """A chain of layers, run over data: what each step made, and a container that `decompress` restores."""

    raw_size: int
    stored_size: int
    """Bytes that the whole chain makes, its tree included."""
    tree: str
    """The chain with the parameters that were chosen, in one line."""
    steps: tuple[Applied, ...]
    blob: bytes
    """A container made by this chain; by the library, should that be smaller than a chain that saves nothing."""


def apply_layers(data: Any, layers: Iterable[Step], *, typesize: int = 1) -> AppliedLayers:
    """Apply just these layers in a row to a buffer of at most 64 MiB, and tell what each made of it: for study.

    layers: names such as `delta`, `split`, `planes`, `pack`, `runs`, `dictionary`, each applied to the first stream
    that the one before gave; the last may be `zstd`, `lz4`, `literals`, `store`, `constant`. Streams that none takes
    go to whatever leaf suits them. Parameters are those that make a sample smallest; a pair (name, params) says them
    as docs/spec/layers.md has them. typesize: bytes of the unsigned numbers that the data is made of: 1, 2, 4, 8.

    Raises `UsageError` for a layer there is not, or that does not take such a stream; `LimitExceededError`.
    """
    view = as_bytes(data)
    if view.size > MAX_CHUNK:
        raise LimitExceededError(f"layers are applied to at most {MAX_CHUNK} bytes at once", hint="pass a part")
    if typesize not in (1, 2, 4, 8) or view.size % typesize:
        raise UsageError(f"{view.size} bytes are no numbers of {typesize!r}", hint="typesize is 1, 2, 4 or 8")
    chain: list[Step] = list(layers)
    if typesize > 1:
        chain.insert(0, ("records", pack_fields([Field(typesize)])))
    names = [one if isinstance(one, str) else one[0] for one in chain]
    want = _chosen(Stream(Kind.BYTES, view[:_SAMPLE]), list(map(_checked, chain)))[1]
    node = encode_tree(want, view, _room(view.size))
    stored = view.size if node is None else node.stored + len(pack(node))
    settings = choose(chunk_size=max(view.size, 4096))
    blob = bytes(compress_as(view, settings, 1, planner=Fixed(want)))
    return AppliedLayers(view.size, stored, describe(want), tuple(_steps(want, view, len(names))), blob)


class _Layer(NamedTuple):
    """A step that was asked for: a leaf, or a layer with its parameters if they were said."""

    name: str
    id: int
    params: bytes | None
    leaf: Want | None


def _checked(step: Step) -> _Layer:
    name, params = (step, None) if isinstance(step, str) else step
    if name in _LEAVES:
        return _Layer(name, -1, None, _LEAVES[name])
    if name not in SWITCHED:
        raise UsageError(f"no layer is called {name!r:.60}", hint=f"known: {', '.join([*SWITCHED, *_LEAVES])}")
    id = SWITCHED[name]
    if params is None and id not in _PLAIN and id not in _CHOICES:
        raise UsageError(f"{name} needs parameters", hint=f"({name!r}, params) as docs/spec/layers.md has them")
    return _Layer(name, id, params, None)


def _chosen(stream: Stream, chain: Sequence[_Layer]) -> tuple[int, Want]:
    """The bytes that a chain makes of a sample, and its tree with the parameters that make them fewest."""
    if not chain:
        return _size(AUTO, stream.data), AUTO
    first, rest = chain[0], chain[1:]
    if first.leaf is not None:
        if rest:
            raise UsageError(f"{first.name} is the end of a chain", hint="put it last")
        return _size(first.leaf, stream.data), first.leaf
    options = [first.params] if first.params is not None else list(_options(first.id, stream))
    if not options:
        raise UsageError(f"{first.name} finds nothing for it in this stream of {stream.kind.name.lower()}")
    return min((_with(stream, first.id, params, rest) for params in options), key=lambda found: found[0])


def _with(stream: Stream, id: int, params: bytes, rest: Sequence[_Layer]) -> tuple[int, Want]:
    """The same with these parameters for the first layer."""
    _, streams = layer_by_id(id).encode(stream, params)
    many = len(streams) if id in _ALL_STREAMS else 1
    # Planes and fields are treated alike: the chain with the parameters that suit the first.
    size, inner = _chosen(streams[0], rest)
    size += sum(_size(inner if at < many else AUTO, one.data) for at, one in enumerate(streams) if at)
    return size, Want(id, params, 0, (inner,) if id in _ALL_STREAMS else (inner, AUTO))


def _options(id: int, stream: Stream) -> Iterator[bytes]:
    """Parameters that may suit a stream."""
    yield from (b"",) if id in _PLAIN else _CHOICES[id](stream)


def _deltas(stream: Stream) -> Iterator[bytes]:
    modes = _MODES if stream.kind.width >= 4 else _MODES[:-1]
    yield from (bytes((mode, 1)) for mode in modes)


def _usual(stream: Stream) -> Iterator[bytes]:
    values, counts = np.unique(stream.read(), return_counts=True)
    if values.size:
        yield int(values[counts.argmax()]).to_bytes(stream.kind.width, "little")


def _numbers(stream: Stream) -> Iterator[bytes]:
    found = numbershape.guess(stream.data)
    yield from () if found is None else (found,)


def _frames(stream: Stream) -> Iterator[bytes]:
    from ..layers import frames

    found = frames.find(stream.data)
    yield from () if found is None else (found.params,)


def _decimals(stream: Stream) -> Iterator[bytes]:
    from ..kernels import decimal
    from ..layers.decimal import places

    find: Any = decimal.choose
    found = find(stream.read()[:1024]) if stream.kind in (Kind.U32, Kind.U64) else None
    yield from () if found is None else (places(found.places),)


_CHOICES: Final[dict[int, Callable[[Stream], Iterable[bytes]]]] = {
    DELTA: _deltas,
    SPLIT: lambda stream: (bytes((k,)) for k in range(8 * stream.kind.width)),
    NIBBLES: lambda stream: (b"\1", b"\2", b"\4"),
    SPARSE: _usual,
    NUMBERS: _numbers,
    FRAMES: _frames,
    DECIMAL: _decimals,
}


def _size(want: Want, data: Bytes) -> int:
    """Bytes that a tree makes of a stream of bytes; of numbers its leaf's."""
    leaf = want if not want.children else AUTO
    node = encode_tree(leaf, data, _room(data.size))
    return data.size if node is None else node.stored


def _room(size: int) -> Bytes:
    return np.empty(2 * size + _ROOM, np.uint8)


def _steps(want: Want, view: Bytes, many: int) -> Iterator[Applied]:
    """What each layer of a chain made of all the data."""
    stream, here = Stream(Kind.BYTES, view), want
    for depth in range(1, many + 1):
        node = encode_tree(_cut(want, depth), view, _room(view.size))
        stored, size = view.size if node is None else node.stored + len(pack(node)), stream.data.size
        if not here.children:
            yield Applied(describe(here), b"", describe(here), size, (), stored)
            return
        params, streams = layer_by_id(here.id).encode(stream, here.params)
        given = tuple((one.kind.name.lower(), one.data.size) for one in streams)
        yield Applied(NAMES[here.id], params, words(here.id, params, stream.kind), size, given, stored)
        stream, here = streams[0], here.children[0]


def _cut(want: Want, depth: int) -> Want:
    """The first layers of a chain."""
    if not depth or not want.children:
        return AUTO if not depth else want
    first, *rest = want.children
    return want._replace(children=(_cut(first, depth - 1), *rest))
