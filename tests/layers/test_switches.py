"""Layers are switched off by name, in one thread only, and the encoder never makes what is off."""

import threading

import numpy as np
import pytest

from penstock.errors import UsageError
from penstock.layers import wanted
from penstock.layers.contract import CONSTANT, DELTA, LINES, NAMES, PACK, PLANES, RESERVED
from penstock.layers.encoding import encode_tree
from penstock.layers.plan import describe
from penstock.layers.records import Field, pack_fields
from penstock.layers.switches import GROUPS, NONE_OFF, SWITCHED, any_off, is_on, off_of, switched_off

ALL = frozenset(SWITCHED.values())


def test_names_and_groups():
    assert off_of(None) == NONE_OFF
    assert off_of("") == off_of(()) == off_of(" , ") == ALL == {id for id in NAMES if id in RESERVED}
    assert off_of("delta,pack") == off_of(["delta", "Pack"]) == ALL - {DELTA, PACK}
    assert off_of("-delta") == off_of(("-delta",)) == {DELTA}
    assert off_of("L3, L4") == ALL - GROUPS["L3"] - GROUPS["L4"]
    assert off_of(["l3", "-delta"]) == (ALL - GROUPS["L3"]) | {DELTA}
    assert off_of(",".join(GROUPS)) == NONE_OFF
    assert frozenset().union(*GROUPS.values()) == ALL
    assert LINES in GROUPS["L1"] and CONSTANT in GROUPS["L5"]


@pytest.mark.parametrize("word", ["zstd", "store", "-lz4", "L8", "L0", "nothing", "--delta", 5])
def test_what_is_no_layer_that_can_be_off(word):
    with pytest.raises(UsageError) as caught:
        off_of([word])
    assert "delta" in str(caught.value) or word == 5


def test_it_holds_in_one_thread_and_ends():
    seen = []
    with switched_off(frozenset((DELTA,))):
        assert any_off() and not is_on(DELTA) and is_on(PACK)
        thread = threading.Thread(target=lambda: seen.append(is_on(DELTA)))
        thread.start()
        thread.join()
        with switched_off(NONE_OFF):
            assert is_on(DELTA)
        assert not is_on(DELTA)
    assert is_on(DELTA) and not any_off() and seen == [True]


@pytest.mark.parametrize(
    ("gone", "tree"),
    [
        ((), "records(delta(planes(constant)))"),
        ((DELTA,), "records(zstd)"),
        ((PLANES,), "records(delta(constant))"),
        ((CONSTANT,), "records(delta(planes(zstd)))"),
        ((PLANES, CONSTANT), "records(delta(zstd))"),
        (tuple(ALL), "zstd"),
    ],
)
def test_what_is_off_leaves_its_stream_to_a_leaf(gone, tree):
    values = np.arange(4, 40_004, 4, np.uint32)
    want = wanted.records(pack_fields([Field(4)]), [wanted.delta(wanted.DIFF, 1, wanted.planes(wanted.AUTO))])
    with switched_off(frozenset(gone)):
        node = encode_tree(want, values.view(np.uint8), np.empty(1 << 17, np.uint8))
    assert describe(node) == tree
