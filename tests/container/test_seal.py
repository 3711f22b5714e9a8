"""Encryption: keys, nonces, what is authenticated, and what is said when it does not open."""

import subprocess
import sys
import threading

import numpy as np
import pytest
import xxhash
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from naive import container as naive
from penstock import errors
from penstock.container import seal
from penstock.container.index import IndexBuilder
from penstock.container.layout import ChunkHeader, SegmentHeader, pack_chunk
from penstock.container.seal import Secret, check_stored

from .helpers import (
    CHEAP_PARAMETERS,
    KEY,
    KEY_PARAMETERS,
    READERS,
    SALT,
    cut,
    leaf,
    outcome,
    read_backward,
    sealed,
    segment,
)

HEADER = SegmentHeader(KEY_PARAMETERS)
CHEAP = SegmentHeader(CHEAP_PARAMETERS)
SECRET = Secret(key=KEY)
TEXT = b"a secret text " * 20


def sealed_chunk(payload, number=0, offset=0, header=HEADER, secret=SECRET):
    """(its header, its stored payload)."""
    out, plan = bytearray(len(payload) + 16), leaf(0, len(payload))
    secret.sealer(header).seal(number, len(payload), offset, plan, payload, out)
    return ChunkHeader(len(payload), len(out), offset, xxhash.xxh3_64_intdigest(out), plan), bytes(out)


def opened(chunk, payload, number=0, header=HEADER, secret=SECRET):
    out = bytearray(len(payload) - 16)
    secret.opener(header).open(number, chunk, payload, out)
    return bytes(out)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 1000, 1 << 20])
def test_chunks_come_back(size):
    payload = bytes(n % 251 for n in range(size))
    chunk, stored = sealed_chunk(payload, 5, 77)
    assert opened(chunk, stored, 5) == payload
    assert len(stored) == size + 16
    assert size < 16 or payload not in stored


@pytest.mark.parametrize("kind", [bytearray, memoryview, lambda data: np.frombuffer(data, "u1")])
def test_any_buffer_will_do(kind):
    payload = bytes(range(256))
    chunk, stored = sealed_chunk(payload)
    assert sealed_chunk(kind(payload)) == (chunk, stored)
    out = np.zeros(256, np.uint8)
    SECRET.opener(HEADER).open(0, chunk, kind(stored), out)
    assert out.tobytes() == payload
    into = np.zeros(272, np.uint8)
    SECRET.sealer(HEADER).seal(0, 256, 0, chunk.plan, kind(payload), into)
    assert into.tobytes() == stored


def test_older_versions_of_the_library_without_into(monkeypatch):
    chunk, stored = sealed_chunk(TEXT)

    class Old:
        def __init__(self, key):
            self.encrypt, self.decrypt = AESGCM(key).encrypt, AESGCM(key).decrypt

    monkeypatch.setattr(seal, "_cipher", Old)
    assert sealed_chunk(TEXT) == (chunk, stored)
    assert opened(chunk, stored) == TEXT
    with pytest.raises(errors.WrongKeyError):
        opened(chunk, stored, number=1)


@pytest.mark.parametrize(
    "change",
    [
        lambda chunk: chunk._replace(raw_size=chunk.raw_size + 1),
        lambda chunk: chunk._replace(offset=1),
        lambda chunk: chunk._replace(plan=leaf(1, len(TEXT))),
        lambda chunk: chunk._replace(plan=chunk.plan + b"\0"),
    ],
)
def test_every_field_of_a_chunk_is_authenticated(change):
    chunk, stored = sealed_chunk(TEXT)
    with pytest.raises(errors.WrongKeyError, match="wrong key, or the data was tampered with"):
        opened(change(chunk), stored)


def test_number_key_and_header_are_authenticated():
    chunk, stored = sealed_chunk(TEXT, 3)
    assert opened(chunk, stored, 3) == TEXT
    with pytest.raises(errors.WrongKeyError):
        opened(chunk, stored, 4)
    with pytest.raises(errors.WrongKeyError):
        opened(chunk, stored, 3, secret=Secret(key=bytes(32)))
    with pytest.raises(errors.WrongKeyError):
        opened(chunk, stored, 3, header=SegmentHeader(KEY_PARAMETERS, "x"))
    with pytest.raises(errors.WrongKeyError):
        opened(chunk, stored, 3, header=SegmentHeader(KEY_PARAMETERS[:-1] + b"\0"))


