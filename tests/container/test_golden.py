"""What format version 1 promised: the bytes of known containers, and the errors of known bad ones (tests/golden)."""

import hashlib
import importlib.util
import json
from pathlib import Path

import pytest

from naive import container as naive
from penstock import errors
from penstock.container.frontback import Parser
from penstock.container.layout import VERSION
from penstock.container.parts import Chunk
from penstock.container.seal import Secret

from .helpers import Source, outcome, read_backward, read_forward, read_naively

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "tests" / "golden" / "container"
GOLDEN = json.loads((HOME / "golden.json").read_text())
FILES = pytest.mark.parametrize("entry", GOLDEN["files"], ids=lambda entry: entry["file"])
ERRORS = pytest.mark.parametrize("entry", GOLDEN["errors"], ids=lambda entry: entry["file"])


def secret_of(entry):
    """The arguments for the naive reader."""
    return {
        "key": bytes.fromhex(entry["key"]) if "key" in entry else None,
        "passphrase": entry["passphrase"].encode() if "passphrase" in entry else None,
    }


def opened(entry):
    secret = secret_of(entry)
    return Secret(**secret) if any(secret.values()) else None


@FILES
def test_the_bytes_are_those_they_were(entry):
    data = (HOME / entry["file"]).read_bytes()
    items = [item for item in Parser(Source(data).read, opened(entry)) if isinstance(item, Chunk)]
    layers = [naive.tree(item.header.plan, item.header.raw_size)[0] for item in items]
    assert layers == [layer for part in entry["layers"] for layer in part]
    assert sum(item.header.raw_size for item in items) == entry["raw_size"]
    if 3 in layers:
        made = [bytes(item.payload)[::-1] for item in items]
        assert items[0].segment.header.codec == "reversed"
    else:
        made = [read_forward(data, opened(entry))]
        assert read_backward(data, opened(entry)) == made[0] == naive.raw(data, **secret_of(entry))
    assert hashlib.blake2b(b"".join(made), digest_size=16).hexdigest() == entry["blake2b"]


@ERRORS
def test_bad_containers_are_refused_as_they_were(entry):
    data = (HOME / entry["file"]).read_bytes()
    assert outcome(read_forward, data, opened(entry)).__name__ == entry["front_to_back"]
    assert outcome(read_backward, data, opened(entry)).__name__ == entry["from_the_end"]
    assert issubclass(outcome(read_naively, data, **secret_of(entry)), errors.PenstockError)


def test_the_script_still_makes_them(tmp_path):
    spec = importlib.util.spec_from_file_location("golden_container", ROOT / "scripts" / "golden_container.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.write(tmp_path)
    made, kept = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in (tmp_path, HOME))
    assert made == kept


def test_every_version_that_can_be_read_is_kept():
    assert {(HOME / entry["file"]).read_bytes()[8] for entry in GOLDEN["files"]} == set(range(1, VERSION + 1))


def test_every_kind_of_error_is_there():
    named = {entry[way] for entry in GOLDEN["errors"] for way in ("front_to_back", "from_the_end")}
    spec = (ROOT / "docs" / "spec" / "container.md").read_text()
    kinds = {line.split("`")[1] for line in spec.splitlines() if line.startswith("| `")}
    assert named == kinds
