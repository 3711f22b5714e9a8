"""`inspect` and `test`: what a container is made of, from a file, a pipe or memory, and whether all of it is right."""

import io
import mmap
import os
import random
import threading

import numpy as np
import pytest

from container.helpers import CHEAP_PARAMETERS, KEY, KEY_PARAMETERS, chunk, cut, index_of, segment
from penstock import errors
from penstock.api import looking
from penstock.api.compressing import compress_file
from penstock.api.squeeze import compress, decompress
from penstock.container.layout import CHUNK_MARKER, PLAIN, SegmentHeader, pack_chunk
from penstock.container.seal import Secret
from penstock.layers.plan import Edge, branch, leaf, pack
from penstock.layers.streams import Kind
from penstock.storage.reader import FileReader

RAW = random.Random(1).randbytes(700) + bytes(300)
TWO = [(RAW[:100], "store"), (RAW[700:], "zstd"), (RAW[600:800], "lz4"), (RAW[:1], "store")]
RAW_OF_TWO = b"".join(raw for raw, _ in TWO)
SECRET = Secret(key=KEY)


def piped(data):
    """A pipe that gives `data`, as a file object."""
    read, write = os.pipe()

    def feed():
        with open(write, "wb") as file:  # noqa: PTH123
            file.write(data)

    threading.Thread(target=feed, daemon=True).start()
    return open(read, "rb")  # noqa: PTH123


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.pstk"


def by_all_ways(path, data, **options):
    """What `inspect` says of a path, a pipe and several buffers, the source apart; it must be one."""
    path.write_bytes(data)
    with piped(data) as pipe, path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        array = np.frombuffer(data, np.uint8)
        sources = [path, str(path), pipe, data, bytearray(data), memoryview(data), array, mapped]
        found = [looking.inspect(source, **options) for source in [*sources, io.BytesIO(data)]]
        mapped.close()
    assert [one.pop("source") for one in found][:2] == [str(path)] * 2
    assert all(one == found[0] for one in found)
    return found[0]


def test_everything_is_told(path):
    first = segment(TWO)
    data = first + segment([])
    facts = by_all_ways(path, data)
    sizes = dict.fromkeys(("store", "zstd", "lz4"), 0)
    for raw, codec in TWO:
        sizes[codec] += len(chunk(raw, 0, codec)[0])
    assert facts == {
        "raw_size": 601,
        "stored_size": len(data),
        "ratio": 601 / len(data),
        "chunks": 4,
        "chunk_size": 300,
        "encrypted": False,
        "segments": [
            {"position": 0, "size": len(first), "chunks": 4, "raw_size": 601, "chunk_size": 300, "encrypted": False,
             "kdf": None, "codec": None, "window": 0},
            {"position": len(first), "size": 64, "chunks": 0, "raw_size": 0, "chunk_size": 0, "encrypted": False,
             "kdf": None, "codec": None, "window": 0},
        ],
        "plans": [
            {"plan": "zstd", "chunks": 1, "raw_size": 300, "stored_size": sizes["zstd"]},
            {"plan": "lz4", "chunks": 1, "raw_size": 200, "stored_size": sizes["lz4"]},
            {"plan": "store", "chunks": 2, "raw_size": 101, "stored_size": sizes["store"]},
        ],
    }  # fmt: skip


def test_each_chunk(path):
    data = segment(TWO) + segment(cut(RAW, 400))
    facts = by_all_ways(path, data, chunks=True)
    listed = facts.pop("chunk_list")
    assert facts["chunks"] == len(listed) == 7
    assert facts == by_all_ways(path, data)
    offset = 0
    raws = [raw for raw, _ in TWO + cut(RAW, 400)]
    for entry, raw in zip(listed, raws, strict=True):
        assert data[entry["position"] :][:4] == CHUNK_MARKER
        assert (entry["offset"], entry["raw_size"]) == (offset, len(raw))
        offset += len(raw)
    assert [(entry["segment"], entry["number"]) for entry in listed] == [(0, n) for n in range(4)] + [
        (1, n) for n in range(3)
    ]
    assert [entry["plan"] for entry in listed] == ["store", "zstd", "lz4"] + ["store"] * 4
    assert listed[0]["checksum"] == f"{chunk(RAW[:100], 0)[1]:016x}"
    assert "tree" not in listed[0]


