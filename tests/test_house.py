"""Imports go down only, heavy libraries stay where they belong, and files stay small enough to read."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src" / "penstock"
FLOORS = {
    "_version": 0, "errors": 0, "limits": 0, "buffers": 0, "fresh": 0, "topology": 0,
    "kernels": 1, "layers": 2, "planner": 3, "container": 3, "synth": 3, "measure": 3, "storage": 3,
    "engine": 4, "api": 5, "integrations": 6, "report": 6, "bench": 6, "cli": 6, "dgen_py": 6, "testing": 6,
}  # fmt: skip
ROOMS_APART = {"planner", "container", "synth", "measure", "storage"}
FILES = sorted(SRC.rglob("*.py"))
ALLOWED = {
    "numba": {"kernels/jit.py", "kernels/parts.py", "kernels/entry.py"},
    "llvmlite": {"kernels/memory.py", "kernels/marks.py", "kernels/simd.py", "kernels/calls.py"},
}


def room(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool, int]]:
    """(penstock room or other top package, whether it is penstock's, line) of every import anywhere in a file."""
    package = ["penstock", *path.relative_to(SRC).parts[:-1]]
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, node.module or ""]).rstrip(".")
            names = [f"{stem}.{alias.name}" if stem == "penstock" else stem for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            ours = parts[0] == "penstock"
            found.append((parts[1] if ours and len(parts) > 1 else parts[0] if not ours else "", ours, node.lineno))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_imports_go_down(path: Path) -> None:
    mine = room(path)
    if mine in ("__init__", "__main__"):
        return  # the doors: the public names, and `python -m penstock`
    for other, ours, line in imports(path):
        if not ours or other == mine or other not in FLOORS:
            continue
        assert FLOORS[other] <= FLOORS[mine], f"{path}:{line}: {mine} may not import {other}, which lies above"
        assert not {mine, other} <= ROOMS_APART, f"{path}:{line}: {mine} and {other} may not know each other"
        apart = FLOORS[mine] == FLOORS[other] == 6
        assert not apart or (mine, other) == ("cli", "bench"), f"{path}:{line}: {mine} may not import {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_heavy_libraries_stay_in_their_room(path: Path) -> None:
    for library, files in ALLOWED.items():
        uses = [line for name, _, line in imports(path) if name == library]
        assert not uses or str(path.relative_to(SRC)) in files, f"{path}:{uses}: only {files} import {library}"


def test_every_room_has_a_floor() -> None:
    assert {room(path) for path in FILES} - {"__init__", "__main__"} <= FLOORS.keys()


def test_a_wrong_import_would_be_seen(tmp_path: Path) -> None:
    bad = SRC / "synth" / "not_there.py"
    text = "from ..api import generator\nfrom .. import storage\nimport numba.core\n"
    tree = {("api", True, 1), ("storage", True, 2), ("numba", False, 3)}
    path = tmp_path / "x.py"
    path.write_text(text)

    class Fake(type(path)):  # the text of one file at the place of another
        def read_text(self, *args: object, **kwargs: object) -> str:
            return text

    assert set(imports(Fake(bad))) == tree


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_files_are_small_and_say_their_purpose(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 330, "is this still one room?"
    assert ast.get_docstring(ast.parse(text)), "the first line of a file says its one purpose"
