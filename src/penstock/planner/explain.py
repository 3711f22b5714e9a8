"""Tells what the planner makes of a chunk: its tree, what each layer saves, costs, and what else was considered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from ..buffers import Bytes
from ..errors import UsageError
from ..layers import compiled, wanted
from ..layers.auto import choose_leaf
from ..layers.columnwords import Head, columns
from ..layers.contract import DIGITS, LINES, PADDING, RECORDS, ZSTD
from ..layers.encoding import encode_tree
from ..layers.lines import TEXTS
from ..layers.plan import pack, parse
from ..layers.records import Field, Form, layout, pack_fields
from ..layers.registry import codec_by_id, codec_by_name, decode_tree, layer_by_id
from ..layers.streams import Kind, Stream
from ..layers.switches import NONE_OFF, switched_off
from ..layers.wanted import ANY, AUTO, LITERALS, Want, describe
from ..layers.words import tree
from .aims import Aim, tried
from .draft import AsItIs, Draft, draft_of, text_draft
from .glance import has_no_structure
from .pieces import symbol_tree
from .planner import GROUP, PLAN_FROM, SPAN, Coded, Planner
from .prospects import prospects
from .screen import screen

_TIMES: Final = 3
_LONG: Final = 0.1
"""Seconds of a run from which on two are enough."""
_SPARE: Final = 64 << 10
_FORMS: Final = (Form.ROWS, Form.TEXT)
_TAKEN: Final = {Form.ROWS: "row by row: ", Form.TEXT: "by place: "}
_ROW_LAYERS: Final = (DIGITS, PADDING)


_EXAMPLE, _SHORT = 200, 24
"""Bytes of a column among which an example is looked for, and of that as much as is shown."""


class Alone(NamedTuple):
    """The library codec that a chunk would be left to."""

    codec: str
    level: int

    @property
    def name(self) -> str:
        """`zstd-3`."""
        return f"{self.codec}-{self.level}" if self.level else self.codec


class Explainer:
    """Explains the chunks of one stream, in order; those between may be left out by the group of `planner.GROUP`."""

    def __init__(self, aim: Aim, alone: Alone, off: frozenset[int] = NONE_OFF) -> None:
        self._aim, self._alone = aim, alone
        self._planner = Planner(aim, off=off)
        self._draft: Draft | None = None
        """The plan of the group's first chunk, for those that follow it."""
        self._head: Head | None = None

    def chunk(self, number: int, raw: Bytes) -> dict[str, Any]:
        """Return what becomes of chunk `number`, as JSON types; see `penstock.explain`."""
        room = np.empty(raw.size + _SPARE, np.uint8)
        if number % SPAN == 0:
            self._draft = None
        if number == 0:
            self._head = Head.of(raw)
        with switched_off(self._planner.off):
            return self._chunk(number, raw, room)

    def _chunk(self, number: int, raw: Bytes, room: Bytes) -> dict[str, Any]:
        noise = screen(raw)[1]
        try:
            coded = None if noise else self._planner.encode(number, raw, room[: raw.size - 1])
        finally:
            self._planner.release(number)
        if coded is not None and not parse(coded.plan, raw.size, coded.stored).edges:
            coded = None  # the planner has asked the library, and what that made was taken
        library = self._library(raw, room)
        found = {"number": number, "size": raw.size, "structure": coded is not None, "library": library}
        if coded is None:
            return found | {"stored": library["stored"], "why": self._why(raw, noise)}
        return found | {"stored": coded.size} | self._plan(number, raw, coded, room)

    def _library(self, raw: Bytes, room: Bytes) -> dict[str, Any]:
        codec, out = codec_by_name(self._alone.codec), np.empty(raw.size, np.uint8)
        size, encode = _timed(lambda: codec.encode_into(raw, room[: max(raw.size - 1, 0)], self._alone.level))
        found = {"name": self._alone.name, "stored": size if size >= 0 else raw.size, "encode": _rate(raw, encode)}
        if size < 0:
            return found
        return found | {"decode": _rate(raw, _timed(lambda: codec.decode_into(room[:size], out))[1])}

    def _why(self, raw: Bytes, noise: bool) -> str:
        """Why there is no tree, in a sentence."""
        if noise:
            return "noise: no codec would save anything, so it is stored"
        if raw.size < PLAN_FROM:
            return f"chunks of less than {PLAN_FROM >> 10} KiB are not looked at"
        if has_no_structure(raw):
            return self._why_text(raw)
        if draft_of(raw, self._aim) is None:
            return "no records, numbers or rows were found"
        return "what was found would not save enough to be worth its time"

    def _why_text(self, raw: Bytes) -> str:
        if self._aim.name == "speed":
            return "lines of text: left to the library where speed is all"
        if text_draft(raw, self._aim) is None:
            return "text without columns, as prose is: left to the library"
        return "columns of text that would not save enough to be worth their time"

    def _plan(self, number: int, raw: Bytes, coded: Coded, room: Bytes) -> dict[str, Any]:
        """The tree with all that is known of it, and its costs."""
        want, found_in = self._want(number, raw, coded, room)
        node = parse(coded.plan, raw.size, coded.stored)
        _, encode = _timed(lambda: encode_tree(want, raw, room))
        out = np.empty(raw.size, np.uint8)
        _, decode = _timed(lambda: _decode(coded.plan, room[: coded.stored], out))
        told = tree(node, Kind.BYTES, raw.size)
        self._tell(told, want, Stream(Kind.BYTES, raw))
        costs = {"plan_seconds": found_in, "encode": _rate(raw, encode), "decode": _rate(raw, decode)}
        found = columns(told, node, room[: coded.stored], self._head or Head.of(raw))
        return (
            {"plan_bytes": len(coded.plan), "measured": costs} | ({"columns": found} if found else {}) | {"tree": told}
        )

    def _want(self, number: int, raw: Bytes, coded: Coded, room: Bytes) -> tuple[Want, float]:
        """What was asked of the encoder for a chunk, by doing it again; and the seconds it took to find that out."""
        for draft, want, seconds in self._drafts(raw):
            node = encode_tree(want, raw, room)
            if node is not None and pack(node) == coded.plan:
                if number % GROUP == 0:
                    self._draft = draft
                return want, seconds
        raise UsageError("the data changed while it was being read")

    def _drafts(self, raw: Bytes) -> Iterator[tuple[Draft, Want, float]]:
        if self._draft is not None:
            draft = self._draft
            want, seconds = _timed(lambda: draft.over(raw))
            if want is not None:
                yield draft, want, seconds
        for aim in tried(self._aim):
            find = text_draft if has_no_structure(raw) else draft_of
            begin = time.perf_counter()
            found = find(raw, aim)
            seconds = time.perf_counter() - begin  # the planner did the same: nothing waits for a compiler now
            if found is not None:
                yield *found, seconds
        want, seconds = _timed(lambda: symbol_tree(raw, self._aim))
        if want is not None:
            yield AsItIs(want), want, seconds

    def _tell(self, told: dict[str, Any], want: Want, stream: Stream) -> None:
        """Add to a tree what the library would make of each layer's stream, and what the alternatives would."""
        if "streams" not in told:
            want = AUTO if want.children else want  # a layer that is switched off
            told["words"] = _leaf_words(told, want, stream.data)
            return
        told["saved"] = self._by_library(stream.data) - told["stored"]
        _, inner = layer_by_id(want.id).encode(stream, want.params)
        last = len(want.children) - 1
        for number, (below, part) in enumerate(zip(told["streams"], inner, strict=True)):
            self._tell(below["node"], want.children[min(number, last)], part)
        if want.id == RECORDS:
            self._tell_fields(told, want, stream.data, inner)
        if want.id == LINES:
            for below, part in zip(told["streams"][TEXTS:], inner[TEXTS:], strict=True):
                below["name"] += _example(part.data)

    def _by_library(self, data: Bytes) -> int:
        codec = codec_by_id(ZSTD)
        made = codec.encode_into(data, np.empty(codec.bound(data.size), np.uint8), self._aim.guess)
        return min(made, data.size)

    def _tell_fields(self, told: dict[str, Any], want: Want, data: Bytes, columns: list[Stream]) -> None:
        """Add to each field's stream what was predicted of it, and its runner-up."""
        here, at = layout(want.params), 0
        rows, found = data.reshape(-1, here.record), prospects(data, want, self._aim.name)
        for number, (field, prospect) in enumerate(zip(here.fields, found, strict=True)):
            below, block = told["streams"][number], rows[:, at : at + field.width]
            at += field.width
            if prospect.bits is not None:
                values = len(rows) if field.form >= Form.ROWS else columns[number].count
                below["predicted"] = {"stored": round(prospect.bits * values / 8)}
            below["runner_up"] = _runner_up(prospect.other, want.children[number], field, block, columns[number])
        if all("predicted" in below for below in told["streams"]):
            encode, decode = (sum(getattr(one, name) for one in found) for name in ("encode_ns", "decode_ns"))
            stored = sum(below["predicted"]["stored"] for below in told["streams"])
            speeds = {"encode": _per(here.record, encode), "decode": _per(here.record, decode)}
            told["predicted"] = {"stored": stored} | speeds


