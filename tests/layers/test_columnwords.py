"""What is said of columns and fields is what they are, and the sums of it are those of the tree."""

import numpy as np
import pytest

from api.readings import readings
from penstock.api.explaining import explain
from penstock.api.squeeze import compress
from penstock.layers import linetree, words
from penstock.layers.columnwords import of_lines, short
from penstock.layers.streams import Kind
from penstock.layers.valuekinds import kind_of
from penstock.planner.planner import GROUP

from .test_linetree import made

KINDS = {
    "whole numbers": [b"1", b"-20", b"", b'"7"', None, b"NA"],
    "decimals, scale 2": [b"1.25", b"-0.50", b"null"],
    "decimals, scale 0 to 2": [b"1", b"1.25"],
    "decimals, any scale": [b"1e5", b"2.0"],
    "dates": [b"2024-01-02", b"2024-1-2"],
    "times": [b"10:11:12", b"9:05:00.25"],
    "dates and times": [b"2024-01-02T10:11:12Z", b"2024-01-02 10:11", b"[17/May/2015:10:05:03 +0000]"],
    "IPv4 addresses": [b"10.0.0.1", b"10.0.0.0/8"],
    "UUIDs": [b"84dc295e-2da5-11e8-b024-9b47611e8dc6"],
    "hexadecimal": [b"0xdeadbeef", b"00ffee"],
    "true or false": [b"true", b"FALSE"],
    "URLs": [b"https://example.org/x"],
    "objects": [b'{"a": 1}'],
    "arrays": [b"[]", b"[1, 2]"],
    "nothing": [b"", b"-"],
    "text": [b"1", b"one"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_values(kind):
    assert kind_of(KINDS[kind]) == kind


def test_nothing_to_look_at_is_text():
    assert kind_of([]) == kind_of([None]) == "text"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.001, "0"), (0.034, "0.03"), (0.5, "0.5"), (9.34, "9.3"), (11.4, "11"), (1234.4, "1,234")],
)
def test_numbers_in_short(value, shown):
    assert short(value) == shown


def columns_of(data):
    chunk = explain(data)["chunk_list"][0]
    found = {one["who"]: one for one in chunk["columns"]}
    for one in found.values():
        if not one["stored"]:
            assert one["words"] == f"{one['who']}: in the shapes of lines"
            continue
        assert one["words"].startswith(f"{one['who']}: {one['kind']}, ")
        assert one["words"].endswith(f" {short(one['bits'])} bits each, {short(one['ratio'])} x")
        assert one["bits"] == 8 * one["stored"] / one["cells"]
    return chunk, found


def test_columns_of_a_table():
    rng = np.random.default_rng(3)
    rows = [b"id,price,city,when"]
    rows += [
        b"%d,%d.%02d,%b,2024-03-%02d"
        % (7 * n, rng.integers(900), rng.integers(100), (b"Rome", b"Oslo")[n % 3 == 0], n % 28 + 1)
        for n in range(20_000)
    ]
    data = b"\n".join(rows) + b"\n"
    chunk, found = columns_of(data)
    price = found["column 1 `price`"]
    assert price["kind"] == "decimals, scale 2"
    assert (price["fields"], price["names"]) == ([1], ["price"])
    assert price["cells"] == pytest.approx(20_000, abs=1)
    assert price["size"] == pytest.approx(sum(len(row.split(b",")[1]) + 1 for row in rows), abs=10)
    assert found["column 0 `id`"]["kind"] == "whole numbers"
    assert found["column 0 `id`"]["bits"] < 0.1
    assert sum(one["stored"] for one in found.values()) <= chunk["tree"]["stored"]


def test_columns_of_objects():
    rng = np.random.default_rng(3)
    data = b"".join(
        b'{"n": %d, "v": 1, "user": {"name": "u%d", "ip": "10.0.%d.%d"}}\n' % (n, *rng.integers(0, 200, 3))
        for n in range(9000)
    )
    _, found = columns_of(data)
    assert found["`n`"]["kind"] == "whole numbers"
    assert found["`user.ip`"]["kind"] == "IPv4 addresses"
    assert "`user`" not in found
    assert found["`v`"]["cells"] == 9000


def test_fields_of_records():
    _, found = columns_of(readings(30_000))
    assert found["bytes 0-7"]["kind"] == "64-bit counter"
    assert found["bytes 14-15"]["kind"] == "16-bit numbers, big-endian"
    assert found["bytes 24-25"]["words"] == "bytes 24-25: 16-bit numbers, 16 bits each, 1.0 x"
    assert [at for one in found.values() for at in range(one["bytes"][0], one["bytes"][1] + 1)] == [*range(26)]
    assert {one["cells"] for one in found.values()} == {30_000}


def test_prose_and_noise_have_no_columns():
    noise = np.random.default_rng(3).integers(0, 256, 100_000, np.uint8).tobytes()
    assert "columns" not in explain(noise)["chunk_list"][0]


@pytest.mark.parametrize("kind", ["bytes", "path"])
def test_columns_of_containers_are_the_same(kind, tmp_path):
    rows = [b"%d,%d.%02d,Rome" % (7 * n, n * 7919 % 900, n % 97) for n in range(30_000)]
    data = b"id,price,city\n" + b"\n".join(rows)
    blob = compress(data, chunk_size=1 << 16)
    (tmp_path / "x").write_bytes(blob)
    source = {"bytes": blob, "path": tmp_path / "x"}[kind]
    said = [one["words"] for one in explain(data, chunk_size=1 << 16)["chunk_list"][0]["columns"]]
    chunks = explain(source)["chunk_list"]
    assert [one["words"].replace("zstd", "entropy-coded") for one in chunks[0]["columns"]] == [
        one.replace("zstd", "entropy-coded") for one in said
    ]
    assert [at for at, one in enumerate(chunks) if "columns" in one] == [*range(0, len(chunks), GROUP)]
    assert chunks[GROUP]["columns"][1]["who"] == "column 1 `price`"


def test_containers_that_cannot_be_looked_into():
    data = readings(20_000)
    assert "columns" not in explain(compress(data, key=bytes(32)))["chunk_list"][0]
    blob = bytearray(compress(data))
    blob[len(blob) // 2] ^= 1
    assert explain(bytes(blob))["chunk_list"][0]["tree"]


def test_columns_that_share_a_stream():
    """Cells of two fields in turn: they are told together, with what both are."""
    lines = [b"%d.%d,%d.%d" % (n, n % 10, 3 * n, n % 7) for n in range(50)]
    cells = b"".join(line.replace(b",", b"\n") + b"\n" for line in lines)
    tree, payload = made(b"\0,\0\n", [1, 1], bytes([1] * 50), b"", cells)
    told = words.tree(tree, Kind.BYTES, 1000)
    (found,) = of_lines(told, linetree.CellReader(linetree.read_lines(tree, payload)), ord(","), ["a", "b"])
    assert found["words"].startswith("columns 0 `a`, 1 `b`: decimals, together, ")
    assert (found["cells"], found["size"], found["fields"]) == (100, len(cells), [0, 1])
