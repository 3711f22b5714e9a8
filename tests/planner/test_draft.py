"""Drafts give trees that make data smaller and give it back, for the chunk they are made of and for those like it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.layers.contract import FRAMES, PADDING, RECORDS, REGIONS, ZSTD
from penstock.layers.encoding import encode_tree
from penstock.layers.plan import pack, parse
from penstock.layers.registry import codec_by_id, decode_tree
from penstock.planner.aims import AIMS
from penstock.planner.draft import draft_of

from . import made, ragged

BALANCED = AIMS["balanced"]


def coded(want, data):
    """The bytes a tree makes of the data; it must give them back."""
    room = np.empty(data.size + 4096, np.uint8)
    node = encode_tree(want, data, room)
    assert node is not None
    plan, out = pack(node), np.empty_like(data)
    decode_tree(parse(plan, data.size, node.stored), room[: node.stored], out)
    np.testing.assert_array_equal(out, data)
    return len(plan) + node.stored


def library(data, level=BALANCED.guess):
    codec = codec_by_id(ZSTD)
    return codec.encode_into(data, np.empty(codec.bound(data.size), np.uint8), level)


def ids(want):
    """The ids of all layers of a tree."""
    return {want.id}.union(*(ids(child) for child in want.children))


KINDS = {
    "described": (lambda seed: ragged.described(12_000, seed), FRAMES, 0.95),
    "padded": (lambda seed: ragged.padded(8_000, 80, seed=seed), PADDING, 0.96),
    "padded-ascii": (lambda seed: ragged.padded(3_000, 133, 0x20, seed=seed), PADDING, 0.96),
    "cards": (lambda seed: made.card_images(8_000, seed), RECORDS, 0.6),
    "records": (lambda seed: made.filled(12_000, 34, seed), RECORDS, 0.8),
    "arrays": (ragged.arrays, REGIONS, 0.8),
}


@pytest.mark.parametrize("shift", [0, 1, 777])
@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_saves_bytes_here_and_in_the_next_chunk(kind, shift):
    make, id, share = KINDS[kind]
    data = make(1)
    found = draft_of(data, BALANCED)
    assert found is not None
    draft, want = found
    assert id in ids(want)
    assert coded(want, data) < share * library(data)
    if kind == "arrays":
        return  # another chunk of these begins elsewhere in them
    other = make(2)[shift:]
    again = draft.over(other)
    assert again is not None
    assert coded(again, other) < 1.03 * share * library(other)


def test_packets_are_frames():
    data = ragged.captured(900)
    found = draft_of(data, BALANCED)
    assert found is not None
    assert found[1].id == FRAMES
    # All but the packets' bytes themselves, which say nothing.
    assert coded(found[1], data) < data.size - 900 * 20


@pytest.mark.parametrize("aim", AIMS)
@pytest.mark.parametrize("kind", ["described", "padded"])
def test_text_is_left_to_the_level_of_the_aim(kind, aim):
    found = draft_of(KINDS[kind][0](1), AIMS[aim])
    assert found is not None
    levels = {child.level for child in found[1].children if child.id == ZSTD}
    assert AIMS[aim].strong in levels


@pytest.mark.parametrize("make", [made.prose, made.ndjson, made.noise], ids=["prose", "ndjson", "noise"])
@pytest.mark.parametrize("size", [16 << 10, 1 << 20])
def test_there_is_no_draft_where_nothing_is_found(make, size):
    assert draft_of(make(size), BALANCED) is None


def test_a_draft_is_dropped_where_the_library_is_expected_to_do_as_well():
    rng = np.random.default_rng(3)
    # Records that come again as they are, 40 KiB later.
    once = made.filled(1200, 34)
    data = np.concatenate([once] * 20)
    found = draft_of(data, BALANCED)
    assert found is None or coded(found[1], data) < 2 * library(data)
    assert draft_of(rng.integers(0, 256, 300_000, dtype=np.uint8), BALANCED) is None


@pytest.mark.parametrize("other", ["noise", "prose", "short"])
def test_padded_rows_are_not_seen_in_other_data(other):
    draft, _ = draft_of(KINDS["padded"][0](1), BALANCED)
    data = made.noise(100) if other == "short" else getattr(made, other)(100_000)
    assert draft.over(data) is None


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(sorted(KINDS)), st.integers(0, 4000), st.integers(16 << 10, 60_000), st.sampled_from(sorted(AIMS))
)
def test_any_piece_comes_back(kind, start, size, aim):
    data = KINDS[kind][0](5)[start : start + size]
    found = draft_of(data, AIMS[aim])
    if found is not None:
        coded(found[1], data)
        again = found[0].over(data[7:])
        if again is not None:
            coded(again, data[7:])
