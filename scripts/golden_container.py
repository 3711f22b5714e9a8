"""Writes the golden containers of format version 1, good ones and damaged ones, always with the same bytes.

    python scripts/golden_container.py [FOLDER]

Without FOLDER into tests/golden/container, where they were committed once: their bytes never change, only new ones are
added. golden.json says what each of them holds, or which error it gives.
"""

import hashlib
import json
import struct
import sys
from pathlib import Path

from xxhash import xxh3_64_intdigest

from penstock.container.index import IndexBuilder
from penstock.container.layout import MAGIC, PLAIN, SegmentHeader, check_of, pack_chunk
from penstock.container.seal import Secret

HOME = Path(__file__).resolve().parent.parent / "tests" / "golden" / "container"
TEXT = b"a golden file stays what it was; " * 6
# Kept as bytes: a later library may compress the same text to others.
FRAME = bytes.fromhex(
    "28b52ffd20c655010014026120676f6c64656e2066696c652073746179732077686174206974207761733b20010011114a3d01"
)
BLOCK = bytes.fromhex(
    "ff126120676f6c64656e2066696c652073746179732077686174206974207761733b2021008d507761733b20"
)  # fmt: skip
KEY = bytes(range(32))
PASSPHRASE = b"correct horse battery staple"
SALT = bytes(range(128, 160))
BY_KEY = SegmentHeader(bytes([1, 0, 0, 0, 0, 0, 0, 0]) + SALT)
BY_PASSPHRASE = SegmentHeader(bytes([1, 1, 10, 8, 1, 0, 0, 0]) + SALT)

Part = tuple[int, bytes, bytes]
"""(layer, raw bytes, stored bytes)."""
STORE: Part = (0, b"stored as it is", b"stored as it is")
ZSTD: Part = (1, TEXT, FRAME)
LZ4: Part = (2, TEXT, BLOCK)
FOREIGN: Part = (3, b"backwards", b"sdrawkcab")


def leaf(layer: int, size: int) -> bytes:
    assert size < 128, "one byte of varint"
    return bytes([layer, 0, 0, size])


def chunk(part: Part, offset: int, sealer: object, number: int, wrong: dict[str, int | bytes]) -> tuple[bytes, int]:
    """(the bytes of a chunk, its checksum); `wrong` replaces fields of its header."""
    layer, raw, stored = part
    plan = leaf(layer, len(stored))
    checksum = xxh3_64_intdigest(raw)
    if sealer is not None:
        out = bytearray(len(stored) + 16)
        sealer.seal(number, len(raw), offset, plan, stored, out)
        stored, checksum = bytes(out), xxh3_64_intdigest(out)
    fields = {"raw_size": len(raw), "payload_size": len(stored), "offset": offset, "checksum": checksum, "plan": plan}
    fields |= wrong
    return pack_chunk(**fields) + stored, fields["checksum"]


def pieces(
    parts: list[Part], header: SegmentHeader = PLAIN, secret: Secret | None = None, **wrong: int | bytes
) -> list[bytes]:
    """[header, chunk, chunk, ..., index]; `wrong` replaces fields of every chunk's header."""
    index, made, offset = IndexBuilder(header), [header.packed], 0
    sealer = secret.sealer(header) if secret else None
    for number, part in enumerate(parts):
        data, checksum = chunk(part, offset, sealer, number, wrong)
        index.add(min(wrong.get("raw_size", len(part[1])), 1 << 26) or 1, len(data), checksum)
        made.append(data)
        offset += len(part[1])
    return [*made, index.pack(sealer)]


def segment(
    parts: list[Part], header: SegmentHeader = PLAIN, secret: Secret | None = None, **wrong: int | bytes
) -> bytes:
    return b"".join(pieces(parts, header, secret, **wrong))


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def header(flags: int = 0, extension: bytes = b"", version: int = 1, size: int | None = None) -> bytes:
    """A header with a right check, whatever else is wrong with it."""
    size = len(extension) if size is None else size
    front = MAGIC + struct.pack("<BBH", version, flags, size) + extension
    return front + struct.pack("<I", check_of(front))


