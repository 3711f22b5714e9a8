"""Dictionaries for many small inputs: trained, saved, needed, named; capsules wherever containers are read."""

import io
import pickle
import random
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import penstock
from naive import container as naive
from penstock import Dictionary, errors
from penstock.container import capsule
from penstock.errors import (
    ChecksumError,
    CorruptDataError,
    DictionaryRequiredError,
    LimitExceededError,
    TargetExistsError,
    TruncatedError,
    UnsupportedVersionError,
    UsageError,
)
from penstock.layers import native, zdict
from penstock.limits import MAX_CAPSULE

CHANCE = random.Random(3)


def line(number):
    """A record such as services exchange."""
    user, state = CHANCE.randrange(500), CHANCE.choice(["active", "suspended", "unknown"])
    created = f"2026-03-{1 + number % 28:02}T{number % 24:02}:00:00Z"
    return (
        f'{{"id": {number}, "user": "user-{user:04}", "state": "{state}", "tags": ["alpha", "beta"], '
        f'"created_at": "{created}", "amount": {CHANCE.randrange(9999) / 100}}}\n'
    ).encode()


LINES = [line(number) for number in range(1500)]
TRAINED, NEW = LINES[200:], LINES[:200]
SIZES = [0, 1, 2, 127, 128, 255, 256, 257, 4000, 16_383, 16_384, 65_535, MAX_CAPSULE]


@pytest.fixture(scope="module")
def dictionary():
    return penstock.train(TRAINED, 16 << 10)


@pytest.fixture(params=["native", "portable"])
def codec(request, dictionary, monkeypatch):
    """The dictionary over the library's C functions, and over the package's."""
    if request.param == "native":
        assert isinstance(dictionary.codec, zdict.NativeDictionaryCodec)
        return dictionary
    monkeypatch.setattr(native, "zstd_dictionaries", lambda: None)
    found = Dictionary(dictionary.content)
    assert isinstance(found.codec, zdict.PortableDictionaryCodec)
    return found


def made(size):
    """So many bytes of lines."""
    return b"".join(LINES * (size // 150_000 + 1))[:size]


# Training.


def test_small_inputs_become_much_smaller(dictionary):
    alone = sum(len(penstock.compress(one)) for one in NEW)
    blobs = [penstock.compress(one, dictionary=dictionary) for one in NEW]
    raw = sum(map(len, NEW))
    assert sum(map(len, blobs)) * 3 < raw < alone
    assert [penstock.decompress(blob, dictionary=dictionary) for blob in blobs] == NEW


def test_the_same_samples_give_the_same_dictionary(dictionary):
    again = penstock.train(iter([bytearray(one) for one in TRAINED]), 16 << 10)
    assert again == dictionary and hash(again) == hash(dictionary) and again.id == dictionary.id
    assert len(dictionary) <= 16 << 10
    assert dictionary.name in repr(dictionary) and dictionary != b"" and dictionary != penstock.train(TRAINED, 4096)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ([], "0 samples of 0 bytes"),
        ([b"x" * 10_000] * 3, "3 samples of 30000 bytes"),
        ([b""] * 50, "0 samples of 0 bytes"),
        ([b"ab"] * 20, "20 samples of 40 bytes"),
    ],
)
def test_too_few_samples(samples, words):
    with pytest.raises(UsageError, match=words) as caught:
        penstock.train(samples)
    assert "at least" in str(caught.value)


def test_samples_without_anything_in_common():
    noise = [np.random.default_rng(seed).bytes(1000) for seed in range(20)]
    try:
        found = penstock.train(noise, 1024)
    except UsageError as error:
        assert "comes again" in str(error)
    else:
        assert penstock.decompress(penstock.compress(noise[0], dictionary=found), dictionary=found) == noise[0]


@pytest.mark.parametrize("size", [0, 255, -1, "much"])
def test_sizes_of_dictionaries(size):
    with pytest.raises(UsageError):
        penstock.train(TRAINED, size)
    with pytest.raises(LimitExceededError):
        penstock.train(TRAINED, 1 << 40)


# Capsules.


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("level", [None, "speed", "ratio", 1, 19])
def test_any_size_up_to_a_capsules(codec, size, level):
    data = made(size)
    blob = penstock.compress(data, level, dictionary=codec)
    assert capsule.is_capsule(blob) and len(blob) <= size + 12
    assert penstock.decompress(blob, dictionary=codec) == data
    out = bytearray(size + 3)
    assert penstock.decompress(blob, out, dictionary=codec) == data
    assert penstock.decompress_range(blob, 1, size - 1, dictionary=codec) == data[1 : size - 1]


