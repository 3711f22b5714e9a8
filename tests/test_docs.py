"""README and guide stay true: their examples run, their commands parse, their links and tables hold.

The blocks of one page run in order in one empty folder, as a reader would type them, on smaller data: in ```sh blocks
G and T in `--size` are divided by 4096, in ```python blocks GiB become MiB, and `certify` looks at less. A ```text
block after them must be what the last command or block printed, with `...` for any words. `<!-- not run: reason -->`
before a block leaves it out (its commands must parse all the same).
"""

import contextlib
import doctest
import importlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from penstock.api.certify import certify
from penstock.cli.main import _COMMANDS, _parser, main
from penstock.cli.sizes import parse_size

ROOT = Path(__file__).resolve().parent.parent
GUIDE = sorted((ROOT / "docs" / "guide").glob("*.md"))
RUN = [ROOT / "README.md", *GUIDE]
ALL = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

NOT_RUN = {
    "README.md": 3,
    "docs/guide/compressing.md": 1,
    "docs/guide/making.md": 2,
    "docs/guide/performance.md": 1,
    "docs/guide/proving.md": 2,
    "docs/guide/structure.md": 1,
}
"""How many blocks of a page are marked; a new mark must be defended here."""
STAND_INS = {"upload": lambda file: sum(len(part) for part in iter(lambda: file.read(1 << 20), b""))}
"""What a page's Python may use without defining it."""
QUICK = (
    "generate", "verify", "certify", "info", "warmup",
    "compress", "decompress", "cat", "test", "list", "inspect", "explain",
    "salvage", "train",
)  # fmt: skip
"""Commands that the tests run; others need only parse."""

FENCE = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]+?) -->\n+)?```(?P<language>\w*)\n(?P<body>.*?)^```$", re.M | re.S
)


def where(path: Path) -> str:
    return str(path.relative_to(ROOT))


@dataclass
class Block:
    language: str
    body: str
    line: int
    """Of its first line, in the page."""
    reason: str | None
    """Why it is not run."""


@dataclass
class Command:
    words: list[str]
    """The command line behind `penstock`."""
    alone: bool
    """Whether nothing but a file for its output goes with it."""
    output: str | None
    code: int


def blocks(path: Path) -> list[Block]:
    text = path.read_text()
    return [
        Block(found["language"], found["body"], text.count("\n", 0, found.start("body")) + 1, found["reason"])
        for found in FENCE.finditer(text)
    ]


def commands(block: Block) -> Iterator[Command | str]:
    """The `penstock` command lines of a block; other lines as they are."""
    for line in block.body.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
        lexer.whitespace_split = True
        words = list(lexer)
        if not words:
            continue
        if "penstock" not in words:
            yield line
            continue
        start = words.index("penstock") + 1
        end = next((at for at in range(start, len(words)) if set(words[at]) <= set("|&;<>()")), len(words))
        rest = words[end:]
        redirected = len(rest) == 2 and rest[0] == ">"
        code = re.search(r"#.*exit code (\d+)", line)
        yield Command(
            words=[re.sub(r"\$\w+", "3", word) for word in words[start:end]],
            alone=start == 1 and (not rest or redirected) and "-" not in words[start:end] and "$" not in line,
            output=rest[1] if redirected else None,
            code=int(code[1]) if code else 0,
        )


def parse(words: list[str]) -> None:
    chosen = next((word for word in words if not word.startswith("-")), None)
    try:
        _parser(chosen).parse_args(words)
    except SystemExit as end:
        assert not end.code, f"this does not parse: penstock {shlex.join(words)}"


