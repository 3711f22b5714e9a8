"""What tests of inner layers share: guarded outputs, round trips, and damage that must be noticed or do no harm."""

import numpy as np

from penstock.errors import CorruptDataError
from penstock.layers.streams import Kind, Stream

GUARD = 128
KINDS = {1: Kind.BYTES, 2: Kind.U16, 4: Kind.U32, 8: Kind.U64}


def stream_of(values, width=1):
    return Stream.of(np.array(values, f"<u{width}"))


def bytes_of(raw):
    return Stream(Kind.BYTES, np.frombuffer(bytes(raw), np.uint8))


def decoded(layer, params, children, kind, size, fill=0):
    """The bytes that a layer fills, or None where it says that they are damaged; it must write nowhere else."""
    room = np.full(size + 2 * GUARD, 0xA7, np.uint8)
    out = room[GUARD : GUARD + size]
    out[:] = fill
    before = [child.data.tobytes() for child in children]
    try:
        layer.decode(params, children, Stream(kind, out))
        found = out.tobytes()
    except CorruptDataError:
        found = None
    assert (room[:GUARD] == 0xA7).all() and (room[GUARD + size :] == 0xA7).all(), "it wrote outside of its output"
    assert before == [child.data.tobytes() for child in children], "it changed its inner streams"
    return found


def round_trip(layer, stream, params):
    """Encode, decode, compare; return what the layer gave."""
    source = stream.data.tobytes()
    stored, children = layer.encode(stream, params)
    assert stream.data.tobytes() == source
    again = layer.encode(stream, params)
    assert (stored, [child.data.tobytes() for child in children]) == (again[0], [c.data.tobytes() for c in again[1]])
    assert decoded(layer, stored, children, stream.kind, len(source), fill=0x55) == source
    return stored, children


def must_fill_or_refuse(layer, params, children, kind, size):
    """What is accepted may not depend on what the output held. Returns what came out."""
    first, second = (decoded(layer, params, children, kind, size, fill) for fill in (0x00, 0xFF))
    assert first == second
    return first


def damaged(children, random):
    """Yield the children with one of them cut, longer, flipped, random, or of another kind."""
    for number, child in enumerate(children):
        width = child.kind.width
        flipped = child.data.copy()
        if flipped.size:
            flipped[int(random.integers(flipped.size))] ^= 1 << int(random.integers(8))
        for data in (
            child.data[: -width or None],
            np.append(child.data, np.full(width, random.integers(256), np.uint8)),
            flipped,
            random.integers(0, 256, child.data.size, np.uint8),
            np.full(child.data.size, 255, np.uint8),
            np.zeros(0, np.uint8),
        ):
            yield [*children[:number], Stream(child.kind, np.ascontiguousarray(data)), *children[number + 1 :]]
        other = Kind.U16 if child.kind is Kind.BYTES else Kind.BYTES
        whole = child.data.size // other.width * other.width
        yield [*children[:number], Stream(other, child.data[:whole].copy()), *children[number + 1 :]]
    yield children[:-1]
    yield [*children, children[-1]]
