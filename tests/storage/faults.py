"""Makes the Nth call of one system call fail, or move fewer bytes than asked, inside one package only."""

import errno
import fcntl
import os
import sys
import threading

SHORT = "short"
"""Not an error: the call moves about half of what it was asked to, as a system call may at any time."""


class Fault:
    """From call number `number` (from 1) of `call` on: one failure, or with `onward` every one.

    call: a function of `os` or `fcntl`, such as "write", "replace", "flock". failure: an errno, an exception type
    (KeyboardInterrupt), or `SHORT`. Only calls that code of `package` makes count, directly or through the standard
    library. `fired` says afterwards whether the number was reached. `close` closes before it fails, as on Linux.
    """

    def __init__(self, call, number, failure, *, onward=False, package="penstock.storage"):
        self.call, self.number, self.failure, self.onward, self.package = call, number, failure, onward, package
        self.count = 0
        self._home = os if hasattr(os, call) else fcntl
        self._lock = threading.Lock()

    @property
    def fired(self):
        return self.count >= self.number

    def __repr__(self):
        how = self.failure if isinstance(self.failure, (str, type)) else errno.errorcode[self.failure]
        return f"<{self.call} number {self.number}{' onward' * self.onward}: {how}>"

    def __enter__(self):
        self._real = getattr(self._home, self.call)
        setattr(self._home, self.call, self._stand_in)
        return self

    def __exit__(self, *_):
        setattr(self._home, self.call, self._real)

    def _stand_in(self, *arguments, **options):
        if not self._hits():
            return self._real(*arguments, **options)
        if self.failure == SHORT:
            return self._real(*shorter(self.call, arguments), **options)
        if self.call == "close":
            self._real(*arguments)
        if isinstance(self.failure, type):
            raise self.failure
        raise OSError(self.failure, "made up")

    def _hits(self):
        if not called_from(self.package):
            return False
        with self._lock:
            self.count += 1
            return self.fired if self.onward else self.count == self.number


def called_from(package, depth=8):
    """Whether code of `package` stands on the stack above a stand-in, with nothing but a few library calls between."""
    frame = sys._getframe(3)
    while frame is not None and depth:
        name = frame.f_globals.get("__name__", "")
        if name == package or name.startswith(package + "."):
            return True
        frame, depth = frame.f_back, depth - 1
    return False


def half(buffer):
    view = memoryview(buffer).cast("B")
    return view[: max(1, view.nbytes // 2)]


def shorter(call, arguments):
    """The arguments of a call that moves about half."""
    first, second, *rest = arguments
    if call in {"write", "pwrite"}:
        return first, half(second), *rest
    if call in {"writev", "readv", "preadv", "pwritev"}:
        return first, [half(second[0])], *rest
    if call in {"read", "pread"}:
        return first, max(1, second // 2), *rest
    if call == "copy_file_range":
        return first, second, max(1, rest[0] // 2), *rest[1:]
    if call == "sendfile":
        return first, second, rest[0], max(1, rest[1] // 2)
    raise ValueError(f"{call} moves no bytes")


def each_fault(call, failure, *, onward=False, limit=1000, package="penstock.storage"):
    """Yield a `Fault` for call number 1, 2, ... until one was entered and not reached: that run went untouched."""
    for number in range(1, limit):
        fault = Fault(call, number, failure, onward=onward, package=package)
        yield fault
        if not fault.fired:
            return
    raise AssertionError(f"more than {limit} calls of {call}")