def after(front: bytes) -> bytes:
    """A segment without chunks behind a header that a reader refuses."""
    tag = bytes(16 * (front[9] & 1))
    body = b"\x8fIDX" + front[-4:] + tag + struct.pack("<QQQ", 0, 0, len(front) + len(tag) + 48)
    return front + body + struct.pack("<Q", xxh3_64_intdigest(body)) + b"\x8fEND\r\n\x1a\n"


def trailer(data: bytes, count: int, raw: int, size: int) -> bytes:
    """A segment whose trailer says something else, with a right checksum."""
    body = data[data.rindex(b"\x8fIDX") : -40] + struct.pack("<QQQ", count, raw, size)
    return data[: data.rindex(b"\x8fIDX")] + body + struct.pack("<Q", xxh3_64_intdigest(body)) + data[-8:]


def good() -> dict[str, tuple[bytes, list[list[Part]], dict[str, str]]]:
    """Name -> the container, the parts of its segments, the secret."""
    several = [STORE, ZSTD, LZ4, STORE, ZSTD]
    key, passphrase = {"key": KEY.hex()}, {"passphrase": PASSPHRASE.decode()}
    named = SegmentHeader(codec="reversed")
    ignorable = SegmentHeader(others=((200, b"whatever"), (201, b"")))
    by_key, by_passphrase = Secret(key=KEY), Secret(passphrase=PASSPHRASE)
    return {
        "empty": (segment([]), [[]], {}),
        "store": (segment([STORE]), [[STORE]], {}),
        "zstd": (segment([ZSTD]), [[ZSTD]], {}),
        "lz4": (segment([LZ4]), [[LZ4]], {}),
        "foreign": (segment([FOREIGN], named), [[FOREIGN]], {}),
        "several": (segment(several), [several], {}),
        "segments": (segment([ZSTD, STORE]) + segment([LZ4]), [[ZSTD, STORE], [LZ4]], {}),
        "ignorable": (segment([STORE], ignorable), [[STORE]], {}),
        "window": (segment([STORE], SegmentHeader(window=1 << 30)), [[STORE]], {}),
        "sealed-key": (segment(several, BY_KEY, by_key), [several], key),
        "sealed-passphrase": (segment(several, BY_PASSPHRASE, by_passphrase), [several], passphrase),
        "sealed-empty": (segment([], BY_KEY, by_key), [[]], key),
    }


def cuts_and_flips() -> dict[str, tuple[bytes, str, str]]:
    """Name -> the container, the error front to back, the error from the end."""
    head, first, second, index = pieces([ZSTD, STORE])
    whole, chunks = head + first + second + index, head + first + second
    cut = ("TruncatedError", "TruncatedError")
    damaged, wrong = ("ChecksumError", "ChecksumError"), ("CorruptDataError", "CorruptDataError")
    return {
        "no-bytes": (b"", *cut),
        "cut-in-header": (whole[:10], *cut),
        "cut-after-header": (head, *cut),
        "cut-in-chunk-header": (whole[:40], *cut),
        "cut-in-payload": (whole[: len(head + first) - 5], *cut),
        "cut-after-chunk": (head + first, *cut),
        "cut-in-index": (chunks + index[:30], *cut),
        "cut-in-end-mark": (whole[:-3], *cut),
        "torn-append": (whole + whole[:100], *cut),
        "text": (TEXT, *wrong),
        "trailing-bytes": (whole + b"some other bytes", *wrong),
        "hole-between-segments": (whole + b"hole" + whole, *wrong),
        "flip-in-magic": (flipped(whole, 3), *wrong),
        "flip-in-header-check": (flipped(whole, 14), *damaged),
        "flip-in-chunk-header": (flipped(whole, len(head) + 24), *damaged),
        "flip-in-plan": (flipped(whole, len(head) + 33), *damaged),
        "flip-in-payload": (flipped(whole, len(head + first) + 45), *damaged),
        "flip-in-entry": (flipped(whole, len(chunks) + 10), *damaged),
        "flip-in-end-mark": (flipped(whole, len(whole) - 1), "CorruptDataError", "TruncatedError"),
    }


