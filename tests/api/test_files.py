"""A recipe's bytes reach files and pipes exactly, and a file appears whole or not at all."""

import io
import json
import os
import threading

import pytest

from penstock.api import files
from penstock.api.files import generate_file, generate_stream, placed_lanes, sidecar_path
from penstock.api.verify import find_recipe
from penstock.errors import PenstockError, StorageError, TargetExistsError, UsageError
from penstock.synth.recipe import Recipe

from .damage import MIXED, holds, names, stream

CHUNK = files.CHUNK
# --- the bytes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direct", [False, True], ids=["buffered", "direct"])
@pytest.mark.parametrize("size", [0, 1, 511, 512, 4095, 4097, 100_001, CHUNK - 1, CHUNK, CHUNK + 1])
def test_a_file_of_any_size(tmp_path, size, direct):
    recipe = Recipe(size, **MIXED)
    try:
        made = generate_file(tmp_path / "x.bin", recipe, direct=direct, fsync=False)
    except StorageError as error:
        if direct and "O_DIRECT" in str(error):
            pytest.skip(str(error))
        raise
    assert holds(tmp_path / "x.bin", recipe)
    assert names(tmp_path) == ["x.bin", "x.bin.recipe.json"]
    assert find_recipe(tmp_path / "x.bin") == recipe
    assert (made.size, made.written, made.resumed_from, made.direct) == (size, size, 0, direct)
    assert made.recipe_hash == recipe.hash
    assert json.loads(json.dumps(made.to_dict()))["gb_per_s"] == made.rate


@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize("chunk_size", [4096, 64 << 10])
def test_threads_and_chunks_change_nothing(tmp_path, threads, chunk_size):
    recipe = Recipe(1_000_003, **MIXED)
    seen = []
    generate_file(tmp_path / "x", recipe, max_threads=threads, chunk_size=chunk_size, fsync=False, progress=seen.append)
    assert holds(tmp_path / "x", recipe)
    assert sum(seen) == recipe.size


@pytest.mark.parametrize("mode", ["uma", "force", "disabled", "AUTO", 0])
def test_numa_modes_change_nothing(tmp_path, mode):
    recipe = Recipe(100_000, **MIXED)
    generate_file(tmp_path / "x", recipe, numa_mode=mode, fsync=False)
    assert holds(tmp_path / "x", recipe)


@pytest.mark.parametrize(
    "options",
    [{"max_threads": 0}, {"max_threads": -3}, {"numa_mode": "sideways"}, {"numa_mode": 4000}, {"chunk_size": 5000},
     {"chunk_size": 0}],
)  # fmt: skip
def test_options_that_make_no_sense(tmp_path, options):
    with pytest.raises(UsageError):
        generate_file(tmp_path / "x", Recipe(10), **options)
    assert names(tmp_path) == []


def test_lanes_are_at_least_two():
    assert len(placed_lanes(1)) >= 2


# --- the sidecar ------------------------------------------------------------------------------------------------------


def test_no_sidecar(tmp_path):
    made = generate_file(tmp_path / "x", Recipe(10), sidecar=False)
    assert names(tmp_path) == ["x"]
    assert made.sidecar is None


def test_the_sidecar_of_a_replaced_file_goes(tmp_path):
    """A file must never stand beside the recipe of another one."""
    path = tmp_path / "x"
    generate_file(path, Recipe(10, seed=1))
    generate_file(path, Recipe(10, seed=2), force=True)
    assert find_recipe(path).seed == 2
    generate_file(path, Recipe(10, seed=3), force=True, sidecar=False)
    assert names(tmp_path) == ["x"]


def test_a_recipe_that_is_there_already_stays(tmp_path):
    recipe = Recipe(10, seed=1)
    sidecar_path(tmp_path / "x").write_text(recipe.to_json())
    generate_file(tmp_path / "x", recipe, sidecar=False)
    assert find_recipe(tmp_path / "x") == recipe


def test_a_sidecar_ends_its_last_line(tmp_path):
    generate_file(tmp_path / "x", Recipe(10))
    assert sidecar_path(tmp_path / "x").read_text().endswith("}\n")


# --- targets ----------------------------------------------------------------------------------------------------------


