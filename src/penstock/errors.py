"""Every error penstock raises: one root, children that ordinary `except` clauses also catch."""

from __future__ import annotations


class PenstockError(Exception):
    """Root of all errors raised on purpose by penstock.

    `hint` is one sentence on what to do about it; it is part of `str(error)`.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(PenstockError, ValueError):
    """An argument that makes no sense: a size that does not parse, a ratio below 1."""


class BadBufferError(PenstockError, TypeError, BufferError, ValueError):
    """A buffer that cannot be used: read-only, or not contiguous."""


class RecipeError(PenstockError, ValueError):
    """A recipe that cannot be read: malformed, or its hash does not match its fields."""


class CorruptDataError(PenstockError, ValueError):
    """Data that contradicts itself."""


class TruncatedError(CorruptDataError, EOFError):
    """Data that ends too early."""


class ChecksumError(CorruptDataError):
    """Data whose checksum does not match."""


class LimitExceededError(PenstockError, ValueError):
    """A declared size, depth or count beyond what `penstock.limits` allows."""


class UnsupportedVersionError(PenstockError, ValueError):
    """A file or recipe written by a later format version."""


class UnknownCodecError(PenstockError, LookupError):
    """A codec name or id that is not known here."""


class DictionaryRequiredError(PenstockError, LookupError):
    """Data that was compressed with a dictionary, and that dictionary was not given."""


class VerificationError(PenstockError, ValueError):
    """Data that is not what its recipe says."""


class KeyRequiredError(PenstockError, ValueError):
    """Encrypted data, and no key to open it with."""


class WrongKeyError(CorruptDataError):
    """Encrypted data that this key does not open: another key, or data that was tampered with."""


class WorkerDiedError(PenstockError, RuntimeError):
    """A worker process that died again and again on the same chunk."""


class StorageError(PenstockError, OSError):
    """A file that cannot be written or read; `errno`, `filename` are those of the system call."""

    def __init__(self, message: str, *, errno: int | None = None, filename: str | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.errno = errno
        self.filename = filename


class TargetExistsError(StorageError, FileExistsError):
    """A target that is already there, and was not to be replaced."""


class MissingExtraError(PenstockError, ImportError):
    """An optional dependency that is not installed; the hint says which to install."""
