"""Chunks that others copy from, wherever they lie in a container."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from ..container.directory import Directory
from ..container.parts import Chunk
from ..layers.contract import Codec
from .images import Image, begin


class Sources:
    """Images of chunks, read and decoded as they are asked for; of those used last about `keep` bytes are kept.

    read: returns a chunk by its number. Safe from many threads.
    """

    def __init__(self, directory: Directory, read: Callable[[int], Chunk], own: Codec | None, keep: int) -> None:
        self._directory, self._read, self._own, self._keep = directory, read, own, keep
        self._lock = threading.Lock()
        self._images: OrderedDict[int, Image] = OrderedDict()
        self._bytes = 0

    def look(self, offset: int) -> Image:
        """Return the image of the chunk that holds a raw byte. Raises what decoding it raises."""
        number = self._directory.locate(offset)
        with self._lock:
            image = self._images.get(number)
            if image is not None:
                self._images.move_to_end(number)
                return image
        chunk = self._read(number)
        image = begin(chunk, np.empty(chunk.header.raw_size, np.uint8), self._own)
        with self._lock:
            if number not in self._images:
                self._images[number] = image
                self._bytes += image.raw.size
            while self._bytes > self._keep and len(self._images) > 1:
                self._bytes -= self._images.popitem(last=False)[1].raw.size
        return image


def window_in(directory: Directory) -> int:
    """Return the largest window of a container's segments; 0 where no chunk copies from others."""
    return max((whole.segment.header.window for whole in directory.segments), default=0)