def splices_and_lies() -> dict[str, tuple[bytes, str, str]]:
    """The same; every check in them is right."""
    head, a, b, c, index = pieces([STORE, STORE, ZSTD])
    other = pieces([(0, b"other 15 bytes!", b"other 15 bytes!"), STORE, ZSTD])
    end = segment([STORE])
    wrong, limit = ("CorruptDataError", "CorruptDataError"), ("LimitExceededError", "LimitExceededError")
    later, unknown = ("UnsupportedVersionError", "UnsupportedVersionError"), ("UnknownCodecError", "UnknownCodecError")
    return {
        "version-2": (after(header(version=2)), *later),
        "unknown-flag": (after(header(flags=4)), *later),
        "unknown-record": (after(header(extension=b"\x03\0\0")), *later),
        "flag-without-parameters": (after(header(flags=1)), *wrong),
        "extension-too-large": (after(header(size=5000)), *limit),
        "records-out-of-order": (after(header(extension=b"\xc9\0\0\xc8\0\0")), *wrong),
        "name-not-utf8": (after(header(extension=b"\x02\x01\0\xff")), *wrong),
        "name-too-long": (after(header(extension=b"\x02\x01\x04" + b"x" * 1025)), *limit),
        "window-too-small": (after(header(extension=b"\x04\1\0\x0f")), *wrong),
        "window-too-large": (after(header(extension=b"\x04\1\0\x1f")), *limit),
        "window-of-2-bytes": (after(header(extension=b"\x04\2\0\x10\0")), *wrong),
        "window-of-nothing": (after(header(extension=b"\x04\0\0")), *wrong),
        "chunks-swapped": (head + b + a + c + index, *wrong),
        "chunk-left-out": (head + a + c + index, *wrong),
        "last-chunk-left-out": (head + a + b + index, *wrong),
        "chunk-twice": (head + a + a + b + c + index, *wrong),
        "chunk-of-another-file": (head + other[1] + b + c + index, *wrong),
        "index-of-another-file": (head + a + b + c + other[-1], *wrong),
        "index-of-another-header": (head + a + pieces([STORE], SegmentHeader(codec="x"))[-1], *wrong),
        "raw-size-0": (segment([STORE], raw_size=0), *wrong),
        "raw-size-too-large": (segment([STORE], raw_size=(64 << 20) + 1), *limit),
        "payload-too-large": (segment([STORE], payload_size=(64 << 20) + (64 << 10) + 1), *limit),
        "payload-to-the-limit": (segment([STORE], payload_size=64 << 20), "TruncatedError", "CorruptDataError"),
        "offset-1": (segment([STORE], offset=1), *wrong),
        "offset-too-large": (segment([STORE], offset=(1 << 62) + 1), *limit),
        "checksum-of-other-bytes": (segment([STORE], checksum=1), "ChecksumError", "ChecksumError"),
        "unknown-layer": (segment([STORE], plan=leaf(127, 15)), *unknown),
        "plan-of-another-size": (segment([STORE], plan=leaf(0, 14)), *wrong),
        "frame-of-another-size": (segment([(1, TEXT[1:], FRAME)]), *wrong),
        "trailer-raw-size": (trailer(end, 1, 16, len(end)), *wrong),
        "trailer-segment-size": (trailer(end, 1, 15, len(end) - 1), *wrong),
        "trailer-count": (trailer(end, 2, 15, len(end)), *wrong),
        "trailer-huge-count": (trailer(end, 1 << 40, 1 << 45, 1 << 50), *limit),
        "trailer-huge-size": (trailer(end, 1, 15, 1 << 63), *limit),
    }


