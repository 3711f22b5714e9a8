"""Small made files of kinds that `penstock bench compress --by-kind` takes from a folder, for who has none."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..buffers import Bytes
from .kinds import Floats, Part, Source, made

_WORDS: Final = """
    account amount annual balance between business capital company contract customer delivery district economy
    engine evening factory foreign garden harbour history include journal kitchen language library machine market
    message morning natural network officer open order outside people picture position product project question
    railway reason record report river school science season second service silver simple station street summer
    supply system teacher through ticket traffic travel value village water weather window winter without work year
""".split()  # noqa: SIM905 - a list of them would be pages


def _bytes(values: Any, dtype: str) -> Bytes:
    return np.ascontiguousarray(values).astype(dtype).reshape(-1).view(np.uint8)


def _wave(count: int, period: int) -> Floats:
    """A wave of height 1 out of parabolas: what a sine looks like, and the same on every machine."""
    part = np.arange(count) % period / period * 4 - 2
    return np.asarray(part * (2 - np.abs(part)))


def _heart(source: Source, shrink: int) -> Part:
    """Twelve leads of 16 bits, interleaved: slow waves, a peak each beat, noise of a few steps."""
    count = 100_000 // shrink
    beat = np.arange(count) % 811
    peak = 900 * np.maximum(0, 1 - np.abs(beat - 300) / 18) + 160 * np.maximum(0, 1 - np.abs(beat - 520) / 90)
    leads = [peak * (lead - 4) / 6 + 240 * _wave(count, 3001 + 97 * lead) for lead in range(12)]
    return Part("leads i16", _bytes(np.rint(np.stack(leads, 1) + 3 * source.normal(count, 12)), "<i2"), "<i2")


def _meters(source: Source, shrink: int) -> Part:
    """A month of counters, one after the other, each with the load of its days; 32 bits."""
    count, meters = 8000, max(1, 48 // shrink)
    load = np.rint(40 + 30 * _wave(count, 288)).astype(np.int64)
    steps = load + source.below(16, count * meters).reshape(meters, count)
    starts = source.below(1 << 24, meters)[:, None]
    return Part("meters u32", _bytes(starts + np.cumsum(steps, axis=1), "<u4"), "<u4")


def _prices(source: Source, shrink: int) -> Part:
    """Prices in cents as doubles: decimals that no double holds."""
    count = 200_000 // shrink
    cents = 250_000 + np.cumsum(source.below(31, count) - 15) + 100 * source.below(3, count)
    return Part("prices f64", _bytes(np.abs(cents) / 100.0, "<f8"), "<f8")


def _field(source: Source, shrink: int) -> Part:
    """A field of a weather model: smooth, single precision, big-endian, rows of 480."""
    rows = 960 // shrink
    values = 273.15 + 18 * source.rough(rows, 480, 256, 8) + 0.02 * source.normal(rows, 480)
    return Part("field f32", _bytes(values, ">f4"), ">f4")


def _points(source: Source, shrink: int) -> Part:
    """A laser scan: records of 34 bytes in scan lines behind a header of 227, as LAS has them."""
    count = 50_000 // shrink
    layout = {
        "x": "<i4", "y": "<i4", "z": "<i4", "light": "<u2", "flags": "u1", "class": "u1", "angle": "i1",
        "user": "u1", "source": "<u2", "time": "<f8", "colour": ("<u2", 3),
    }  # fmt: skip
    records = np.zeros(count, np.dtype(list(layout.items())))
    across = np.arange(count) % 700
    ground = source.rough(1, count, 4096, 16)[0]
    records["x"] = 63_700_000 + 180 * across + source.below(60, count)
    records["y"] = 85_100_000 + 150 * (np.arange(count) // 700) + source.below(40, count)
    records["z"] = np.rint(43_000 + 900 * ground) + source.below(25, count)
    records["light"] = np.rint(90 + 40 * ground) + source.below(40, count)
    records["flags"] = np.where(source.below(5, count) == 0, 18, 9)
    records["class"] = np.where(ground > 0.5, 5, 2)
    records["angle"] = across // 20 - 17
    records["source"] = 7326
    records["time"] = 245_380.78 + np.cumsum(7 + source.below(3, count)) / 1e6
    records["colour"] = 256 * (90 + np.rint(30 * ground)[:, None] + source.below(20, 3 * count).reshape(count, 3))
    header = np.frombuffer(b"LASF".ljust(227, b"\0"), np.uint8)
    return Part("points of 34 bytes", np.concatenate([header, records.view(np.uint8)]))


def _samples(source: Source, shrink: int) -> Part:
    """An instrument's records of 48 bytes: twelve 32-bit numbers, big-endian."""
    count = 24_000 // shrink
    fields = [1000 * number + np.cumsum(source.below(9 + 7 * number, count) - 3 - 2 * number) for number in range(10)]
    fields = [np.arange(count) * 20, *fields, np.full(count, 65536)]
    return Part("samples of 48 bytes", _bytes(np.stack(fields, 1), ">i4"), ">i4")


