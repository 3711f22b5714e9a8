"""Fixtures that several rooms share."""

from storage.conftest import loop_device, no_direct, small_disk

__all__ = ["loop_device", "no_direct", "small_disk"]
