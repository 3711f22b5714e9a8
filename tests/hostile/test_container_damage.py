"""Damage by accident and on purpose, to whole containers, read in both directions: exact bytes or a typed error."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import errors
from penstock.api.squeeze import compress, decompress, decompress_range

from .children import run
from .damage import MIB, RAW, bomb, coded_bytes, flip, forge, segments, splices
from .samples import ALL, KEY, READERS, by_threads, in_ranges, mixed, noise, outcome, sample, small, text

SMALL = {name: small(name) for name in ALL}
EVERY = pytest.mark.parametrize("name", ALL)
BOTH = pytest.mark.parametrize("direction", READERS)
TYPED = {
    errors.ChecksumError,
    errors.CorruptDataError,
    errors.KeyRequiredError,
    errors.LimitExceededError,
    errors.TruncatedError,
    errors.UnknownCodecError,
    errors.UnsupportedVersionError,
    errors.WrongKeyError,
}


def judged(read, data, one, also=()):
    """The outcome, which is one of the allowed."""
    found = outcome(read, data, **one.options)
    assert found == one.raw or found in also or found in TYPED, found
    return found


# --- accidents --------------------------------------------------------------------------------------------------------


@EVERY
def test_the_undamaged(name):
    one = SMALL[name]
    for read in (*READERS.values(), by_threads, in_ranges):
        assert outcome(read, one.data, **one.options) == one.raw


@BOTH
@EVERY
def test_every_bit_flip(name, direction):
    one = SMALL[name]
    coded = coded_bytes(one.data)
    for bit in range(8 * len(one.data)):
        exact = judged(READERS[direction], flip(one.data, bit), one) == one.raw
        assert not exact or bit >> 3 in coded, "a bit of the container that nobody checks"


@pytest.mark.parametrize("name", ["zstd", "sealed"])
def test_what_a_flip_is_called(name):
    one = SMALL[name]
    header = len(segments(one.data)[0].header)
    places = {
        0: errors.CorruptDataError,  # the magic
        8: errors.UnsupportedVersionError,
        header - 1: errors.ChecksumError,  # the header's check
        header: errors.CorruptDataError,  # a chunk's marker
        header + 8: errors.ChecksumError,  # its raw size
        header + 60: errors.ChecksumError if name == "sealed" else errors.CorruptDataError,  # its payload
        len(one.data) - 60: errors.ChecksumError,  # the index
        len(one.data) - 12: errors.ChecksumError,  # its checksum
    }
    for place, kind in places.items():
        for read in (*READERS.values(), by_threads, in_ranges):
            found = outcome(read, flip(one.data, 8 * place + 1), **one.options)
            assert issubclass(found, kind), (place, read, found)


@EVERY
def test_random_flips_in_a_larger_file(name):
    one = LARGE(name)
    chance = random.Random(name)
    for _ in range(60):
        bad = flip(one.data, chance.randrange(8 * len(one.data)))
        for read in (*READERS.values(), by_threads):
            judged(read, bad, one)


@EVERY
def test_several_flips_at_once(name):
    one, chance = SMALL[name], random.Random(name)
    for _ in range(100):
        bad = one.data
        for _ in range(chance.randrange(2, 9)):
            bad = flip(bad, chance.randrange(8 * len(bad)))
        for read in READERS.values():
            judged(read, bad, one)


def LARGE(name, size=400_000, chunk=32 << 10):
    return sample(name, size, chunk, mixed)


@EVERY
def test_every_cut(name):
    one = SMALL[name]
    for size in range(len(one.data)):
        memory, piped = (outcome(read, one.data[:size], **one.options) for read in READERS.values())
        if size in one.wholes:
            assert memory == piped == one.wholes[size]
            continue
        assert piped is errors.TruncatedError
        assert memory is errors.TruncatedError or issubclass(memory, errors.CorruptDataError), size
        assert memory is errors.TruncatedError or one.data[:size].endswith(b"\x8fEND\r\n\x1a\n"), size


@pytest.mark.parametrize("name", ["zstd", "joined"])
def test_cuts_of_a_larger_file(name):
    one, chance = LARGE(name), random.Random(name)
    for size in [chance.randrange(len(one.data)) for _ in range(100)]:
        for read in (*READERS.values(), by_threads):
            assert outcome(read, one.data[:size], **one.options) is errors.TruncatedError


@EVERY
@pytest.mark.parametrize("tail", [b"\0", b"garbage " * 100, b"\x8f", b"\x8fCHK", b"\x8fEND\r\n\x1a\n", bytes(5000)])
def test_anything_behind_the_end(name, tail):
    one = SMALL[name]
    kinds = (errors.CorruptDataError, errors.LimitExceededError) if tail[:4] == b"\x8fEND" else errors.CorruptDataError
    for read in READERS.values():
        assert issubclass(outcome(read, one.data + tail, **one.options), kinds)


@EVERY
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_bytes_put_in_taken_out_or_changed(name, data):
    one = SMALL[name]
    start = data.draw(st.integers(0, len(one.data)))
    stop = data.draw(st.integers(start, min(len(one.data), start + 80)))
    bad = one.data[:start] + data.draw(st.binary(max_size=80)) + one.data[stop:]
    for read in READERS.values():
        judged(read, bad, one, one.wholes.values())


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200))
def test_any_bytes_at_all(data, start):
    bad = SMALL["zstd"].data[:start] + data
    for read in READERS.values():
        found = outcome(read, bad)
        assert found in TYPED or found == SMALL["zstd"].raw


def test_a_key_that_is_wrong_missing_or_not_needed():
    one = SMALL["sealed"]
    for read in (*READERS.values(), by_threads, in_ranges):
        assert outcome(read, one.data, key=bytes(32)) is errors.WrongKeyError
        assert outcome(read, one.data) is errors.KeyRequiredError
        assert outcome(read, one.data, passphrase="x") is errors.KeyRequiredError
        # Somebody may have put it there in place of the encrypted one.
        assert outcome(read, SMALL["zstd"].data, key=KEY) is errors.CorruptDataError
        assert outcome(read, one.data + SMALL["zstd"].data, key=KEY) is errors.CorruptDataError


def test_a_codec_that_is_missing_or_wrong():
    import bz2

    one = SMALL["own"]
    for read in (*READERS.values(), by_threads, in_ranges):
        assert outcome(read, one.data) is errors.UnknownCodecError
        assert issubclass(outcome(read, one.data, codec=bz2), errors.CorruptDataError)
        assert issubclass(outcome(read, one.data, codec=(bytes, lambda data: data[:1])), errors.CorruptDataError)
        assert outcome(read, one.data, codec=(bytes, lambda data: bytes(4096))) in TYPED


# --- parts of other places --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("single", "joined")])
def test_splices(name):
    one, other = sample(name, 16_000), sample(name, 16_000, make=lambda size: text(size, 9))
    (ours,), (theirs,) = segments(one.data), segments(other.data)
    for what, bad in splices(ours, theirs):
        for direction, read in READERS.items():
            found = outcome(read, bad, **one.options)
            assert isinstance(found, type), (what, direction)
            assert issubclass(found, errors.CorruptDataError), (what, direction, found)


def test_whole_segments_in_any_order():
    """Each stands for itself: files are joined by joining them."""
    chance = random.Random(1)
    names = ["zstd", "lz4", "store", "single"]
    for _ in range(30):
        chosen = [SMALL[chance.choice(names)] for _ in range(chance.randrange(1, 6))]
        for read in (*READERS.values(), by_threads, in_ranges):
            assert read(b"".join(one.data for one in chosen)) == b"".join(one.raw for one in chosen)


def test_sealed_chunks_under_checks_that_are_right():
    """Somebody without the key repairs all checks: only the tags are left to tell."""
    from .sealed import tampered

    one = sample("sealed", 16_000)
    kinds = set()
    for what, bad in tampered(one.data):
        for read in READERS.values():
            found = outcome(read, bad, **one.options)
            assert found in TYPED, (what, found)
            kinds.add(found)
    assert kinds <= {errors.WrongKeyError, errors.CorruptDataError}, kinds


# --- lies and bombs ---------------------------------------------------------------------------------------------------


def test_the_liar_can_tell_the_truth():
    for codec in ("store", "zstd", "lz4"):
        assert [read(forge(codec)) for read in READERS.values()] == [RAW] * 2


LIES = """
from hostile.damage import RAW, lies
from hostile.samples import READERS, outcome
from hostile.test_container_damage import TYPED
from collections import Counter
before, counts = peak(), Counter()
for codec in ("store", "zstd", "lz4"):
    for said, bad in lies(codec):
        for read in READERS.values():
            found = outcome(read, bad)
            assert found == RAW or found in TYPED, (said, found)
            counts[found == RAW] += 1
