"""Signals, pipes and terminals: what only a process of its own can show."""

import hashlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

from .command import PATIENCE, child, names


@pytest.fixture
def children():
    """Start children that do not outlive the test."""
    started = []

    def start(*words, **options):
        started.append(child(*words, **options))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()
        process.wait(PATIENCE)


def wait_for(condition):
    """Wait until something is so; a child that hangs fails the test instead of hanging it."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.01)


def interrupted(process):
    """Send what Ctrl-C sends; return what the child said."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    assert err == b"penstock: interrupted\n"
    return out


@pytest.mark.parametrize("option", [[], ["--direct"], ["--threads", "1"]])
def test_ctrl_c_while_a_file_is_made(tmp_path, children, option):
    """No file, no partial file, no traceback. The file is sparse and far too large to be finished before."""
    words = ["generate", "--size", "1T", "-c", "2", "-d", "2", "--no-preallocate", *option, tmp_path / "x"]
    process = children(*words)
    wait_for(lambda: process.poll() is not None or any(f.stat().st_blocks for f in tmp_path.iterdir()))
    assert process.poll() is None, process.communicate()
    assert names(tmp_path) == [".x.penstock-partial"]
    assert interrupted(process) == b""
    assert names(tmp_path) == []


def test_ctrl_c_while_streaming(children):
    process = children("generate", "--size", "1T", "-")
    assert process.stdout.read(1 << 20)
    process.send_signal(signal.SIGINT)
    while process.stdout.read1(1 << 20):
        pass
    assert process.wait(PATIENCE) == 130
    assert process.stderr.read() == b"penstock: interrupted\n"


def test_ctrl_c_while_verifying(tmp_path, children):
    recipe = Recipe(1 << 40, seed=1)
    with (tmp_path / "x").open("wb") as file:  # sparse
        file.write(Source(recipe).read(0, 1 << 20))
        file.truncate(recipe.size)
    (tmp_path / "x.recipe.json").write_text(recipe.to_json())
    process = children("verify", tmp_path / "x")
    reads = f"/proc/{process.pid}/io"

    def has_read():
        with open(reads) as file:  # noqa: PTH123
            return int(file.readline().split()[1]) > 64 << 20

    wait_for(has_read)
    interrupted(process)
    assert names(tmp_path) == ["x", "x.recipe.json"]


def test_ctrl_c_while_certifying(children):
    process = children("certify", "--size", "8T", "-d", "2", "--dedup-sample", "4T")
    wait_for(lambda: len(os.listdir(f"/proc/{process.pid}/task")) > 2)  # noqa: PTH208
    interrupted(process)


def test_a_cut_and_resumed_command_gives_the_exact_bytes(tmp_path, children):
    """SIGKILL in mid-run, whatever is on disk by then; and Ctrl-C keeps what `--resume` needs."""
    words = ["generate", "--size", "300M", "-c", "2.35", "-d", "3", "--seed", "1", "--no-fsync", tmp_path / "x"]
    process = children(*words, "--resume")
    record = tmp_path / ".x.penstock-progress"
    wait_for(lambda: process.poll() is not None or record.exists())
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    killed = process.returncode == -signal.SIGKILL  # a quick disk may have been done before
    assert names(tmp_path) != ["x", "x.recipe.json"] or not killed
    process = children("generate", "--resume", "--no-fsync", tmp_path / "x")
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, b"")
    assert b"went on at" in out or not killed
    recipe = Recipe(300 << 20, seed=1, compress_ratio=2.35, dedup_ratio=3)
    made = hashlib.sha256()
    for at in range(0, recipe.size, 20 << 20):
        made.update(Source(recipe).read(at, 20 << 20))
    with (tmp_path / "x").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").digest() == made.digest()
    assert names(tmp_path) == ["x", "x.recipe.json"]


def test_a_reader_that_has_enough(children):
    process = children("generate", "--size", "1T", "--seed", "1", "-")
    assert process.stdout.read(1000) == Source(Recipe(1 << 40, seed=1)).read(0, 1000).tobytes()
    process.stdout.close()
    assert process.wait(PATIENCE) == 141
    assert process.stderr.read() == b""


def test_head_of_a_report(tmp_path):
    recipe = Recipe(4 << 20, seed=1)
    data = Source(recipe).read(0, recipe.size)
    data[::1024] ^= 1
    (tmp_path / "x").write_bytes(data)
    (tmp_path / "x.recipe.json").write_text(recipe.to_json())
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -m penstock verify --max-findings 9999 x | head -c 100', sys.executable],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        timeout=PATIENCE,
    )
    assert (len(done.stdout), done.stderr) == (100, b"")


# --- progress ---------------------------------------------------------------------------------------------------------


def spoken_on_a_terminal(children, *words, until=None, feed=None):
    """What a child says on a terminal as its stderr; it is read until `until` is said, or the child ends."""
    master, slave = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    process = children(*words, stderr=slave, env=environment)
    os.close(slave)
    said = ""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and not (until and until.search(said)):
        if feed:
            feed(process)
        if select.select([master], [], [], 0.02)[0]:
            try:
                part = os.read(master, 65536)
            except OSError:  # the child closed its side
                break
            said += COLOURS.sub("", part.decode(errors="replace"))
    return process, said, master


COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
BAR = re.compile(r"generate \S+ \d+\.\d/64\.0 GiB \d+\.\d [MGk]B/s \d+:\d\d:\d\d left")


def test_progress_on_a_terminal(children):
    """Bytes, rate and time left; the reader is slow, so that it takes longer than a second."""
    process, said, master = spoken_on_a_terminal(
        children, "generate", "--size", "64G", "-", until=BAR, feed=lambda process: process.stdout.read(4 << 20)
    )
    assert BAR.search(said), said
    process.stdout.close()
    assert process.wait(PATIENCE) == 141
    os.close(master)


def test_no_progress_when_quiet(children):
    """Two seconds of a slow reader."""
    count = 0

    def slowly(process):
        nonlocal count
        count += 1
        process.stdout.read(1 << 20)
        if count == 60:
            process.stdout.close()
            process.wait(PATIENCE)
        time.sleep(0.02)

    process, said, master = spoken_on_a_terminal(children, "generate", "--quiet", "--size", "1G", "-", feed=slowly)
    assert (process.returncode, said) == (141, "")
    os.close(master)


def test_binary_data_does_not_go_to_a_terminal(children):
    master, slave = pty.openpty()
    process = children("generate", "--size", "1K", "-", stdout=slave)
    os.close(slave)
    assert process.wait(PATIENCE) == 2
    assert b"terminal" in process.stderr.read()
    os.close(master)
