"""Content tuned for one codec and block size reaches its ratio within 1 % there."""

import pytest

from penstock.api import tuning
from penstock.api.certify import certify
from penstock.api.tuning import tuned, tuned_recipe
from penstock.errors import UnknownCodecError, UsageError
from penstock.synth.recipe import Recipe

from .damage import stream

MIB = 1 << 20


@pytest.mark.parametrize(
    ("target", "ratio"),
    [
        ("lz4@4K", 2.0),
        ("lz4@16K", 7.5),
        ("zstd-3@128K", 2.35),
        ("zstd-1@4K", 4.0),
        ("zlib-6@64K", 10.0),
        ("zlib-1@1M", 1.1),
    ],
)
def test_the_one_promise_is_kept_by_any_seed(target, ratio):
    codec, block = target.split("@")
    for seed in (1, "another"):
        recipe = tuned_recipe(Recipe(4 * MIB, seed=seed, compress_ratio=ratio), target)
        assert (recipe.compress_ratio, recipe.tuned_for) == (ratio, target)
        certificate = certify(recipe, codec_names=[codec], block_sizes=[{"4K": 4096, "16K": 16384, "64K": 65536,
            "128K": 131072, "1M": MIB}[block]], units=[4096])  # fmt: skip
        line, spread = certificate.lines[:2]
        assert line.label == target
        assert line.achieved == pytest.approx(ratio, rel=0.01)
        assert spread.achieved >= 0.95
        assert certificate.passed


def test_names_are_made_canonical():
    recipe = tuned_recipe(Recipe(MIB, compress_ratio=2), " ZSTD-3@131072")
    assert recipe.tuned_for == "zstd-3@128K"
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_nothing_to_gain_is_plain_random_data():
    plain = Recipe(MIB, seed=1)
    recipe = tuned_recipe(plain, "zlib-9@64K")
    assert (stream(recipe) == stream(plain)).all()


def test_the_answer_is_kept(monkeypatch):
    tuned(2.0, "lz4@64K")
    monkeypatch.setattr(tuning, "Source", None)
    assert tuned(2.0, "lz4@64K")[1] == "lz4@64K"


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("lzo@4K", UnknownCodecError),
        ("zstd-99@4K", UnknownCodecError),
        ("zstd-3", UsageError),
        ("zstd-3@", UsageError),
        ("zstd-3@4Q", UsageError),
        ("zstd-3@1", UsageError),
        ("zstd-3@1G", UsageError),
        ("@", UnknownCodecError),
        ("", UsageError),
    ],
)
def test_targets_that_make_no_sense(target, error):
    with pytest.raises(error):
        tuned_recipe(Recipe(MIB, compress_ratio=2), target)


def test_a_ratio_out_of_reach_says_so():
    """A block of 512 bytes holds a header, a cell's random words and one match at least."""
    with pytest.raises(UsageError, match=r"zstd-1@512: a ratio of 30 cannot be reached .*gives"):
        tuned(30.0, "zstd-1@512")
