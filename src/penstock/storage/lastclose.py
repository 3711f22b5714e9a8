"""Lets another process close a removed file last, so that this one need not wait while its blocks are freed."""

from __future__ import annotations

import os
import subprocess


def close_elsewhere(fd: int) -> None:
    """Close `fd` here at once; a small process keeps it a moment longer and does the freeing when it ends.

    Freeing gigabytes takes seconds on file systems that discard blocks, and the process that closes last waits for it.
    Closes in the ordinary way where no process can be started.
    """
    reading, writing = os.pipe()
    try:
        # It waits until this side of the pipe is closed, that is until `fd` is closed here. A session of its own, so
        # that a second Ctrl-C does not reach it; nothing waits for it, so it ends as a child of init.
        subprocess.Popen(["/bin/sh", "-c", "read _ || :"], stdin=reading, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, pass_fds=[fd], start_new_session=True).returncode = 0  # fmt: skip
    except OSError:
        pass
    finally:
        os.close(fd)
        os.close(reading)
        os.close(writing)
