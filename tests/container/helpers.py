"""Writes small containers with the layout module, and reads them whole by each way there is."""

from __future__ import annotations

import struct

import lz4.block
import xxhash
import zstandard

from naive import container as naive
from penstock import errors
from penstock.container.directory import read_directory
from penstock.container.frontback import Parser
from penstock.container.index import IndexBuilder
from penstock.container.layout import PLAIN, SegmentHeader, pack_chunk
from penstock.container.parts import Chunk
from penstock.container.seal import Secret

KEY = bytes(range(32))
SALT = bytes(range(100, 132))
KEY_PARAMETERS = bytes([1, 0, 0, 0, 0, 0, 0, 0]) + SALT
CHEAP_PARAMETERS = bytes([1, 1, 10, 8, 1, 0, 0, 0]) + SALT
"""Of a passphrase, with the cheapest scrypt."""
CODECS = {
    "store": (0, bytes),
    "zstd": (1, zstandard.ZstdCompressor(level=3).compress),
    "lz4": (2, lambda raw: lz4.block.compress(raw, store_size=False)),
}


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def leaf(layer, stored):
    return bytes([layer, 0, 0]) + varint(stored)


def chunk(raw, offset, codec="store", sealer=None, number=0):
    """(all bytes of a chunk, its checksum)."""
    layer, compress = CODECS[codec]
    payload = compress(raw)
    plan = leaf(layer, len(payload))
    if sealer:
        clear, payload = payload, bytearray(len(payload) + 16)
        sealer.seal(number, len(raw), offset, plan, clear, payload)
    checksum = xxhash.xxh3_64_intdigest(payload if sealer else raw)
    return pack_chunk(len(raw), len(payload), offset, checksum, plan) + bytes(payload), checksum


def segment(parts, header=PLAIN, secret=None):
    """The bytes of a segment whose chunks hold `parts`: pairs (raw bytes, codec)."""
    index, out, offset = IndexBuilder(header), [header.packed], 0
    sealer = secret.sealer(header) if secret else None
    for number, (raw, codec) in enumerate(parts):
        stored, checksum = chunk(raw, offset, codec, sealer, number)
        index.add(len(raw), len(stored), checksum)
        out.append(stored)
        offset += len(raw)
    return b"".join([*out, index.pack(sealer)])


def cut(raw, size, codec="store"):
    """The parts of `raw` for chunks of `size` bytes."""
    return [(raw[at : at + size], codec) for at in range(0, len(raw), size)]


def sealed(parts, codec=""):
    """An encrypted segment, always the same."""
    return segment(parts, SegmentHeader(KEY_PARAMETERS, codec), Secret(key=KEY))


def index_of(header, chunks):
    """The index over `chunks`: triples (raw size, stored size, checksum), true or not."""
    index = IndexBuilder(header)
    for fields in chunks:
        index.add(*fields)
    return index.pack()


def with_trailer(data, count, raw, size):
    """A segment whose trailer says something else, and whose checksum is right again."""
    end = len(data)
    marker = data.rindex(b"\x8fIDX")
    body = data[marker : end - 40] + struct.pack("<QQQ", count, raw, size)
    return data[:marker] + body + struct.pack("<Q", xxhash.xxh3_64_intdigest(body)) + data[end - 8 :]


def decode(item: Chunk) -> bytes:
    """The raw bytes of a chunk, by the naive codecs, with penstock's errors."""
    payload = item.payload
    if item.segment.header.encrypted:
        payload = bytearray(max(0, len(item.payload) - 16))
        item.decrypt(payload)
    try:
        node = naive.tree(item.header.plan, item.header.raw_size)
        naive.refuse(node[2] != len(payload), "CorruptDataError")
        raw = naive.decode(node, bytes(payload), 0, item.header.raw_size)
        encrypted = item.segment.header.encrypted
        naive.refuse(not encrypted and naive.xxh3(raw) != item.header.checksum, "ChecksumError")
    except naive.Refused as error:
        raise getattr(errors, str(error))(str(error)) from None
    return raw


class Source:
    """Bytes to be read in order or anywhere, which watches what it is asked for."""

    def __init__(self, data, most=None):
        self.data, self.at, self.most = data, 0, most
        self.asked = 0
        """Bytes of the largest request."""

    def read(self, size):
        assert size > 0
        self.asked = max(self.asked, size)
        part = self.data[self.at : self.at + min(size, self.most or size)]
        self.at += len(part)
        return part

    def read_at(self, offset, size):
        assert offset >= 0 and size >= 0 and offset + size <= len(self.data), "asked beyond the file"
        self.asked = max(self.asked, size)
        return self.data[offset : offset + size]


def read_forward(data, secret=None, most=None, **options):
    """The raw bytes, front to back."""
    parser = Parser(Source(data, most).read, secret, **options)
    return b"".join(decode(item) for item in parser if isinstance(item, Chunk))


def chunk_at(data, directory, number):
    place = directory.chunk(number)
    return place.parse(data[place.position : place.position + place.stored_size])


def read_backward(data, secret=None, **options):
    """The raw bytes, by the directory."""
    directory = read_directory(Source(data).read_at, len(data), secret, **options)
    return b"".join(decode(chunk_at(data, directory, number)) for number in range(directory.chunks))


def read_naively(data, **secret):
    try:
        return naive.raw(data, **secret)
    except naive.Refused as error:
        raise getattr(errors, str(error))(str(error)) from None


READERS = {"forward": read_forward, "backward": read_backward}


def outcome(read, data, *arguments, **options):
    """The raw bytes, or the class of the error; any error that is not typed comes through."""
    try:
        return read(data, *arguments, **options)
    except errors.PenstockError as error:
        assert str(error), "an error says what is wrong"
        return type(error)
