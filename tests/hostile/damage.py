"""Damage to containers: bits, parts in the wrong place, sizes that lie under checks that are right, bombs."""

import struct
from itertools import pairwise, product
from typing import NamedTuple

import lz4.block
import numpy as np
import xxhash
import zstandard

from penstock.container.frontback import Parser
from penstock.container.index import IndexBuilder
from penstock.container.layout import PLAIN, pack_chunk, parse_chunk
from penstock.container.parts import Chunk, Segment, WholeSegment

from .samples import text

MIB = 1 << 20
HOSTILE = sorted(
    {near for power in (0, 7, 8, 12, 16, 26, 31, 32, 62, 63, 64) for near in (2**power - 1, 2**power, 2**power + 1)}
)
"""Numbers around those at which something overflows or is at a limit."""


def flip(data, bit):
    """Change bit number `bit`, counted through the bytes."""
    bad = bytearray(data)
    bad[bit >> 3] ^= 1 << (bit & 7)
    return bytes(bad)


# --- parts in the wrong place -----------------------------------------------------------------------------------------


class Parts(NamedTuple):
    """The bytes of one segment."""

    header: bytes
    chunks: list
    index: bytes

    @property
    def whole(self):
        return b"".join([self.header, *self.chunks, self.index])


def segments(data):
    """The parts of each segment."""
    reader, found, edges = memoryview(data), [], []
    at = 0

    def read(size):
        nonlocal at
        at += size
        return reader[at - size : at]

    for item in Parser(read, look_only=True):
        if isinstance(item, Segment):
            edges = [item.position, item.position + item.header.size]
        elif isinstance(item, Chunk):
            edges.append(item.position + item.header.stored_size)
        elif isinstance(item, WholeSegment):
            edges.append(item.segment.position + item.size)
            header, *chunks, index = (data[start:stop] for start, stop in pairwise(edges))
            found.append(Parts(header, chunks, index))
    return found


def coded_bytes(data):
    """The places of all payloads that a codec made: there a bit may mean nothing, or the same as another."""
    places, at = set(), 0
    for header, chunks, index in segments(data):
        at += len(header)
        for chunk in chunks:
            head = parse_chunk(chunk)
            if head.plan[0] and b"\x01" not in header[9:10]:
                places.update(range(at + head.size, at + len(chunk)))
            at += len(chunk)
        at += len(index)
    return places


def splices(ours, other):
    """(what was done, bytes) for two segments of three chunks or more, none of which is whole."""
    head, chunks, index = ours
    a, b, *rest = chunks
    last = len(rest) - 1
    wrong = {
        "two chunks swapped": [b, a, *rest, index],
        "the first chunk left out": [b, *rest, index],
        "a chunk left out": [a, *rest, index],
        "the last chunk left out": [a, b, *rest[:last], index],
        "all chunks left out": [index],
        "a chunk twice": [a, b, b, *rest, index],
        "the last chunk twice": [a, b, *rest, rest[last], index],
        "one chunk in another's place": [a, a, *rest, index],
        "all chunks of the other file": [*other.chunks, index],
        "the other file's index": [*chunks, other.index],
        "two indexes": [*chunks, index, index],
        "the index first": [index, *chunks],
        "no index": chunks,
        "a header within": [a, head, b, *rest, index],
        "a segment within": [a, other.whole, b, *rest, index],
    }
    for number, chunk in enumerate(other.chunks[: len(chunks)]):
        wrong[f"chunk {number} of the other file"] = [*chunks[:number], chunk, *chunks[number + 1 :], index]
    for what, pieces in wrong.items():
        yield what, head + b"".join(pieces)
    yield "no header", b"".join(chunks) + index
    yield "two headers", head + ours.whole
    if other.header != head:
        yield "the other file's header", other.header + b"".join(chunks) + index


# --- lies -------------------------------------------------------------------------------------------------------------

