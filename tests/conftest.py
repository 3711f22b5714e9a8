"""Fixtures that several rooms share."""

from hypothesis import settings

from storage.conftest import loop_device, no_direct, small_disk

__all__ = ["loop_device", "no_direct", "small_disk"]

# The first example may compile kernels, and machines may be busy: how long one takes says nothing.
settings.register_profile("penstock", deadline=None)
settings.load_profile("penstock")
