"""How kernels are compiled that others call by their address: C functions, each when somebody asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from numba.core import sigutils
from numba.core.ccallback import CFunc

from .jit import renamed, use_private_cache

_lock = threading.RLock()


class Entry:
    """A loop that other kernels call by its address: it is compiled when somebody asks for that, and not with them."""

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self.function = function
        self.signature = signature
        self._compiled: Any = None

    @property
    def address(self) -> int:
        """Where its code starts; compiled or loaded now, if it was not. It is never freed."""
        with _lock:
            if self._compiled is None:
                normalize: Any = sigutils.normalize_signature
                signature = normalize(self.signature)
                compiled: Any = CFunc(self.function, signature, {}, {"error_model": "numpy"})
                use_private_cache(compiled, self.function)
                compiled.compile()
                self._compiled = compiled
            address: int = self._compiled.address
            return address


def entry(signature: str, widths: tuple[int, ...]) -> Callable[[Callable[..., Any]], dict[int, Entry]]:
    """Decorate a loop as an entry for each width of item; `{U}` in the signature is the unsigned type."""

    def decorate(function: Callable[..., Any]) -> dict[int, Entry]:
        return {width: Entry(renamed(function, 8 * width), signature.format(U=f"uint{8 * width}")) for width in widths}

    return decorate
