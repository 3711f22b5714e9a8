"""Starts worker processes, and ends and reaps them, whatever happens to either side."""

from __future__ import annotations

import os
import signal
import socket
import threading
import warnings
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Final

from ..buffers import Bytes
from ..errors import PenstockError
from .messages import Channel
from .worker import Birth, Task, serve

_ALERT: Final = 0.5
"""Seconds after which a wait for the thread that forks looks whether that still lives."""

_ours: weakref.WeakSet[socket.socket] = weakref.WeakSet()
"""This process's ends of all channels: a child that kept one would keep a sibling from seeing its parent's end."""


@dataclass(eq=False, slots=True)
class Worker:
    """One worker process. `jobs` it was sent and has not answered, it is at the first; `known` memory it was sent."""

    pid: int
    channel: Channel
    jobs: deque[int] = field(default_factory=deque)
    known: set[int] = field(default_factory=set)


class _Order:
    """One fork, asked of the thread that forks; or none, to see that it has done all before."""

    def __init__(self, *, fork: bool = True) -> None:
        self.fork = fork
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()


class Supervisor:
    """The worker processes of one crew, `workers`, forked as they are asked for.

    One thread makes all forks. The kernel ties "die with my parent" to the thread that forked, so it must live as
    long as the workers; and Ctrl-C, which only reaches the main thread, then cannot come between a fork and its record.
    """

    def __init__(self, task: Task, inherited: Bytes) -> None:
        self.workers: list[Worker] = []
        self._made_for = (task, inherited)
        self._process = os.getpid()
        self._orders: SimpleQueue[_Order | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._unsure = False

    def start(self) -> None:
        """Add a worker. Raises `PenstockError` when the system gives no process."""
        self._unsure = True
        try:
            if self._thread is None:
                self._start_forking()
            self._give(_Order())
        except (OSError, RuntimeError) as error:
            if isinstance(error.__context__, KeyboardInterrupt):  # in `Thread.start`, whose locks it upset
                raise error.__context__ from None
            message = f"cannot start a worker process: {error}"
            raise PenstockError(message, hint="use fewer workers, or threads") from error
        self._unsure = False

    def settle(self) -> None:
        """Undo what an interrupted run left: workers that are at something, and one that was still to come."""
        if self._unsure and self._thread is not None:
            try:
                self._give(_Order(fork=False))
            except RuntimeError:
                self._forget_thread()
            self._unsure = False
        self.end_busy()

    def _give(self, order: _Order) -> None:
        """Have an order carried out. Raises its error, `RuntimeError` when there is nobody to do it."""
        self._orders.put(order)
        while not order.done.acquire(timeout=_ALERT):
            if self._thread is None or not self._thread.is_alive():
                raise RuntimeError("the thread that forks has ended")
        if order.error is not None:
            raise order.error

    def _start_forking(self) -> None:
        target = (self._orders, self.workers, *self._made_for)
        self._thread = threading.Thread(target=_fork_all, args=target, name="penstock-forks", daemon=True)
        try:
            self._thread.start()
        except BaseException:  # no more threads; or Ctrl-C, and nobody knows whether it runs
            self._forget_thread()
            raise

    def _forget_thread(self) -> None:
        """Have the thread end if it runs. A second Ctrl-C in the middle of this leaves one that has ended: `_give`."""
        self._orders.put(None)
        self._orders, self._thread = SimpleQueue(), None

    def end(self, worker: Worker) -> str:
        """Kill a worker, reap it, and tell how it had ended if that was earlier."""
        ours = self._process == os.getpid()  # else it is not our child but our parent's
        how = _reap(worker.pid) if ours else ""
        worker.channel.close()
        if worker in self.workers:
            self.workers.remove(worker)
        return how

    def end_busy(self) -> None:
        """End the workers that are at something; the others stay."""
        for worker in [worker for worker in self.workers if worker.jobs]:
            self.end(worker)

    def died(self, worker: Worker) -> bool:
        """Whether it is gone although its channel is open: held by a process that it started itself."""
        try:
            # It stays unreaped, so that its number is not given to another process.
            return os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # somebody else reaped it
            return True

    def close(self) -> None:
        """End all workers and the thread that forks. May be called again, at exit, and by the garbage collector."""
        thread = self._thread
        if thread is not None and self._process == os.getpid():
            self._orders.put(None)
            if thread is not threading.current_thread() and thread.is_alive():
                thread.join()
        for worker in list(self.workers):
            self.end(worker)


def _fork_all(orders: SimpleQueue[_Order | None], workers: list[Worker], task: Task, inherited: Bytes) -> None:
    """Fork for each order until None comes. Each child is born with all signals blocked, see `worker.serve`."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while (order := orders.get()) is not None:
        try:
            if order.fork:
                workers.append(_fork(task, inherited, mask))
        except BaseException as error:
            order.error = error
        order.done.release()


def _fork(task: Task, inherited: Bytes, mask: Iterable[int]) -> Worker:
    parent = os.getpid()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel, far = Channel(ours), Channel(theirs)
    _ours.add(ours)
    try:
        with _no_warning():
            pid = os.fork()
        if pid == 0:
            try:
                serve(far, task, inherited, Birth(parent, list(_ours), mask))
            finally:
                os._exit(1)
    except BaseException:
        channel.close()
        raise
    finally:
        far.close()
    return Worker(pid, channel)


@contextmanager
def _no_warning() -> Iterator[None]:
    """Python warns of every fork beside threads; our children take no lock that one of those could have had."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This process ", DeprecationWarning)
        yield


def _reap(pid: int) -> str:
    """Kill a child, which does nothing to one that ended before, and tell how it ended."""
    try:
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):  # somebody else reaped it
        return "an unknown cause"
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exit code {code}"
    return signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
