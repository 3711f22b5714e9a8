"""The suite itself: a good codec passes, and each way to be bad is found."""

import threading
import zlib

import numpy as np
import pytest

from penstock.errors import ChecksumError, CorruptDataError
from penstock.testing.conformance import check_codec


class Good:
    """zlib with the size in front; every way to be bad changes one thing."""

    id, name = 250, "good"

    def bound(self, size):
        return size + size // 500 + 64

    def encode_into(self, source, out, level):
        coded = zlib.compress(source, level)
        if len(coded) > out.size:
            return -1
        out[: len(coded)] = np.frombuffer(coded, np.uint8)
        return len(coded)

    def decode_into(self, payload, out):
        try:
            raw = zlib.decompress(payload)
        except zlib.error as error:
            raise ChecksumError("no zlib") from error
        if len(raw) != out.size:
            raise CorruptDataError("another size")
        out[:] = np.frombuffer(raw, np.uint8) if raw else 0


class Nameless(Good):
    name = ""


class NoId(Good):
    id = "250"


class TightBound(Good):
    def bound(self, size):
        return size


class Moody(Good):
    def __init__(self):
        self.calls = 0

    def encode_into(self, source, out, level):
        self.calls += 1
        return super().encode_into(source, out, 1 + self.calls % 2 * 8)


class Forgetful(Good):
    """Loses the last byte of long inputs."""

    def decode_into(self, payload, out):
        super().decode_into(payload, out)
        if out.size > 60_000:
            out[-1] ^= 1


class Overwrites(Good):
    """Pads what it decodes to whole words."""

    def decode_into(self, payload, out):
        super().decode_into(payload, out)
        if out.size % 8:
            whole = out.base if out.base is not None else out
            whole[64 + out.size] = 0


class OverwritesWhileCoding(Good):
    def encode_into(self, source, out, level):
        size = super().encode_into(source, out, level)
        if size < 0:
            out.base[64 + out.size] = 0
        return size


class Boasts(Good):
    """Says how much it would have needed."""

    def encode_into(self, source, out, level):
        size = super().encode_into(source, out, level)
        return size if size >= 0 else len(zlib.compress(source, level))


class CutsShort(Good):
    """Gives the front of what does not fit."""

    def encode_into(self, source, out, level):
        coded = np.frombuffer(zlib.compress(source, level), np.uint8)[: out.size]
        out[: coded.size] = coded
        return coded.size


class Untyped(Good):
    def decode_into(self, payload, out):
        raw = zlib.decompress(payload)
        if len(raw) != out.size:
            raise CorruptDataError("another size")
        out[:] = np.frombuffer(raw, np.uint8) if raw else 0


class AnySize(Good):
    """Fills as much as there is."""

    def decode_into(self, payload, out):
        try:
            raw = np.frombuffer(zlib.decompress(payload) or b"\0", np.uint8)[: out.size]
        except zlib.error as error:
            raise ChecksumError("no zlib") from error
        out[: raw.size] = raw


class LeavesGaps(Good):
    """Takes what is damaged for zeros, and does not write them."""

    def decode_into(self, payload, out):
        try:
            super().decode_into(payload, out)
        except ChecksumError:
            if payload.size and payload[-1] == 1:
                raise


class ChangesSource(Good):
    def encode_into(self, source, out, level):
        size = super().encode_into(source, out, level)
        if source.flags.writeable and source.size:
            source[0] ^= 1
        return size


class ChangesPayload(Good):
    def decode_into(self, payload, out):
        super().decode_into(payload, out)
        if payload.flags.writeable:
            payload[-1] ^= 1


class OneScratch(Good):
    """Keeps what it works on where other threads find it."""

    def encode_into(self, source, out, level):
        self.scratch = zlib.compress(source, level)
        threading.Event().wait(0.001 if source.size in (200, 65_537) else 0)
        coded = self.scratch
        if len(coded) > out.size:
            return -1
        out[: len(coded)] = np.frombuffer(coded, np.uint8)
        return len(coded)


class Breaks(Good):
    """Is of no more use once it has met damaged bytes a few times."""

    def __init__(self):
        self.met = 0

    def decode_into(self, payload, out):
        try:
            super().decode_into(payload, out)
        except ChecksumError:
            self.met += 1
            raise
        if self.met > 1000:
            raise CorruptDataError("tired")


def test_a_good_codec_passes():
    check_codec(Good())
    check_codec(Good(), level=1)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (Nameless, "name must be a word"),
        (NoId, "id must be a whole number"),
        (TightBound, r"did not fit in bound\("),
        (Moody, "two different payloads"),
        (Forgetful, "came back different"),
        (Overwrites, "decoding wrote outside"),
        (OverwritesWhileCoding, "encoding .* wrote outside"),
        (Boasts, "encode_into returned"),
        (CutsShort, "its own payload .* is refused"),
        (Untyped, "must raise CorruptDataError, not error"),
        (AnySize, "accepted for an output of"),
        (LeavesGaps, "gave wrong bytes|did not fill the output"),
        (ChangesSource, "encoding changed its source"),
        (ChangesPayload, "decoding changed its payload"),
        (OneScratch, "many threads"),
        (Breaks, "after damaged payloads|round trip"),
    ],
)
def test_every_way_to_be_bad_is_found(bad, words):
    with pytest.raises(AssertionError, match=words) as caught:
        check_codec(bad())
    assert str(caught.value).startswith(f"codec {bad.name}: ")
