"""Whatever happens to the files of the cache, and whoever shares them, the words stay the same."""

import subprocess
import sys
import textwrap
from pathlib import Path

from .processes import DESCEND, descend, environment, finish, start, truth

__all__ = ["truth"]

DAMAGE = """
import random, sys
from pathlib import Path
import numpy as np
from penstock.kernels import families, jit

def words():
    jit._registry.clear()
    states = np.arange(8, dtype=np.uint64).reshape(2, 4)
    jit.Kernel(families.descend.function, families.descend.signature)(states, 1, 2)
    return states.tobytes().hex()

truth = words()
rng = random.Random(1)
ways = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "last byte lost": lambda data: data[:-1],
    "first byte lost": lambda data: data[1:],
    "noise": lambda data: rng.randbytes(len(data)),
    "zeros": lambda data: bytes(len(data)),
    "longer": lambda data: data + b"x",
    "text": lambda data: b"hello" * 100,
    "none": lambda data: __import__("pickle").dumps(None),
}
for n in range(8):  # one flipped bit, anywhere: in the code too, where no unpickler would notice
    def flip(data, n=n):
        at = rng.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << n % 8]) + data[at + 1 :]
    ways[f"flip {n}"] = flip
files = sorted(jit.cache_folder().iterdir())
assert {path.suffix for path in files} == {".nbi", ".nbc"}
good = {path: path.read_bytes() for path in files}
code, index = files if files[0].suffix == ".nbc" else files[::-1]
for number, (name, way) in enumerate(ways.items()):
    for path in [code] if "flip" in name else [[code], [index], files][number % 3]:
        path.write_bytes(way(good[path]))
    compiled = jit.compile_seconds
    assert words() == truth, name
    assert jit.compile_seconds > compiled, f"{name}: not noticed"
    compiled = jit.compile_seconds
    assert words() == truth, name
    assert jit.compile_seconds == compiled, f"{name}: not mended"
"""


def test_damaged_files_are_compiled_anew_and_mended(tmp_path):
    code = textwrap.dedent(DAMAGE)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=environment(PENSTOCK_CACHE_DIR=tmp_path),
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_code_for_another_cpu_lies_elsewhere(tmp_path, truth):
    """A cache in a home that machines share: two of them compiling at once must not mix up their files."""
    native = start(DESCEND, PENSTOCK_CACHE_DIR=tmp_path)
    plain = start(DESCEND, PENSTOCK_CACHE_DIR=tmp_path, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    one, other = finish(native), finish(plain)
    assert one[0] != other[0]
    assert one[2] == other[2] == truth


def test_processes_that_compile_at_once_get_on(tmp_path, truth):
    processes = [start(DESCEND, PENSTOCK_CACHE_DIR=tmp_path) for _ in range(3)]
    for folder, _, words, said in map(finish, processes):
        assert (words, said) == (truth, "")
        assert Path(folder).is_relative_to(tmp_path)
    assert descend(PENSTOCK_CACHE_DIR=tmp_path)[1:] == (True, truth, "")
    assert not list(tmp_path.rglob("*.tmp.*"))
