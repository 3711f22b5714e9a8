"""Containers, from docs/spec alone: front to back, one field at a time, nothing clever."""

from __future__ import annotations

import hashlib
import hmac

import lz4.block
import xxhash
import zstandard

from . import layers


class Refused(Exception):
    """The kind of error that the specification names."""


def refuse(condition, kind):
    if condition:
        raise Refused(kind)


def xxh3(data):
    return xxhash.xxh3_64_intdigest(bytes(data))


def check_of(data):
    return xxh3(data) % 2**32


class Cursor:
    """Takes bytes and integers from the front of what is left."""

    def __init__(self, data, at=0):
        self.data, self.at = bytes(data), at

    def take(self, size):
        part = self.data[self.at : self.at + size]
        refuse(len(part) < size, "TruncatedError")
        self.at += size
        return part

    def number(self, size):
        return int.from_bytes(self.take(size), "little")

    def mark(self, *marks):
        """One of these byte strings, which may be cut."""
        for mark in marks:
            if self.data.startswith(mark, self.at):
                self.at += len(mark)
                return mark
        left = self.data[self.at :]
        refuse(any(mark.startswith(left) for mark in marks), "TruncatedError")
        raise Refused("CorruptDataError")


def header(cursor):
    """Section 3."""
    start = cursor.at
    cursor.mark(bytes.fromhex("8f5053544b0d0a1a"))
    version, flags, size = cursor.number(1), cursor.number(1), cursor.number(2)
    refuse(version != 1, "UnsupportedVersionError")
    refuse(size > 4096, "LimitExceededError")
    extension = cursor.take(size)
    body = cursor.data[start : cursor.at]
    refuse(cursor.number(4) != check_of(body), "ChecksumError")
    refuse(flags > 1, "UnsupportedVersionError")
    found = records(extension)
    refuse((1 in found) != (flags == 1), "CorruptDataError")
    if 4 in found:
        refuse(len(found[4]) != 1 or found[4][0] < 16, "CorruptDataError")
        refuse(found[4][0] > 30, "LimitExceededError")
    if 2 in found:
        refuse(len(found[2]) > 1024, "LimitExceededError")
        try:
            found[2].decode()
        except UnicodeDecodeError:
            raise Refused("CorruptDataError") from None
    return {"body": body, "all": cursor.data[start : cursor.at], "check": check_of(body), "records": found}


def records(extension):
    found, at, last = {}, 0, -1
    while at < len(extension):
        refuse(at + 3 > len(extension), "CorruptDataError")
        kind, size = extension[at], extension[at + 1] + 256 * extension[at + 2]
        value = extension[at + 3 : at + 3 + size]
        refuse(kind <= last, "CorruptDataError")
        refuse(kind not in (1, 2, 4) and kind < 128, "UnsupportedVersionError")
        refuse(len(value) < size, "CorruptDataError")
        refuse(kind in (2, 4) and size < 1, "CorruptDataError")
        refuse(kind == 1 and size != 40, "CorruptDataError")
        found[kind] = value
        at, last = at + 3 + size, kind
    return found


def chunk_header(cursor, start):
    """Section 4, behind the marker."""
    size, flags = cursor.number(2), cursor.number(2)
    raw, stored, offset, checksum = cursor.number(4), cursor.number(4), cursor.number(8), cursor.number(8)
    plan = cursor.take(size)
    body = cursor.data[start : cursor.at]
    refuse(cursor.number(4) != check_of(body), "ChecksumError")
    refuse(flags != 0, "UnsupportedVersionError")
    refuse(raw == 0, "CorruptDataError")
    refuse(raw > 64 * 2**20 or stored > 64 * 2**20 + 64 * 2**10 or offset > 2**62, "LimitExceededError")
    return {"raw": raw, "payload": stored, "offset": offset, "checksum": checksum, "plan": plan, "front": body[:24]}


def varint(cursor):
    value = 0
    for place in range(9):
        byte = cursor.number(1)
        value += byte % 128 * 128**place
        if byte < 128:
            refuse(byte == 0 and place > 0, "CorruptDataError")
            return value
    raise Refused("CorruptDataError")


