"""Chunks of many layers whose plans and payloads lie, under checks that are right: exact bytes or a typed error."""

import json

import numpy as np

from penstock import errors
from penstock.layers.contract import FOREIGN, NAMES, ZSTD_DICTIONARY
from penstock.layers.encoding import encode_tree

from .children import run
from .damage import MIB
from .samples import READERS, outcome, sample
from .structured import chunk_of, ids
from .structured_lies import streams_that_grow


def test_every_layer_takes_part():
    raw, want = chunk_of(6000, np.random.default_rng(1))
    node = encode_tree(want, np.frombuffer(raw, np.uint8), np.empty(20_000, np.uint8))
    assert ids(node) >= set(NAMES) - {FOREIGN, ZSTD_DICTIONARY}
    assert node.stored < 0.8 * len(raw)
    one = sample("structured", 100_000)
    for read in READERS.values():
        assert read(one.data) == one.raw


LIES = """
import json
from hostile.samples import in_memory, sample
from hostile.structured_lies import campaign, lies
one = sample("structured", 3000)
assert in_memory(one.data) == one.raw
before = peak()
found = campaign(lies(300, (0, 255)), [in_memory])
print(json.dumps([found, peak() - before]))
"""


def test_lies_cost_no_memory():
    found, grown = json.loads(run(LIES))
    refused = {"CorruptDataError", "ChecksumError", "LimitExceededError", "UnknownCodecError", "TruncatedError"}
    assert set(found) == refused | {"exact bytes"}
    assert found["CorruptDataError"] > 1000
    assert grown < 64 * MIB


def test_as_many_streams_as_a_plan_can_have():
    blob = streams_that_grow()
    assert len(blob) < 80_000
    for read in READERS.values():
        assert issubclass(outcome(read, blob), errors.PenstockError)
