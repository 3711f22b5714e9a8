"""Names of the hidden files that live beside a target while it is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_NAME_MAX: Final = 255
"""Bytes of a file name on the common Linux file systems."""


def neighbour(target: Path, kind: str) -> Path:
    """Return `.{name}.penstock-{kind}` in the folder of `target`: always the same, so that a resume finds it.

    A name too long for the suffix is replaced by its digest.
    """
    name = f".{target.name}.penstock-{kind}"
    if len(os.fsencode(name)) > _NAME_MAX:
        import hashlib  # rare, and not free to import

        name = f".{hashlib.blake2s(os.fsencode(target.name), digest_size=16).hexdigest()}.penstock-{kind}"
    return target.with_name(name)
