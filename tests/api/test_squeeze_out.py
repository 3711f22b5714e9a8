"""Compressing and decompressing into a buffer of one's own: exact, larger, too small, read-only, overlapping."""

import numpy as np
import pytest

from hostile.samples import FORMS, mixed, opening, text
from penstock import errors
from penstock.api.squeeze import compress, decompress

PLAIN_FORMS = [form for form in FORMS.values() if "key" not in form]
EVERY_FORM = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


@pytest.mark.parametrize("size", [1000, 300_000])
@pytest.mark.parametrize("form", PLAIN_FORMS, ids=["zstd", "lz4", "store", "own", "copies"])
def test_into_a_buffer_of_ones_own(form, size):
    raw = mixed(size)
    blob = compress(raw, chunk_size=65_536, **form)
    for spare in (0, 1, 5000):
        room = bytearray(b"\xee" * (len(blob) + spare))
        made = compress(raw, chunk_size=65_536, out=room, **form)
        assert isinstance(made, memoryview)
        assert bytes(made) == blob
        assert room == blob + b"\xee" * spare
        back = np.full(size + spare, 0xEE, np.uint8)
        got = decompress(blob, back, **opening(form))
        assert bytes(got) == raw
        assert np.shares_memory(np.asarray(got), back)
        assert back.tobytes() == raw + b"\xee" * spare


@EVERY_FORM
@pytest.mark.parametrize("size", [1, 1000, 300_000])
def test_a_buffer_that_is_too_small(form, size):
    raw = mixed(size)
    blob = compress(raw, chunk_size=65_536, threads=2, **form)
    needs = len(blob)
    for room in (0, 1, 15, 16, 17, needs // 2, needs - 57, needs - 1):
        guarded = np.full(needs + 100, 0xEE, np.uint8)
        with pytest.raises(errors.BadBufferError, match="buffer"):
            compress(raw, chunk_size=65_536, threads=2, out=guarded[:room], **form)
        assert (guarded[room:] == 0xEE).all(), "it wrote behind the end"
    for room in (0, size // 2, size - 1):
        guarded = np.full(size + 100, 0xEE, np.uint8)
        with pytest.raises(errors.BadBufferError, match=f"has {size} bytes, this buffer {room}"):
            decompress(blob, guarded[:room], **opening(form))
        assert (guarded == 0xEE).all()


@pytest.mark.parametrize("size", [1000, 300_000])
def test_a_buffer_that_is_read_only(size):
    raw = text(size)
    blob = compress(raw)
    for out in (bytes(2 * size), memoryview(bytes(2 * size)), np.frombuffer(bytes(2 * size), np.uint8)):
        with pytest.raises(errors.BadBufferError, match="read-only"):
            compress(raw, out=out)
        with pytest.raises(errors.BadBufferError, match="read-only"):
            decompress(blob, out)


def test_a_buffer_that_overlaps_the_input():
    """A worker would overwrite what another has still to read; the container would hold that, its checks right."""
    memory = np.frombuffer(bytearray(mixed(600_000)), np.uint8)
    before = memory.tobytes()
    for start, stop in ((0, 400_000), (399_999, 600_000), (100, 200_100)):
        with pytest.raises(errors.BadBufferError, match="overlaps"):
            compress(memory[:400_000], chunk_size=4096, out=memory[start:stop])
    blob = compress(before[:200_000], 0)
    memory[: len(blob)] = np.frombuffer(blob, np.uint8)
    before = memory.tobytes()
    with pytest.raises(errors.BadBufferError, match="overlaps"):
        decompress(memory[: len(blob)], memory[len(blob) - 1 :])
    assert memory.tobytes() == before
    got = decompress(memory[: len(blob)], memory[len(blob) :])
    assert bytes(got) == before[:0] + mixed(600_000)[:200_000]