RAW = text(3000, 5)
_FIRST, _SECOND = RAW[:2000], RAW[2000:]
CODECS = {
    "store": (0, bytes),
    "zstd": (1, zstandard.ZstdCompressor(level=3).compress),
    "lz4": (2, lambda raw: lz4.block.compress(raw, store_size=False)),
}
CHUNK_FIELDS = ("raw", "payload", "offset", "checksum", "layer", "leaf", "entry_raw", "entry_stored", "entry_checksum")
TRAILER_FIELDS = ("count", "total", "size")
_WIDTH = {"raw": 32, "payload": 32, "entry_raw": 32, "entry_stored": 32, "layer": 63, "leaf": 63}
"""Bits of each field; those not named have 64."""


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def forge(codec="zstd", **lies):
    """A container of `RAW` in two chunks, in which these fields of the second or of the trailer say something else.

    The index says what the chunk says, unless an `entry_...` lies for itself. All checks are right.
    """
    layer, compress = CODECS[codec]
    index, out = IndexBuilder(PLAIN), [PLAIN.packed]
    for raw, said in ((_FIRST, {}), (_SECOND, lies)):
        stored, truth = compress(raw), xxhash.xxh3_64_intdigest(raw)
        size, payload = said.get("raw", len(raw)), said.get("payload", len(stored))
        plan = varint(said.get("layer", layer)) + b"\0\0" + varint(said.get("leaf", payload))
        checksum = said.get("checksum", truth)
        head = pack_chunk(size, payload, said.get("offset", index.raw_size), checksum, plan)
        index.add(
            said.get("entry_raw", size),
            said.get("entry_stored", (len(head) + payload) % 2**32),
            said.get("entry_checksum", checksum),
        )
        out += [head, stored]
    return with_trailer(b"".join([*out, index.pack()]), **{name: lies[name] for name in TRAILER_FIELDS if name in lies})


def with_trailer(data, count=None, total=None, size=None):
    """The same with other numbers in the last trailer, and its checksum right again."""
    marker = data.rindex(b"\x8fIDX")
    told = struct.unpack("<QQQ", data[-40:-16])
    numbers = [true if lie is None else lie for true, lie in zip(told, (count, total, size), strict=True)]
    body = data[marker:-40] + struct.pack("<QQQ", *numbers)
    return data[:marker] + body + struct.pack("<Q", xxhash.xxh3_64_intdigest(body)) + data[-8:]


def lies(codec, values=HOSTILE):
    """(what is said, bytes): each field alone, and each two of the trailer, which are the same for all codecs."""
    for field in (*CHUNK_FIELDS, *TRAILER_FIELDS):
        for value in values:
            if value < 1 << _WIDTH.get(field, 64):
                yield f"{field} = {value}", forge(codec, **{field: value})
    for fields in (("count", "total"), ("count", "size"), ("total", "size")) if codec == "zstd" else ():
        for pair in product([value for value in values if value < 1 << 64], repeat=2):
            yield f"{fields} = {pair}", forge(codec, **dict(zip(fields, pair, strict=True)))


# --- bombs ------------------------------------------------------------------------------------------------------------


def zeros_frame(size):
    """A zstd frame of zeros: 4 bytes for each 128 KiB, the most that zstd's format can do."""
    out, left = bytearray(b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", size)), size
    while left:
        block = min(left, 128 << 10)
        left -= block
        out += (block << 3 | 1 << 1 | (left == 0)).to_bytes(3, "little") + b"\0"
    return bytes(out)


def bomb(chunks, size=64 * MIB):
    """A right container of `chunks` x `size` zeros, 1 to some 31,000 of its bytes."""
    frame = zeros_frame(size)
    checksum = xxhash.xxh3_64_intdigest(np.zeros(size, np.uint8).data)
    index, out = IndexBuilder(PLAIN), [PLAIN.packed]
    for number in range(chunks):
        head = pack_chunk(size, len(frame), number * size, checksum, b"\1\0\0" + varint(len(frame)))
        index.add(size, len(head) + len(frame), checksum)
        out += [head, frame]
    return b"".join([*out, index.pack()])