def packed_decimals(values: Any, width: int) -> Bytes:
    """Return whole numbers as rows of COMP-3: two digits a byte, the last half byte the sign (C or D)."""
    numbers = np.asarray(values, np.int64)
    nibbles = np.empty((numbers.size, 2 * width), np.uint8)
    nibbles[:, -1] = np.where(numbers < 0, 13, 12)
    rest = np.abs(numbers)
    for place in range(2 * width - 2, -1, -1):
        nibbles[:, place] = rest % 10
        rest = rest // 10
    return np.asarray(nibbles[:, ::2] << 4 | nibbles[:, 1::2])


def _zoned(values: Any, width: int) -> Bytes:
    """Whole numbers as EBCDIC digits."""
    tens = 10 ** np.arange(width - 1, -1, -1)
    return (0xF0 + np.asarray(values, np.int64)[:, None] // tens % 10).astype(np.uint8)


def _ebcdic(texts: list[str], width: int) -> Bytes:
    """Rows of text, padded with EBCDIC's space."""
    joined = "".join(text[:width].ljust(width) for text in texts)
    return np.frombuffer(joined.encode("cp037"), np.uint8).reshape(-1, width)


def _phrases(source: Source, count: int, words: int) -> list[str]:
    """Texts of so many words; the first words of the list are frequent."""
    drawn = source.below(len(_WORDS), count * words) * source.below(len(_WORDS), count * words) // len(_WORDS)
    chosen = np.array(_WORDS)[drawn].reshape(count, words)
    return [" ".join(row) for row in chosen]


def _ledger(source: Source, shrink: int) -> Part:
    """Transactions of 100 bytes: EBCDIC digits and text, packed decimals, a binary counter, filler."""
    count = 12_000 // shrink
    days = 20_260_100 + np.arange(count) * 28 // count + 1
    parts = [
        _zoned(4_000_000_000 + np.cumsum(source.below(90, count)), 12),
        _zoned(days, 8),
        _ebcdic(_phrases(source, count, 3), 36),
        packed_decimals(source.below(900_000, count) - 90_000, 6),
        packed_decimals(np.cumsum(source.below(2000, count)), 8),
        _bytes(np.arange(count), ">u4").reshape(count, 4),
        _ebcdic([("NEW", "OPEN", "DONE", "BACK")[number] for number in source.below(4, count)], 8),
        np.full((count, 18), 0x40, np.uint8),
    ]
    return Part("ledger of 100 bytes", np.concatenate(parts, axis=1).reshape(-1))


def _letters(source: Source, shrink: int) -> Part:
    """EBCDIC text in records of their own length, each behind a record descriptor word."""
    lines = [line[: 30 + 7 * (number % 9)] for number, line in enumerate(_phrases(source, 16_000 // shrink, 9))]
    records = [(len(line) + 4).to_bytes(2, "big") + b"\0\0" + line.encode("cp037") for line in lines]
    return Part("letters with lengths", np.frombuffer(b"".join(records), np.uint8))


def _text(source: Source, shrink: int) -> Part:
    return Part("words", np.frombuffer("\n".join(_phrases(source, 16_000 // shrink, 12)).encode(), np.uint8))


def _noise(source: Source, shrink: int) -> Part:
    return Part("noise", source.words((1 << 17) // shrink).view(np.uint8))


_MAKERS: Final = {
    "intseries": (_heart, _meters),
    "float": (_prices, _field),
    "struct": (_points, _samples),
    "mainframe": (_ledger, _letters),
    "text": (_text,),
    "noise": (_noise,),
}


def stand_ins(seed: int = 3, *, quick: bool = False) -> dict[str, list[Part]]:
    """Return about a megabyte a file, by kind."""
    return {kind: made(makers, seed + number, quick=quick) for number, (kind, makers) in enumerate(_MAKERS.items())}
