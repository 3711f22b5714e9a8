"""Tells text from what may hold numbers or records, in a few microseconds and without a compiled kernel."""

from __future__ import annotations

from typing import Final

from ..buffers import Bytes

_PIECES: Final = 16
_PIECE: Final = 256
_BLANKS: Final = b"\t\n\r"
_PLAIN: Final = bytes(range(32, 127)) + _BLANKS
_HIGH: Final = bytes(range(128, 256))
"""UTF-8; binary data betrays itself by the bytes below 32."""
_TEXT: Final = _PLAIN + _HIGH
_MARKS: Final = b'"<>{}[],;\t'
"""What parts values in XML, JSON and tables; records of text have their values at fixed places instead."""
_LINES: Final = 400
"""Lines of text are shorter than this on average; records of text have no newlines."""
_MARKED: Final = 20
"""Bytes in which there is a mark, where lines are longer."""
_PADDED: Final = 32
"""Bytes in which two blanks in a row say that values stand at fixed places."""
_MORE: Final = 3
"""Bytes of a character behind its first one, at most."""
_BEHIND: Final = bytes(range(0x80, 0xC0))


def has_no_structure(raw: Bytes) -> bool:
    """Whether a chunk is plain text, of which the library makes more than a table of columns would.

    Text is lines, or values between marks, or not in Latin letters. It may be packed into an archive: then half of all
    pieces are text, and of the others most differ from it by zeros alone.
    """
    step = max(_PIECE, (raw.size - _PIECE) // (_PIECES - 1))
    pieces = [raw[at : at + _PIECE].tobytes() for at in range(0, raw.size - _PIECE + 1, step)]
    if not pieces:
        return False
    if not b"".join(pieces).translate(None, _TEXT):
        return _is_text(pieces)
    texts = [one for one in pieces if not one.translate(None, _TEXT)]
    if 2 * len(texts) < len(pieces):
        return False
    padded = sum(not one.translate(None, _TEXT + b"\0") for one in pieces)
    return 4 * padded >= 3 * len(pieces) and _is_text(texts)


def _is_text(pieces: list[bytes]) -> bool:
    """Whether pieces, which have bytes of text alone, are lines, values between marks, or not in Latin letters."""
    whole = b"".join(pieces)
    total, high = len(whole), len(whole.translate(None, _PLAIN))
    lines = whole.count(b"\n")
    if 2 * (high + lines + whole.count(b"\t") + whole.count(b"\r")) >= total:
        return 2 * high > total and all(map(_is_utf8, pieces))
    if lines * _LINES > total:
        return True
    marks = total - len(whole.translate(None, _MARKS))
    return marks * _MARKED > total and whole.count(b"  ") * _PADDED < total


def _is_utf8(piece: bytes) -> bool:
    """Whether it is a part of text; the first and the last character may be cut."""
    begins = piece.lstrip(_BEHIND)
    if len(piece) - len(begins) > _MORE:
        return False
    try:
        begins.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True
