"""A hang is a failure with a stack, and no thread outlives these tests."""

import faulthandler
import gc
import threading

import pytest

from penstock.api import teams


@pytest.fixture(autouse=True)
def ends():
    faulthandler.dump_traceback_later(60, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True, scope="module")
def send_idle_threads_home():
    yield
    teams._idle.clear()
    gc.collect()
    for thread in threading.enumerate():
        if thread.name.startswith("penstock"):
            thread.join(10)
