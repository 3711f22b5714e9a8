"""The engines of the brief: what it shows runs as written, modes are what they say, blocks say what they are."""

import json
import os
import threading
import time

import numpy as np
import pytest

import penstock
from penstock import CobolEngine, CompressionMode, DualModeEngine
from penstock.errors import CorruptDataError, UsageError
from penstock.layers.switches import off_of
from planner import made

from .test_layers_off import KINDS, used

CARDS = bytes(made.card_images(3000))


# What the brief shows, as written.


def test_the_briefs_legacy_api():
    data = CARDS
    engine = CobolEngine()
    compressed, metadata = engine.compress_block(data)
    decompressed = engine.decompress_block(compressed, metadata)

    stats = engine.get_statistics()
    engine.reset_statistics()
    assert decompressed == data
    assert stats["compress_calls"] == stats["decompress_calls"] == 1 and stats["ratio"] > 1
    assert engine.get_statistics()["compress_calls"] == 0


def test_the_briefs_baseline_measurement():
    engine = DualModeEngine(CompressionMode.LEGACY)
    data = os.urandom(10 * 1024 * 1024)  # 10 MB

    start = time.perf_counter()
    compressed = engine.compress(data)
    elapsed = time.perf_counter() - start

    throughput_mb_s = 10 / elapsed
    assert throughput_mb_s > 0 and engine.decompress(compressed) == data


def test_the_briefs_dual_mode():
    engine = DualModeEngine()  # Legacy by default
    assert engine.mode is CompressionMode.LEGACY
    assert [mode.name for mode in CompressionMode] == ["LEGACY", "BRIDGE", "MAXIMAL"]


# Modes.


@pytest.mark.parametrize("kind", ["records", "cards", "ndjson", "runs"])
def test_any_mode_reads_what_another_made_and_maximal_is_the_smallest(kind):
    data = KINDS[kind][:150_000]
    engine, blobs = DualModeEngine(num_workers=2), {}
    for mode in CompressionMode:
        engine.mode = mode
        blobs[mode] = engine.compress(data)
    for blob in blobs.values():
        assert all(DualModeEngine(mode).decompress(blob) == data for mode in CompressionMode)
        assert penstock.decompress(blob) == data
    legacy, bridge, maximal = (len(blobs[mode]) for mode in CompressionMode)
    assert maximal <= min(legacy, bridge)
    assert blobs[CompressionMode.BRIDGE] == penstock.compress(data)
    gone = {name for name, id in penstock.layers.switches.SWITCHED.items() if id in off_of("L5,L6,L7")}
    assert not used(blobs[CompressionMode.LEGACY]) & gone
    stats = engine.get_statistics()
    assert (stats["compress_calls"], stats["mode"], stats["num_workers"]) == (3, "maximal", 2)


def test_maximal_tries_more_than_the_objective_ratio():
    data = KINDS["ndjson"][:150_000]
    blob = DualModeEngine(CompressionMode.MAXIMAL).compress(data)
    assert len(blob) < len(penstock.compress(data, "ratio"))


@pytest.mark.parametrize("mode", CompressionMode)
@pytest.mark.parametrize("data", [b"", b"a", bytes(5000), np.random.default_rng(1).bytes(20_000)], ids=range(4))
def test_edges(mode, data):
    engine = DualModeEngine(mode)
    assert engine.decompress(engine.compress(data)) == data
    engine.cleanup()


def test_layers_of_a_mode():
    with DualModeEngine(CompressionMode.BRIDGE, layers="-delta") as engine:
        assert "delta" not in used(engine.compress(KINDS["numbers"]))
    with pytest.raises(UsageError, match="BRIDGE"):
        DualModeEngine("bridge")


def test_many_threads_share_an_engine():
    engine, wrong = CobolEngine(num_workers=1), []

    def work():
        for _ in range(5):
            blob, _ = engine.compress_block(CARDS)
            wrong.append(engine.decompress_block(blob) != CARDS)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wrong) == 20 and not any(wrong)
    assert engine.get_statistics()["compress_calls"] == 20


# Blocks.


def test_what_is_said_of_a_block():
    with CobolEngine() as engine:
        blob, metadata = engine.compress_block(CARDS)
        assert json.loads(json.dumps(metadata)) == metadata
        assert metadata["raw_size"] == len(CARDS) and metadata["stored_size"] == len(blob)
        assert metadata["ratio"] == len(CARDS) / len(blob) > 3
        assert metadata["chunks"] == 1 and metadata["record_length"] == 80
        assert set(metadata["layers"]) == used(blob)
        assert metadata["checksum"] == penstock.inspect(blob, chunks=True)["chunk_list"][0]["checksum"]
        for said in (None, {}, {"raw_size": 1}, metadata):
            assert engine.decompress_block(blob, said) == CARDS
        assert engine.decompress_block(compressed=blob, metadata=metadata) == penstock.decompress(blob)


@pytest.mark.parametrize("data", [b"", b"\xf1", bytes(80), CARDS[:81], np.random.default_rng(2).bytes(9000)])
def test_small_blocks(data):
    blob, metadata = CobolEngine("ratio").compress_block(bytearray(data))
    assert CobolEngine().decompress_block(memoryview(blob)) == data
    assert metadata["chunks"] == bool(data) and metadata["record_length"] is None


def test_a_block_is_one_chunk():
    data = CARDS * 20
    blob, metadata = CobolEngine().compress_block(data)
    assert metadata["chunks"] == 1 and len(blob) < len(penstock.compress(data))


def test_a_damaged_block():
    blob, metadata = CobolEngine().compress_block(CARDS)
    broken = bytearray(blob)
    broken[len(blob) // 2] ^= 1
    with pytest.raises(CorruptDataError):
        CobolEngine().decompress_block(broken, metadata)