def test_damage_is_told_from_a_wrong_key():
    chunk, stored = sealed_chunk(TEXT)
    bad = b"\0" + stored[1:]
    with pytest.raises(errors.ChecksumError):
        opened(chunk, bad)
    with pytest.raises(errors.ChecksumError):
        check_stored(chunk, bad)
    check_stored(chunk, stored)
    with pytest.raises(errors.WrongKeyError):
        opened(chunk._replace(checksum=xxhash.xxh3_64_intdigest(bad)), bad)


def test_sizes_that_do_not_fit():
    chunk, stored = sealed_chunk(TEXT)
    opener = SECRET.opener(HEADER)
    for payload, out in ((stored[:-1], len(TEXT)), (stored, len(TEXT) - 1), (stored[:15], 0), (b"", 0)):
        with pytest.raises(errors.CorruptDataError):
            opener.open(0, chunk._replace(payload_size=len(payload)), payload, bytearray(out))


def test_indexes_are_authenticated():
    index = IndexBuilder(HEADER)
    index.add(5, 50, 1)
    data = index.pack(SECRET.sealer(HEADER))
    opener = SECRET.opener(HEADER)
    opener.check_index(data)
    index.verify(data, opener)
    for at in range(4, 8 + 16 + 16):
        bad = bytearray(data)
        bad[at] ^= 1
        with pytest.raises(errors.WrongKeyError):
            opener.check_index(bad)
    with pytest.raises(errors.WrongKeyError):
        Secret(key=bytes(32)).opener(HEADER).check_index(data)


def test_no_nonce_is_used_twice(monkeypatch):
    used = []

    class Spy:
        def __init__(self, key):
            self.key = key

        def encrypt(self, nonce, data, extra):
            used.append((self.key, nonce))
            return bytes(len(data) + 16)

    monkeypatch.setattr(seal, "_cipher", Spy)
    secret = Secret(key=KEY)
    for _ in range(2):
        segment(cut(bytes(50), 10), SegmentHeader(secret.parameters()), secret)
    assert len(used) == 12
    assert len(set(used)) == 12
    assert len({key for key, _ in used}) == 2
    assert {len(nonce) for _, nonce in used} == {12}


def test_two_segments_of_the_same_share_nothing():
    secret = Secret(key=KEY)
    first, second = (segment([(TEXT, "store")], SegmentHeader(secret.parameters()), secret) for _ in range(2))
    assert first != second
    assert all(read(first + second, secret) == TEXT * 2 for read in READERS.values())


def test_passphrases():
    secret = Secret(passphrase=b"correct horse")
    data = segment(cut(TEXT, 100, "zstd"), CHEAP, secret)
    assert naive.raw(data, passphrase=b"correct horse") == TEXT
    for read in READERS.values():
        assert read(data, Secret(passphrase=b"correct horse")) == TEXT
        assert outcome(read, data, Secret(passphrase=b"battery staple")) is errors.WrongKeyError
        assert outcome(read, data, SECRET) is errors.KeyRequiredError
        assert outcome(read, sealed([(TEXT, "store")]), secret) is errors.KeyRequiredError
        assert outcome(read, data) is errors.KeyRequiredError


def test_a_salt_seen_before_costs_no_second_scrypt(monkeypatch):
    secret = Secret(passphrase=b"x")
    data = segment([(TEXT, "store")], CHEAP, secret) * 3
    runs = []
    scrypt = seal.hashlib.scrypt
    monkeypatch.setattr(seal.hashlib, "scrypt", lambda *a, **k: runs.append(k["n"]) or scrypt(*a, **k))
    assert read_backward(data, Secret(passphrase=b"x")) == TEXT * 3
    assert runs == [1024]


def test_parameters_of_new_segments():
    assert [len(SECRET.parameters()), SECRET.parameters()[:8].hex()] == [40, "0100000000000000"]
    given = Secret(passphrase=b"x").parameters()
    assert given[:8].hex() == "0101110801000000"
    assert given != Secret(passphrase=b"x").parameters()
    assert Secret(passphrase=b"x").parameters(10)[2] == 10
    for log_n in (9, 19):
        with pytest.raises(errors.UsageError):
            Secret(passphrase=b"x").parameters(log_n)


