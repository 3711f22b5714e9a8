"""A hang is a failure with a stack, and no thread may outlive its test."""

import faulthandler
import gc
import threading

import pytest


def penstock_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("penstock")]


@pytest.fixture(autouse=True)
def ends_and_leaves_no_thread():
    faulthandler.dump_traceback_later(15, exit=True)
    yield
    gc.collect()
    for thread in penstock_threads():
        thread.join(10)
        assert not thread.is_alive()
    faulthandler.cancel_dump_traceback_later()