WIDTHS = [1, 2, 4, 8, 1]
LEAVES = (0, 1, 2, 3, 4, 80)


class Tree:
    """Section 4.1: a plan tree as (id, parameters, stored size, [(type, size, strings, tree), ...])."""

    def __init__(self, plan, raw):
        self.cursor, self.nodes, self.left = Cursor(plan), 0, 8 * raw + 65536
        self.root = self.node(1, 0)
        refuse(self.cursor.at != len(plan), "CorruptDataError")

    def node(self, depth, kind):
        self.nodes += 1
        refuse(depth > 16 or self.nodes > 8192, "LimitExceededError")
        layer, size = varint(self.cursor), varint(self.cursor)
        params, count = self.cursor.take(size), varint(self.cursor)
        if not count:
            refuse(kind == 4, "CorruptDataError")
            return layer, params, varint(self.cursor), []
        refuse(count > 8192, "LimitExceededError")
        below = [self.stream(depth) for _ in range(count)]
        return layer, params, sum(node[2] for *_, node in below), below

    def stream(self, depth):
        kind, size = self.cursor.number(1), varint(self.cursor)
        refuse(kind > 4 or size % WIDTHS[kind], "CorruptDataError")
        strings = varint(self.cursor) if kind == 4 else 0
        self.left -= size + 4 * strings
        refuse(self.left < 0, "LimitExceededError")
        return kind, size, strings, self.node(depth + 1, kind)


def tree(plan, raw):
    """The root of the plan tree of a chunk of so many raw bytes."""
    return Tree(plan, raw).root


def decode(node, stored, kind, size, dictionary=None):
    """The bytes of the stream that a node gives."""
    layer, params, _, below = node
    inner = layer in layers.INNER
    refuse(layer == 3 or not (inner or layer in LEAVES), "UnknownCodecError")
    refuse(inner != bool(below) or (not inner and params and layer != 4), "CorruptDataError")
    if layer == 4:
        return with_dictionary(params, stored, size, dictionary)
    if not inner:
        return decode_leaf(layer, stored, size)
    children = inner_streams(stored, below, dictionary)
    try:
        return layers.decode(layer, params, children, kind, size)
    except layers.Wrong:
        raise Refused("CorruptDataError") from None


def inner_streams(stored, below, dictionary=None):
    cursor, children = Cursor(stored), []
    for child_kind, child_size, _, child in below:
        children.append((child_kind, decode(child, cursor.take(child[2]), child_kind, child_size, dictionary)))
    return children


def with_copies(node, stored, size, offset, history, window, dictionary=None):
    """The raw bytes of a chunk whose root is layer 99, and its own bytes: None where a copy stands."""
    _, params, _, below = node
    refuse(not below, "CorruptDataError")
    refuse(any(kind == 4 for kind, *_ in below), "CorruptDataError")
    try:
        own, rows = layers.literals_in_place(layers.Params(params), inner_streams(stored, below, dictionary), size)
        out = list(own)
        for start, stop, distance in rows:
            at, many = offset + start - distance, stop - start
            layers.need(at >= max(0, offset - window))
            first, source = next(pair for pair in [*history, (offset, own)] if at < pair[0] + len(pair[1]))
            found = source[at - first : at - first + many]
            layers.need(len(found) == many and None not in found)
            out[start:stop] = found
    except layers.Wrong:
        raise Refused("CorruptDataError") from None
    return bytes(out), own


def decode_leaf(layer, stored, size):
    try:
        if layer == 80:
            return layers.constant(stored, size)
        raw = stored
        if layer == 1:
            refuse(zstandard.get_frame_parameters(stored).content_size != size, "CorruptDataError")
            raw = zstandard.ZstdDecompressor().decompress(stored, allow_extra_data=False)
        elif layer == 2:
            raw = lz4.block.decompress(stored, uncompressed_size=size)
    except (zstandard.ZstdError, lz4.block.LZ4BlockError, layers.Wrong):
        raise Refused("CorruptDataError") from None
    refuse(len(raw) != size, "CorruptDataError")
    return raw


