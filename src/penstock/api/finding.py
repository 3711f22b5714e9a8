"""What `verify` says of one range that differs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

_WORDS: Final = {
    "zeros": "zeros",
    "missing": "the file ends before this",
    "extra": "the file goes on beyond its end",
    "foreign": "data of unknown origin",
}


@dataclass
class Finding:
    """A range that is not what the recipe says.

    offset, length: bytes, at 512-byte precision. kind: "zeros", "constant" (one byte value, in `value`), "offset" (this
    stream's data of `origin`), "version", "object", "client", "run", "seed" (data of the stream that differs in that
    field, which is `value` there, from its offset `origin`), "recipe" (of the other recipe with the hash `value`),
    "flipped" (`value` bits), "foreign", "missing" (the file ends before) and "extra" (it goes on after). first_byte,
    last_byte: offsets of the first and last differing byte.
    """

    offset: int
    length: int
    kind: str
    value: int | str | None = None
    origin: int | None = None
    first_byte: int = 0
    last_byte: int = 0

    @property
    def end(self) -> int:
        """The offset behind its last sector."""
        return self.offset + self.length

    def words(self) -> str:
        """What stands there, for a person."""
        if self.kind in _WORDS:
            return _WORDS[self.kind]
        if self.kind == "constant":
            return f"every byte is 0x{self.value:02x}"
        if self.kind == "flipped":
            return f"{self.value:,} flipped bit" + ("" if self.value == 1 else "s")
        if self.kind == "offset":
            return f"this stream's data of offset {self.origin:,}"
        place = "the same offset" if self.origin == self.offset else f"offset {self.origin:,}"
        return f"data of {self.kind} {self.value}, {place}"

    def to_dict(self) -> dict[str, Any]:
        """The fields and the words."""
        return asdict(self) | {"words": self.words()}

    def joins(self, other: Finding) -> bool:
        """Whether `other`, which starts where this ends, has the same explanation."""
        if self.kind != other.kind or self.end != other.offset:
            return False
        if self.kind == "flipped":
            return True
        return self.value == other.value and self.shift == other.shift

    @property
    def shift(self) -> int | None:
        """How far from its own place the data stands; None where it has none."""
        return None if self.origin is None else self.origin - self.offset

    def take(self, other: Finding) -> None:
        """Grow by a finding that `joins` this one."""
        self.length += other.length
        self.last_byte = other.last_byte
        if self.kind == "flipped":
            self.value = int(self.value or 0) + int(other.value or 0)
