"""Compressing and restoring by processes: interrupts, readers that go away, terminals."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from penstock.api.squeeze import compress, decompress

from .command import COMMAND, PATIENCE, names
from .squeezed import DATA, NOISE, TEXT
from .test_processes import children, interrupted, spoken_on_a_terminal, wait_for

__all__ = ["children"]
BAR = re.compile(r"decompress \S+ \d+\.\d/1\.2 TiB \d+\.\d [MGk]B/s \d+:\d\d:\d\d left")


@pytest.fixture(scope="module")
def endless(tmp_path_factory):
    """A container whose raw bytes would fill any disk."""
    path = tmp_path_factory.mktemp("endless") / "endless.pstk"
    path.write_bytes(compress(bytes(256 << 20), 1, chunk_size=8 << 20) * 5000)
    return path


def wrote_something(folder):
    return any(file.stat().st_blocks for file in folder.iterdir() if ".penstock-partial" in file.name)


def waiting(pipe):
    """Bytes in a pipe that nobody has read."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


def open_files(process):
    folder = Path(f"/proc/{process.pid}/fd")
    found = []
    for name in names(folder):
        with contextlib.suppress(OSError):  # closed by now
            found.append(str((folder / name).readlink()))
    return found


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["-T0", "-T1", "--rm"])
def test_ctrl_c_while_a_file_is_compressed(tmp_path, children, option):
    with (tmp_path / "x").open("wb") as file:
        file.truncate(1 << 40)
    process = children("compress", option, tmp_path / "x")
    wait_for(lambda: process.poll() is not None or wrote_something(tmp_path))
    assert names(tmp_path) == [".x.pstk.penstock-partial", "x"]
    assert interrupted(process) == b""
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("words", [["decompress", "-o", "y"], ["decompress", "-fo", "z"]])
def test_ctrl_c_while_a_file_is_restored(tmp_path, endless, children, words):
    (tmp_path / "z").write_bytes(b"mine")
    with endless.open("rb") as file:
        process = children(*words, stdin=file, cwd=tmp_path)
    wait_for(lambda: process.poll() is not None or wrote_something(tmp_path))
    assert interrupted(process) == b""
    assert names(tmp_path) == ["z"]
    assert (tmp_path / "z").read_bytes() == b"mine"


@pytest.mark.parametrize("words", [["test"], ["salvage"], ["cat", "--range", "1T:2T"]])
def test_ctrl_c_while_nothing_is_written(endless, children, words):
    process = children(*words, endless)
    wait_for(lambda: process.poll() is not None or str(endless) in open_files(process))
    time.sleep(0.2)
    interrupted(process)


def test_ctrl_c_while_it_waits_for_data(children):
    process = children("compress", stdin=subprocess.PIPE)
    process.stdin.write(b"x")
    process.stdin.flush()
    wait_for(lambda: process.poll() is not None or not waiting(process.stdin))
    interrupted(process)


# --- pipes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["cat", "decompress"])
def test_a_reader_that_has_enough(children, endless, command):
    process = children(command, *["-c"] * (command != "cat"), endless)
    assert process.stdout.read(1000) == bytes(1000)
    process.stdout.close()
    assert process.wait(PATIENCE) == 141
    assert process.stderr.read() == b""


def test_a_reader_of_what_is_compressed(children, tmp_path):
    with (tmp_path / "x").open("wb") as file:
        file.truncate(1 << 40)
    process = children("compress", "-c", "-0", tmp_path / "x")
    assert process.stdout.read(4) == b"\x8fPST"
    process.stdout.close()
    assert process.wait(PATIENCE) == 141
    assert process.stderr.read() == b""


def test_a_pipeline(tmp_path):
    """The words a person would type."""
    (tmp_path / "x").write_bytes(DATA)
    line = "penstock compress < x | penstock test && penstock compress -c x x | penstock cat | head -c 200000 | cksum"
    shell = f'penstock() {{ "{sys.executable}" -m penstock "$@"; }}; {line}; cat x x | head -c 200000 | cksum'
    done = subprocess.run(["/bin/sh", "-c", shell], cwd=tmp_path, check=True, capture_output=True, timeout=PATIENCE)
    said, one, other = done.stdout.splitlines()
    assert said.startswith(b"standard input: every byte is right")
    assert one == other
    assert done.stderr == b""


