"""Encryption of a segment's chunks and index: AES-256-GCM under a key of the segment's own."""

from __future__ import annotations

import hashlib
import os
import struct
from typing import TYPE_CHECKING, Any, Final, NoReturn

from xxhash import xxh3_64_intdigest

from ..errors import (
    ChecksumError,
    CorruptDataError,
    KeyRequiredError,
    LimitExceededError,
    MissingExtraError,
    UnsupportedVersionError,
    UsageError,
    WrongKeyError,
)
from ..limits import MAX_SCRYPT_LOG_N
from .index import ENTRY, FRONT, TAG, TRAILER
from .layout import Buffer, ChunkHeader, SegmentHeader, authenticated

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY: Final = 32
"""Bytes of a key."""
SALT: Final = 32
MIN_SCRYPT_LOG_N: Final = 10
SCRYPT_LOG_N: Final = 17
"""scrypt then takes 128 MiB and some tenths of a second, for each segment."""
SCRYPT_R: Final = 8
SCRYPT_P: Final = 1
MAX_SEALED_CHUNKS: Final = 1 << 26
"""Chunks of one encrypted segment: the tag is over its whole index, and libraries take up to 2 GiB for that."""

_PARAMETERS: Final = struct.Struct("<BBBBB3s32s")
_AES_GCM: Final = 1
_GIVEN, _PASSPHRASE = 0, 1
_INFO: Final = b"penstock container 1"
_CHUNK, _INDEX = 0, 1
_KEPT: Final = 64
"""Master keys a `Secret` remembers, so that segments made with one salt cost one scrypt."""


class Secret:
    """What opens and seals: a key of 32 bytes, or a passphrase. Use from many threads is fine.

    Raises `UsageError` unless exactly one of them is given, `MissingExtraError` where `cryptography` is not installed.
    """

    def __init__(self, *, key: bytes | None = None, passphrase: bytes | None = None) -> None:
        if (key is None) == (passphrase is None):
            raise UsageError("encryption takes a key or a passphrase", hint="give exactly one of them")
        if key is not None and len(key) != KEY:
            raise UsageError(f"this key has {len(key)} bytes", hint=f"a key is {KEY} random bytes")
        if passphrase is not None and not passphrase:
            raise UsageError("this passphrase is empty", hint="give one that is hard to guess")
        _cipher(bytes(KEY))  # now is the time to say that a library is missing
        self._key = None if key is None else bytes(key)
        self._passphrase = None if passphrase is None else bytes(passphrase)
        self._masters: dict[tuple[bytes, int], bytes] = {}

    def __repr__(self) -> str:
        return f"<Secret: a {'passphrase' if self._key is None else 'key'}>"

    def parameters(self, log_n: int = SCRYPT_LOG_N) -> bytes:
        """Return the encryption parameters of a new segment, with a salt that no other has.

        `log_n` is the binary logarithm of scrypt's cost, for passphrases. Each segment that is written needs
        parameters of its own: two that share them share a key and its nonces, which breaks the encryption.
        """
        if not MIN_SCRYPT_LOG_N <= log_n <= MAX_SCRYPT_LOG_N:
            raise UsageError(f"scrypt's log2 N is {log_n}", hint=f"use {MIN_SCRYPT_LOG_N} to {MAX_SCRYPT_LOG_N}")
        cost = (_GIVEN, 0, 0, 0) if self._key is not None else (_PASSPHRASE, log_n, SCRYPT_R, SCRYPT_P)
        return _PARAMETERS.pack(_AES_GCM, *cost, bytes(3), os.urandom(SALT))

    def sealer(self, header: SegmentHeader) -> Sealer:
        """Return what encrypts a new segment that starts with `header`."""
        return Sealer(header, self._file_key(header, "the header"))

    def opener(self, header: SegmentHeader, where: str = "the header") -> Opener:
        """Return what decrypts the segment that starts with `header`. With a passphrase this runs scrypt.

        Nothing yet tells whether the secret is the right one: the first tag does. Raises `UnsupportedVersionError`,
        `LimitExceededError` (scrypt's cost), `KeyRequiredError` (a key where a passphrase is needed, or the reverse).
        """
        return Opener(header, self._file_key(header, where))

    def _file_key(self, header: SegmentHeader, where: str) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        kdf, log_n, salt = _parse_parameters(header.encryption, where)
        if (kdf == _GIVEN) != (self._key is not None):
            needed = "a key" if kdf == _GIVEN else "a passphrase"
            raise KeyRequiredError(f"{where} says that {needed} opens this segment", hint=f"give {needed}")
        master = self._key if self._key is not None else self._scrypt(salt, log_n)
        # The header is part of what makes the key: another header, another key.
        return HKDF(SHA256(), KEY, salt, _INFO + header.packed[:-4]).derive(master)

    def _scrypt(self, salt: bytes, log_n: int) -> bytes:
        assert self._passphrase is not None
        master = self._masters.get((salt, log_n))
        if master is None:
            n, r, p = 1 << log_n, SCRYPT_R, SCRYPT_P
            room = 128 * r * (n + p + 8)
            master = hashlib.scrypt(self._passphrase, salt=salt, n=n, r=r, p=p, maxmem=room, dklen=KEY)
            if len(self._masters) >= _KEPT:
                self._masters.clear()
            self._masters[salt, log_n] = master
        return master


