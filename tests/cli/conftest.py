"""The command as a fixture."""

from .command import penstock

__all__ = ["penstock"]
