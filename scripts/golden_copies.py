"""Golden containers whose chunks copy from others, and some whose copies lie under checks that are right."""

from golden_streams import CORRUPT, Part, coded, ints, made, numbers, regions, stored
from xxhash import xxh3_64_intdigest

from penstock.container.index import IndexBuilder
from penstock.container.layout import PLAIN, SegmentHeader, pack_chunk
from penstock.layers.plan import pack

HEADER = SegmentHeader(window=1 << 16)
FIRST = bytes(at * at % 251 for at in range(200))
OWN = bytes(at * 7 % 253 for at in range(90))
Rows = list[tuple[int, int, int]]
"""Of each copy its gap, its length, its distance."""


def copies(own: bytes, rows: Rows, size: int) -> Part:
    """The stream of a chunk with copies; what they are of is for others to know."""
    parts = [numbers([row[column] for row in rows], 4) for column in range(3)]
    check = xxh3_64_intdigest(own + b"".join(part[3] for part in parts))
    return made(99, b"", [stored(own), *parts, stored(ints([check], 8))], size)


def segment(chunks: list[tuple[Part, bytes]], header: SegmentHeader = HEADER) -> bytes:
    """Chunks: what is stored, and the raw bytes, whose checksum each has."""
    index, out, offset = IndexBuilder(header), [header.packed], 0
    for part, raw in chunks:
        checksum = xxh3_64_intdigest(raw)
        head = pack_chunk(len(raw), len(part[3]), offset, checksum, pack(part[2]))
        index.add(len(raw), len(head) + len(part[3]), checksum)
        out += [head, part[3]]
        offset += len(raw)
    return b"".join([*out, index.pack()])


def second() -> tuple[Part, bytes]:
    """30 bytes of its own, 100 of the first chunk's, 50 of its own, 80 of both ..., 10 of its own."""
    raw = OWN[:30] + FIRST[10:110] + OWN[30:80] + FIRST[:40] + OWN[30:70] + OWN[80:]
    return copies(OWN, [(30, 100, 220), (50, 40, 380), (0, 40, 90)], len(raw)), raw


def third() -> tuple[Part, bytes]:
    """Of the first chunk, and of what is the second one's own."""
    raw = FIRST[160:200] + OWN[40:80]
    return copies(b"", [(0, 40, 310), (0, 40, 170)], len(raw)), raw


def within() -> tuple[Part, bytes]:
    """Copies of bytes of the same stream, one right behind the other, at the end and not; and none at all."""
    own = bytes(range(100)) + b"between"
    raw = own[:100] + own[3:40] + own[60:100] + own[100:] + own[:100]
    one = copies(own, [(100, 37, 97), (0, 40, 77), (7, 100, 184)], len(raw))
    return regions(one, copies(own, [], len(own))), raw + own


def good() -> dict[str, tuple[bytes, bytes]]:
    """Name -> the container, its raw bytes."""
    chunks = [(stored(FIRST), FIRST), second(), third()]
    raw = b"".join(raw for _, raw in chunks)
    far = bytes(1 << 16)
    whole = [(stored(FIRST[:40]), FIRST[:40]), (coded(80, b"\0", len(far)), far)]
    whole += [(copies(b"", [(0, 40, len(far) + 40)], 40), FIRST[:40])]
    return {
        "copies-of-others": (segment(chunks), raw),
        "copies-joined": (2 * segment(chunks), 2 * raw),
        "copies-as-far-as-can-be": (segment(whole, SegmentHeader(window=1 << 17)), FIRST[:40] + far + FIRST[:40]),
    }


def bad() -> dict[str, tuple[bytes, str]]:
    """Name -> the container, the error."""
    first, both = (stored(FIRST), FIRST), [(stored(FIRST), FIRST), second()]
    far = bytes(1 << 16)
    distant = [(stored(FIRST[:40]), FIRST[:40]), (coded(80, b"\0", len(far)), far)]
    wrong = {
        "copies-of-others-copies": segment([*both, (copies(b"", [(0, 40, 220)], 40), FIRST[20:60])]),
        "copies-of-two-chunks": segment([*both, (copies(b"", [(0, 40, 290)], 40), FIRST[180:] + OWN[:20])]),
        "copies-without-window": segment([first, second()], PLAIN),
        "copies-before-the-segment": segment([first, (copies(b"", [(0, 40, 201)], 40), FIRST[:40])]),
        "copies-of-another-segment": segment([first]) + segment([(copies(b"", [(0, 40, 200)], 40), FIRST[:40])]),
        "copies-beyond-the-window": segment(
            [*distant, (copies(b"", [(0, 40, len(far) + 40)], 40), FIRST[:40])], HEADER
        ),
    }
    found = {name: (data, CORRUPT) for name, data in wrong.items()}
    wrong_bytes = FIRST[1:41]
    found["copies-of-other-bytes"] = (
        segment([first, (copies(b"", [(0, 40, 200)], 40), wrong_bytes)]), "ChecksumError",
    )  # fmt: skip
    return found