def with_plan(plan, raw_size=100, payload=b"x" * 40):
    """A segment with one chunk of any plan, which nobody can restore."""
    stored = pack_chunk(raw_size, len(payload), 0, 7, plan) + payload
    return PLAIN.packed + stored + index_of(PLAIN, [(raw_size, len(stored), 7)])


@pytest.mark.parametrize("params", [b"", bytes(5000)])
def test_plans_of_layers_that_are_not_known(path, params):
    """They can be looked at, however long they are."""
    tree = branch(20, params, [Edge(Kind.U16, 60, 0, leaf(1, 30)), Edge(Kind.BYTES, 9, 0, leaf(0, 10))])
    data = with_plan(pack(tree))
    facts = by_all_ways(path, data, chunks=True)
    assert facts["plans"][0]["plan"] == "layer 20(zstd, store)"
    assert facts["chunk_list"][0]["tree"]["streams"][0]["size"] == 60
    with pytest.raises(errors.UnknownCodecError, match="layer 20"):
        looking.test(path)
    path.write_bytes(with_plan(pack(leaf(0, 39))))
    with pytest.raises(errors.CorruptDataError, match=f"{path}: chunk 0 of segment 0 at byte 16.*39 bytes"):
        looking.inspect(path)


def test_only_headers_and_indexes_of_a_file_are_read(path, monkeypatch):
    raw = random.Random(2).randbytes(4 << 20)
    path.write_bytes(compress(raw, chunk_size=1 << 20))
    sizes = []
    read = FileReader.read_into
    monkeypatch.setattr(FileReader, "read_into", lambda self, at, out: sizes.append(out.size) or read(self, at, out))
    assert looking.inspect(path, chunks=True)["chunks"] == 4
    assert sum(sizes) < 200_000
    sizes.clear()
    assert looking.raw_size_of(path) == 4 << 20
    assert sum(sizes) < 200_000


def test_encrypted(path):
    secret = Secret(passphrase=b"open")
    data = segment(cut(RAW, 300), SegmentHeader(KEY_PARAMETERS), SECRET) + segment([])
    facts = by_all_ways(path, data)
    assert facts["encrypted"] is True
    assert [(one["encrypted"], one["kdf"]) for one in facts["segments"]] == [(True, "key"), (False, None)]
    assert facts["plans"][0] | {"stored_size": 0} == {"plan": "store", "chunks": 4, "raw_size": 1000, "stored_size": 0}
    for source in (path, data, io.BytesIO(data)):
        with pytest.raises(errors.CorruptDataError, match="encryption is required"):
            looking.inspect(source, key=KEY)
    data = segment(cut(RAW, 300), SegmentHeader(CHEAP_PARAMETERS), secret)
    assert by_all_ways(path, data)["segments"][0]["kdf"] == "passphrase"
    assert by_all_ways(path, data, passphrase="open")["raw_size"] == 1000
    for verb in (looking.inspect, looking.test):
        for source in (lambda: path, lambda: data, lambda: io.BytesIO(data)):
            with pytest.raises(errors.WrongKeyError):
                verb(source(), passphrase="shut")
            with pytest.raises(errors.KeyRequiredError):
                verb(source(), key=KEY)
    with pytest.raises(errors.KeyRequiredError):
        looking.test(path)
    assert looking.test(path, passphrase="open").raw_size == 1000
    assert looking.raw_size_of(path) == 1000
    path.write_bytes(SegmentHeader(b"\1").packed + segment([])[16:])
    with pytest.raises(errors.PenstockError):
        looking.inspect(path)


