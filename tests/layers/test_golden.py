"""What version 1 promised of its layers: chunks made once, and the errors of known bad ones (tests/golden)."""

import hashlib
import importlib.util
import json
from pathlib import Path

import pytest

from naive import container as naive
from penstock import errors
from penstock.api.squeeze import decompress
from penstock.layers.contract import FOREIGN, NAMES, ZSTD_DICTIONARY

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "tests" / "golden" / "layers"
GOLDEN = json.loads((HOME / "golden.json").read_text())
FILES = pytest.mark.parametrize("entry", GOLDEN["files"], ids=lambda entry: entry["file"])
ERRORS = pytest.mark.parametrize("entry", GOLDEN["errors"], ids=lambda entry: entry["file"])


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("golden_layers", ROOT / "scripts" / "golden_layers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@FILES
def test_the_bytes_are_those_they_were(entry):
    data = (HOME / entry["file"]).read_bytes()
    for raw in (decompress(data, threads=1), naive.raw(data)):
        assert len(raw) == entry["raw_size"]
        assert hashlib.blake2b(raw, digest_size=16).hexdigest() == entry["blake2b"]


@ERRORS
def test_bad_chunks_are_refused_as_they_were(entry):
    data = (HOME / entry["file"]).read_bytes()
    with pytest.raises(errors.PenstockError) as caught:
        decompress(data, threads=1)
    assert type(caught.value).__name__ == entry["error"]
    with pytest.raises(naive.Refused) as refused:
        naive.raw(data)
    assert str(refused.value) in (entry["error"], "CorruptDataError")


def test_the_script_still_makes_them(script, tmp_path):
    script.write(tmp_path)
    made, kept = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in (tmp_path, HOME))
    assert made == kept


def test_every_layer_is_there(script):
    def ids(node):
        return {node.id}.union(*(ids(edge.node) for edge in node.edges))

    assert set().union(*(ids(part[2]) for part, _ in script.good().values())) == set(NAMES) - {FOREIGN, ZSTD_DICTIONARY}