def test_both_bindings_make_the_same(dictionary, monkeypatch):
    monkeypatch.setattr(native, "zstd_dictionaries", lambda: None)
    portable = Dictionary(dictionary.content)
    for one in [*NEW[:20], made(5000), made(60_000)]:
        blob = penstock.compress(one, dictionary=dictionary)
        assert penstock.decompress(blob, dictionary=portable) == one
        assert penstock.decompress(penstock.compress(one, dictionary=portable), dictionary=dictionary) == one


def test_what_a_dictionary_does_not_help_is_stored(dictionary):
    noise = np.random.default_rng(1).bytes(500)
    blob = penstock.compress(noise, dictionary=dictionary)
    assert len(blob) == len(noise) + 8 and penstock.decompress(blob) == noise


def test_structure_is_found_in_larger_ones(dictionary):
    walk = np.cumsum(np.random.default_rng(2).integers(0, 9, 8000)).astype(np.uint64).tobytes()
    blob = penstock.compress(walk, dictionary=dictionary)
    assert capsule.is_capsule(blob) and blob[1] == capsule.WITH_PLAN
    assert penstock.decompress(blob) == walk
    plain = penstock.compress(walk, dictionary=dictionary, layers=())
    assert plain[1] != capsule.WITH_PLAN and penstock.decompress(plain, dictionary=dictionary) == walk


def test_larger_ones_and_encrypted_ones_become_containers(dictionary):
    key = bytes(32)
    for data, options in (
        (made(MAX_CAPSULE + 1), {}),
        (made(30_000), {"chunk_size": 4096}),
        (made(500), {"key": key}),
        (made(30_000), {"chunk_size": 4096, "key": key}),
    ):
        blob = penstock.compress(data, dictionary=dictionary, **options)
        assert not capsule.is_capsule(blob)
        secret = {name: value for name, value in options.items() if name == "key"}
        assert penstock.decompress(blob, dictionary=dictionary, **secret) == data
        assert penstock.decompress_range(blob, 100, 300, dictionary=dictionary, **secret) == data[100:300]
    many = penstock.compress(made(200_000), dictionary=dictionary, chunk_size=4096, layers=())
    assert len(many) < len(penstock.compress(made(200_000), chunk_size=4096, layers=()))
    assert dictionary.name in penstock.inspect(many)["plans"][0]["plan"]
    with pytest.raises(DictionaryRequiredError, match=dictionary.name):
        penstock.decompress(many)


def test_without_or_with_another_dictionary(dictionary):
    blob = penstock.compress(NEW[0], dictionary=dictionary)
    other = Dictionary(b"something else" * 9)
    for offered in (None, other):
        with pytest.raises(DictionaryRequiredError) as caught:
            penstock.decompress(blob, dictionary=offered)
        assert dictionary.name[8:] in str(caught.value) and isinstance(caught.value, LookupError)
    assert other.name in str(caught.value)


def test_a_capsule_is_no_encrypted_data(dictionary):
    pytest.importorskip("cryptography")
    with pytest.raises(CorruptDataError, match="encrypt"):
        penstock.decompress(penstock.compress(NEW[0], dictionary=dictionary), dictionary=dictionary, key=bytes(32))


@pytest.mark.parametrize(
    "arguments",
    [{"codec": "lz4"}, {"codec": (bytes, bytes)}, {"level": 0}, {"dictionary": b"bytes"}, {"dictionary": "a path"}],
    ids=str,
)
def test_what_does_not_go_with_a_dictionary(dictionary, arguments):
    with pytest.raises(UsageError):
        penstock.compress(b"abc", **{"dictionary": dictionary} | arguments)


def test_out_buffers(dictionary):
    blob, room = penstock.compress(NEW[0], dictionary=dictionary), bytearray(1000)
    assert penstock.compress(NEW[0], dictionary=dictionary, out=room) == blob
    assert penstock.compress_bound(len(NEW[0]), dictionary=dictionary) >= len(blob)
    with pytest.raises(BufferError):
        penstock.compress(NEW[0], dictionary=dictionary, out=bytearray(5))
    with pytest.raises(BufferError):
        penstock.decompress(blob, bytearray(5), dictionary=dictionary)


