"""Plans kept over the chunks of one stream: found on one, used while they stay good, dropped when the data changes."""

from __future__ import annotations

import threading
from typing import Final, NamedTuple

import numpy as np

from ..buffers import Bytes
from ..errors import LimitExceededError
from ..layers.contract import LINES, RECORDS, SYMBOLS, ZSTD
from ..layers.encoding import encode_tree
from ..layers.plan import leaf, pack
from ..layers.registry import codec_by_id
from ..layers.switches import NONE_OFF, switched_off
from ..layers.wanted import Want
from .aims import Aim, tried
from .draft import AsItIs, Draft, Lined, draft_of, text_draft
from .glance import has_no_structure
from .lags import distant_share, excerpt, library_price
from .pieces import symbol_tree
from .whole import Whole

PLAN_FROM: Final = 16 << 10
"""Raw bytes below which looking for structure costs more than it saves."""
GROUP: Final = 8
"""Chunks that share a plan; the first of the next ones tries it too, and looks for another where it does not fit."""
SPAN: Final = 8 * GROUP
"""Chunks after which all plans are forgotten, so that work can be cut up at multiples of it."""
_KEPT: Final = 1024
"""Groups whose plans are remembered: more than any window of chunks under way spans."""
_WORSE: Final = 1.08
"""How much larger than expected a chunk may become before its plan is looked for anew."""
_CLEAR: Final = 0.85
"""Against a guess of what the library would make, a tree must be better than this; else the library is asked."""
_CLEAR_TEXT: Final = 0.8
_CLEAR_REPEATS: Final = 0.7
"""The same for lines of text, against a larger guess; the second where little is new, and more repeats from far."""
_REPETITIVE: Final = 1.0
"""Bits a byte of text in which little is new: there the library itself is quick."""
_TEXT_GAIN: Final = 0.92
"""What lines must be smaller than: they take three times as long to decode as the library's text."""
_FAR: Final = 0.6
"""The same for data that became harder: a new plan would hardly do better."""
_REPEATS: Final = 16
"""Where the library makes this ratio or more, it lives on repeats, and a piece says nothing of the whole."""
_FAR_REPEATS: Final = 1.5
"""For each byte that repeats from far, how much less the library makes than its guess: it is more often seen."""
_FAR_TEXT: Final = 3.0
"""The same for text: of what repeats from very far, half is seen."""
_SMALL: Final = 8 << 10
_GLANCE: Final = 16 << 10
_PIECES: Final = 4
_SAMPLE: Final = 32 << 10
"""Bytes of each of the pieces by which the library's result is guessed."""
_ASKED: Final = 256 << 10
"""Bytes up to which the library itself is asked, and up to which it is at its lowest level."""
_QUICKLY: Final = 768 << 10
_QUICK_GAIN: Final = 0.9
"""Of what the lowest level makes of numbers and records, about what others make."""


class Coded(NamedTuple):
    """What a tree made of a chunk: the packed plan, and the bytes its leaves fill."""

    plan: bytes
    stored: int

    @property
    def size(self) -> int:
        """All it takes in a file."""
        return len(self.plan) + self.stored


class Kept(NamedTuple):
    """A plan, and the stored bytes per raw byte it gave where it was found."""

    draft: Draft
    share: float
    want: Want | None
    """The tree itself, where it is of records that fill a chunk of `size` bytes: it may fit others as it is."""
    size: int


