"""Which file system a path lives on, for error messages."""

from __future__ import annotations

import re
from pathlib import Path


def file_system_type(path: Path, table: str | None = None) -> str:
    """Return the type of the file system at `path`, such as "ext4", or "unknown".

    `table` is the text of a mountinfo file (proc(5)); by default that of this process. The longest mount
    point that contains the path wins, and of equal ones the last, since a later mount hides an earlier one.
    """
    if table is None:
        try:
            table = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
        except OSError:
            return "unknown"
    where = path.resolve()
    best, kind = -1, "unknown"
    for line in table.splitlines():
        mount, name = _parse(line)
        if mount is not None and len(mount.parts) >= best and where.is_relative_to(mount):
            best, kind = len(mount.parts), name
    return kind


def _parse(line: str) -> tuple[Path | None, str]:
    """Return mount point and type of one mountinfo line, where odd characters are written in octal."""
    before, separator, after = line.partition(" - ")
    fields = before.split(" ")
    if not separator or len(fields) < 5:
        return None, ""
    point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[4])
    return Path(point), after.split(" ")[0]