def _parse_parameters(data: bytes, where: str) -> tuple[int, int, bytes]:
    """The kind of secret, scrypt's log2 N, and the salt; nothing is run or allocated before the limits hold."""
    if len(data) != _PARAMETERS.size:
        raise CorruptDataError(f"{where} has {len(data)} bytes of encryption parameters, not {_PARAMETERS.size}")
    scheme, kdf, log_n, r, p, zeros, salt = _PARAMETERS.unpack(data)
    if scheme != _AES_GCM or kdf not in (_GIVEN, _PASSPHRASE):
        raise UnsupportedVersionError(
            f"{where} names encryption scheme {scheme} with key derivation {kdf}, unknown to this penstock",
            hint="a later penstock may read it",
        )
    if zeros != bytes(3) or (kdf == _GIVEN and (log_n, r, p) != (0, 0, 0)):
        raise CorruptDataError(f"{where} has encryption parameters where zeros belong")
    if kdf == _PASSPHRASE:
        in_range = MIN_SCRYPT_LOG_N <= log_n <= MAX_SCRYPT_LOG_N
        if not in_range or (r, p) != (SCRYPT_R, SCRYPT_P):
            raise LimitExceededError(
                f"{where} asks scrypt for log2 N = {log_n}, r = {r}, p = {p}; "
                f"{MIN_SCRYPT_LOG_N} to {MAX_SCRYPT_LOG_N}, {SCRYPT_R} and {SCRYPT_P} are run"
            )
    return kdf, log_n, salt


class Sealer:
    """Encrypts the chunks of one segment that is being written. Use from many threads is fine.

    A chunk number must never be sealed with two different contents: that would break the encryption.
    """

    def __init__(self, header: SegmentHeader, key: bytes) -> None:
        self._header = header.packed
        self._cipher = _cipher(key)

    def seal(  # noqa: PLR0917 -- a chunk's fields in their order, on a path that small calls take
        self, number: int, raw_size: int, offset: int, plan: bytes, payload: Buffer, out: Any
    ) -> None:
        """Write the encrypted payload and its tag into `out`, which must have 16 bytes more than `payload`.

        `number` is the chunk's in its segment; `raw_size`, `offset` and `plan` go into its `ChunkHeader`, with the
        size of `out` as payload size and the XXH3-64 of `out` as checksum.
        """
        extra = authenticated(raw_size, len(payload) + TAG, offset, plan)
        if hasattr(self._cipher, "encrypt_into"):
            self._cipher.encrypt_into(_nonce(number, _CHUNK), payload, extra, out)
        else:  # a copy more
            memoryview(out)[:] = self._cipher.encrypt(_nonce(number, _CHUNK), payload, extra)

    def tag_index(self, count: int, front: Buffer) -> bytes:
        """Return the tag of an index of `count` chunks whose bytes, from the marker to the last entry, are `front`."""
        if count > MAX_SEALED_CHUNKS:
            raise LimitExceededError(
                f"an encrypted segment of {count} chunks is not written",
                hint=f"at most {MAX_SEALED_CHUNKS}: use larger chunks",
            )
        return self._cipher.encrypt(_nonce(count, _INDEX), b"", self._header + front)


