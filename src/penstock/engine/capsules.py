"""A chunk of raw bytes with a dictionary: the smallest of what can be made of it, and the capsule of a small one."""

from __future__ import annotations

import numpy as np

from ..buffers import Bytes
from ..container import capsule
from ..layers.contract import STORE, ZSTD, ZSTD_DICTIONARY, Codec
from ..layers.plan import leaf, pack
from ..layers.registry import codec_by_id
from ..layers.zdict import ID_BYTES, DictionaryCodec
from ..planner.planner import PLAN_FROM, Coded, Planner


def by_dictionary(raw: Bytes, room: Bytes, codec: Codec, level: int, coded: Coded | None) -> tuple[bytes, Bytes]:
    """Return plan and payload of a chunk: with the dictionary of `codec`, or without it where that is smaller.

    room: of `raw.size` bytes; coded: what a tree made of the chunk, at the front of it. The payload is there, or `raw`,
    or in memory of its own. Large chunks may be beyond what a dictionary is for: zstd alone has them then.
    """
    assert isinstance(codec, DictionaryCodec)
    most = max(raw.size - 1, 0)
    out = np.empty(most, np.uint8) if coded else room
    size = codec.encode_into(raw, out[:most], level)
    if size >= 0 and (coded is None or size + ID_BYTES < coded.size):
        return pack(leaf(ZSTD_DICTIONARY, size, codec.params)), out[:size]
    if coded:
        return coded.plan, room[: coded.stored]
    size = codec_by_id(ZSTD).encode_into(raw, room[:most], level)
    return (pack(leaf(STORE, raw.size)), raw) if size < 0 else (pack(leaf(ZSTD, size)), room[:size])


def capsule_of(raw: Bytes, room: Bytes, codec: Codec, level: int, planner: Planner | None) -> bytes:
    """Return the capsule of a chunk of at most `limits.MAX_CAPSULE` bytes; room: as many, at least."""
    coded = None
    if planner and raw.size >= PLAN_FROM:
        coded = planner.encode(0, raw, room[: raw.size - 1])
        planner.release(0)
    return capsule.pack(raw, *by_dictionary(raw, room, codec, level, coded))
