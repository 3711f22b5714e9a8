"""What is taken for noise and stored: it never costs more than half a percent over what the codec alone would make."""

import io
import random
import tarfile

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hostile.samples import lines, noise, numbers, text
from penstock.api.squeeze import compress, decompress
from penstock.container.index import index_size
from penstock.layers.registry import codec_by_name

KINDS = {"text": text, "lines": lines, "numbers": numbers, "zeros": lambda size, seed: bytes(size)}
ROOM = np.empty((4 << 20) + 20_000, np.uint8)


def alone(raw, level, chunk_size):
    """Bytes that the codec itself makes of the chunks, with the same container around them."""
    codec, total = codec_by_name("zstd"), 0
    for at in range(0, len(raw), chunk_size):
        piece = np.frombuffer(raw[at : at + chunk_size], np.uint8)
        total += 36 + 5 + min(piece.size, codec.encode_into(piece, ROOM, level))
    return total + 16 + index_size(-(-len(raw) // chunk_size), encrypted=False)


def with_pieces(size, kind, share, pieces, seed=0):
    """Noise, of which a share is something else, in so many pieces; `copy`: of the noise itself."""
    data, chance, each = bytearray(noise(size, seed)), random.Random(seed), int(size * share / pieces)
    for number in range(pieces):
        at = chance.randrange(size - each + 1)
        if kind == "copy":
            start = chance.randrange(size - each + 1)
            data[at : at + each] = data[start : start + each]
        else:
            data[at : at + each] = KINDS[kind](each, seed + number)
    return bytes(data)


def check(raw, level=3, chunk_size=1 << 20):
    blob = compress(raw, level, chunk_size=chunk_size)
    assert len(blob) <= 1.005 * alone(raw, level, chunk_size) + 20
    assert decompress(blob) == raw
    return len(blob)


@pytest.mark.parametrize("size", [65_535, 65_536, 300_000, 1 << 20, (2 << 20) + 70_000])
def test_noise(size):
    for seed in range(3):
        assert check(noise(size, seed)) <= size + 300
        assert check(noise(size, seed), level=1, chunk_size=128 << 10) <= size + 60 * (size // (128 << 10) + 2) + 100


@pytest.mark.parametrize("kind", [*KINDS, "copy"])
@pytest.mark.parametrize("size", [70_000, 1 << 20])
@pytest.mark.parametrize("share", [0.0005, 0.1, 0.3, 1])
@pytest.mark.parametrize("pieces", [1, 20])
def test_noise_with_something_in_it(kind, size, share, pieces):
    check(with_pieces(size, kind, share, pieces))


HOLES = [
    (1 << 20, "text", 0.02, 1), (4 << 20, "text", 0.02, 1), (1 << 20, "lines", 0.02, 1), (1 << 20, "zeros", 0.007, 1),
    (65_536, "text", 0.05, 1), (65_536, "text", 0.05, 10), (65_536, "lines", 0.045, 1), (65_536, "zeros", 0.02, 10),
]  # fmt: skip


@pytest.mark.parametrize(("size", "kind", "share", "pieces"), HOLES)
def test_noise_with_a_little_of_something_in_it(size, kind, share, pieces):
    for seed in range(5):
        check(with_pieces(size, kind, share, pieces, seed), chunk_size=4 << 20)


FINE = [
    (300_000, "lines", 0.025, 30),
    (300_000, "text", 0.03, 30),
    (1 << 20, "lines", 0.02, 30),
    (4 << 20, "lines", 0.015, 100),
]


@pytest.mark.parametrize(("size", "kind", "share", "pieces"), FINE)
def test_noise_with_small_pieces_of_something_in_it(size, kind, share, pieces):
    for seed in range(3):
        check(with_pieces(size, kind, share, pieces, seed), chunk_size=4 << 20)


@pytest.mark.parametrize("size", [5000, 20_000, 35_000, 60_000])
def test_an_archive_of_noise(size):
    """Photos, say: each has a header of 512 bytes, and zeros to the next multiple of that."""
    room = io.BytesIO()
    with tarfile.open(fileobj=room, mode="w") as tar:
        for number in range((1 << 20) // size):
            entry = tarfile.TarInfo(f"photos/2024/photo-{number}.jpg")
            entry.size = size + number
            tar.addfile(entry, io.BytesIO(noise(entry.size, number)))
    check(room.getvalue())


def biased(size, seed):
    """Each byte on its own, some values more often than others."""
    return (np.frombuffer(noise(size, seed), np.uint8) % 200).tobytes()


def seven_bits(size, seed):
    return (np.frombuffer(noise(size, seed), np.uint8) & 127).tobytes()


def floats(size, seed):
    return np.random.default_rng(seed).standard_normal(size // 8 + 1).tobytes()[:size]


@pytest.mark.parametrize("make", [biased, seven_bits, floats, numbers, text])
@pytest.mark.parametrize("size", [65_536, 600_000, 1 << 20])
def test_data_that_looks_a_bit_like_noise(make, size):
    for level in (1, 3, 9):
        check(make(size, level), level)


@settings(max_examples=40, deadline=None)
@example([("lines", 64_000, 0), ("numbers", 64_000, 0), ("lines", 68_251, 0), ("numbers", 115_605, 0)], 1)
@example([("lines", 64_000, 0)] * 3 + [("numbers", 64_000, 0)], 1)
@given(
    st.lists(
        st.tuples(st.sampled_from([*KINDS, "noise", "again"]), st.integers(64_000, 120_000), st.integers(0, 99)),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([1, 3]),
)
def test_any_mixture_of_large_pieces(pieces, level):
    raw = b""
    for kind, size, seed in pieces:
        raw += raw[:size] if kind == "again" else noise(size, seed) if kind == "noise" else KINDS[kind](size, seed)
    check(raw, level)
