"""Certificates: promises kept pass, broken ones fail, and nothing promised is nothing judged."""

import json
import os

import numpy as np
import pytest

from penstock.api import certify as module
from penstock.api.certify import certify
from penstock.api.files import generate_file, sidecar_path
from penstock.api.tuning import tuned_recipe
from penstock.errors import RecipeError, StorageError, TruncatedError, UnknownCodecError, UsageError
from penstock.storage.reader import FileReader
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

from .damage import random_bytes, stream

MIB = 1 << 20
CODECS = ("lz4", "zstd-1", "zlib-1")
QUICK = {"codec_names": CODECS, "block_sizes": (4096, 128 << 10), "compress_sample": 2 * MIB, "dedup_sample": 16 * MIB}


def lines_of(certificate, kind):
    return {line.label: line for line in certificate.lines if line.kind == kind}


# --- kept -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [1.0, 1.7, 4.0, 8.0])
@pytest.mark.parametrize("dedup", [1.0, 3.0])
def test_what_is_made_keeps_its_promise(compress, dedup):
    recipe = Recipe(12 * MIB + 77, seed=1, compress_ratio=compress, dedup_ratio=dedup)
    certificate = certify(recipe, **QUICK)
    assert certificate.passed, certificate.failures
    assert certificate.subject == "recipe " + recipe.hash[:12]
    ratios = lines_of(certificate, "compression")
    assert set(ratios) == {f"{name}@{block}" for name in CODECS for block in ("4K", "128K")}
    assert all(line.asked == compress for line in ratios.values())
    assert set(lines_of(certificate, "spread")) == set(ratios)
    counts = lines_of(certificate, "dedup")
    assert list(counts) == ["512", "4K", "16K", "64K", "128K", "1M", "4M"]
    units = -(-recipe.size // 4096)
    assert counts["4K"].achieved == pytest.approx(units / -(-units // int(dedup)))
    assert certificate.sample.counted_all


def test_a_file_and_its_recipe_give_the_same_figures(tmp_path):
    recipe = Recipe(9 * MIB, seed=2, compress_ratio=2.35, dedup_ratio=2)
    generate_file(tmp_path / "x", recipe, fsync=False)
    of_file, of_recipe = certify(tmp_path / "x", **QUICK), certify(recipe, **QUICK)
    assert of_file.lines == of_recipe.lines
    assert of_file.subject == str(tmp_path / "x")
    assert of_file.asked["recipe"] == recipe.hash
    assert certify(tmp_path / "x", max_threads=1, **QUICK).lines == of_recipe.lines


@pytest.mark.parametrize("unit", [1536, 12 << 10, 513 * 512, 3 * MIB])
def test_a_dedup_unit_that_is_no_power_of_two(unit):
    recipe = Recipe(40 * MIB, seed=3, dedup_ratio=4, dedup_unit=unit, compress_ratio=2)
    certificate = certify(recipe, **QUICK | {"dedup_sample": 64 * MIB})
    units = -(-recipe.size // unit)
    label = {1536: "1536", 12 << 10: "12K", 513 * 512: "262656", 3 * MIB: "3M"}[unit]
    line = lines_of(certificate, "dedup")[label]
    assert line.verdict == "pass"
    assert 0 <= round(units / line.achieved) - -(-units // 4) <= (recipe.size % unit != 0)
    assert not certificate.failures
    assert lines_of(certificate, "compression")["zlib-1@128K"].achieved == pytest.approx(2, rel=0.02), "of unique units"


def test_part_of_the_data_is_counted_in_runs_of_whole_units():
    recipe = Recipe(900 * MIB, seed=3, dedup_ratio=2, dedup_unit=12 << 10, dedup_window=4 * MIB)
    certificate = certify(recipe, **QUICK | {"dedup_sample": 32 * MIB})
    line = lines_of(certificate, "dedup")["12K"]
    assert line.verdict == "pass"
    assert line.achieved == pytest.approx(2, rel=0.05)
    assert not certificate.sample.counted_all


def test_the_tuned_codec_is_always_measured():
    """Its promise is the only one such a recipe makes."""
    recipe = tuned_recipe(Recipe(32 * MIB, seed=4, compress_ratio=3), "zlib-3@64K")
    certificate = certify(recipe, **QUICK)
    line = lines_of(certificate, "compression")["zlib-3@64K"]
    assert (line.verdict, line.tolerance) == ("pass", 0.01)
    assert line.achieved == pytest.approx(3, rel=0.01)
    judged = [line for line in certificate.lines if line.kind == "compression" and line.verdict != "info"]
    assert judged == [line]


def test_large_blocks_are_whole():
    certificate = certify(Recipe(24 * MIB, seed=1), codec_names=["lz4"], block_sizes=[8 * MIB], compress_sample=1)
    (line,) = lines_of(certificate, "compression").values()
    assert line.label == "lz4@8M"
    assert line.verdict == "pass"
    (spread,) = lines_of(certificate, "spread").values()
    assert "share of 2 blocks" in spread.detail or "share of 3 blocks" in spread.detail


@pytest.mark.parametrize("ratio", [1.5, 2, 3, 7])
@pytest.mark.parametrize("tail", [1, 511, 4095])
def test_a_shorter_last_unit_breaks_no_promise(ratio, tail):
    """It is like no other, also where it was made as a duplicate."""
    for units in range(300, 307):
        recipe = Recipe(units * 4096 + tail, seed=1, dedup_ratio=ratio)
        counted = certify(recipe, codec_names=["lz4"], block_sizes=[4096], units=[512, 4096], compress_sample=1)
        assert not [line for line in counted.failures if line.kind == "dedup"]


# --- broken -----------------------------------------------------------------------------------------------------------


def failing(data, recipe, folder, **options):
    path = folder / "data"
    path.write_bytes(data)
    certificate = certify(path, recipe, **QUICK | options)
    assert not certificate.passed
    return {(line.kind, line.label) for line in certificate.failures}


def test_data_of_another_ratio_fails_everywhere(tmp_path):
    recipe = Recipe(8 * MIB, seed=1, compress_ratio=3)
    failed = failing(stream(recipe.with_(compress_ratio=2)), recipe, tmp_path)
    assert {label for kind, label in failed if kind == "compression"} == {
        f"{name}@{block}" for name in CODECS for block in ("4K", "128K")
    }


def test_duplicates_that_are_missing_or_unwanted_fail(tmp_path):
    recipe = Recipe(8 * MIB, seed=1, dedup_ratio=2)
    assert ("dedup", "4K") in failing(stream(recipe.with_(dedup_ratio=1)), recipe, tmp_path)
    assert ("dedup", "4K") in failing(stream(recipe.with_(dedup_ratio=2.1)), recipe, tmp_path)
    plain = recipe.with_(dedup_ratio=1)
    assert ("dedup", "4K") in failing(stream(recipe), plain, tmp_path)
    twice = stream(plain)
    twice[4 * MIB : 4 * MIB + 16384] = twice[:16384]
    failed = failing(twice, plain, tmp_path)
    assert {("dedup", "4K"), ("dedup", "512")} <= failed


def test_zeros_and_noise_fail(tmp_path):
    recipe = Recipe(4 * MIB, seed=1, compress_ratio=3)
    assert ("compression", "lz4@128K") in failing(bytes(4 * MIB), recipe, tmp_path)
    assert ("dedup", "4K") in failing(bytes(4 * MIB), recipe, tmp_path)
    assert ("compression", "lz4@4K") in failing(random_bytes(4 * MIB), recipe, tmp_path)


def test_uneven_data_fails_the_spread(tmp_path):
    """The right ratio on the whole, from blocks that are all wrong."""
    recipe = Recipe(4 * MIB, seed=1, compress_ratio=2)
    parts = [stream(recipe.with_(compress_ratio=ratio, size=1 * MIB)) for ratio in (1.0, 1.3, 6.0, 10.0)]
    failed = failing(np.concatenate(parts), recipe, tmp_path)
    assert ("spread", "lz4@128K") in failed


# --- nothing promised -------------------------------------------------------------------------------------------------


def test_a_plain_file_gets_figures(tmp_path):
    path = tmp_path / "plain"
    path.write_bytes(b"What is asked of no data is broken by none. " * 5000)
    certificate = certify(path, **QUICK)
    assert {line.verdict for line in certificate.lines} == {"info"}
    assert (certificate.judged, certificate.passed, list(certificate.failures)) == (0, False, [])
    assert not certificate.asked
    assert lines_of(certificate, "compression")["zlib-1@128K"].achieved > 10
    assert lines_of(certificate, "dedup")["4K"].achieved >= 1


@pytest.mark.parametrize("size", [1, 100, 511, 4095, 5000])
def test_data_smaller_than_a_block(tmp_path, size):
    path = tmp_path / "small"
    path.write_bytes(bytes(random_bytes(size)))
    certificate = certify(path, **QUICK)
    assert certificate.sample.compressed == size
    assert not certificate.failures
    certify(Recipe(size, seed=1, compress_ratio=2, dedup_ratio=2), **QUICK)


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty").touch()
    with pytest.raises(UsageError, match="empty"):
        certify(tmp_path / "empty")
    with pytest.raises(UsageError, match="empty"):
        certify(Recipe(0))


# --- options ----------------------------------------------------------------------------------------------------------


def test_a_sample_may_be_larger_than_the_data():
    certificate = certify(Recipe(3 * MIB, seed=1), **QUICK | {"compress_sample": 1 << 40, "dedup_sample": 1 << 40})
    assert certificate.passed
    assert certificate.sample.compressed == certificate.sample.counted == 3 * MIB
    assert all(line.error95 == 0 for line in lines_of(certificate, "compression").values())


def test_the_seed_chooses_the_places(tmp_path):
    data = np.concatenate([stream(Recipe(MIB, seed=n, compress_ratio=1 + n / 8)) for n in range(24)])
    (tmp_path / "x").write_bytes(data)
    first, again, other = (
        certify(tmp_path / "x", seed=seed, **QUICK | {"compress_sample": 4 * MIB}).lines for seed in (0, 0, 5)
    )
    assert first == again
    assert first != other


def test_lists_of_codecs_blocks_and_units():
    certificate = certify(
        Recipe(2 * MIB, seed=1, compress_ratio=2),
        codec_names=["ZSTD-9", "zlib-9", "zlib-9"],
        block_sizes=[8192, 8192, 100_000],
        units=[8192, 3 * 512, 8192],
        compress_sample=MIB,
    )
    assert list(lines_of(certificate, "compression")) == [
        "zstd-9@8K", "zstd-9@100000", "zlib-9@8K", "zlib-9@100000",
    ]  # fmt: skip
    assert list(lines_of(certificate, "dedup")) == ["4K", "8K", "1536"], "the recipe's own unit is in"
    assert {line.verdict for line in lines_of(certificate, "compression").values()} == {"info"}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"codec_names": ["lzo"]}, UnknownCodecError),
        ({"codec_names": []}, UsageError),
        ({"block_sizes": []}, UsageError),
        ({"block_sizes": [0]}, UsageError),
        ({"block_sizes": [1 << 40]}, UsageError),
        ({"units": [1000]}, UsageError),
        ({"units": [0]}, UsageError),
        ({"units": [1 << 30]}, UsageError),
        ({"compress_sample": 0}, UsageError),
        ({"dedup_sample": -1}, UsageError),
        ({"max_threads": 0}, UsageError),
    ],
)
def test_options_that_make_no_sense(options, error):
    with pytest.raises(error):
        certify(Recipe(MIB), **QUICK | options)


def test_progress_adds_up_to_what_was_planned():
    seen, planned = [], []
    for recipe in (Recipe(5 * MIB, seed=1), Recipe(5 * MIB, seed=1, dedup_ratio=2, dedup_unit=1536)):
        seen.clear()
        planned.clear()
        certify(recipe, progress=seen.append, planned=planned.append, **QUICK)
        assert [sum(seen)] == planned


def test_memory_is_bounded_by_what_is_unique(monkeypatch):
    """High dedup ratios need much logical data for a sample of unique data: it is not all held at once."""
    recipe = Recipe(1 << 40, seed=1, dedup_ratio=1000, dedup_window=0)
    monkeypatch.setattr(module, "_MOST_LOGICAL", 64 * MIB)
    read, most = module._of_recipe, []

    def counting(recipe):
        data = read(recipe)

        def reader(offset, size):
            most.append(size)
            return data.read(offset, size)

        return module._Data(data.name, data.size, reader, data.recipe)

    monkeypatch.setattr(module, "_of_recipe", counting)
    certify(recipe, **QUICK | {"dedup_sample": 4 * MIB, "units": []})
    assert sum(most) <= 80 * MIB
    assert max(most) <= 8 * MIB


# --- files that cannot be used ----------------------------------------------------------------------------------------


def test_a_missing_file(tmp_path):
    with pytest.raises(StorageError, match="No such file"):
        certify(tmp_path / "none")


def test_a_damaged_sidecar(tmp_path):
    (tmp_path / "x").write_bytes(b"data")
    sidecar_path(tmp_path / "x").write_text("{")
    with pytest.raises(RecipeError, match=r"x\.recipe\.json"):
        certify(tmp_path / "x")


def test_a_file_cut_while_it_is_measured(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(bytes(random_bytes(9 * MIB)))
    read = FileReader.read_into

    def cut_then_read(self, offset, out):
        os.truncate(path, 2 * MIB)
        return read(self, offset, out)

    monkeypatch.setattr(FileReader, "read_into", cut_then_read)
    with pytest.raises(TruncatedError, match="cut while it was read"):
        certify(path, **QUICK)


def test_a_block_device_is_measured_as_far_as_its_data_goes(loop_device):
    device, _ = loop_device
    recipe = Recipe(512 << 10, seed=4, compress_ratio=2)
    generate_file(device, recipe, force=True, fsync=False)
    certificate = certify(device, recipe, **QUICK)
    assert certificate.sample.total_size == recipe.size
    assert not certificate.failures


def test_the_certificate_as_json():
    certificate = certify(Recipe(2 * MIB, seed=1, compress_ratio=2), **QUICK)
    read = json.loads(json.dumps(certificate.to_json_dict()))
    assert read.keys() == {"subject", "passed", "judged", "failed", "asked", "sample", "lines", "versions"}
    assert read["passed"] is True
    assert read["asked"]["compress_ratio"] == 2
    assert {"lz4", "zstd", "zlib"} <= read["versions"].keys()
    assert all(line["verdict"] in ("pass", "fail", "info") for line in read["lines"])


def test_duplicates_too_far_apart_for_their_window_are_seen(tmp_path):
    far = Recipe(8 << 20, seed=3, dedup_ratio=3, dedup_window=0)
    near = Recipe(8 << 20, seed=3, dedup_ratio=3, dedup_window=1 << 20)
    quick = {"codec_names": ["lz4"], "block_sizes": [16384], "compress_sample": 1 << 20, "units": [4096]}
    for made, kept in ((near, True), (far, False)):
        path = tmp_path / f"{kept}.bin"
        path.write_bytes(Source(made).read(0, made.size).tobytes())
        certificate = certify(path, near, **quick)
        (window,) = [line for line in certificate.lines if line.kind == "window"]
        assert (window.verdict == "pass") is kept
        assert certificate.passed is kept


def test_windows_are_counted_only_where_runs_hold_whole_ones():
    odd = Recipe(64 << 20, seed=3, dedup_ratio=3, dedup_window=5 << 20)
    quick = {"codec_names": ["lz4"], "block_sizes": [16384], "compress_sample": 1 << 20, "units": [4096]}
    cut = certify(odd, dedup_sample=24 << 20, **quick)
    assert not [line for line in cut.lines if line.kind == "window"]
    assert [line for line in certify(odd, **quick).lines if line.kind == "window"]