def with_dictionary(params, stored, size, dictionary):
    """Section 12.2."""
    refuse(len(params) not in (4, 8), "CorruptDataError")
    refuse(dictionary is None, "DictionaryRequiredError")
    refuse(xxh3(dictionary).to_bytes(8, "little")[: len(params)] != params, "DictionaryRequiredError")
    descriptor, value, width = (0x20, size, 1) if size < 256 else (0x60, size - 256, 2)
    if size > 65791:
        descriptor, value, width = 0xA0, size, 4
    frame = bytes.fromhex("28b52ffd") + bytes([descriptor]) + value.to_bytes(width, "little") + stored
    try:
        decoder = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(dictionary))
        raw = decoder.decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError:
        raise Refused("CorruptDataError") from None
    refuse(len(raw) != size, "CorruptDataError")
    return raw


def dictionary_file(data):
    """Section 12.1: the content."""
    cursor = Cursor(data)
    cursor.mark(bytes.fromhex("8f504443540d0a1a"))
    refuse(cursor.number(1) != 1, "UnsupportedVersionError")
    zeros, size, id = cursor.take(3), cursor.number(4), cursor.number(8)
    refuse(not 0 < size <= 2**24, "LimitExceededError")
    content = cursor.take(size)
    body = cursor.data[: cursor.at]
    refuse(cursor.number(4) != check_of(body) or zeros != bytes(3) or id != xxh3(content), "ChecksumError")
    refuse(cursor.at != len(cursor.data), "CorruptDataError")
    return content


def capsule(data, dictionary=None):
    """Section 13: the raw bytes."""
    cursor = Cursor(data)
    cursor.mark(b"\x8f")
    form = cursor.number(1)
    refuse(form < 0xD0 or form > 0xDF, "CorruptDataError")
    refuse(form > 0xD2, "UnsupportedVersionError")
    size = varint(cursor)
    refuse(size > 65536, "LimitExceededError")
    plan = b""
    if form == 0xD1:
        plan = cursor.take(4)
    elif form == 0xD2:
        length = varint(cursor)
        refuse(length > 65535, "LimitExceededError")
        plan = cursor.take(length)
    seed = xxh3(cursor.data[: cursor.at])
    check = cursor.number(4)
    payload = cursor.data[cursor.at :]
    refuse(len(payload) > size, "CorruptDataError")
    refuse(size and not payload, "TruncatedError")
    node = {0xD0: (0, b"", len(payload), []), 0xD1: (4, plan, len(payload), [])}.get(form) or tree(plan, size)
    refuse(node[2] != len(payload), "CorruptDataError")
    refuse(not size and form != 0xD0, "ChecksumError")
    raw = decode(node, payload, 0, size, dictionary)
    refuse(xxhash.xxh3_64_intdigest(raw, seed) % 2**32 != check, "ChecksumError")
    return raw


class Seal:
    """Section 7."""

    def __init__(self, head, key, passphrase):
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        cursor = Cursor(head["records"][1])
        scheme, secret, log_n, r, p = (cursor.number(1) for _ in range(5))
        zeros, salt = cursor.take(3), cursor.take(32)
        refuse(scheme != 1 or secret > 1, "UnsupportedVersionError")
        refuse(zeros != bytes(3) or (secret == 0 and (log_n or r or p)), "CorruptDataError")
        if secret == 1:
            refuse(not 10 <= log_n <= 18 or r != 8 or p != 1, "LimitExceededError")
            refuse(passphrase is None, "KeyRequiredError")
            key = hashlib.scrypt(passphrase, salt=salt, n=2**log_n, r=r, p=p, maxmem=2**29, dklen=32)
        refuse(key is None, "KeyRequiredError")
        # RFC 5869: extract, then one block of expand
        inner = hmac.digest(salt, key, "sha256")
        self.cipher = AESGCM(hmac.digest(inner, b"penstock container 1" + head["body"] + b"\x01", "sha256"))

    def open(self, number, last, sealed, data):
        from cryptography.exceptions import InvalidTag

        refuse(len(sealed) < 16, "CorruptDataError")
        try:
            return self.cipher.decrypt(bytes(3) + number.to_bytes(8, "big") + bytes([last]), sealed, data)
        except InvalidTag:
            raise Refused("WrongKeyError") from None