def _example(cells: Bytes) -> str:
    """One cell of a column, from its middle, in words."""
    around = cells[cells.size // 2 :][:_EXAMPLE].tobytes().split(b"\n")
    cell = around[1] if len(around) > 2 else around[0]
    return f", as in {cell[:_SHORT].decode(errors='replace')!r}" if cell else ""


def _decode(plan: bytes, payload: Bytes, out: Bytes) -> None:
    if not compiled.decode(plan, payload, out):
        decode_tree(parse(plan, out.size, payload.size), payload, out)


def _runner_up(want: Want | None, chosen: Want, field: Field, block: Bytes, column: Stream) -> dict[str, Any] | None:
    """The second best tree of a field, and the bytes it really makes of it; None where there is none."""
    if want is None:
        return None
    if field.form < Form.ROWS:
        size = _encoded(want, column.data, Field(column.kind.width))
        return None if size is None else {"tree": describe(want), "stored": size}
    found: list[dict[str, Any]] = []
    for form in _FORMS:
        if not _may_be(form, want, field, chosen):
            continue
        size = _encoded(want, block.T if form is Form.TEXT else block, Field(1))
        if size is not None:
            how = "" if form is field.form else _TAKEN[form]
            found.append({"tree": f"{how}{describe(want)}", "stored": size})
    return min(found, key=lambda one: one["stored"], default=None)


def _may_be(form: Form, want: Want, field: Field, chosen: Want) -> bool:
    """Whether a runner-up may have taken the field's bytes out so: row by row is all that digits and padding know."""
    if want.id in _ROW_LAYERS:
        return form is Form.ROWS
    return form is not field.form or chosen.id in _ROW_LAYERS


def _encoded(want: Want, data: Bytes, item: Field) -> int | None:
    """Bytes that a tree makes of a column; None where it cannot, or saves nothing."""
    flat = np.ascontiguousarray(data).reshape(-1)
    asked = want if item.width == 1 else wanted.records(pack_fields([item]), [want])
    try:
        node = encode_tree(asked, flat, np.empty(2 * flat.size + _SPARE, np.uint8))
    except UsageError:
        return None
    return None if node is None else node.stored


def _leaf_words(told: dict[str, Any], want: Want, data: Bytes) -> str:
    """A leaf's words with the library's level, which stands in no file."""
    if told["id"] != ZSTD:
        return str(told["words"])
    level = choose_leaf(data)[1] if want.id == ANY else want.level
    return "zstd, literals only" if level == LITERALS else f"zstd {level}"


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and the least seconds of a few."""
    best = float("inf")
    for number in range(_TIMES):
        begin = time.perf_counter()
        result = call()
        best = min(best, time.perf_counter() - begin)
        if number and best > _LONG:  # the first run may have waited for a compiler
            break
    return result, best


def _rate(raw: Bytes, seconds: float) -> float:
    """MB/s of raw bytes."""
    return raw.size / max(seconds, 1e-9) / 1e6


def _per(record: int, nanoseconds: float) -> float | None:
    return record / nanoseconds * 1e3 if nanoseconds else None
