"""`penstock train`, and what other commands do with a dictionary."""

import json

import pytest

import penstock as library

from .command import names

LINES = [
    b'{"id": %d, "state": "%s", "created_at": "2026-03-%02d"}\n' % (number, (b"on", b"off")[number % 2], number % 28)
    for number in range(900)
]


@pytest.fixture
def trained(penstock, tmp_path):
    (tmp_path / "lines").write_bytes(b"".join(LINES))
    ended = penstock("train", "--lines", "--size", "4K", "-o", tmp_path / "d.pdict", tmp_path / "lines")
    assert (ended.code, ended.err) == (0, "")
    found = library.Dictionary.load(tmp_path / "d.pdict")
    assert ended.out == f"{tmp_path / 'd.pdict'}: dictionary {found.name} of {ended.out.split(' of ')[1]}"
    assert "from 900 samples, " in ended.out and len(found) <= 4096
    return tmp_path / "d.pdict"


def test_each_file_is_a_sample(penstock, tmp_path):
    paths = []
    for number, line in enumerate(LINES):
        paths.append(tmp_path / f"{number:03}.json")
        paths[-1].write_bytes(line)
    ended = penstock("train", "--json", "-o", tmp_path / "d", *paths)
    told = json.loads(ended.out)
    assert told["samples"] == len(LINES) and told["sample_bytes"] == sum(map(len, LINES))
    assert library.Dictionary.load(tmp_path / "d").name == told["id"]
    assert "exists" in penstock.fails(3, "train", "-o", tmp_path / "d", *paths)
    assert penstock("train", "-fq", "-o", tmp_path / "d", *paths).out == ""


def test_too_few(penstock, tmp_path):
    (tmp_path / "one").write_bytes(LINES[0] * 300)
    assert "--lines" in penstock.fails(2, "train", "-o", tmp_path / "d", tmp_path / "one")
    (tmp_path / "few").write_bytes(b"a\nb\n")
    assert "too few" in penstock.fails(2, "train", "--lines", "-o", tmp_path / "d", tmp_path / "few")
    assert not (tmp_path / "d").exists()
    penstock.fails(2, "train", tmp_path / "one")
    penstock.fails(3, "train", "-o", tmp_path / "d", tmp_path / "nowhere")


def test_there_and_back(penstock, trained, tmp_path):
    one = tmp_path / "one"
    one.write_bytes(LINES[7])
    assert penstock("compress", "--dictionary", trained, one).code == 0
    packed = tmp_path / "one.pstk"
    assert packed.stat().st_size < len(LINES[7]) * 2 // 3
    name = library.Dictionary.load(trained).name[8:]
    assert name in penstock("list", packed).out and name in penstock("inspect", "--chunks", packed).out
    assert name in penstock("explain", packed).out
    for command in ("test", "cat", "decompress"):
        assert name in penstock.fails(4, command, *["-f"] * (command != "test"), packed)
    assert "every byte is right" in penstock("test", "--dictionary", trained, packed).out
    assert penstock("cat", "--dictionary", trained, "--range=3:9", packed).code == 0
    one.unlink()
    assert penstock("decompress", "--rm", "--dictionary", trained, packed).code == 0
    assert one.read_bytes() == LINES[7] and "one.pstk" not in names(tmp_path)


def test_a_damaged_dictionary(penstock, trained, tmp_path):
    data = bytearray(trained.read_bytes())
    data[100] ^= 1
    trained.write_bytes(data)
    assert "d.pdict" in penstock.fails(4, "test", "--dictionary", trained, trained)