class Planner:
    """Chooses trees for the chunks of one segment. Safe from many threads; the choice does not depend on them.

    The first chunk of each group leads: it tries the plan of the group before, or looks for one. The others try that
    plan, too, so that no thread waits while the data goes on as it was; then they wait for what their leader has found.
    first: the number of the first chunk that it will see. off: ids of layers that it may not use.
    """

    def __init__(self, aim: Aim, first: int = 0, off: frozenset[int] = NONE_OFF) -> None:
        self.aim, self.off = aim, off
        self._first = first
        self._lock = threading.Lock()
        self._groups: dict[int, _Group] = {}

    def encode(self, number: int, raw: Bytes, room: Bytes) -> Coded | None:
        """Encode chunk `number` to the front of `room` by a tree; None where the library alone does as well."""
        if raw.size < PLAN_FROM:
            return None
        if not self.off:
            return self._encode(number, raw, room)
        with switched_off(self.off):
            return self._encode(number, raw, room)

    def _encode(self, number: int, raw: Bytes, room: Bytes) -> Coded | None:
        if self.aim.thorough:
            return self._lead(raw, room)[0]
        group, start = self._group(number // GROUP), number - number % GROUP
        before = self._group(number // GROUP - 1).wait() if start % SPAN and start > self._first else None
        coded = self._again(raw, room, before) if before else None
        if not self._leads(number):
            return coded or self._follow(raw, room, group.wait(), before)
        if coded:
            group.plan = before
        else:
            coded, group.plan = self._lead(raw, room)
        return coded

    def again(self, number: int, raw: Bytes, room: Bytes) -> Coded | None:
        """Encode other bytes of chunk `number`, which was planned and released, by the plan of its group."""
        plan = self._group(number // GROUP).wait()
        return self._again(raw, room, plan) if plan and raw.size >= PLAN_FROM else None

    def release(self, number: int) -> None:
        """Let those go on that wait for chunk `number`, whether it was planned or not."""
        if self._leads(number):
            self._group(number // GROUP).known.set()

    def _leads(self, number: int) -> bool:
        return number == self._first or (number % GROUP == 0 and number > self._first)

    def _group(self, index: int) -> _Group:
        with self._lock:
            if index not in self._groups:
                self._groups[index] = _Group()
                self._groups.pop(index - _KEPT, None)
            return self._groups[index]

    def _lead(self, raw: Bytes, room: Bytes) -> tuple[Coded | None, Kept | None]:
        text = has_no_structure(raw)
        if text and self.aim.name == "speed":
            return None, None
        whole = Whole(raw, self.aim.guess)
        smallest = self._smallest(raw, room, whole if self._may_be_taken else None, text=text)
        if smallest is not None:
            found, coded = smallest
            draft, guessed = found[0], not self.aim.thorough
            if isinstance(draft, Lined):
                clear = guessed and _is_clear_text(raw, coded.size, draft.library)
            else:
                clear = guessed and not whole.asked and self._is_clear(raw, coded.size)
            gain = _TEXT_GAIN if text and guessed else self.aim.gain
            if clear or coded.size < gain * whole.made.size:
                return coded, _kept(found, coded, raw)
        want = symbol_tree(raw, self.aim) if text or smallest is None else None
        by_symbols = _coded(want, raw, room)
        if want and by_symbols and (not whole.asked or by_symbols.size < self.aim.gain * whole.made.size):
            return by_symbols, _kept((AsItIs(want), want), by_symbols, raw)
        return self._instead(whole, room) if whole.asked else None, None

    @property
    def _may_be_taken(self) -> bool:
        """Whether what the library makes for comparison is what it would be asked for where there is no tree."""
        return self.aim.name == "balanced"

    def _smallest(
        self, raw: Bytes, room: Bytes, whole: Whole | None, *, text: bool
    ) -> tuple[tuple[Draft, Want], Coded] | None:
        """Find a tree, and encode by it."""
        best: tuple[tuple[Draft, Want], Coded] | None = None
        for aim in tried(self.aim):
            found = text_draft(raw, aim) if text else draft_of(raw, aim, whole)
            out = np.empty(room.size, np.uint8) if best else room
            coded = _coded(found[1], raw, out, thorough=self.aim.thorough) if found else None
            if found and coded and (best is None or coded.size < best[1].size):
                if best:
                    room[: coded.stored] = out[: coded.stored]
                best = found, coded
        return best

    def _instead(self, whole: Whole, room: Bytes) -> Coded | None:
        """What the library made, if that is what it would be asked for now; it need not be asked again."""
        library = whole.made
        if not self._may_be_taken or library.size > room.size:
            return None
        room[: library.size] = library
        return Coded(pack(leaf(ZSTD, library.size)), library.size)

    def _is_clear(self, raw: Bytes, stored: int, part: float = _CLEAR) -> bool:
        """Whether a tree's bytes are so few that the library need not be asked what it makes of the same chunk."""
        if raw.size <= _ASKED:
            return False
        if raw.size <= _QUICKLY:
            return stored < part * _QUICK_GAIN * _library(raw, 1)
        step = (raw.size - _SAMPLE) // (_PIECES - 1)
        made = sum(_library(raw[at : at + _SAMPLE], self.aim.guess) for at in range(0, step * _PIECES, step))
        if made * _REPEATS <= _PIECES * _SAMPLE or stored >= part * made * raw.size / (_PIECES * _SAMPLE):
            return False
        # The pieces do not show what repeats from farther than they reach.
        share = 1.0 - _FAR_REPEATS * distant_share(raw, excerpt(raw, _SMALL))
        return stored < share * part * made * raw.size / (_PIECES * _SAMPLE)

    def _follow(self, raw: Bytes, room: Bytes, plan: Kept | None, tried: Kept | None) -> Coded | None:
        if plan is None:
            return None
        if plan is tried:
            return self._lead(raw, room)[0]
        return self._again(raw, room, plan) or self._lead(raw, room)[0]

    def _again(self, raw: Bytes, room: Bytes, plan: Kept) -> Coded | None:
        """Encode by a plan from another chunk; None where it does no longer fit."""
        most = _WORSE * plan.share * raw.size + 256
        if plan.want and raw.size == plan.size:  # to ask the draft where records begin would take longer than to see
            coded = _coded(plan.want, raw, room)
            if coded and self._is_good(raw, coded.size, most):
                return coded
        want = plan.draft.over(raw)
        coded = _coded(want, raw, room)
        if coded and want and want.id == LINES and coded.size > most:
            # Of a chunk that is smaller, too: to ask the library takes less than to plan anew.
            clear = _is_clear_text(raw, coded.size, library_price(excerpt(raw, _ASKED), self.aim.guess))
            return coded if clear or coded.size < _TEXT_GAIN * _library(raw, self.aim.guess) else None
        if coded and want and want.id == SYMBOLS:
            return coded if self._still_pays(raw, coded.size, most) else None
        return coded if coded and self._is_good(raw, coded.size, most) else None

    def _still_pays(self, raw: Bytes, stored: int, most: float) -> bool:
        """Whether symbols still pay: as well as where they were found, or pieces of this chunk say so too."""
        return stored <= most or symbol_tree(raw, self.aim) is not None

    def _is_good(self, raw: Bytes, stored: int, most: float) -> bool:
        """Whether a plan still holds: as well as where it was found, or harder data gets far smaller."""
        return (stored <= most and not self._is_beaten(raw, stored)) or self._is_clear(raw, stored, _FAR)

    def _is_beaten(self, raw: Bytes, stored: int) -> bool:
        """Whether the library makes less of a chunk than a tree that did well on another; a glance says if to ask."""
        piece = raw[raw.size // 2 : raw.size // 2 + _GLANCE]
        if _library(piece, 1) * raw.size >= stored * piece.size:
            return False
        return self.aim.gain * _library(raw, self.aim.guess) <= stored


def _is_clear_text(raw: Bytes, stored: int, library: float) -> bool:
    """The same for lines; library: bits a byte that it makes of a large sample."""
    part = _CLEAR_TEXT if library > _REPETITIVE else _CLEAR_REPEATS
    far = 1.0 - _FAR_TEXT * distant_share(raw, excerpt(raw, _SMALL))
    return 8 * stored < part * far * library * raw.size


def _kept(found: tuple[Draft, Want], coded: Coded, raw: Bytes) -> Kept:
    draft, want = found
    return Kept(draft, coded.size / raw.size, want if want.id == RECORDS else None, raw.size)


def _coded(want: Want | None, raw: Bytes, room: Bytes, *, thorough: bool = False) -> Coded | None:
    """Encode a chunk by a tree; None where there is none, or it saves nothing."""
    node = encode_tree(want, raw, room, thorough=thorough) if want else None
    if node is None:
        return None
    try:
        coded = Coded(pack(node), node.stored)
    except LimitExceededError:  # a tree that no reader would take
        return None
    return coded if coded.size < raw.size else None


class _Group:
    """What the chunks of one group wait for."""

    def __init__(self) -> None:
        self.known = threading.Event()
        self.plan: Kept | None = None

    def wait(self) -> Kept | None:
        """Return the plan as soon as its leader has it."""
        self.known.wait()
        return self.plan


def _library(raw: Bytes, strength: int) -> int:
    """Bytes that zstd alone makes of it."""
    codec = codec_by_id(ZSTD)
    room = np.empty(codec.bound(raw.size), np.uint8)
    return codec.encode_into(raw, room, strength)