def test_a_codec_of_the_writers_own(path):
    def mirror(raw):
        return bytes(raw)[::-1]

    compress_file(io.BytesIO(RAW), path, codec=(mirror, mirror), fsync=False)
    facts = looking.inspect(path)
    assert facts["plans"][0]["plan"] == "foreign"
    assert "mirror" in facts["segments"][0]["codec"]
    with pytest.raises(errors.UnknownCodecError, match=r"x\.pstk: chunk 0"):
        looking.test(path)
    assert looking.test(path, codec=(mirror, mirror)).raw_size == 1000


@pytest.mark.parametrize("threads", [1, 3])
def test_all_is_right(path, threads):
    data = segment(TWO) + segment([]) + segment(cut(RAW, 100, "zstd"))
    path.write_bytes(data)
    for source in (path, piped(data), data, io.BytesIO(data)):
        done = []
        tested = looking.test(source, threads=threads, progress=done.append)
        assert (tested.raw_size, tested.stored_size, tested.chunks) == (1601, len(data), 14)
        assert sum(done) == 1601
        assert tested.to_dict().keys() >= {"source", "ratio", "seconds", "chunks"}
    assert looking.test(str(path)).source == str(path)
    assert looking.test(segment([])).raw_size == 0


def test_every_flipped_bit_is_found(path):
    """`test` finds each; `inspect` finds none in payloads, and else raises or says the same as before."""
    data, found = segment(TWO), 0
    facts = looking.inspect(data)
    for at in range(len(data)):
        bad = bytearray(data)
        bad[at] ^= 1 << at % 8
        for source in (bad, io.BytesIO(bad)):
            try:
                looking.test(source)
                assert decompress(bad) == RAW_OF_TWO, "a bit of a zstd frame that means nothing"
            except errors.PenstockError:
                found += 1
        try:
            assert looking.inspect(bad) | {"source": "bytes"} == facts
        except errors.PenstockError:
            continue
    assert found >= 2 * len(data) - 10


def test_every_cut_is_found(path):
    data = segment(TWO)
    for size in range(len(data)):
        for source in (data[:size], io.BytesIO(data[:size])):
            with pytest.raises(errors.CorruptDataError):
                looking.test(source)
            with pytest.raises(errors.CorruptDataError):
                looking.inspect(source)
    path.write_bytes(data[:-1])
    with pytest.raises(errors.TruncatedError, match=r"x\.pstk: "):
        looking.inspect(path)


def test_an_index_that_tells_of_other_chunks():
    stored, checksum = chunk(RAW, 0)
    for fields in ((1000, len(stored), checksum ^ 1), (999, len(stored), checksum)):
        data = PLAIN.packed + stored + index_of(PLAIN, [fields])
        for verb in (looking.inspect, looking.test):
            for source in (data, io.BytesIO(data)):
                with pytest.raises(errors.CorruptDataError, match="index"):
                    verb(source)


def test_what_cannot_be_read(tmp_path):
    for verb in (looking.inspect, looking.test):
        with pytest.raises(errors.StorageError, match="No such file"):
            verb(tmp_path / "none")
        with pytest.raises(errors.StorageError, match="is a folder"):
            verb(tmp_path)
        for source in (np.zeros((4, 4))[:, 1], object(), io.StringIO("text"), "none\0"):
            with pytest.raises(errors.PenstockError):
                verb(source)
        with pytest.raises(errors.UsageError):
            verb(segment([]), key=b"short")
    with pytest.raises(errors.UsageError, match="threads"):
        looking.test(segment([]), threads=0)


def test_sizes_that_cannot_be_known(tmp_path, path):
    assert looking.raw_size_of(tmp_path / "none") == 0
    path.write_bytes(b"no container")
    assert looking.raw_size_of(path) == 0
    os.mkfifo(tmp_path / "pipe")
    with open(os.open(tmp_path / "pipe", os.O_RDWR), "wb"):  # noqa: PTH123
        assert looking.raw_size_of(tmp_path / "pipe") == 0
