"""Which file system a path is on."""

import subprocess
from pathlib import Path

import pytest

from penstock.storage.mounts import file_system_type

TABLE = """\
1 0 8:1 / / rw shared:1 - ext4 /dev/a rw
2 1 8:2 / /data rw - xfs /dev/b rw
3 1 8:3 / /data/my\\040disk rw master:2 propagate_from:1 - btrfs /dev/c rw
4 1 8:4 / /hidden rw - vfat /dev/d rw
5 1 8:5 / /hidden rw - nfs4 server:/x rw
not a mount line
6 1 8:6 / /ghost rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/x", "ext4"),
        ("/data", "xfs"),
        ("/database/x", "ext4"),
        ("/data/my disk/deep/x", "btrfs"),
        ("/data/my diskette", "xfs"),
        ("/hidden/x", "nfs4"),
        ("/ghost/x", "ext4"),
    ],
)
def test_the_longest_and_latest_mount_point_wins(path, kind):
    assert file_system_type(Path(path), TABLE) == kind


def test_an_empty_table():
    assert file_system_type(Path("/x"), "") == "unknown"


def test_it_agrees_with_the_system(tmp_path):
    said = subprocess.run(["stat", "-f", "-c", "%T", "/proc"], capture_output=True, text=True, check=True)
    assert file_system_type(Path("/proc")) == said.stdout.strip()
    assert file_system_type(tmp_path) != "unknown"
