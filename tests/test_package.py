"""`import penstock` costs next to nothing, and its public names are there when they are used."""

import ast
import builtins
import subprocess
import sys
from pathlib import Path

import pytest

import penstock

HEAVY = ("numpy", "numba", "llvmlite", "dask", "fsspec", "rich", "zstandard", "lz4", "xxhash", "ctypes")


def python(code):
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def loaded(code):
    """The heavy packages that code brings in."""
    return python(f"import sys\n{code}\nprint(*(name for name in {HEAVY!r} if name in sys.modules))")


def test_importing_penstock_imports_nothing_heavy():
    assert loaded("import penstock") == []
    assert (
        loaded(
            "import penstock, penstock.errors, penstock.limits\npenstock.__version__, penstock.__all__, dir(penstock)"
        )
        == []
    )
    assert loaded("from penstock import PenstockError, Recipe\nRecipe(9)") == []


def test_getting_the_names_starts_no_compiler():
    assert not {"numba", "llvmlite"} & set(loaded("from penstock import *\nimport penstock.dgen_py"))


def test_public_names():
    assert len(penstock.__all__) <= 25
    assert len(set(penstock.__all__)) == len(penstock.__all__)
    assert set(penstock.__all__) - {"__version__"} <= set(penstock._HOMES) <= set(dir(penstock))
    assert not set(penstock.__all__) & set(dir(builtins))
    for name in [*penstock._HOMES, "__version__"]:
        value = getattr(penstock, name)
        assert getattr(penstock, name) is value
        assert name == "__version__" or value.__name__ == name


def test_type_checkers_see_the_same_homes():
    tree = ast.parse(Path(penstock.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    seen = {alias.name: node.module for node in block.body for alias in node.names}
    assert seen == penstock._HOMES


def test_names_that_are_not_there():
    with pytest.raises(AttributeError, match="'penstock' has no attribute 'Generater'"):
        _ = penstock.Generater
    with pytest.raises(ImportError):
        from penstock import nothing  # noqa: F401
    assert not hasattr(penstock, "np")
