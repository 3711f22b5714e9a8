"""Which layers may be used: all, unless somebody switches some off by name, to study what each is worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from ..errors import UsageError
from .contract import NAMES, RESERVED

_GROUP: Final = 16
"""Ids of a layer from L1 to L7, see `contract.RESERVED`."""
SWITCHED: Final = {name: id for id, name in NAMES.items() if id in RESERVED}
"""Layers that can be off. What keeps bytes as they are, and the libraries, are chosen as codecs."""
GROUPS: Final = {
    f"L{first // _GROUP}": frozenset(id for id in SWITCHED.values() if id // _GROUP == first // _GROUP)
    for first in RESERVED[::_GROUP]
}
"""The layers of each of L1 to L7."""
Layers = str | Iterable[str] | None
"""Names of layers and groups, with commas between them or one by one; None: all."""
NONE_OFF: Final[frozenset[int]] = frozenset()
_off: ContextVar[frozenset[int]] = ContextVar("layers that are off", default=NONE_OFF)


def off_of(layers: Layers) -> frozenset[int]:
    """Return the ids that are off where a caller says which layers may be used.

    Names are those of `NAMES` and the groups L1 to L7. Plain ones: only these; with a minus in front: all (or those
    named plainly) but these. An empty list: none. Raises `UsageError`.
    """
    if layers is None:
        return NONE_OFF
    words = [word.strip() for word in (layers.split(",") if isinstance(layers, str) else _listed(layers))]
    plain = [word for word in words if word and not word.startswith("-")]
    less = [word[1:] for word in words if word.startswith("-")]
    every = frozenset(SWITCHED.values())
    used = every if less and not plain else frozenset().union(*map(_ids, plain))
    return every - used.difference(*map(_ids, less))


def _listed(layers: Iterable[Any]) -> list[str]:
    words = list(layers)
    for word in words:
        if not isinstance(word, str):
            raise UsageError(f"a layer has a name, {word!r} is none", hint='layers=("-lines", "L3")')
    return words


def _ids(word: str) -> frozenset[int]:
    if word.upper() in GROUPS:
        return GROUPS[word.upper()]
    if word.lower() in SWITCHED:
        return frozenset((SWITCHED[word.lower()],))
    known = ", ".join([*GROUPS, *SWITCHED])
    if word.upper() == "L8" or word in NAMES.values():
        raise UsageError(f"{word} is no layer that can be switched", hint=f"those that can: {known}")
    raise UsageError(f"no layer is called {word!r:.60}", hint=f"known: {known}")


@contextmanager
def switched_off(ids: frozenset[int]) -> Iterator[None]:
    """Plan and encode without these layers; only in this thread."""
    token = _off.set(ids)
    try:
        yield
    finally:
        _off.reset(token)


def any_off() -> bool:
    """Whether there are layers that may not be used here."""
    return bool(_off.get())


def is_on(id: int) -> bool:
    """Whether a layer may be used here."""
    return id not in _off.get()
