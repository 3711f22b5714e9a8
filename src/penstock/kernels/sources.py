"""Which sources a kernel's code depends on: its own file, and all that this one imports of the kernels."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

__all__ = ["source_hash"]

_HERE = Path(__file__).parent
_IMPORT = re.compile(rb"^\s*from (\.+)([\w.]*) import ([\w ,]*)", re.MULTILINE)


@cache
def _read(path: Path) -> tuple[bytes, list[Path]]:
    """A file's bytes, and the files of this package that it imports; the names after `import` may be files too."""
    source = path.read_bytes()
    near = []
    for dots, module, names in _IMPORT.findall(source):
        folder = path.parents[len(dots) - 1]
        words = [part.split()[0] for part in names.decode().split(",") if part.strip()]
        stems = [module.decode().replace(".", "/")] if module else words
        near += [file for stem in stems if (file := folder / f"{stem}.py").is_file()]
    return source, near


@cache
def source_hash(path: Path) -> str:
    """Return a hash of a file and of all that it imports of this package, directly or not."""
    seen: set[Path] = set()
    ahead = [path, _HERE / "jit.py"]
    while ahead:
        if (file := ahead.pop()) not in seen:
            seen.add(file)
            ahead += _read(file)[1]
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(seen):
        digest.update(file.name.encode())
        digest.update(_read(file)[0])
    return digest.hexdigest()
