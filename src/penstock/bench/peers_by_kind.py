"""Penstock and its peers on one file, each set up as well as who knows the data would: types told, best filters tried.

The slowest get no more than the first 8 MiB of a file: more would take minutes, and hardly change what they make.
What a method makes is a list of pieces that are counted to the last byte. Methods use one thread, and restore into a
given buffer where they can.
"""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final, NamedTuple

import numpy as np
import zstandard

from ..api.squeeze import compress, decompress
from ..buffers import Bytes
from .kinds import Part

OBJECTIVES: Final = ("speed", "balanced", "ratio")
_OPTIONAL: Final = {"blosc2": "blosc2", "pcodec": "pcodec", "OpenZL": "openzl.ext"}
_MIB: Final = 1 << 20
_SAMPLE: Final = 1 << 19
"""Bytes from the middle of a file on which settings are tried."""
_BLOSC2_CHUNK: Final = 16 << 20
_SLOW: Final = 8 << 20
"""Bytes that the slowest get of a file."""
_TYPES: Final = tuple(order + kind for kind in ("u2", "u4", "u8", "f4", "f8") for order in "<>")
"""What a file of numbers may hold, where nobody says; signs make no difference to pcodec or OpenZL here."""

Pieces = list[Any]


class Method(NamedTuple):
    """A way to compress and restore."""

    name: str
    press: Callable[[Bytes], Pieces]
    back: Callable[[Pieces, Bytes], Any]
    """Restores into the buffer and returns None, or returns the bytes."""
    runs: int | None = None
    """Times that it is run at most, where it is slow."""
    most: int | None = None
    """Bytes of a file that it gets at most, where it is very slow."""


class _Typed(NamedTuple):
    """How a file is an array: `head` bytes, then values of a type, then what is less than one value."""

    dtype: str
    head: int

    def split(self, data: Bytes) -> tuple[Bytes, Any, Bytes]:
        """Return head, values in this machine's byte order, tail."""
        wanted = np.dtype(self.dtype)
        end = self.head + (data.size - self.head) // wanted.itemsize * wanted.itemsize
        values = data[self.head : end].view(wanted)
        native = values.astype(wanted.newbyteorder("="), copy=not values.flags.aligned)
        return data[: self.head], native, data[end:]

    def place(self, head: Any, tail: Any, out: Bytes) -> Any:
        """Put head and tail where they belong; return the room of the values between them."""
        end = out.size - len(tail)
        out[: len(head)], out[end:] = np.frombuffer(head, np.uint8), np.frombuffer(tail, np.uint8)
        return out[len(head) : end].view(np.dtype(self.dtype).newbyteorder("="))

    def order(self, values: Any) -> None:
        """Turn values in this machine's byte order into the file's."""
        if not np.dtype(self.dtype).isnative:
            values.byteswap(inplace=True)


def missing() -> dict[str, str]:
    """Peers that are not measured, and why."""
    found = {}
    for name, module in _OPTIONAL.items():
        try:
            import_module(module)
        except ImportError as error:
            found[name] = f"{error}; pip install penstock[bench]"
    return found


def methods(part: Part, *, column: bool, strings: bool = False) -> list[Method]:
    """All of them for one file. column: blosc2 also at its best ratio; strings: zstd also at level 9."""
    found = [_penstock(objective) for objective in OBJECTIVES]
    found += [_zstd(1), _zstd(3), _zstd_pieces(), _zstd(19, 1, _SLOW), _xz()]
    found += [_zstd(9)] if strings else []
    absent = missing()
    if "blosc2" not in absent:
        found.append(_blosc2(part.data, 5))
        found += [_blosc2(part.data, 9)] if column else []
    if "pcodec" not in absent:
        found.append(_pcodec(part))
    if "OpenZL" not in absent:
        found.append(_openzl(part))
    return found


def size_of(pieces: Pieces) -> int:
    """Bytes of what a method made."""
    return sum(map(len, pieces))


def _penstock_back(made: Pieces, out: Bytes) -> None:
    decompress(made[0], out, threads=1)


def _penstock(objective: str) -> Method:
    return Method(
        f"penstock {objective}",
        lambda data: [compress(data, objective, threads=1)],
        _penstock_back,
        2 if objective == "ratio" else None,
    )


_decompressor = zstandard.ZstdDecompressor()


def _zstd_back(made: Pieces, out: Bytes) -> None:
    _decompressor.stream_reader(made[0]).readinto(out.data)


def _zstd(level: int, runs: int | None = None, most: int | None = None) -> Method:
    alone = zstandard.ZstdCompressor(level=level)
    return Method(f"zstd-{level}", lambda data: [alone.compress(data.data)], _zstd_back, runs, most)


def _zstd_pieces() -> Method:
    """The library alone on chunks as penstock's: what can be read at random costs this, whatever is done with it."""
    alone = zstandard.ZstdCompressor(level=3)

    def back(made: Pieces, out: Bytes) -> None:
        for number, piece in enumerate(made):
            _zstd_back([piece], out[number * _MIB : (number + 1) * _MIB])

    def press(data: Bytes) -> Pieces:
        return [alone.compress(data[at : at + _MIB].data) for at in range(0, data.size, _MIB)]

    return Method("zstd-3 by MiB", press, back)


def _xz() -> Method:
    return Method(
        "xz-6", lambda data: [lzma.compress(data.data, preset=6)], lambda made, out: lzma.decompress(made[0]), 1, _SLOW
    )