def test_an_existing_file_is_refused_and_kept(tmp_path):
    (tmp_path / "x").write_bytes(b"mine")
    with pytest.raises(TargetExistsError, match="--force"):
        generate_file(tmp_path / "x", Recipe(10))
    assert (tmp_path / "x").read_bytes() == b"mine"
    assert names(tmp_path) == ["x"]
    generate_file(tmp_path / "x", Recipe(10), force=True)
    assert holds(tmp_path / "x", Recipe(10))


def test_a_missing_folder_and_a_folder(tmp_path):
    with pytest.raises(StorageError, match="no folder"):
        generate_file(tmp_path / "none" / "x", Recipe(10))
    with pytest.raises(StorageError, match="is a folder"):
        generate_file(tmp_path, Recipe(10))
    assert names(tmp_path) == []


def test_character_devices_need_force():
    with pytest.raises(StorageError, match="character device"):
        generate_file("/dev/null", Recipe(10))
    made = generate_file("/dev/null", Recipe(3 << 20), force=True)
    assert (made.written, made.sidecar) == (3 << 20, None)
    with pytest.raises(StorageError, match="No space left"):
        generate_file("/dev/full", Recipe(10), force=True)


def test_a_block_device_is_written_in_place(loop_device):
    device, backing = loop_device
    recipe = Recipe(1_000_001, seed=1, compress_ratio=3)
    with pytest.raises(StorageError, match="block device"):
        generate_file(device, recipe)
    for direct in (False, True):
        generate_file(device, recipe.with_(seed=int(direct)), force=True, direct=direct)
        assert backing.read_bytes()[: recipe.size] == stream(recipe.with_(seed=int(direct))).tobytes()
    with pytest.raises(StorageError, match="are needed"):
        generate_file(device, Recipe(2 << 20), force=True)
    assert not sidecar_path(device).exists()


def test_a_named_pipe_is_streamed_to_with_force(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    recipe = Recipe(3_000_001, **MIXED)
    with pytest.raises(StorageError, match="named pipe"):
        generate_file(pipe, recipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    seen = []
    made = generate_file(pipe, recipe, force=True, progress=seen.append)
    reader.join(30)
    assert got == [stream(recipe).tobytes()]
    assert (made.path, made.written, made.sidecar, sum(seen)) == (str(pipe), recipe.size, None, recipe.size)
    assert names(tmp_path) == ["pipe"]
    for option in ("direct", "resume"):
        with pytest.raises(PenstockError, match="named pipe"):
            generate_file(pipe, recipe, force=True, **{option: True})


@pytest.mark.parametrize("preallocate", [True, False])
def test_a_full_disk_leaves_nothing(small_disk, preallocate):
    with pytest.raises(StorageError, match=r"No space left|free") as caught:
        generate_file(small_disk / "x", Recipe(2 << 20, seed=1), preallocate=preallocate, chunk_size=64 << 10)
    assert "free some" in str(caught.value)
    assert names(small_disk) == []


def test_direct_refused_is_named(no_direct):
    with pytest.raises(StorageError, match="ramfs"):
        generate_file(no_direct / "x", Recipe(10_000), direct=True)
    assert names(no_direct) == []


def test_an_error_midway_leaves_nothing(tmp_path):
    def fail(done):
        raise RuntimeError("nobody looks any more")

    with pytest.raises(RuntimeError):
        generate_file(tmp_path / "x", Recipe(1 << 20), chunk_size=4096, progress=fail)
    assert names(tmp_path) == []


# --- pipes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 4097, (1 << 20) - 1, (1 << 20) + 1, 5_000_000])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_stream_is_the_recipe(size, threads):
    recipe = Recipe(size, **MIXED)
    sink, seen = io.BytesIO(), []
    made = generate_stream(sink, recipe, max_threads=threads, chunk_size=1 << 18, progress=seen.append)
    assert sink.getvalue() == stream(recipe).tobytes()
    assert (made.written, made.sidecar, sum(seen)) == (size, None, size)


def test_a_reader_that_goes_away():
    read, write = os.pipe()
    os.close(read)
    with pytest.raises(StorageError) as caught:
        generate_stream(write, Recipe(1 << 20))
    os.close(write)
    assert caught.value.errno == 32
