"""Dictionaries trained on samples, for many small inputs that are alike."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from ..buffers import Bytes, as_bytes
from ..container import pdict
from ..errors import LimitExceededError, UsageError
from ..layers.zdict import DictionaryCodec, codec_for
from ..limits import MAX_DICTIONARY
from ..storage.failures import translated
from ..storage.serial import SerialWriter
from .arguments import whole
from .compressing import StrPath
from .restoring import named

SIZE: Final = 110 << 10
"""Bytes of a dictionary, unless said: twice as much makes text of machines some 3 % smaller, and half 4 % larger."""
_LEAST_SIZE: Final = 256
_LEAST_SAMPLES, _LEAST_BYTES = 10, 4 << 10
_ENOUGH: Final = 100
"""Times a dictionary's size: samples of more bytes in all make it no better."""
_LONGEST: Final = 64 << 10
"""Bytes of a sample that are looked at; the library looks at no more than twice that."""
_MOST_LINES: Final = 256 << 20
"""Bytes that are read of a file of lines."""
_HELD_OUT: Final = 10
"""One of so many samples judges what was trained on the others."""
_WAYS: Final = (8, 6)
"""Bytes of the pieces that are counted."""
_STEPS: Final = 16
"""Lengths of the segments a dictionary is put together of that are tried."""
_LEVEL: Final = 3


class Dictionary:
    """What many small inputs have in common. `train` makes one; `compress(data, dictionary=...)` takes it.

    Both sides need it: what was compressed with it names it by its `id`. Safe from many threads, which share what the
    library makes of it. Two are equal if their content is; it can be pickled, and saved.
    """

    __slots__ = ("_codec", "content", "id")

    content: bytes
    """The bytes that zstd takes for its dictionary."""
    id: int
    """XXH3, 64 bits, of the content."""

    def __init__(self, content: Any) -> None:
        """Make one of a dictionary that zstd's trainer made, or of any bytes: what is likely last."""
        self.content = bytes(as_bytes(content))
        if not 0 < len(self.content) <= MAX_DICTIONARY:
            raise LimitExceededError(f"a dictionary of {len(self.content)} bytes", hint=f"1 to {MAX_DICTIONARY}")
        self.id = pdict.id_of(self.content)
        self._codec = codec_for(self.content, self.id)

    @property
    def codec(self) -> DictionaryCodec:
        """What compresses and restores with it."""
        return self._codec

    @property
    def name(self) -> str:
        """The id in hexadecimal, as messages and `inspect` have it."""
        return f"{self.id:016x}"

    def to_bytes(self) -> bytes:
        """Return the bytes of its file (docs/spec/container.md, section 12)."""
        return pdict.pack(self.content)

    @classmethod
    def from_bytes(cls, data: Any) -> Self:
        """Return the dictionary of a file's bytes. Raises `CorruptDataError` and its kin, `UnsupportedVersionError`."""
        return cls(pdict.parse(as_bytes(data).data))

    def save(self, path: StrPath, *, force: bool = False, fsync: bool = True) -> None:
        """Write it to a file, which appears whole or not at all. Raises `TargetExistsError`, `StorageError`."""
        with SerialWriter(path, force=force, fsync=fsync, sync_name=fsync) as writer:
            writer.write(self.to_bytes())

    @classmethod
    def load(cls, path: StrPath) -> Self:
        """Return the dictionary of a file. Raises what `from_bytes` raises, with the file's name; `StorageError`."""
        name = os.fspath(path)
        with translated(name, "cannot read"), Path(path).open("rb") as file:
            data = file.read(MAX_DICTIONARY + pdict.LEAST + 1)
        with named(name):
            return cls.from_bytes(data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dictionary) and other.content == self.content

    def __hash__(self) -> int:
        return hash(self.id)

    def __len__(self) -> int:
        return len(self.content)

    def __repr__(self) -> str:
        return f"<penstock.Dictionary {self.name}, {len(self.content)} bytes>"

    def __reduce__(self) -> tuple[type[Dictionary], tuple[bytes]]:
        return type(self), (self.content,)


def train(samples: Iterable[Any], size: int = SIZE) -> Dictionary:
    """Return a dictionary of at most `size` bytes, made of what comes again and again in samples of the same kind.

    samples: buffers, each a whole input such as will be compressed; hundreds or thousands of them, a hundred times
    `size` in all is plenty (more are thinned out). Some are held back, to choose among ways to train. The same samples
    give the same dictionary. Raises `UsageError` where there are too few.
    """
    wanted = whole("size", size, _LEAST_SIZE)
    if wanted > MAX_DICTIONARY:
        raise LimitExceededError(f"a dictionary of {wanted} bytes is too large", hint=f"at most {MAX_DICTIONARY}")
    found = [part for part in (as_bytes(sample)[:_LONGEST] for sample in samples) if part.size]
    total = sum(part.size for part in found)
    if len(found) < _LEAST_SAMPLES or total < _LEAST_BYTES:
        raise UsageError(
            f"{len(found)} samples of {total} bytes in all are too few to train on",
            hint=f"at least {_LEAST_SAMPLES} and {_LEAST_BYTES} bytes; hundreds make a good dictionary",
        )
    few = _thinned(found, total, _ENOUGH * wanted)
    made = [one for one in (_trained(few, wanted, way) for way in _WAYS) if one is not None]
    if not made:
        raise UsageError(
            f"nothing comes again in these {len(found)} samples of {total} bytes in all",
            hint="give more of them, whole inputs of one kind",
        )
    judges = few[::_HELD_OUT]
    return min(made, key=lambda one: sum(_coded(one, part) for part in judges))


def read_samples(paths: Iterable[StrPath], *, lines: bool = False) -> list[bytes]:
    """Return files as samples: each a whole one, or each line of it. Raises `StorageError`."""
    found: list[bytes] = []
    for path in paths:
        with translated(os.fspath(path), "cannot read"), Path(path).open("rb") as file:
            found += file.read(_MOST_LINES).splitlines(keepends=True) if lines else [file.read(_LONGEST)]
    return found


def _thinned(samples: list[Bytes], total: int, most: int) -> list[Bytes]:
    """Samples evenly taken, of about `most` bytes in all."""
    step = max(1, -(-total // most))
    return samples[::step] if len(samples) // step >= _LEAST_SAMPLES else samples


def _trained(samples: Sequence[Bytes], size: int, way: int) -> Dictionary | None:
    from zstandard import ZstdError, train_dictionary

    learned: list[bytes | bytearray | memoryview] = [
        part.tobytes() for at, part in enumerate(samples) if at % _HELD_OUT
    ]
    most = min(size, sum(map(len, learned)) // 2)  # else they would all be in it, which shows nothing
    try:
        return Dictionary(train_dictionary(most, learned, d=way, steps=_STEPS, level=_LEVEL).as_bytes())
    except ZstdError:
        return None


def _coded(dictionary: Dictionary, data: Bytes) -> int:
    room = np.empty(dictionary.codec.bound(data.size), np.uint8)
    size = dictionary.codec.encode_into(data, room, _LEVEL)
    return size if size >= 0 else data.size