def scaled(words: list[str]) -> list[str]:
    """The words with large sizes made small and patterns of files filled in."""
    found = []
    for before, word in zip(["", *words], words, strict=False):
        if before in ("--size", "-s") and re.fullmatch(r"[\d.]+[GT]", word):
            found.append(str(min(parse_size(word) // 4096, 32 << 20)))
        elif word != "--direct":  # not every file system can
            found += sorted(map(str, Path().glob(word))) if "*" in word else [word]
    return found


def run_command(command: Command | str) -> str:
    """Run one line of an ```sh block; return what it prints."""
    assert isinstance(command, Command), f"not a penstock command, mark the block: {command}"
    assert command.alone, f"more than a penstock command, mark the block: {shlex.join(command.words)}"
    printed = io.StringIO()
    if command.words[0] in QUICK:
        words = scaled(command.words)
        with contextlib.redirect_stdout(printed), to_file(command.output):
            code = main(words)
        assert code == command.code, f"exit code {code}: penstock {shlex.join(words)}\n{printed.getvalue()}"
    if command.output is None:
        return printed.getvalue()
    with Path(command.output).open("a") as file:
        file.write(printed.getvalue())
    return ""


@contextlib.contextmanager
def to_file(name: str | None) -> Iterator[None]:
    """Have what is written to descriptor 1, as binary data is, go to a new file."""
    if name is None:
        yield
        return
    kept = os.dup(1)
    try:
        with Path(name).open("wb") as file:
            os.dup2(file.fileno(), 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def run_python(block: Block, path: Path, names: dict[str, object]) -> str:
    source = "\n" * (block.line - 1) + block.body.replace("2**30", "2**20")  # errors name the page's own lines
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, str(path), "exec"), names)
    return printed.getvalue()


def check_text(block: Block, printed: str, path: Path) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    same = doctest.OutputChecker().check_output(block.body, printed, flags)
    assert same, f"{where(path)}:{block.line}: printed was\n{printed}"


@pytest.mark.parametrize("path", RUN, ids=where)
def test_examples_run(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setitem(certify.__kwdefaults__, "compress_sample", 1 << 20)
    names: dict[str, object] = {"__name__": "page"} | STAND_INS
    printed = None
    for block in blocks(path):
        if block.language == "text" and printed is not None and not block.reason:
            check_text(block, printed, path)
        printed = None
        if block.reason:
            continue
        if block.language == "python":
            printed = run_python(block, path, names)
        elif block.language == "sh":
            printed = [run_command(command) for command in commands(block)][-1]


@pytest.mark.parametrize("path", RUN, ids=where)
def test_commands_parse(path):
    for block in blocks(path):
        for command in commands(block) if block.language == "sh" else ():
            if isinstance(command, Command):
                parse(command.words)
    inline = re.findall(r"`penstock ([^`\n]+)`", path.read_text())
    known = {command.name for command in _COMMANDS} | {"--help", "--version"}
    assert {words.split()[0] for words in inline} <= known


def test_help_examples_parse():
    """The examples under each command's `--help`."""
    for command in _COMMANDS:
        epilog = getattr(importlib.import_module(f"penstock.cli.{command.module}"), "EPILOG", "")
        for line in re.findall(r"^  (penstock .*?)(?:   .*|\s+\(.*\))?$", epilog, re.M):
            for found in commands(Block("sh", line, 0, None)):
                assert isinstance(found, Command)
                parse(found.words)


def test_blocks_left_out_are_counted():
    marked = {where(path): sum(block.reason is not None for block in blocks(path)) for path in RUN}
    assert {name: count for name, count in marked.items() if count} == NOT_RUN
    for path in RUN:
        text = path.read_text()
        assert text.count("<!-- not run") == marked[where(path)], f"{where(path)}: a mark that stands before no block"
        assert text.count("\n```") == 2 * len(blocks(path)), f"{where(path)}: a block that is not read"
        assert not re.search(r"^```(bash|shell|console|py|pycon)$", text, re.M), f"{where(path)}: write sh or python"


# --- links, pictures, tables ------------------------------------------------------------------------------------------


def without_code(path: Path) -> str:
    return re.sub(r"`[^`\n]+`", "", re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.M | re.S))


def anchors(path: Path) -> set[str]:
    """The names that headings can be linked by."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", ALL, ids=where)
def test_links_resolve(path):
    """Pictures are links too."""
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(path)):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), f"{where(path)}: {link} leads nowhere"
        assert target.is_relative_to(ROOT), f"{where(path)}: {link} leads out of the repository"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{where(path)}: {link}: no such heading"


def test_every_page_of_the_guide_is_in_its_index():
    index = (ROOT / "docs" / "guide" / "README.md").read_text()
    assert [path.name for path in GUIDE if path.name != "README.md" and f"({path.name})" not in index] == []


def test_pictures_are_used():
    used = "".join(path.read_text() for path in ALL)
    assert [path.name for path in (ROOT / "docs" / "pictures").iterdir() if path.name not in used] == []


def test_tables_are_those_of_the_benchmark():
    results = ROOT / "bench" / "results" / "generate.json"
    if not results.exists():
        pytest.skip("bench/results/generate.json does not exist yet: run `make bench`")
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "tables.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
