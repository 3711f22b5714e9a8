"""Data to compress, and the command as a process with bytes in and out."""

import random
import subprocess

import pytest

from penstock.api.compressing import compress_file

from .command import COMMAND, PATIENCE

_CHOICE = random.Random(2)
_WORDS = ["".join(_CHOICE.choices("etaoinshrdlucmfw", k=_CHOICE.randrange(2, 11))) for _ in range(3000)]
_SENTENCES = (f"{' '.join(_CHOICE.choices(_WORDS, k=_CHOICE.randrange(3, 20)))}.\n" for _ in range(3000))
TEXT = "".join(_SENTENCES).encode()[:109_890]
"""Prose: there are no columns in it."""
NOISE = random.Random(1).randbytes(70_000)
DATA = TEXT + NOISE


@pytest.fixture
def plain(tmp_path):
    """A file to compress."""
    path = tmp_path / "x.log"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def packed(tmp_path):
    """A compressed file of several chunks, some of them stored."""
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "x.log").write_bytes(DATA)
    compress_file(tmp_path / "packed" / "x.log", tmp_path / "x.log.pstk", chunk_size=32768, fsync=False)
    return tmp_path / "x.log.pstk"


def through(*words, data=b"", **options):
    """Run the command as a process of its own, `data` on its standard input."""
    return subprocess.run(
        [*COMMAND, *map(str, words)], check=False, input=data, capture_output=True, timeout=PATIENCE, **options
    )
