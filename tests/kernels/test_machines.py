"""The same bytes whatever the instruction set, and not one beside the buffer."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from . import probes

TESTS = Path(__file__).resolve().parent.parent


def start(what, **changes):
    """A process that runs a probe; its kernels are kept in the usual cache unless that is changed."""
    code = f"from kernels import probes; from numba.core.registry import cpu_target as c; print(probes.{what}()); "
    code += "print(c.target_context.codegen().magic_tuple()[1])"
    path = f"{TESTS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    return subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": path} | changes,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process):
    out, said = process.communicate(timeout=300)
    assert (process.returncode, said) == (0, "")
    return out.split()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="these CPUs are x86")
def test_the_bytes_do_not_depend_on_the_instruction_set():
    """Haswell has AVX2 and no AVX-512; generic has SSE2 only."""
    names = ["haswell", "generic"]
    processes = [start("digests", NUMBA_CPU_NAME=name, NUMBA_CPU_FEATURES="") for name in names]
    truth = probes.digests()
    assert [finish(process) for process in processes] == [[truth, name] for name in names]


def test_kernels_stay_inside_their_buffers():
    """Beside each buffer lies a page that ends the process when touched, before it or behind it."""
    calls, _ = finish(start("touch_edges"))
    assert int(calls) > 10_000


def test_kernels_stay_inside_their_arrays_with_bounds_checked():
    """With code that checks every index: the plan's, the scratch's, the marks' too."""
    calls, _ = finish(start("touch_edges_checked", NUMBA_BOUNDSCHECK="1"))
    assert int(calls) > 10_000
