"""The command, and files for it, as fixtures."""

from .command import penstock
from .squeezed import packed, plain

__all__ = ["packed", "penstock", "plain"]
