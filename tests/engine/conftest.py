"""A hang is a failure with a stack, and no thread may outlive its test."""

import faulthandler
import gc
import threading

import pytest

_earlier: set[threading.Thread] = set()


def penstock_threads():
    """Our threads that this test started; other tests' teams may still be around."""
    return [t for t in threading.enumerate() if t.name.startswith("penstock") and t not in _earlier]


@pytest.fixture(autouse=True)
def ends_and_leaves_no_thread():
    _earlier.clear()
    _earlier.update(penstock_threads())
    faulthandler.dump_traceback_later(60, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
    gc.collect()
    for thread in penstock_threads():
        thread.join(10)
        assert not thread.is_alive()