def chunk(cursor, start, number, offset, seal, history, window, dictionary):
    """One chunk, behind its marker: its index entry and its raw bytes."""
    found = chunk_header(cursor, start)
    refuse(found["offset"] != offset, "CorruptDataError")
    payload = cursor.take(found["payload"])
    if seal:
        refuse(xxh3(payload) != found["checksum"], "ChecksumError")
        payload = seal.open(number, 0, payload, found["front"] + found["plan"])
    node = tree(found["plan"], found["raw"])
    refuse(node[2] != len(payload), "CorruptDataError")
    if node[0] == 99:
        raw, own = with_copies(node, payload, found["raw"], offset, history, window, dictionary)
    else:
        own = raw = decode(node, payload, 0, found["raw"], dictionary)
    history.append((offset, list(own)))
    refuse(not seal and xxh3(raw) != found["checksum"], "ChecksumError")
    return (found["raw"], cursor.at - start, found["checksum"]), raw


def index(cursor, start, segment, head, entries, seal):
    """Section 5, behind the marker: it must tell what was seen."""
    end = start + 8 + 16 * len(entries) + (16 if seal else 0) + 40
    refuse(end > len(cursor.data), "TruncatedError")
    body = cursor.data[start : end - 16]
    refuse(int.from_bytes(cursor.data[end - 16 : end - 8], "little") != xxh3(body), "ChecksumError")
    refuse(cursor.number(4) != head["check"], "CorruptDataError")
    for raw, stored, checksum in entries:
        seen = (cursor.number(4), cursor.number(4), cursor.number(8))
        refuse(seen != (raw, stored, checksum), "CorruptDataError")
    if seal:
        data = head["all"] + cursor.data[start : cursor.at]
        seal.open(len(entries), 1, cursor.take(16), data)
    refuse(cursor.number(8) != len(entries), "CorruptDataError")
    refuse(cursor.number(8) != sum(raw for raw, _, _ in entries), "CorruptDataError")
    refuse(cursor.number(8) != end - segment, "CorruptDataError")
    cursor.number(8)
    cursor.mark(bytes.fromhex("8f454e440d0a1a0a"))


def segment(cursor, key, passphrase, dictionary):
    start = cursor.at
    head = header(cursor)
    seal = Seal(head, key, passphrase) if 1 in head["records"] else None
    entries, parts, offset, history = [], [], 0, []
    window = 2 ** head["records"][4][0] if 4 in head["records"] else 0
    while True:
        at = cursor.at
        mark = cursor.mark(bytes.fromhex("8f43484b"), bytes.fromhex("8f494458"))
        if mark == bytes.fromhex("8f494458"):
            index(cursor, at, start, head, entries, seal)
            return {"codec": head["records"].get(2, b"").decode(), "entries": entries, "raw": b"".join(parts)}
        entry, raw = chunk(cursor, at, len(entries), offset, seal, history, window, dictionary)
        entries.append(entry)
        parts.append(raw)
        offset += len(raw)


def read(data, key=None, passphrase=None, dictionary=None):
    """The segments of a container; raises `Refused`."""
    cursor, found = Cursor(data), []
    while cursor.at < len(cursor.data) or not found:
        found.append(segment(cursor, key, passphrase, dictionary))
    return found


def raw(data, **secret):
    """The raw bytes of a container, or a capsule."""
    if data[:1] == b"\x8f" and len(data) > 1 and 0xD0 <= data[1] <= 0xDF:
        return capsule(data, secret.get("dictionary"))
    return b"".join(part["raw"] for part in read(data, **secret))
