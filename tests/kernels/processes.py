"""Processes that compile a kernel, or find it in the cache."""

import os
import subprocess
import sys

import numpy as np
import pytest

from penstock.kernels import families

# Prints where its kernel lies and the words it made; `descend` is the quickest to compile.
DESCEND = """
import numpy as np
from penstock.kernels import families, jit
states = np.arange(8, dtype=np.uint64).reshape(2, 4)
cached = families.descend.is_cached()
families.descend(states, 1, 2)
print(jit.cache_folder(), cached, states.tobytes().hex(), sep="|")
"""


def environment(**changes):
    """This process's, without what could name a cache folder; None takes a variable away."""
    names = {"PENSTOCK_CACHE_DIR": None, "XDG_CACHE_HOME": None} | changes
    return {k: v for k, v in os.environ.items() if k not in names} | {
        k: str(v) for k, v in names.items() if v is not None
    }


def start(code, **changes):
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment(**changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    """Folder, whether the kernel was there before, its words, and what was said."""
    out, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    folder, cached, words = out.strip().split("|")
    return folder, cached == "True", words, said


def descend(**changes):
    return finish(start(DESCEND, **changes))


@pytest.fixture(scope="module")
def truth():
    """The words, from this process's own kernel."""
    states = np.arange(8, dtype=np.uint64).reshape(2, 4)
    families.descend(states, 1, 2)
    return states.tobytes().hex()
