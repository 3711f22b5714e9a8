"""Fixtures for file tests: no descriptor may leak, and file systems of several kinds."""

import os
import subprocess
from pathlib import Path

import pytest

LOOP_SIZE = (1 << 20) + 512


def open_descriptors():
    """Every open descriptor and what it leads to."""
    found = {}
    for entry in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            found[entry] = os.readlink(f"/proc/self/fd/{entry}")  # noqa: PTH115
        except OSError:
            continue  # the listing's own descriptor
    return found


@pytest.fixture(autouse=True)
def no_leaks():
    before, calls = open_descriptors(), (os.pwrite, os.preadv)
    yield
    assert open_descriptors() == before
    assert (os.pwrite, os.preadv) == calls  # one test's stand-ins must not judge the next


@pytest.fixture
def quick_sync(monkeypatch):
    """No waiting for the disk: without a power cut nobody can tell. Children of a test do wait."""
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, lambda fd: os.fstat(fd) and None)


def mounted(kind, folder, options):
    done = subprocess.run(
        ["mount", "-t", kind, "-o", options, "penstock-test", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no mounting of {kind} here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    yield from mounted("tmpfs", folder, "size=1m")


@pytest.fixture
def no_direct(tmp_path: Path):
    """A file system that refuses O_DIRECT and fallocate."""
    folder = tmp_path / "ram"
    folder.mkdir()
    yield from mounted("ramfs", folder, "mode=700")


@pytest.fixture
def loop_device(tmp_path: Path):
    """A block device filled with 0xEE that ends inside a 4 KiB block, and the file behind it."""
    backing = tmp_path / "backing"
    backing.write_bytes(b"\xee" * LOOP_SIZE)
    try:
        made = subprocess.run(["losetup", "-f", "--show", backing], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no losetup here")
    if made.returncode:
        pytest.skip(f"no loop devices here: {made.stderr.strip()}")
    device = made.stdout.strip()
    try:
        yield Path(device), backing
    finally:
        subprocess.run(["losetup", "-d", device], check=True)