def test_many_threads_share_a_dictionary(dictionary):
    shared, wrong = Dictionary(dictionary.content), []

    def work(level):
        for one in NEW:
            blob = penstock.compress(one, level, dictionary=shared)
            wrong.append(penstock.decompress(blob, dictionary=shared) != one)

    threads = [threading.Thread(target=work, args=(1 + number % 3,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wrong) == 6 * len(NEW) and not any(wrong)


def test_dictionaries_in_turn_and_dropped(dictionary):
    for number in range(30):
        other = Dictionary(b"%d" % number * 100 + dictionary.content[-2000:])
        for one in NEW[:3]:
            assert penstock.decompress(penstock.compress(one, dictionary=other), dictionary=other) == one
            assert penstock.decompress(penstock.compress(one, dictionary=dictionary), dictionary=dictionary) == one
        del other


# Damage.


def outcome(blob, dictionary):
    try:
        return penstock.decompress(blob, dictionary=dictionary)
    except penstock.PenstockError as error:
        return type(error)


KINDS = {
    "dictionary": NEW[0],
    "larger": made(3000),
    "noise": np.random.default_rng(4).bytes(60),
    "plan": np.cumsum(np.random.default_rng(2).integers(0, 9, 2100)).astype(np.uint64).tobytes(),
    "nothing": b"",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_flip_and_every_cut(dictionary, kind):
    data = KINDS[kind]
    blob = penstock.compress(data, dictionary=dictionary)
    places = range(len(blob)) if len(blob) < 1000 else [*range(200), *range(200, len(blob), 37)]
    for at in places:
        for bit in range(8):
            bad = bytearray(blob)
            bad[at] ^= 1 << bit
            found = outcome(bad, dictionary)
            assert found == data or (isinstance(found, type) and found is not penstock.PenstockError), (at, bit)
            assert found != data or at > 8, "a bit that nobody checks"
        found = outcome(blob[:at], dictionary)
        assert issubclass(found, CorruptDataError), (at, found)
    for tail in (b"\0", b"abc", blob):
        assert issubclass(outcome(blob + tail, dictionary), CorruptDataError)


@pytest.mark.parametrize(
    ("blob", "kind"),
    [
        (b"\x8f\xd0", TruncatedError),
        (b"\x8f\xd0\x05", TruncatedError),
        (b"\x8f\xd0\x00\0\0\0\0", ChecksumError),
        (b"\x8f\xd0\x85\x00\0\0\0\0abcde", CorruptDataError),
        (b"\x8f\xd0\xff\xff\xff\x01\0\0\0\0", LimitExceededError),
        (b"\x8f\xd0\x81\x80\x04\0\0\0\0", LimitExceededError),
        (b"\x8f\xd3\x05\0\0\0\0abcde", UnsupportedVersionError),
        (b"\x8f\xdf\x05\0\0\0\0abcde", UnsupportedVersionError),
        (b"\x8f\xd1\x05abc", TruncatedError),
        (b"\x8f\xd1\x00abcd\0\0\0\0", ChecksumError),
        (b"\x8f\xd2\x05\x04\0\0", TruncatedError),
        (b"\x8f\xd2\x05\x04\0\0\0\5\0\0\0\0abcde", ChecksumError),
        (b"\x8f\xd2\x05\xff\xff\x04\0\0\0\0", LimitExceededError),
        (b"\x8f\xd0\x05\0\0\0\0abcd", TruncatedError),
        (b"\x8f\xd0\x05\0\0\0\0abcdef", CorruptDataError),
    ],
    ids=range(15),
)
def test_what_is_no_capsule(dictionary, blob, kind):
    assert issubclass(outcome(blob, dictionary), kind), outcome(blob, dictionary)
    with pytest.raises(penstock.PenstockError):
        penstock.test(blob, dictionary=dictionary)
    with pytest.raises(penstock.PenstockError):
        penstock.decompress_range(blob, 0, 5, dictionary=dictionary)
    with pytest.raises(penstock.PenstockError):
        penstock.decompress_file(io.BytesIO(blob), io.BytesIO(), dictionary=dictionary)


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_behind_a_capsules_front(dictionary, seed):
    chance = random.Random(seed)
    for _ in range(500):
        blob = bytes((0x8F, chance.choice((0xD0, 0xD1, 0xD2)), chance.randrange(256), chance.randrange(4)))
        blob += dictionary.codec.params[:4] * chance.randrange(2) + chance.randbytes(chance.randrange(60))
        assert isinstance(outcome(blob, dictionary), type)


# Wherever containers are read.


@pytest.mark.parametrize("size", [0, 700, 20_000])
def test_files_pipes_and_open(dictionary, tmp_path, size):
    data, name = made(size), tmp_path / "a"
    name.write_bytes(data)
    done = penstock.compress_file(name, tmp_path / "a.pstk", dictionary=dictionary)
    blob = (tmp_path / "a.pstk").read_bytes()
    assert not size or blob == penstock.compress(data, dictionary=dictionary)  # what is empty may be a pipe
    assert (done.raw_size, done.stored_size, done.chunks) == (size, len(blob), int(size > 0))
    penstock.decompress_file(tmp_path / "a.pstk", tmp_path / "b", dictionary=dictionary)
    assert (tmp_path / "b").read_bytes() == data
    with (tmp_path / "c").open("wb") as target:
        penstock.decompress_file(io.BytesIO(blob), target, start=3, dictionary=dictionary)
    assert (tmp_path / "c").read_bytes() == data[3:]
    with penstock.open(tmp_path / "a.pstk", dictionary=dictionary) as file:
        assert file.read() == data and file.pread(10, 5) == data[5:15]
    told = penstock.test(tmp_path / "a.pstk", dictionary=dictionary)
    assert (told.raw_size, told.stored_size) == (size, len(blob))
    assert penstock.test(io.BytesIO(blob), dictionary=dictionary).raw_size == size


def test_inspect_names_the_dictionary(dictionary, tmp_path):
    blob = penstock.compress(NEW[0], dictionary=dictionary)
    (tmp_path / "a").write_bytes(blob)
    for source in (blob, tmp_path / "a", io.BytesIO(blob)):
        facts = penstock.inspect(source, chunks=True)
        assert (facts["raw_size"], facts["stored_size"], facts["chunks"]) == (len(NEW[0]), len(blob), 1)
        assert dictionary.name[8:] in facts["plans"][0]["plan"]
        assert facts["chunk_list"][0]["stored_size"] == len(blob)


def test_nothing_is_added_to_a_capsule(dictionary, tmp_path):
    (tmp_path / "a").write_bytes(penstock.compress(NEW[0], dictionary=dictionary))
    with pytest.raises(UsageError, match="capsule"):
        penstock.open(tmp_path / "a", "ab", dictionary=dictionary)
    with penstock.open(tmp_path / "b", "wb", dictionary=dictionary) as file:
        file.write(NEW[0])
    with penstock.open(tmp_path / "b", "ab", dictionary=dictionary) as file:
        file.write(NEW[1])
    with penstock.open(tmp_path / "b", dictionary=dictionary) as file:
        assert file.read() == NEW[0] + NEW[1]


def test_executors_have_no_dictionaries(dictionary, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    (tmp_path / "a").write_bytes(made(100_000))
    with ThreadPoolExecutor(1) as pool, pytest.raises(UsageError, match="dictionaries"):
        penstock.compress_file(tmp_path / "a", tmp_path / "b", dictionary=dictionary, executor=pool)


def test_salvage_with_a_dictionary(dictionary, tmp_path):
    data = made(40_000)
    blob = bytearray(penstock.compress(data, dictionary=dictionary, chunk_size=4096, layers=()))
    blob[len(blob) // 2] ^= 255
    (tmp_path / "a").write_bytes(blob)
    found = penstock.salvage_file(tmp_path / "a", tmp_path / "b", dictionary=dictionary)
    assert 0 < found.lost_size <= 8192 and (tmp_path / "b").stat().st_size == len(data)
    with pytest.raises(DictionaryRequiredError):
        penstock.salvage_file(tmp_path / "a", None)


# Files of dictionaries.


def test_saved_and_loaded(dictionary, tmp_path):
    path = tmp_path / "d.pdict"
    dictionary.save(path)
    assert Dictionary.load(path) == dictionary == Dictionary.from_bytes(path.read_bytes())
    assert pickle.loads(pickle.dumps(dictionary)) == dictionary
    with pytest.raises(TargetExistsError):
        dictionary.save(path)
    dictionary.save(path, force=True, fsync=False)
    with pytest.raises(OSError, match="nowhere"):
        Dictionary.load(tmp_path / "nowhere")


def test_damaged_files_of_dictionaries(tmp_path):
    data = Dictionary(b"the quick brown fox").to_bytes()
    for at in range(len(data)):
        for bit in range(8):
            bad = bytearray(data)
            bad[at] ^= 1 << bit
            with pytest.raises((CorruptDataError, LimitExceededError, UnsupportedVersionError)):
                Dictionary.from_bytes(bad)
        with pytest.raises(CorruptDataError):
            Dictionary.from_bytes(data[:at])
    with pytest.raises(CorruptDataError, match="follow"):
        Dictionary.from_bytes(data + b"\0")
    (tmp_path / "x").write_bytes(data[:-1])
    with pytest.raises(TruncatedError, match="x: "):
        Dictionary.load(tmp_path / "x")


def test_any_bytes_are_a_dictionary():
    found = Dictionary(LINES[0] * 3)
    blob = penstock.compress(LINES[1], dictionary=found)
    assert len(blob) < len(LINES[1]) * 2 // 3 and penstock.decompress(blob, dictionary=found) == LINES[1]
    with pytest.raises(LimitExceededError):
        Dictionary(b"")


def test_a_dictionary_that_zstd_refuses():
    broken = Dictionary(b"\x37\xa4\x30\xec" + bytes(100))
    with pytest.raises(CorruptDataError, match="dictionary"):
        penstock.compress(b"abcdefgh" * 9, dictionary=broken)
    blob = b"\x8f\xd1\x05" + broken.codec.params[:4] + b"\0\0\0\0abc"
    with pytest.raises(CorruptDataError):
        penstock.decompress(blob, dictionary=broken)


def test_a_forked_child_uses_the_same_dictionary(dictionary):
    code = f"""
import os, penstock
d = penstock.Dictionary({dictionary.content!r})
line = {NEW[0]!r}
blob = penstock.compress(line, dictionary=d)
pid = os.fork()
same = penstock.decompress(penstock.compress(line, dictionary=d), dictionary=d) == line
if pid == 0:
    os._exit(0 if same else 1)
print(same, os.waitpid(pid, 0)[1])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.split() == ["True", "0"], done.stderr


# Against the slow twin.


def naively(blob, dictionary):
    try:
        return naive.capsule(blob, dictionary.content)
    except naive.Refused as refused:
        return getattr(errors, str(refused))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_slow_twin_reads_the_same(dictionary, data):
    raw = data.draw(st.one_of(st.binary(max_size=300), st.sampled_from([*NEW, made(700), made(17_000)])))
    blob = penstock.compress(raw, data.draw(st.sampled_from([None, 1, 12])), dictionary=dictionary)
    assert naively(blob, dictionary) == raw
    bad = bytearray(blob)
    for _ in range(data.draw(st.integers(1, 3))):
        bad[data.draw(st.integers(1, len(bad) - 1))] = data.draw(st.integers(0, 255))
    bad = bytes(bad[: data.draw(st.integers(3, len(bad)))])
    slow, fast = naively(bad, dictionary), outcome(bad, dictionary)
    assert (
        (slow == fast) if isinstance(slow, bytes) or isinstance(fast, bytes) else issubclass(fast, errors.PenstockError)
    )


def test_a_capsule_of_nothing_everywhere(dictionary):
    blob = penstock.compress(b"", dictionary=dictionary)
    assert len(blob) == 7 and penstock.decompress_range(blob, 0, 5) == b""
    with penstock.open(io.BytesIO(blob)) as file:
        assert file.read() == b""
    target = io.BytesIO()
    assert penstock.decompress_file(io.BytesIO(blob), target).chunks == 0
    assert target.getvalue() == b""
    assert penstock.inspect(io.BytesIO(blob))["raw_size"] == penstock.inspect(blob)["raw_size"] == 0
    assert penstock.decompress(penstock.compress(b"", dictionary=dictionary, key=bytes(32)), key=bytes(32)) == b""


@pytest.mark.parametrize("source", [bytes, io.BytesIO], ids=["memory", "pipe"])
def test_capsules_where_encryption_is_required(dictionary, source):
    blob = penstock.compress(NEW[0], dictionary=dictionary)
    with pytest.raises(CorruptDataError, match="encrypt"):
        penstock.test(source(blob), dictionary=dictionary, key=bytes(32))


@pytest.mark.parametrize("sealed", [False, True], ids=["plain", "sealed"])
def test_damaged_containers_with_a_dictionary(dictionary, sealed):
    data, options = made(9000), {"key": bytes(32)} if sealed else {}
    blob = penstock.compress(data, dictionary=dictionary, chunk_size=4096, **options)
    chance, exact = random.Random(5), 0
    for _ in range(600):
        bad = bytearray(blob)
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        try:
            assert penstock.decompress(bad, dictionary=dictionary, **options) == data
            exact += 1
        except penstock.PenstockError:
            pass
    assert exact < 10
    for size in range(0, len(blob), 7):
        with pytest.raises(CorruptDataError):
            penstock.decompress(blob[:size], dictionary=dictionary, **options)
