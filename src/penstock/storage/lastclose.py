"""Lets another process close a removed file last, so that this one need not wait while its blocks are freed."""

from __future__ import annotations

import os
import subprocess
import threading
from typing import Final

LARGE: Final = 256 << 20
"""Bytes whose freeing may take longer than a person who pressed Ctrl-C wants to wait."""


def close_removed(fd: int, size: int) -> None:
    """Close a removed file of `size` bytes: elsewhere if freeing it takes long."""
    if size > LARGE:
        close_elsewhere(fd)
    else:
        os.close(fd)


def close_elsewhere(fd: int) -> None:
    """Close `fd` here at once; a small process keeps it a moment longer and does the freeing when it ends.

    Freeing gigabytes takes seconds on file systems that discard blocks, and the process that closes last waits for it.
    Closes in the ordinary way where no process can be started.
    """
    reading, writing = os.pipe()
    try:
        # It waits until this side of the pipe is closed, that is until `fd` is closed here. A session of its own, so
        # that a second Ctrl-C does not reach it.
        process = subprocess.Popen(
            ["/bin/sh", "-c", "read _ || :"],
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[fd],
            start_new_session=True,
        )
        # A process that goes on must not keep a zombie of it; one that ends need not wait for this thread.
        threading.Thread(target=process.wait, daemon=True).start()
    except (OSError, RuntimeError):  # no shell, or no more processes or threads: then here
        pass
    finally:
        os.close(fd)
        os.close(reading)
        os.close(writing)