print(peak() - before, counts[False], counts[True])
"""


def test_lies_cost_no_memory():
    grown, refused, harmless = map(int, run(LIES).split())
    assert refused > 3000
    assert harmless < refused / 50, "numbers that happen to be true"
    assert grown < 48 * MIB


def test_bombs_are_refused_by_default():
    big = bomb(17)
    assert 17 * 64 * MIB / len(big) > 31_000
    with pytest.raises(errors.LimitExceededError, match="max_size"):
        decompress(big)
    with pytest.raises(errors.LimitExceededError, match="max_size"):
        decompress_range(big, 0, 17 * 64 * MIB)
    assert decompress_range(big, 5 * 64 * MIB + 7, 5 * 64 * MIB + 17) == bytes(10)


@pytest.mark.parametrize("make", [compress, lambda raw: compress(raw) + compress(b"")])
def test_a_limit_of_ones_own(make):
    blob = make(bytes(100_000))
    for limit in (0, 1, 99_999):
        with pytest.raises(errors.LimitExceededError, match="max_size=100000"):
            decompress(blob, max_size=limit)
        with pytest.raises(errors.LimitExceededError):
            decompress_range(blob, 0, 100_000, max_size=limit)
    assert decompress(blob, max_size=100_000) == bytes(100_000)
    assert decompress_range(blob, 10, 20, max_size=10) == bytes(10)
    assert decompress(make(noise(100_000)), max_size=100_000) == noise(100_000)


BOMB = """
from penstock.api.restoring import decompress_file
from penstock.api.squeeze import decompress
from penstock.errors import LimitExceededError
path, before = sys.argv[1], peak()
try:
    decompress(Path(path).read_bytes())
except LimitExceededError:
    pass
print(peak() - before)
with open(os.devnull, "wb") as out:
    assert decompress_file(path, out, threads=1).raw_size == 17 << 26
    with open(path, "rb") as source:
        assert decompress_file(source, out, threads=1).raw_size == 17 << 26
print(peak() - before)
"""


def test_bombs_take_no_more_memory_than_chunks(tmp_path):
    (tmp_path / "bomb").write_bytes(bomb(17))
    refused, streamed = map(int, run(BOMB, tmp_path / "bomb").split())
    assert refused < 8 * MIB
    assert streamed < 3 * 64 * MIB
