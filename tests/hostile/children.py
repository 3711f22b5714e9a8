"""Programs with this package that are measured, interrupted or killed."""

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
PRELUDE = f"""
import os, re, sys, threading, time
sys.path[:0] = [{str(TESTS.parent / "src")!r}, {str(TESTS)!r}]
from pathlib import Path

def peak():
    "Bytes of memory that this program had at most. The kernel's rusage would count its parent's too."
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) << 10
"""


def start(code, *arguments, **options):
    """Start Python on `code`; it talks through pipes unless told otherwise."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([sys.executable, "-c", PRELUDE + code, *map(str, arguments)], **options)


def run(code, *arguments, timeout=120, **options):
    """What it writes; it must end well."""
    process = start(code, *arguments, **options)
    out, errors = process.communicate(timeout=timeout)
    assert process.returncode == 0, errors.decode()
    return out
