"""Every sector that differs is named, with what stands there instead."""

import json
import mmap
import os

import numpy as np
import pytest

from penstock.api import verify as module
from penstock.api.files import generate_file, sidecar_path
from penstock.api.verify import find_recipe, read_recipe, verify, verify_buffer
from penstock.errors import BadBufferError, RecipeError, StorageError, UnsupportedVersionError, UsageError
from penstock.storage.reader import FileReader
from penstock.synth.recipe import Recipe

from .damage import NAMES, RECIPES, SECTOR, SIZE, differing, sectors_of, stream

SMALL = Recipe(40_000, seed=1, compress_ratio=2)
EVERY = pytest.mark.parametrize("recipe", RECIPES, ids=NAMES)


@pytest.fixture
def short_chunks(monkeypatch):
    """Many chunks in little data."""
    monkeypatch.setattr(module, "CHUNK", 64 << 10)


def written(folder, data, name="x"):
    path = folder / name
    path.write_bytes(bytes(data))
    return path


# --- files ------------------------------------------------------------------------------------------------------------


@EVERY
def test_a_file_that_is_right_has_no_findings(tmp_path, recipe, short_chunks):
    generate_file(tmp_path / "x", recipe, fsync=False)
    seen = []
    report = verify(tmp_path / "x", progress=seen.append)
    assert report.ok
    assert (report.checked, report.bad_sectors, report.findings, report.more) == (recipe.size, 0, [], 0)
    assert (report.expected_size, report.actual_size) == (recipe.size, recipe.size)
    assert sum(seen) == recipe.size
    assert report.recipe_hash == recipe.hash


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 4095, 65535, 65537])
def test_any_size(tmp_path, size, short_chunks):
    recipe = Recipe(size, seed=2, compress_ratio=3, dedup_ratio=2)
    path = written(tmp_path, stream(recipe))
    assert verify(path, recipe).ok
    if size:
        data = stream(recipe)
        data[-1] ^= 1
        report = verify(written(tmp_path, data), recipe)
        assert sectors_of(report) == [(size - 1) // SECTOR]
        assert report.findings[0].first_byte == report.findings[0].last_byte == size - 1


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_threads_change_nothing(tmp_path, threads, short_chunks):
    recipe = RECIPES[4]
    data = stream(recipe)
    data[100_000:300_000] = stream(recipe.with_(version=8))[100_000:300_000]
    data[700_000] ^= 4
    path = written(tmp_path, data)
    report, other = (verify(path, recipe, max_threads=many) for many in (threads, 3))
    assert [f.to_dict() for f in report.findings] == [f.to_dict() for f in other.findings]
    assert sectors_of(report) == differing(data, recipe)


def test_threads_must_make_sense(tmp_path):
    path = written(tmp_path, stream(SMALL))
    for bad in (0, -1, 1.5, "2"):
        with pytest.raises(UsageError):
            verify(path, SMALL, max_threads=bad)


def test_a_truncated_file(tmp_path):
    path = written(tmp_path, stream(SMALL)[:-1001])
    report = verify(path, SMALL)
    assert not report.ok
    assert (report.actual_size, report.checked, report.bad_sectors) == (38_999, 38_999, 0)
    (finding,) = report.findings
    assert (finding.kind, finding.offset, finding.length) == ("missing", 38_999, 1001)
    assert (finding.first_byte, finding.last_byte) == (38_999, 39_999)
    assert report.by_kind == {"missing": 1001}


def test_an_over_long_file(tmp_path):
    path = written(tmp_path, stream(SMALL, 0, 40_007))
    report = verify(path, SMALL)
    assert not report.ok
    (finding,) = report.findings
    assert (finding.kind, finding.offset, finding.length) == ("extra", 40_000, 7)
    assert report.by_kind == {"extra": 7}


def test_an_empty_file_misses_everything(tmp_path):
    report = verify(written(tmp_path, b""), SMALL)
    assert [(f.kind, f.offset, f.length) for f in report.findings] == [("missing", 0, 40_000)]


def test_a_file_cut_while_it_is_read(tmp_path, monkeypatch, short_chunks):
    recipe = RECIPES[0]
    path = written(tmp_path, stream(recipe))
    read = FileReader.read_into

    def cut_then_read(self, offset, out):
        if offset == 2 * module.CHUNK:
            os.truncate(path, offset + 1000)
        return read(self, offset, out)

    monkeypatch.setattr(FileReader, "read_into", cut_then_read)
    report = verify(path, recipe, max_threads=1)
    end = 2 * module.CHUNK + 1000
    assert report.actual_size <= end
    assert [f.kind for f in report.findings] == ["missing"]
    assert report.findings[0].offset == report.actual_size
    assert report.findings[0].offset + report.findings[0].length == recipe.size


@pytest.mark.parametrize("options", [{"direct": True}, {"drop_cache": True}], ids=["direct", "drop"])
def test_past_the_page_cache(tmp_path, options, short_chunks):
    recipe = RECIPES[1]
    data = stream(recipe)
    data[-1] ^= 0x80
    data[777_777] ^= 1
    report = verify(written(tmp_path, data), recipe, **options)
    assert sectors_of(report) == [777_777 // SECTOR, (SIZE - 1) // SECTOR]
    assert report.bypass in ({"direct", "fadvise"} if "direct" in options else {"fadvise"})


def test_a_block_device_may_be_larger(loop_device):
    device, _ = loop_device
    recipe = Recipe(1 << 20, seed=4, compress_ratio=2)
    generate_file(device, recipe, force=True, fsync=False)
    report = verify(device, recipe)
    assert report.ok
    assert report.checked == 1 << 20
    assert verify(device, recipe, direct=True).ok
    too_large = verify(device, recipe.with_(size=(1 << 20) + 1024))
    assert "missing" in too_large.by_kind


def test_what_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(StorageError, match="No such file"):
        verify(tmp_path / "none", SMALL)
    with pytest.raises(StorageError, match="folder"):
        verify(tmp_path, SMALL)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="neither a file nor a block device"):
        verify(tmp_path / "pipe", SMALL)


def test_missing_data_is_named_before_its_missing_recipe(tmp_path):
    with pytest.raises(StorageError, match="No such file"):
        verify(tmp_path / "none")


def test_findings_are_bounded_and_counts_go_on(tmp_path):
    data = stream(SMALL)
    data[::1024] ^= 1
    report = verify(written(tmp_path, data), SMALL, max_findings=3)
    assert (len(report.findings), report.more, report.bad_sectors) == (3, 37, 40)
    assert report.by_kind == {"flipped": 39 * SECTOR + 40_000 % SECTOR}
    none = verify(tmp_path / "x", SMALL, max_findings=0)
    assert (none.findings, none.more, none.ok) == ([], 40, False)


def test_the_report_as_json(tmp_path):
    data = stream(SMALL)
    data[512:1024] = 0
    data[5000] ^= 3
    report = verify(written(tmp_path, data[:-1]), SMALL)
    read = json.loads(json.dumps(report.to_dict()))
    assert read.keys() == {
        "path", "recipe_hash", "expected_size", "actual_size", "checked", "bad_sectors", "findings", "more",
        "by_kind", "bypass", "seconds", "ok", "gb_per_s",
    }  # fmt: skip
    assert (read["ok"], read["bad_sectors"]) == (False, 2)
    assert [finding["kind"] for finding in read["findings"]] == ["zeros", "flipped", "missing"]
    assert all(
        finding.keys() == {"offset", "length", "kind", "value", "origin", "first_byte", "last_byte", "words"}
        for finding in read["findings"]
    )


# --- recipes ----------------------------------------------------------------------------------------------------------


def test_the_recipe_beside_the_file_is_found(tmp_path):
    path = written(tmp_path, stream(SMALL), "data.tar.gz")
    assert sidecar_path(path) == tmp_path / "data.tar.gz.recipe.json"
    with pytest.raises(RecipeError, match=r"there is no recipe .*data\.tar\.gz\.recipe\.json.*--recipe"):
        verify(path)
    sidecar_path(path).write_text(SMALL.to_json())
    assert find_recipe(path) == SMALL
    assert verify(path).ok


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        (b"", RecipeError, "not JSON"),
        (b"{", RecipeError, "not JSON"),
        (b"\xff\xfe", RecipeError, "not JSON"),
        (b"[" * 100_000, RecipeError, "not JSON"),
        (b"[]", RecipeError, "not a penstock recipe"),
        (b"{}", RecipeError, "not a penstock recipe"),
        (b"0" * (2 << 20), RecipeError, "too large"),
        (SMALL.to_json().replace("40000", "40001").encode(), RecipeError, "was changed"),
        (b'{"penstock_recipe": 1, "size": 1, "compress_ratio": 0.5}', RecipeError, "compress_ratio"),
        (b'{"penstock_recipe": 2, "size": 1, "magic": true}', UnsupportedVersionError, "version 2"),
    ],
    ids=["empty", "cut", "binary", "deep", "list", "object", "large", "changed", "senseless", "later"],
)
def test_a_recipe_that_cannot_be_used(tmp_path, text, error, says):
    path = written(tmp_path, text, "r.json")
    with pytest.raises(error, match=says) as caught:
        read_recipe(path)
    assert str(path) in str(caught.value)
    assert caught.value.hint


