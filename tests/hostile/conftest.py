"""A hang is a failure with a stack."""

import faulthandler

import pytest


@pytest.fixture(autouse=True)
def ends():
    faulthandler.dump_traceback_later(120, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
