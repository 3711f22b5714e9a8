"""Tampering with an encrypted container by somebody who has no key, and repairs every check that needs none."""

import struct

import xxhash

from penstock.container.layout import pack_chunk, parse_chunk

from .damage import flip, segments


def checked(front):
    """A header with its check."""
    return front + struct.pack("<I", xxhash.xxh3_64_intdigest(front) & 0xFFFFFFFF)


def rebuilt(header, chunks, tag):
    """A segment of (raw size, offset, plan, payload), everything but tags computed again."""
    entries, out = b"", [header]
    for raw, offset, plan, payload in chunks:
        checksum = xxhash.xxh3_64_intdigest(payload)
        head = pack_chunk(raw, len(payload), offset, checksum, plan)
        entries += struct.pack("<IIQ", raw, len(head) + len(payload), checksum)
        out += [head, payload]
    body = b"\x8fIDX" + header[-4:] + entries + tag
    size = sum(map(len, out)) + len(body) + 40
    body += struct.pack("<QQQ", len(chunks), sum(chunk[0] for chunk in chunks), size)
    return b"".join([*out, body, struct.pack("<Q", xxhash.xxh3_64_intdigest(body)), b"\x8fEND\r\n\x1a\n"])


def tampered(data):
    """(what was done, bytes)."""
    (whole,) = segments(data)
    header, tag = whole.header, whole.index[-56:-40]
    chunks = []
    for chunk in whole.chunks:
        head = parse_chunk(chunk)
        chunks.append((head.raw_size, head.offset, head.plan, chunk[head.size :]))
    assert rebuilt(header, chunks, tag) == data
    for number, (raw, offset, plan, payload) in enumerate(chunks):
        others = {
            "a bit of the payload": (raw, offset, plan, flip(payload, 77)),
            "the last bit of its tag": (raw, offset, plan, flip(payload, 8 * len(payload) - 1)),
            "a byte less": (raw, offset, plan, payload[:-1]),
            "a byte more": (raw, offset, plan, payload + b"\0"),
            "only the tag": (raw, offset, plan, payload[-16:]),
            "not even a tag": (raw, offset, plan, payload[:15]),
            "nothing": (raw, offset, plan, b""),
            "another raw size": (raw - 1, offset, plan, payload),
            "another layer": (raw, offset, b"\0" + plan[1:], payload),
            "another leaf": (raw, offset, flip(plan, 25), payload),
        }
        for what, changed in others.items():
            yield f"chunk {number}: {what}", rebuilt(header, [*chunks[:number], changed, *chunks[number + 1 :]], tag)
    raws = [chunk[0] for chunk in chunks]
    orders = {"swapped": [1, 0, 2], "doubled": [0, 0, 1, 2], "the first dropped": [1, 2], "the last dropped": [0, 1]}
    for what, order in orders.items():
        moved = [(raws[at], sum(raws[one] for one in order[:place]), *chunks[at][2:]) for place, at in enumerate(order)]
        yield what, rebuilt(header, moved, tag)
    yield "no chunks", rebuilt(header, [], tag)
    yield "the index's tag", rebuilt(header, chunks, flip(tag, 3))
    yield "another salt", rebuilt(checked(flip(header[:-4], 8 * 40)), chunks, tag)
    yield "said not to be encrypted", rebuilt(checked(flip(header[:-4], 72)), chunks, tag)
