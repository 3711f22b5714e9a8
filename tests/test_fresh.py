"""Bytes objects written in place are ordinary bytes afterwards, and nothing leaks."""

import gc
import tracemalloc

import numpy as np
import pytest

from penstock.fresh import FreshBytes


@pytest.mark.parametrize("size", [0, 1, 2, 100, 4095, 1 << 20, 9 << 20])
@pytest.mark.parametrize("part", [0.0, 0.3, 1.0])
def test_the_object_holds_what_was_written(size, part):
    fresh = FreshBytes(size)
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8)
    fresh.view[:] = data
    kept = int(size * part)
    made = fresh.finish(kept)
    assert type(made) is bytes
    assert made == data[:kept].tobytes()
    assert hash(made) == hash(data[:kept].tobytes())
    assert made + b"x" == data[:kept].tobytes() + b"x"
    assert fresh.view.size == 0


def test_whole_by_default():
    fresh = FreshBytes(3)
    fresh.view[:] = [65, 66, 67]
    assert fresh.finish() == b"ABC"


def test_nothing_leaks_finished_or_not():
    def some():
        for size in (1000, 100_000):
            FreshBytes(size)
            FreshBytes(size).finish()
            FreshBytes(size).finish(size // 2)

    some()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(50):
            some()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 50_000
    finally:
        tracemalloc.stop()


def test_more_than_there_is():
    with pytest.raises(MemoryError):
        FreshBytes(1 << 62)