@pytest.mark.parametrize(
    ("front", "error"),
    [
        ((2, 0, 0, 0, 0, 0, 0, 0), errors.UnsupportedVersionError),
        ((0, 0, 0, 0, 0, 0, 0, 0), errors.UnsupportedVersionError),
        ((1, 2, 17, 8, 1, 0, 0, 0), errors.UnsupportedVersionError),
        ((1, 0, 1, 0, 0, 0, 0, 0), errors.CorruptDataError),
        ((1, 0, 0, 0, 0, 0, 0, 1), errors.CorruptDataError),
        ((1, 1, 17, 8, 1, 1, 0, 0), errors.CorruptDataError),
        ((1, 1, 19, 8, 1, 0, 0, 0), errors.LimitExceededError),
        ((1, 1, 255, 255, 255, 0, 0, 0), errors.LimitExceededError),
        ((1, 1, 9, 8, 1, 0, 0, 0), errors.LimitExceededError),
        ((1, 1, 17, 255, 1, 0, 0, 0), errors.LimitExceededError),
        ((1, 1, 17, 8, 255, 0, 0, 0), errors.LimitExceededError),
        ((1, 1, 17, 8, 0, 0, 0, 0), errors.LimitExceededError),
    ],
)
def test_parameters_are_checked_before_scrypt_runs(front, error, monkeypatch):
    monkeypatch.setattr(seal.hashlib, "scrypt", lambda *_, **__: pytest.fail("it ran"))
    header = SegmentHeader(bytes(front) + SALT)
    with pytest.raises(errors.PenstockError, match=r"^here ") as caught:
        Secret(passphrase=b"x").opener(header, "here")
    assert type(caught.value) is error
    with pytest.raises(naive.Refused, match=error.__name__):
        naive.Seal({"records": {1: header.encryption}, "body": b""}, None, b"x")


def test_parameters_of_another_size():
    header = SegmentHeader(KEY_PARAMETERS + b"\0")
    with pytest.raises(errors.CorruptDataError, match="41 bytes"):
        SECRET.opener(header)


def test_the_dearest_scrypt_that_is_read_fits_its_memory():
    Secret(passphrase=b"x").opener(SegmentHeader(bytes([1, 1, 18, 8, 1, 0, 0, 0]) + SALT))


@pytest.mark.parametrize(
    "arguments", [{}, {"key": KEY, "passphrase": b"x"}, {"key": b""}, {"key": bytes(31)}, {"passphrase": b""}]
)
def test_secrets_that_are_none(arguments):
    with pytest.raises(errors.UsageError):
        Secret(**arguments)


def test_secrets_do_not_show():
    assert "key" in repr(SECRET)
    assert KEY.hex() not in repr(SECRET) + str(vars(SECRET.opener(HEADER)))
    assert "horse" not in repr(Secret(passphrase=b"horse"))


def test_too_many_chunks_for_one_tag(monkeypatch):
    monkeypatch.setattr(seal, "MAX_SEALED_CHUNKS", 2)
    two, three = (IndexBuilder(HEADER) for _ in range(2))
    for index, count in ((two, 2), (three, 3)):
        for _ in range(count):
            index.add(1, 60, 0)
    two.pack(SECRET.sealer(HEADER))
    with pytest.raises(errors.LimitExceededError):
        three.pack(SECRET.sealer(HEADER))
    monkeypatch.undo()
    data = three.pack(SECRET.sealer(HEADER))
    monkeypatch.setattr(seal, "MAX_SEALED_CHUNKS", 2)
    with pytest.raises(errors.LimitExceededError):
        SECRET.opener(HEADER).check_index(data)


def test_many_threads_share_a_sealer_and_an_opener():
    sealer, opener, wrong = SECRET.sealer(HEADER), SECRET.opener(HEADER), []

    def work(number):
        payload = bytes([number]) * 5000
        for turn in range(30):
            out, back, plan = bytearray(5016), bytearray(5000), leaf(0, 5000)
            sealer.seal(number * 100 + turn, 5000, 0, plan, payload, out)
            chunk = ChunkHeader(5000, 5016, 0, xxhash.xxh3_64_intdigest(out), plan)
            opener.open(number * 100 + turn, chunk, out, back)
            if back != payload:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_encrypted_chunk_says_nothing_of_the_raw_bytes():
    data = sealed([(TEXT, "store"), (TEXT, "store")])
    plain = xxhash.xxh3_64_intdigest(TEXT)
    assert plain.to_bytes(8, "little") not in data
    assert pack_chunk(1, 1, 1, 1, b"")[:4] in data, "sizes and plans are seen"


def test_without_the_library():
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from penstock.container.seal import Secret\n"
        "from penstock import errors\n"
        "import penstock.container.frontback, penstock.container.directory\n"
        "try: Secret(key=bytes(32))\n"
        "except errors.MissingExtraError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert "pip install 'penstock[crypto]'" in done.stdout, done.stderr


def test_the_library_is_loaded_only_when_somebody_encrypts():
    code = "import sys, penstock.container.frontback, penstock.container.salvage; print('cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False"]
