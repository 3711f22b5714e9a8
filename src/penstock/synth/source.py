"""A recipe's bytes as something to fill buffers from and to compare buffers with: the binding of the kernels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import LimitExceededError
from ..limits import KERNEL_BYTES, SECTOR
from .plan import plan_of
from .recipe import Recipe

Turns = npt.NDArray[np.int64]


class Source:
    """Bytes of a recipe at any offset. Stateless after construction: safe to use from any number of threads.

    Positions beyond the recipe's size are allowed: the stream goes on, and callers cut it.
    """

    def __init__(self, recipe: Recipe) -> None:
        # Here and not above: this import costs Numba's start, which `--help` must not pay.
        from ..kernels import content

        self.recipe = recipe
        self.plan = plan_of(recipe)
        self._scratch = content.SCRATCH
        self._fill: Callable[..., int] = content.fill.ready
        self._alone = content.ALONE
        self._compare: Callable[..., int] | None = None

    def fill(self, position: int, out: Bytes, *, stream: bool = False) -> int:
        """Write the bytes from `position` on to all of `out`; return how many. `stream`: past the caches."""
        scratch = np.empty(self._scratch, np.uint8)
        if out.size <= KERNEL_BYTES:
            return self._fill(out, position, self.plan, scratch, stream, self._alone)
        for at in range(0, out.size, KERNEL_BYTES):
            self._fill(out[at : at + KERNEL_BYTES], position + at, self.plan, scratch, stream, self._alone)
        return out.size

    def fill_shared(self, position: int, out: Bytes, turns: Turns, *, stream: bool = False) -> int:
        """Do some of the work of `fill`; return how many bytes that was.

        Every thread that takes part is given the same array: [0, bytes in a piece]. Handing out pieces costs no Python.
        At most 64 MiB for each thread at a time.
        """
        return self._fill(out, position, self.plan, np.empty(self._scratch, np.uint8), stream, turns)

    def compare(self, position: int, data: Bytes) -> Bytes | None:
        """Compare `data` with the bytes from `position` on.

        Returns None where all are equal, else one byte for each 512-byte sector of the stream that the data touches,
        1 where it differs. Data of at most 64 MiB at a time.
        """
        if data.size > KERNEL_BYTES:
            raise LimitExceededError(f"compare takes at most {KERNEL_BYTES} bytes at a time")
        if self._compare is None:
            from ..kernels import compare

            self._compare = compare.compare.ready
        first, end = position // SECTOR, -(-(position + data.size) // SECTOR)
        marks = np.zeros(max(0, end - first), np.uint8)
        wrong = self._compare(data, position, self.plan, np.empty(self._scratch, np.uint8), marks)
        return marks if wrong else None

    def read(self, position: int, size: int) -> Bytes:
        """Bytes [position, position + size) in an array of their own."""
        out = np.empty(size, np.uint8)
        self.fill(position, out)
        return out
