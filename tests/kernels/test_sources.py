"""A kernel's cache knows exactly the sources that its code depends on."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.kernels import sources

HERE = Path(sources.__file__).parent


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package's sources that may be changed."""
    root = tmp_path / "penstock"
    shutil.copytree(HERE, root / "kernels")
    shutil.copy(HERE.parent / "limits.py", root)
    monkeypatch.setattr(sources, "_HERE", root / "kernels")
    forget()
    yield root
    forget()


def forget():
    sources._read.cache_clear()
    sources.source_hash.cache_clear()


def hashes(root):
    forget()
    return {path.stem: sources.source_hash(path) for path in sorted((root / "kernels").glob("*.py"))}


@pytest.mark.parametrize(
    ("changed", "must", "must_not"),
    [
        ("kernels/simd.py", ["simd", "lines", "numbers", "decode"], ["trees", "sources"]),
        ("kernels/figures.py", ["trees", "figures", "leaves"], ["lines", "families"]),
        ("kernels/tokens.py", ["tokens", "lines"], ["numbers", "families", "pack"]),
        ("kernels/parts.py", ["parts", "jit", "lines", "families", "trees"], []),
        ("limits.py", ["decode"], ["families"]),
    ],
)
def test_a_change_is_seen_by_those_that_depend_on_it(package, changed, must, must_not):
    before = hashes(package)
    with (package / changed).open("a") as file:
        file.write("# changed\n")
    after = hashes(package)
    seen = {name for name in before if before[name] != after[name]}
    assert seen >= set(must)
    assert not seen & set(must_not)


def test_what_is_hashed_is_all_that_python_imports(package):
    """Against the truth: the modules that are loaded once a kernel's module is imported in a fresh process."""
    code = "import sys, penstock.kernels.{0}; print(*(m for m in sys.modules if m.startswith('penstock.kernels.')))"
    for name in ("decode", "lines", "trees"):
        command = [sys.executable, "-c", code.format(name)]
        loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        ahead, seen = [HERE / f"{name}.py"], set()
        while ahead:
            if (file := ahead.pop()) not in seen:
                seen.add(file)
                ahead += sources._read(file)[1]
        assert {name.rsplit(".", 1)[1] for name in loaded} <= {file.stem for file in seen}
