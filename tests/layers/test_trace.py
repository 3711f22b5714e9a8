"""Traces: sums of what layers do, in every thread, while somebody asks and not otherwise."""

import threading

import numpy as np
import pytest

from penstock.layers import trace, wanted
from penstock.layers.encoding import encode_tree
from penstock.layers.records import Field, pack_fields
from penstock.layers.registry import decode_tree
from penstock.layers.trace import LayerTrace, tracing

RAW = (np.arange(4000, dtype=np.uint32) * 3).view(np.uint8)
WANT = wanted.records(pack_fields([Field(4)]), [wanted.delta(wanted.DIFF, 1, wanted.zstd(3))])


def both_ways():
    room, out = np.empty(2 * RAW.size, np.uint8), np.empty_like(RAW)
    node = encode_tree(WANT, RAW, room)
    decode_tree(node, room[: node.stored], out)
    assert np.array_equal(out, RAW)
    return node.stored


def test_what_layers_did():
    with tracing() as found:
        stored = both_ways()
        both_ways()
    layers = {(one.layer, one.direction): one for one in found.layers()}
    names = ("records", "delta", "zstd")
    assert set(layers) == {(name, direction) for name in names for direction in ("encode", "decode")}
    for (name, direction), one in layers.items():
        assert one.calls == 2
        assert one.seconds > 0
        inner = 2 * (stored if name == "zstd" else RAW.size)
        sizes = (2 * RAW.size, inner) if direction == "encode" else (inner, 2 * RAW.size)
        assert (one.bytes_in, one.bytes_out) == sizes, (name, direction)
    assert [one.seconds for one in found.layers()] == sorted((one.seconds for one in found.layers()), reverse=True)


def test_nothing_is_noted_before_and_after():
    both_ways()
    with tracing() as found:
        pass
    both_ways()
    assert found.layers() == []
    assert trace.start() == 0.0
    trace.note("delta", "encode", 1, 1, 0.0)


def test_traces_inside_of_each_other_and_in_threads():
    with tracing() as outer:
        both_ways()
        with tracing() as inner:
            threads = [threading.Thread(target=both_ways) for _ in range(4)]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
        both_ways()
    assert {one.calls for one in inner.layers()} == {4}
    assert {one.calls for one in outer.layers()} == {6}


def test_it_ends_with_an_error():
    def fail():
        with tracing():
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert trace.start() == 0.0


def test_as_json():
    assert LayerTrace("delta", "encode", 2, 10, 8, 0.5).to_dict() == {
        "layer": "delta", "direction": "encode", "calls": 2, "bytes_in": 10, "bytes_out": 8, "seconds": 0.5,
    }  # fmt: skip
