"""`apply_layers` does just what it was told, says what came of each step, and its container is restored."""

import numpy as np
import pytest

import penstock
from penstock.errors import LimitExceededError, UsageError
from penstock.limits import MAX_CHUNK

from .test_layers_off import used

RISING = np.cumsum(np.random.default_rng(1).integers(0, 50, 20_000)).astype(np.uint32)
CHAINS = {
    "delta": 4, "delta pack": 4, "delta split": 4, "delta split literals": 4, "planes zstd": 4, "delta planes": 4,
    "zstd": 1, "lz4": 1, "store": 1, "runs": 8, "sparse": 2, "dictionary": 4, "nibbles": 1, "pack": 8, "": 1,
    "delta dictionary": 4, "delta delta": 2, "planes delta": 4,
}  # fmt: skip


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.replace(" ", "-") or "none")
def test_just_the_named_layers(chain):
    names, typesize = chain.split(), CHAINS[chain]
    found = penstock.apply_layers(RISING, names, typesize=typesize)
    assert penstock.decompress(found.blob) == RISING.tobytes()
    assert (found.raw_size, found.ratio) == (RISING.nbytes, RISING.nbytes / found.stored_size)
    asked = ["records"] * (typesize > 1) + names
    assert [step.layer.split()[0] for step in found.steps] == asked
    assert not found.steps or found.steps[-1].stored == found.stored_size
    assert {name for name in asked if name not in ("zstd", "lz4", "store", "literals")} <= used(found.blob) or (
        found.stored_size >= found.raw_size or len(found.blob) < found.stored_size
    )
    if found.stored_size < found.raw_size:
        assert found.stored_size < len(found.blob) <= found.stored_size + 130


def test_steps_say_what_they_made():
    found = penstock.apply_layers(RISING, ["delta", "split"], typesize=4)
    records, delta, split = found.steps
    assert records.size == delta.size == split.size == RISING.nbytes
    assert delta.streams == (("u32", RISING.nbytes),) and split.streams[0] == ("bytes", RISING.size)
    assert records.stored > delta.stored > split.stored == found.stored_size
    assert "delta(rise)" in found.tree and "increase" in delta.words


def test_parameters_can_be_said():
    found = penstock.apply_layers(RISING, [("delta", b"\3\1"), ("split", b"\5")], typesize=4)
    assert "delta(xor) -> " in found.tree and "split k=5" in found.tree
    assert penstock.decompress(found.blob) == RISING.tobytes()
    mode = [step.params for step in penstock.apply_layers(RISING, ["delta"], typesize=4).steps][-1]
    assert mode == b"\x08\1"


def test_text_and_decimals():
    cells = "\n".join(map(str, range(5000, 9000))).encode() + b"\n"
    found = penstock.apply_layers(cells, ["numbers", "delta"])
    assert len(found.blob) < 200 and penstock.decompress(found.blob) == cells
    prices = np.random.default_rng(2).integers(100, 9999, 5000) / 100
    found = penstock.apply_layers(prices, ["decimal", "pack"], typesize=8)
    assert found.ratio > 4 and penstock.decompress(found.blob) == prices.tobytes()


@pytest.mark.parametrize("data", [b"", b"a", b"abcd"])
def test_tiny(data):
    assert penstock.decompress(penstock.apply_layers(data, ["delta", "zstd"]).blob) == data


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        (["nothing"], "nothing"),
        (["zstd", "delta"], "last"),
        (["lines"], "parameters"),
        (["planes"], "planes"),
        (["frames"], "finds nothing"),
        ([("delta", b"\x63\1")], "mode 99"),
    ],
)
def test_what_cannot_be(chain, words):
    with pytest.raises(UsageError, match=words):
        penstock.apply_layers(RISING, chain)


def test_sizes():
    with pytest.raises(UsageError, match="typesize"):
        penstock.apply_layers(b"abc", [], typesize=2)
    with pytest.raises(LimitExceededError):
        penstock.apply_layers(np.zeros(MAX_CHUNK + 1, np.uint8), [])
