"""Exit codes."""

from __future__ import annotations

import argparse
import errno

from ..errors import StorageError, UsageError

EXIT_CODES = """exit codes:
  0    done, and everything is as it should be
  1    data differs from its recipe, a promise is not kept, or something of a
       damaged file is lost
  2    the command line makes no sense
  3    storage: a file cannot be read or written, the disk is full
  4    input cannot be used: damaged data, a wrong key, a recipe
  130  interrupted
  141  the program that was reading the output went away"""


def is_closed_pipe(error: Exception) -> bool:
    """Whether the reader of the output has what it wanted."""
    return getattr(error, "errno", None) == errno.EPIPE


def exit_code(error: Exception) -> int:
    """Return the exit code for an error."""
    if is_closed_pipe(error):
        return 141
    if isinstance(error, UsageError | argparse.ArgumentTypeError):
        return 2
    return 3 if isinstance(error, StorageError | OSError) else 4
