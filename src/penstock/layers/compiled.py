"""Decodes plan trees of many streams in compiled code: what `registry.decode_tree` does, without a call for each node.

Chunks of records have dozens of streams; parsing the plan and walking the tree in Python would take longer than all
their bytes. `kernels/program.py` reads the plan, `kernels/decode.py` runs it, and what that does not know is done here.
"""

from __future__ import annotations

import threading

import numpy as np

from ..buffers import Bytes
from ..limits import MAX_PLAN_DEPTH, MAX_STREAM_FACTOR, STREAM_SLACK
from . import arena, trace
from .contract import ZSTD, ZSTD_DICTIONARY
from .native import readable, writable
from .registry import codec_by_id, layer_by_id
from .streams import Kind, Stream
from .zstd import NativeZstd

_ROWS = 2048
"""Nodes of a plan at most: larger ones go the other way."""
_KINDS = tuple(Kind)
_ID = 0
"""Column of the kernels' table."""
_local = threading.local()


def decode(plan: bytes, payload: Bytes, out: Bytes) -> bool:
    """Fill `out` from a chunk's packed plan and its payload; False if that is for `registry.decode_tree` to do.

    So it is for plans that are damaged, or hold what is not known here, and while somebody traces the layers. Raises
    `CorruptDataError` and its kin; what `out` then holds has no meaning.
    """
    zstd = codec_by_id(ZSTD)
    if trace.is_on() or not isinstance(zstd, NativeZstd):
        return False
    state: _State | None = getattr(_local, "state", None)
    _local.state = None  # taken: a handler of a signal may decode in the middle of this
    if state is None or state.zstd is not zstd:
        state = _State(zstd)
    try:
        return state.run(np.frombuffer(plan, np.uint8), plan, payload, out)
    finally:
        _local.state = state


class _State:
    """What the kernels work in; one for each thread."""

    def __init__(self, zstd: NativeZstd) -> None:
        from ..kernels import decode as kernels
        from ..kernels import entries, places, program

        # Small chunks take less time than imports inside of functions and calls of `Kernel`.
        self._parse, self._needed, self._place = program.parse.ready, places.needed.ready, places.place.ready
        self._kernel, self._load = kernels.run.ready, entries.load
        self._first, self._wanted = kernels.ENTRIES, kernels.WANTED
        self._table = np.empty((_ROWS, program.COLUMNS), np.int64)
        self._stack = np.empty(2 * MAX_PLAN_DEPTH, np.int64)
        self._scratch = np.empty(kernels.SCRATCH, np.uint64)
        self._fields = np.empty((kernels.MOST_FIELDS, 3), np.int64)
        self._room = np.empty(entries.ARGUMENTS, np.int64)
        self._addresses = np.zeros(kernels.ADDRESSES, np.int64)
        self.zstd = zstd
        self._addresses[: kernels.ENTRIES], self._owner = zstd.decoder()

    def run(self, data: Bytes, plan: bytes, payload: Bytes, out: Bytes) -> bool:
        table, most = self._table, MAX_STREAM_FACTOR * out.size + STREAM_SLACK
        count = self._parse(data, out.size, payload.size, most, MAX_PLAN_DEPTH, table, self._stack)
        if count < 2:
            return False
        with arena.borrowed(self._needed(table, count)) as room:
            return self._run(_Places(data, plan, payload, out, room), count)

    def _run(self, at: _Places, count: int) -> bool:
        table, room = self._table, at.arena
        if self._place(table, count, at.data, at.payload_at, at.out_at, room.address, room.size) < 0:
            return False
        left = count
        while left:
            done = self._kernel(
                at.data, table, left, at.payload_at, room.address, room.size, self._addresses, self._scratch,
                self._fields, self._room,
            )  # fmt: skip
            if done <= self._wanted:
                number = self._wanted - done
                self._addresses[self._first + number] = self._load(number)
            elif done < 0:
                return False
            elif done:
                left = done - 1
                if table[left, _ID] == ZSTD_DICTIONARY:
                    return False  # who has the dictionary is not known here
                self._alone(at, left)
            else:
                break
        return True

    def _alone(self, at: _Places, number: int) -> None:
        """Do one node the other way."""
        from ..kernels import program as p

        row = self._table[number].tolist()
        params = at.plan[row[p.PARAMS] : row[p.PARAMS] + row[p.PARAMS_SIZE]]
        out = at.stream(row[p.KIND], row[p.PLACE], row[p.SIZE])
        if not row[p.CHILDREN]:
            codec_by_id(row[p.ID]).decode_into(at.payload[row[p.PAYLOAD] : row[p.PAYLOAD] + row[p.STORED]], out.data)
            return
        children, child = [], number + 1
        for _ in range(row[p.CHILDREN]):
            inner = self._table[child].tolist()
            children.append(at.stream(inner[p.KIND], inner[p.PLACE], inner[p.SIZE]))
            child = inner[p.NEXT]
        layer_by_id(row[p.ID]).decode(params, children, out)


class _Places:
    """Memory by address: payload, output and arena of one chunk."""

    def __init__(self, data: Bytes, plan: bytes, payload: Bytes, out: Bytes, room: arena.Arena) -> None:
        self.data = data
        self.plan = plan
        self.payload = payload
        self.out = out
        self.arena = room
        self.payload_at = readable(payload)
        self.out_at = writable(out)

    def stream(self, kind: int, place: int, size: int) -> Stream:
        """Return the stream that stands at an address."""
        for whole, start in ((self.arena.memory, self.arena.address), (self.out, self.out_at)):
            if start <= place <= start + whole.size - size:
                return Stream(_KINDS[kind], whole[place - start : place - start + size])
        start = place - self.payload_at
        return Stream(_KINDS[kind], self.payload[start : start + size])