def test_memory_stays_small(children):
    """Hundreds of MiB through a pipe, in little room."""
    process = children("compress", "-T2", "-1", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    for _ in range(300):
        process.stdin.write(NOISE * 15)
    with open(f"/proc/{process.pid}/status") as file:  # noqa: PTH123
        most = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    assert most < 200 << 10


# --- terminals --------------------------------------------------------------------------------------------------------


def on_a_terminal(*words, typed=(), stdin=None):
    """(exit code, what the screen shows) of a child whose controlling terminal this is. `typed`: (when, what)."""
    master, slave = pty.openpty()

    def take_it():
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdin=slave if stdin is None else stdin,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=take_it,  # noqa: PLW1509
    )
    os.close(slave)
    shown, typed, end = b"", list(typed), time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if select.select([master], [], [], 0.02)[0]:
            try:
                shown += os.read(master, 65536)
            except OSError:
                break
        if typed and shown.endswith(typed[0][0]):
            time.sleep(0.05)  # getpass empties what was typed before it asks
            os.write(master, typed.pop(0)[1])
    os.close(master)
    return process.wait(PATIENCE), shown.replace(b"\r\n", b"\n")


def test_binary_data_does_not_go_to_a_terminal(plain, packed, tmp_path):
    code, shown = on_a_terminal("compress", "-c", plain)
    assert (code, b"does not belong on a terminal" in shown) == (2, True)
    code, shown = on_a_terminal("compress", "-fc", plain)
    assert (code, b"\x8fPSTK" in shown) == (0, True)
    (tmp_path / "noise.pstk").write_bytes(compress(NOISE))
    for command in (["cat"], ["salvage", "-o-"]):
        code, shown = on_a_terminal(*command, tmp_path / "noise.pstk")
        assert (code, b"garble" in shown, len(shown) < 300) == (2, True, True)


def test_text_goes_to_a_terminal(tmp_path):
    (tmp_path / "x.pstk").write_bytes(compress(TEXT[:2000]))
    code, shown = on_a_terminal("cat", tmp_path / "x.pstk")
    assert (code, shown) == (0, TEXT[:2000])
    code, shown = on_a_terminal("decompress", "-c", tmp_path / "x.pstk")
    assert (code, shown) == (0, TEXT[:2000])


@pytest.mark.parametrize("command", ["compress", "decompress", "cat", "test", "list"])
def test_nobody_is_made_to_type_data(command):
    code, shown = on_a_terminal(command)
    assert code == 2
    assert b"FILE is missing" in shown


def test_a_passphrase_is_asked_for_and_not_shown(plain, tmp_path):
    words = ["compress", "--passphrase", plain]
    code, shown = on_a_terminal(*words, typed=[(b"Passphrase: ", b"open sesame\n"), (b"Once more: ", b"open sesame\n")])
    assert code == 0, shown
    assert b"sesame" not in shown
    assert decompress((tmp_path / "x.log.pstk").read_bytes(), passphrase="open sesame") == DATA
    with (tmp_path / "x.log.pstk").open("rb") as data:
        code, shown = on_a_terminal("test", "--passphrase", typed=[(b"Passphrase: ", b"open sesame\n")], stdin=data)
    assert (code, b"every byte is right" in shown) == (0, True), "the data comes another way"
    code, shown = on_a_terminal("compress", "-f", *words[1:], typed=[(b"Passphrase: ", b"\x03")])
    assert (code, shown) == (130, b"Passphrase: \npenstock: interrupted\n")


def test_no_terminal_to_ask_on(plain):
    done = subprocess.run(
        [*COMMAND, "compress", "--passphrase", plain],
        check=False,
        input=b"secret\nsecret\n",
        capture_output=True,
        start_new_session=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert b"--passphrase-file" in done.stderr


def test_progress_on_a_terminal(children, endless):
    process, said, master = spoken_on_a_terminal(
        children,
        "decompress",
        "-c",
        endless,
        until=BAR,
        feed=lambda process: process.stdout.read(4 << 20),
    )
    assert BAR.search(said), said
    process.stdout.close()
    assert process.wait(PATIENCE) == 141
    os.close(master)
