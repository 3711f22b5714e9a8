"""Data of known kinds made for `penstock bench compress --by-kind`: 16-bit images, slowly changing columns.

The same seed gives the same bytes on every machine: only raw words of PCG64 (which NumPy promises to keep), and
arithmetic that IEEE 754 rounds in one way (no sin, exp or sums in an order of the library's choice).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[Any]
QUICK: Final = 16
"""A quick run has one row (value, record) of so many."""


class Part(NamedTuple):
    """One file: its name, its bytes and, where it is one array of numbers, their type and where they begin."""

    name: str
    data: Bytes
    dtype: str | None = None
    """As NumPy writes it, with its byte order: `<u2`, `>u2` ..."""
    offset: int = 0


class Source:
    """What chance gives: words of PCG64."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.PCG64(seed)

    def words(self, count: int) -> npt.NDArray[np.uint64]:
        """Return uniform 64-bit words."""
        return np.asarray(self._generator.random_raw(count), np.uint64)

    def below(self, limit: int, count: int) -> npt.NDArray[np.int64]:
        """Return whole numbers from 0 to `limit` - 1."""
        return (self.words(count) % np.uint64(limit)).astype(np.int64)

    def normal(self, *shape: int) -> Floats:
        """Return numbers close to normal, of deviation 1: each the sum of eight uniform ones, so at most 4.9."""
        count = int(np.prod(shape))
        fields = self.words(2 * count).view(np.uint16).reshape(count, 8)
        total = sum(fields[:, lane].astype(np.int64) for lane in range(8))
        return ((np.asarray(total) - 4 * 65535) / 53510.0).reshape(shape)

    def smooth(self, rows: int, columns: int, cell: int) -> Floats:
        """Return a field that changes over `cell` samples: values on a lattice, interpolated without kinks."""
        lattice = self.normal(rows // cell + 2, columns // cell + 2)
        (above, down), (left, right) = _between(rows, cell), _between(columns, cell)
        bands = lattice[above] * (1 - down)[:, None] + lattice[above + 1] * down[:, None]
        return np.asarray(bands[:, left] * (1 - right) + bands[:, left + 1] * right)

    def rough(self, rows: int, columns: int, cell: int, least: int = 2) -> Floats:
        """Return a fractal field: ever finer smooth ones, each half as high; a landscape's power spectrum."""
        field, height = np.zeros((rows, columns)), 1.0
        while cell >= least:
            field += height * self.smooth(rows, columns, cell)
            cell, height = cell // 2, height / 2
        return field


def _between(count: int, cell: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """For each sample the lattice point before it, and how far it is on the way to the next (smoothstep)."""
    place = np.arange(count) / cell
    before = place.astype(np.int64)
    part = place - before
    return before, part * part * (3 - 2 * part)


def seen(source: Source, signal: Floats, gain: float, read: float) -> Floats:
    """Return a signal as a sensor sees it: photon noise grows with its root, read noise is everywhere."""
    bright = np.sqrt(np.maximum(signal, 0) * gain)
    return signal + bright * source.normal(*signal.shape) + read * source.normal(*signal.shape)


def stored(values: Floats, low: int, high: int, dtype: str) -> Bytes:
    """Return rounded and clipped values as the bytes of `dtype`."""
    return np.clip(np.rint(values), low, high).astype(dtype).reshape(-1).view(np.uint8)


def _headed(name: str, header: bytes, size: int, pixels: Bytes, dtype: str) -> Part:
    """A part with a header of `size` bytes before its pixels."""
    return Part(name, np.concatenate([np.frombuffer(header.ljust(size), np.uint8), pixels]), dtype, size)


def _distance(rows: int, columns: int, row: float, column: float) -> Floats:
    """Squared distance of each pixel from a point."""
    down, right = np.arange(rows) - row, np.arange(columns) - column
    return np.asarray((down * down)[:, None] + right * right)


def _stars(source: Source, shrink: int) -> Part:
    """A field of stars with Moffat profiles on a sky with a gradient; FITS: big-endian, signed, rows of 1021."""
    rows, columns = 1024 // shrink, 1021
    sky = 900 + 40 * source.smooth(rows, columns, 512)
    places = zip(source.below(rows, 600), source.below(columns, 600), source.below(1 << 16, 600), strict=True)
    for row, column, drawn in places:
        light = drawn / 65536
        flux = 60 + 55_000 * light * light * light * light * light * light
        top, left = max(0, row - 20), max(0, column - 20)
        spot = sky[top : row + 21, left : column + 21]
        high, wide = spot.shape
        base = 1 + _distance(high, wide, row - top + light / 2, column - left - light / 2) / 6
        spot += flux / (base * base * base)
    pixels = stored(seen(source, sky, 0.6, 7) - 32768, -32768, 32767, ">i2")
    cards = "SIMPLE  =                    T", "BITPIX  =                   16", "BZERO   =                32768", "END"
    return _headed("stars", "".join(card.ljust(80) for card in cards).encode(), 2880, pixels, ">i2")


def _mosaic(source: Source, shrink: int) -> Part:
    """A 12-bit camera's raw picture under a Bayer mosaic: soft light, things with edges; rows of 2000."""
    rows, columns = 1500 // shrink, 2000
    light = 700 + 220 * source.rough(rows, columns, 512, 8)
    for row, column, size in source.below(1500, 120).reshape(40, 3):
        inside = _distance(rows, columns, row % rows, column) < (10 + size // 8) * (10 + size // 8)
        light[inside] *= 0.4 + (size % 100) / 60
    gains = np.array([[0.55, 1.0], [1.0, 0.7]])  # red and green over green and blue
    light *= np.tile(gains, (rows // 2 + 1, columns // 2))[:rows]
    return Part("mosaic", stored(256 + seen(source, light, 0.5, 2.5), 0, 4095, "<u2"), "<u2")


def _slices(source: Source, shrink: int) -> Part:
    """A computed tomography: a body in noisy air, outside the scanned circle nothing; little-endian, rows of 512."""
    side = 512
    circle = _distance(side, side, 255.5, 255.5)
    texture, made = source.rough(side, side, 128, 8), []
    for number in range(max(1, 8 // shrink)):
        down, right = _distance(side, 1, 260, 0), _distance(1, side, 0, 250 + number)
        body = down / 28_000 + right / 44_000 < 1
        bone = (_distance(side, side, 350 + number, 250) < 900) | (_distance(side, side, 190, 120 + 2 * number) < 300)
        values = np.where(body, 1060 + 12 * texture, 24.0)
        values[bone] += 600 + 90 * texture[bone]
        values += 11 * source.normal(side, side)
        values[circle > 65_000] = 0
        made.append(stored(values, 0, 4095, "<i2"))
    return _headed("slices", b"\x02\x00\x10\x00UI\x14\x00" * 40, 346, np.concatenate(made), "<i2")


def _heights(source: Source, shrink: int) -> Part:
    """A map of heights in metres: fractal land, sea at 0, some voids; big-endian, rows of 1201."""
    rows, columns = 1201 // shrink, 1201
    land = np.maximum(180 + 420 * source.rough(rows, columns, 400, 3), 0)
    for row, column in source.below(1201, 24).reshape(12, 2):
        land[_distance(rows, columns, row % rows, column) < 40] = -32768
    return Part("heights", stored(land, -32768, 32767, ">i2"), ">i2")


def _thermal(source: Source, shrink: int) -> Part:
    """Frames of a thermal camera: a warm thing before a soft scene, each column has its own offset; rows of 640."""
    rows, columns, frames = 480, 640, 4
    scene = 7600 + 130 * source.rough(rows, columns, 256, 16) + 6 * source.normal(columns)
    made = []
    for number in range(frames):
        warm = 1 + _distance(rows, columns, 200 + 9 * number, 250 + 25 * number) / 2500
        made.append(stored(scene + 500 / (warm * warm) + 3 * source.normal(rows, columns), 0, 16383, "<u2"))
    return Part("thermal", np.concatenate(made)[: 2 * rows * columns * frames // shrink], "<u2")


def _cells(source: Source, shrink: int) -> Part:
    """A micrograph: bright cells on a dark ground; behind a TIFF's first 8 bytes, big-endian, rows of 1021."""
    rows, columns = 1500 // shrink, 1021
    ground = 420 + 25 * source.smooth(rows, columns, 300)
    texture = source.rough(rows, columns, 64, 4)
    for row, column, size in source.below(1500, 450).reshape(150, 3):
        away = _distance(rows, columns, row % rows, column % columns) / ((12 + size % 25) * (12 + size % 25))
        near = away < 1
        ground[near] += (900 + 3 * size + 160 * texture[near]) * (1 - away[near])
    return _headed("cells", b"MM\0*\0\0\0\x08", 8, stored(seen(source, ground, 2.0, 9), 0, 65535, ">u2"), ">u2")


def _stamps(source: Source, shrink: int) -> Part:
    """Nanoseconds since 1970, one about every millisecond: the clock jitters by microseconds."""
    count = (1 << 22) // shrink
    times = np.arange(count) * 1_000_000 + source.below(4096, count)
    return Part("timestamps u64", (1_700_000_000_000_000_000 + times).astype("<u8").view(np.uint8), "<u8")


def _ticks(source: Source, shrink: int) -> Part:
    """Milliseconds of events that come in their own time, 20 apart on average, sometimes after a pause."""
    count = (1 << 23) // shrink
    gaps = source.below(41, count) + np.where(source.below(5000, count) == 0, source.below(60_000, count), 0)
    return Part("timestamps u32", np.cumsum(gaps).astype("<u4").view(np.uint8), "<u4")


def _ids(source: Source, shrink: int) -> Part:
    """Sorted identifiers: most follow the one before, some are missing."""
    count = (1 << 22) // shrink
    gaps = 1 + np.where(source.below(4, count) == 0, source.below(200, count), 0)
    return Part("sorted ids u64", (7_000_000_000 + np.cumsum(gaps)).astype("<u8").view(np.uint8), "<u8")


def _sensor(source: Source, shrink: int) -> Part:
    """A sensor's reading that wanders: up or down by a few steps, and never far at once."""
    count = (1 << 23) // shrink
    steps = source.below(4, count) + source.below(4, count) - 3
    return Part("slow sensor u32", (50_000_000 + np.cumsum(steps)).astype("<u4").view(np.uint8), "<u4")


_Maker = Callable[[Source, int], Part]
_IMAGES: Final[tuple[_Maker, ...]] = (_stars, _mosaic, _slices, _heights, _thermal, _cells)
_COLUMNS: Final[tuple[_Maker, ...]] = (_stamps, _ticks, _ids, _sensor)


def made(makers: tuple[_Maker, ...], seed: int, *, quick: bool, most: int = QUICK) -> list[Part]:
    """Run makers, each with chance of its own. most: how much smaller quick ones are."""
    return [maker(Source(1000 * seed + number), most if quick else 1) for number, maker in enumerate(makers)]


def images(seed: int = 1, *, quick: bool = False) -> list[Part]:
    """Return six 16-bit images, 20 MB in all."""
    return made(_IMAGES, seed, quick=quick)


def columns(seed: int = 2, *, quick: bool = False) -> list[Part]:
    """Return four columns of 32 MiB, quick ones of 512 KiB: sorted or slowly changing whole numbers."""
    return made(_COLUMNS, seed, quick=quick, most=4 * QUICK)