def test_a_recipe_that_cannot_be_read(tmp_path):
    with pytest.raises(StorageError, match="cannot read"):
        read_recipe(tmp_path)


# --- buffers ----------------------------------------------------------------------------------------------------------


@EVERY
@pytest.mark.parametrize("offset", [0, 1, 511, 512, 65_537, SIZE - 1, SIZE])
def test_a_buffer_of_any_part_of_the_stream(recipe, offset, short_chunks):
    part = stream(recipe, offset, min(300_001, SIZE - offset))
    report = verify_buffer(part, recipe, offset=offset)
    assert report.ok
    assert report.checked == part.size
    if part.size:
        part[[0, part.size // 2, -1]] ^= 2
        report = verify_buffer(part, recipe, offset=offset)
        assert report.bad_sectors == len(differing(part, recipe, offset))
        assert (report.findings[0].first_byte, report.findings[-1].last_byte) == (offset, offset + part.size - 1)


def test_a_wrong_buffer_at_an_odd_offset_counts_each_sector_once(short_chunks):
    recipe = RECIPES[1]
    part = ~stream(recipe, 1000, 200_000)
    report = verify_buffer(part, recipe, offset=1000, max_threads=2)
    assert report.bad_sectors == 201_000 // SECTOR - 1000 // SECTOR + 1
    assert [(f.offset, f.length) for f in report.findings] == [(1000, 200_000)]


def test_a_buffer_that_goes_on_beyond_the_end():
    report = verify_buffer(stream(SMALL, 39_000, 1500), SMALL, offset=39_000)
    assert [(f.kind, f.offset, f.length) for f in report.findings] == [("extra", 40_000, 500)]
    with pytest.raises(UsageError, match="outside"):
        verify_buffer(b"x", SMALL, offset=40_001)
    with pytest.raises(UsageError, match="outside"):
        verify_buffer(b"x", SMALL, offset=-1)


def test_every_kind_of_buffer():
    right = stream(SMALL)
    room = mmap.mmap(-1, right.size)
    room[:] = right.tobytes()
    for buffer in (right, right.tobytes(), bytearray(right), memoryview(right.tobytes()), right.view(np.uint64), room):
        assert verify_buffer(buffer, SMALL).ok
    wrong = bytes(SECTOR) + right.tobytes()[SECTOR:]
    assert [f.kind for f in verify_buffer(wrong, SMALL).findings] == ["zeros"]
    moved = stream(SMALL.with_(version=4), 0, SECTOR).tobytes() + right.tobytes()[SECTOR:]
    assert [f.kind for f in verify_buffer(moved, SMALL).findings] == ["version"]
    assert verify_buffer(b"", SMALL).ok
    with pytest.raises(BadBufferError):
        verify_buffer(right[::2], SMALL)