def sealed() -> dict[str, tuple[bytes, str, dict[str, str]]]:
    """Name -> the container, the error both ways, the secret."""
    secret = Secret(key=KEY)
    head, a, b, index = pieces([STORE, STORE], BY_KEY, secret)
    whole = head + a + b + index
    key, passphrase = {"key": KEY.hex()}, {"passphrase": PASSPHRASE.decode()}
    costly = SegmentHeader(bytes([1, 1, 19, 8, 1, 0, 0, 0]) + SALT)
    scheme = SegmentHeader(bytes([2, 0, 0, 0, 0, 0, 0, 0]) + SALT)
    return {
        "sealed-no-key": (whole, "KeyRequiredError", {}),
        "sealed-passphrase-for-key": (whole, "KeyRequiredError", passphrase),
        "sealed-wrong-key": (whole, "WrongKeyError", {"key": bytes(32).hex()}),
        "sealed-flip-in-payload": (flipped(whole, len(head) + 50), "ChecksumError", key),
        "sealed-index-tag": (head + a + b + _retagged(index), "WrongKeyError", key),
        "sealed-unknown-scheme": (after(scheme.packed), "UnsupportedVersionError", key),
        "sealed-costly-scrypt": (after(costly.packed), "LimitExceededError", passphrase),
    }


def _retagged(index: bytes) -> bytes:
    """An index with a wrong tag and a right checksum."""
    body = flipped(index, len(index) - 41)[:-16]
    return body + struct.pack("<Q", xxh3_64_intdigest(body)) + index[-8:]


def capsules() -> dict[str, tuple[bytes, str]]:
    """Capsules that are damaged, or need the dictionary of the specification's example."""
    whole = bytes.fromhex("8f d1 21 88 a9 22 d7 5f e6 fc ed 3d 00 00 08 0a 01 00 8b 4f 20")
    stored = bytes.fromhex("8f d0 09 26 38 26 48") + b"penstock\n"
    return {
        "capsule-without-its-dictionary": (whole, "DictionaryRequiredError"),
        "capsule-of-a-later-form": (b"\x8f\xd3" + whole[2:], "UnsupportedVersionError"),
        "capsule-cut": (stored[:-1], "TruncatedError"),
        "capsule-with-more-behind": (stored + b"\0", "CorruptDataError"),
        "capsule-flip-in-check": (flipped(stored, 4), "ChecksumError"),
        "capsule-flip-in-payload": (flipped(stored, 9), "ChecksumError"),
        "capsule-too-large": (bytes.fromhex("8f d0 81 80 04 00 00 00 00 00"), "LimitExceededError"),
    }


def write(folder: Path) -> None:
    files, errors = [], []
    folder.mkdir(parents=True, exist_ok=True)
    for name, (data, parts, secret) in good().items():
        raw = b"".join(part[1] for segment in parts for part in segment)
        digest = hashlib.blake2b(raw, digest_size=16).hexdigest()
        layers = [[part[0] for part in segment] for segment in parts]
        files.append({"file": f"{name}.pstk", "raw_size": len(raw), "blake2b": digest, "layers": layers} | secret)
        (folder / f"{name}.pstk").write_bytes(data)
    bad = {name: (data, forward, backward, {}) for name, (data, forward, backward) in cuts_and_flips().items()}
    bad |= {name: (data, forward, backward, {}) for name, (data, forward, backward) in splices_and_lies().items()}
    bad |= {name: (data, error, error, {}) for name, (data, error) in capsules().items()}
    bad |= {name: (data, error, error, secret) for name, (data, error, secret) in sealed().items()}
    for name, (data, forward, backward, secret) in bad.items():
        errors.append({"file": f"bad-{name}.pstk", "front_to_back": forward, "from_the_end": backward} | secret)
        (folder / f"bad-{name}.pstk").write_bytes(data)
    golden = {"files": files, "errors": errors}
    (folder / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else HOME)