class Opener:
    """Decrypts the chunks of one segment. Use from many threads is fine."""

    def __init__(self, header: SegmentHeader, key: bytes) -> None:
        self._header = header.packed
        self._cipher = _cipher(key)

    def open(self, number: int, chunk: ChunkHeader, payload: Buffer, out: Any, where: str = "the chunk") -> None:
        """Decrypt the payload of chunk `number` of the segment into `out`, which must have 16 bytes less than it.

        Raises `ChecksumError` where the stored bytes changed by accident, `WrongKeyError` where the tag is wrong:
        another key, or another chunk in this one's place, or tampering.
        """
        size = len(payload)
        if size != chunk.payload_size or size < TAG or len(out) != size - TAG:
            raise CorruptDataError(f"{where} has {size} stored bytes for {len(out)} decrypted ones")
        check_stored(chunk, payload, where)
        extra = authenticated(chunk.raw_size, size, chunk.offset, chunk.plan)
        try:
            if hasattr(self._cipher, "decrypt_into"):
                self._cipher.decrypt_into(_nonce(number, _CHUNK), payload, extra, out)
            else:
                memoryview(out)[:] = self._cipher.decrypt(_nonce(number, _CHUNK), payload, extra)
        except _invalid_tag():
            _refuse(where)

    def check_index(self, data: Buffer, where: str = "the index") -> None:
        """Check the tag of an index, given all its bytes; call it after `parse_index`. Raises `WrongKeyError`."""
        view = memoryview(data)
        end = len(view) - TRAILER - TAG
        count = (end - FRONT) // ENTRY
        if count > MAX_SEALED_CHUNKS:
            raise LimitExceededError(f"{where} is of {count} encrypted chunks, at most {MAX_SEALED_CHUNKS} are read")
        try:
            extra = b"".join((self._header, view[:end]))
            self._cipher.decrypt(_nonce(count, _INDEX), bytes(view[end : end + TAG]), extra)
        except _invalid_tag():
            _refuse(where)


def check_stored(chunk: ChunkHeader, payload: Buffer, where: str = "the chunk") -> None:
    """Compare an encrypted chunk's stored bytes with its checksum, which needs no key. Raises `ChecksumError`."""
    if xxh3_64_intdigest(payload) != chunk.checksum:
        raise ChecksumError(f"{where} is damaged: the checksum of its stored bytes differs")


def _refuse(where: str) -> NoReturn:
    raise WrongKeyError(
        f"{where} does not open: wrong key, or the data was tampered with", hint="give the key it was written with"
    ) from None


def _nonce(number: int, last: int) -> bytes:
    """Each number once under each key; the last byte keeps the index apart from a chunk of the same number."""
    return bytes(3) + number.to_bytes(8, "big") + bytes((last,))


def _cipher(key: bytes) -> AESGCM:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        raise MissingExtraError(
            "encryption needs the package cryptography", hint="pip install 'penstock[crypto]'"
        ) from error
    return AESGCM(key)


def _invalid_tag() -> type[Exception]:
    from cryptography.exceptions import InvalidTag

    return InvalidTag