def _sample(data: Bytes, head: int = 0) -> Bytes:
    """The middle, beginning at a whole value of the widest type, behind `head` bytes."""
    start = head + max(0, (data.size - head - _SAMPLE) // 2) // 8 * 8
    return data[start : start + _SAMPLE]


def _best(found: Iterator[tuple[int, Any]]) -> Any:
    """The setting that makes least of the sample."""
    return min(found, key=lambda each: each[0])[1]


def _blosc2(data: Bytes, level: int) -> Method:
    """The type size, and shuffle, bitshuffle, bytedelta, delta or none, that are best on a sample."""
    import blosc2

    blosc2.set_nthreads(1)
    kind = blosc2.Filter
    chains = ([kind.SHUFFLE], [kind.BITSHUFFLE], [kind.SHUFFLE, kind.BYTEDELTA], [kind.DELTA, kind.SHUFFLE])
    tried = [(size, chain) for size in (1, 2, 4, 8) for chain in chains] + [(1, [kind.NOFILTER])]

    def press(data: Bytes, setting: tuple[int, Any]) -> Pieces:
        size, chain = setting
        options = {"codec": blosc2.Codec.ZSTD, "clevel": level, "typesize": size, "filters": chain, "nthreads": 1}
        options["filters_meta"] = [0 if each != kind.BYTEDELTA else size for each in chain]
        starts = range(0, data.size, _BLOSC2_CHUNK)
        return [blosc2.compress2(data[at : at + _BLOSC2_CHUNK], **options) for at in starts]

    def back(made: Pieces, out: Bytes) -> None:
        for number, piece in enumerate(made):
            at = number * _BLOSC2_CHUNK
            blosc2.decompress2(piece, dst=out[at : at + _BLOSC2_CHUNK], nthreads=1)

    sample = _sample(data)
    best = _best((size_of(press(sample, each)), each) for each in tried)
    name, runs = ("blosc2", None) if level == 5 else (f"blosc2 clevel {level}", 1)
    return Method(name, lambda data: press(data, best), back, runs)


def _readings(part: Part) -> list[_Typed]:
    """How the file may be read as an array: as it was made, or in any way that leaves a value."""
    if part.dtype is not None:
        return [_Typed(part.dtype, part.offset)]
    ways = [_Typed(dtype, 0) for dtype in _TYPES] + [_Typed("<u2", 1), _Typed(">u2", 1)]
    return [way for way in ways if part.data.size >= 16]


def _pcodec(part: Part) -> Method:
    """Told the type; where a file has none, the one that is best on a sample. What is no value is stored."""
    from pcodec import ChunkConfig
    from pcodec.standalone import simple_compress, simple_decompress_into

    def press(data: Bytes, way: _Typed) -> Pieces:
        head, values, tail = way.split(data)
        return [head.tobytes(), simple_compress(values, ChunkConfig()), tail.tobytes()]

    best = _best((size_of(press(_sample(part.data, way.head), _Typed(way.dtype, 0))), way) for way in _readings(part))

    def back(made: Pieces, out: Bytes) -> None:
        room = best.place(made[0], made[2], out)
        values = room if room.flags.aligned else np.empty_like(room)
        simple_decompress_into(made[1], values)
        best.order(values)
        if values is not room:
            room[:] = values

    return Method("pcodec", lambda data: press(data, best), back)


def _openzl(part: Part) -> Method:
    """Its graphs for numbers, told the type; where a file has none, also for bytes: the best on a sample."""
    import openzl.ext as openzl

    nodes, last = openzl.nodes, openzl.graphs.Compress
    graphs: list[Callable[[Any], Any]] = [
        last(),
        lambda made: nodes.DeltaInt()(made, openzl.graphs.FieldLz()(made)),
        lambda made: nodes.DeltaInt()(made, nodes.Zigzag()(made, nodes.TransposeSplit()(made, last()(made)))),
    ]
    ways = [_Typed(way.dtype.replace("f", "u").replace("i", "u"), way.head) for way in _readings(part)]
    tried = [(way, number) for way in sorted(set(ways)) for number in range(len(graphs))]
    if part.dtype is None:
        tried.append((_Typed("u1", 0), 0))

    def build(number: int) -> Any:
        compressor = openzl.Compressor()
        compressor.select_starting_graph(graphs[number](compressor))
        return compressor

    built, context, reader = [build(number) for number in range(len(graphs))], openzl.CCtx(), openzl.DCtx()

    def press(data: Bytes, setting: tuple[_Typed, int]) -> Pieces:
        way, number = setting
        head, values, tail = way.split(data)
        context.ref_compressor(built[number])
        context.set_parameter(openzl.CParam.FormatVersion, openzl.MAX_FORMAT_VERSION)
        kind = openzl.Type.Serial if values.itemsize == 1 else openzl.Type.Numeric
        return [head.tobytes(), context.compress([openzl.Input(kind, values)]), tail.tobytes()]

    def trial(way: _Typed, number: int) -> int:
        return size_of(press(_sample(part.data, way.head), (_Typed(way.dtype, 0), number)))

    best = _best((trial(*each), each) for each in tried)

    def back(made: Pieces, out: Bytes) -> None:
        values = best[0].place(made[0], made[2], out)
        values[:] = reader.decompress(made[1])[0].content.as_nparray()
        best[0].order(values)

    return Method("OpenZL", lambda data: press(data, best), back)
