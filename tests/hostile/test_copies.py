"""Copies of any lengths from anywhere, under checks that are right: every reader says what the slow one says."""

import io

import numpy as np
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

import penstock
from naive import container as naive
from naive import layers as naive_layers
from penstock import errors
from penstock.api.looking import test as check_all
from penstock.container.index import IndexBuilder
from penstock.container.layout import SegmentHeader, pack_chunk
from penstock.layers.plan import Edge, branch, leaf, pack
from penstock.layers.streams import Kind

from .samples import by_threads, in_memory, in_ranges, noise, piped

KINDS = [Kind.BYTES, Kind.U32, Kind.U32, Kind.U32, Kind.BYTES]


def copied(own, rows, raw_size):
    """(plan, payload) of a chunk with these literals and copies."""
    numbers = [np.array(column, "<u4").tobytes() for column in zip(*rows, strict=True)] or [b""] * 3
    check = xxhash.xxh3_64_intdigest(own + b"".join(numbers)).to_bytes(8, "little")
    streams = [own, *numbers, check]
    edges = [Edge(kind, len(data), 0, leaf(0, len(data))) for kind, data in zip(KINDS, streams, strict=True)]
    return pack(branch(99, b"", edges)), b"".join(streams)


def container(chunks, window):
    """chunks: (plan, payload, raw size). Each has the checksum that the slow reader gives, or 0 where it refuses."""
    header = SegmentHeader(window=window)
    index, out, offset, history = IndexBuilder(header), [header.packed], 0, []
    for plan, payload, size in chunks:
        try:
            raw, own = naive.with_copies(naive.tree(plan, size), payload, size, offset, history, window)
        except naive.Refused:
            raw, own = b"", [None] * size
        history.append((offset, own))
        checksum = xxhash.xxh3_64_intdigest(raw)
        head = pack_chunk(size, len(payload), offset, checksum, plan)
        index.add(size, len(head) + len(payload), checksum)
        out += [head, payload]
        offset += size
    return b"".join([*out, index.pack()])


@st.composite
def containers(draw):
    """Three chunks; most copies lie where they may, some do not."""
    chunks, offset = [], 0
    for number in range(3):
        own = noise(draw(st.integers(0, 120)), number)
        rows, at, left = [], 0, len(own)
        for _ in range(draw(st.integers(0, 4))):
            gap = draw(st.integers(0, left))
            length = draw(st.one_of(st.just(32), st.integers(28, 60)))
            most = max(1, offset + at + gap)
            distance = draw(st.one_of(st.integers(min(length, most), most), st.integers(0, most + 3)))
            rows.append((gap, length, distance))
            left -= gap
            at += gap + length
        size = len(own) + sum(row[1] for row in rows) + draw(st.sampled_from([0] * 9 + [1]))
        if size:
            chunks.append((*copied(own, rows, size), size))
            offset += size
    return container(chunks, draw(st.sampled_from([1 << 16, 1 << 30])))


def from_the_end(data):
    with penstock.open(io.BytesIO(data), threads=1) as file:
        return file.read()


def checked(data):
    check_all(data, threads=2)
    return naive.raw(data)


READERS = [in_memory, by_threads, piped, in_ranges, from_the_end, checked]


@given(data=containers())
@settings(max_examples=200, deadline=None)
def test_all_readers_agree(data):
    try:
        raw = naive.raw(data)
    except naive.Refused:
        raw = None
    for read in READERS:
        if raw is None:
            try:
                read(data)
            except (errors.CorruptDataError, naive.Refused):
                continue
            raise AssertionError(f"{read.__name__} took what the slow reader refuses")
        assert read(data) == raw


def test_the_twin_makes_and_refuses():
    good = container([(*copied(noise(100), [], 100), 100), (*copied(b"", [(0, 40, 90)], 40), 40)], 1 << 16)
    assert naive.raw(good) == noise(100) + noise(100)[10:50]
    assert 99 in naive_layers.INNER
