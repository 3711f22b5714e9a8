"""Restores the chunks that a search found in a damaged container, each on its own."""

from __future__ import annotations

import errno
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import Any, Final, NamedTuple, cast

import numpy as np

from ..buffers import Bytes
from ..container.index import COLUMNS, ENTRY, FRONT, index_size
from ..container.layout import SegmentHeader, parse_chunk
from ..container.parts import Chunk, Segment
from ..container.salvage import Candidate, FoundChunk, FoundIndex, Scan
from ..container.saved import Range, Saved, arrange
from ..container.seal import Opener
from ..engine.images import Image, begin
from ..engine.stream import ordered
from ..errors import (
    CorruptDataError,
    DictionaryRequiredError,
    KeyRequiredError,
    LimitExceededError,
    PenstockError,
    StorageError,
    UnknownCodecError,
    UnsupportedVersionError,
    WrongKeyError,
)
from ..layers.contract import Codec
from ..limits import PAGE
from ..storage.reader import FileReader
from .compressing import Progress
from .regaining import Regain
from .segments import Sink
from .squeezing import DEDUP_WINDOW, Secret

_HEADLESS: Final = SegmentHeader(window=DEDUP_WINDOW)
"""Stands for a header that is lost: nobody knows how far copies reached back."""
_ZEROS: Final = np.zeros(1 << 20, np.uint8)
_BAD: Final = (
    CorruptDataError,
    DictionaryRequiredError,
    KeyRequiredError,
    LimitExceededError,
    UnknownCodecError,
    UnsupportedVersionError,
)
"""What a chunk raises that is not saved; any other error is not about the file's content."""
_CLOSED: Final = (
    DictionaryRequiredError,
    KeyRequiredError,
    UnknownCodecError,
    UnsupportedVersionError,
    WrongKeyError,
)
"""Of those, what another key, codec or version may put right: the chunk itself is whole."""
_DOUBTS: Final = 4 << 30
"""Bytes, and 16 times the file's, that may be restored of chunks which start within other ones. In honest files these
are few; a file made to waste time has one for every 36 bytes, each of them as large as can be."""


class PatientReader:
    """Reads a file from a failing device: what that does not give is zeros."""

    def __init__(self, reader: FileReader) -> None:
        self._reader = reader
        self._pages: set[int] = set()

    @property
    def unread(self) -> int:
        """Bytes that were not given."""
        return PAGE * len(self._pages)

    def read_at(self, offset: int, size: int) -> Bytes:
        """Return bytes in memory of their own; fewer where the file ends."""
        room = np.empty(size, np.uint8)
        try:
            return room[: self._reader.read_into(offset, room)]
        except StorageError as error:
            if error.errno != errno.EIO:
                raise
        return room[: sum(self._page(offset, at, room) for at in range(offset // PAGE, -(-(offset + size) // PAGE)))]

    def _page(self, offset: int, page: int, room: Bytes) -> int:
        """Read what of `room` lies in one page; return its bytes."""
        start, stop = max(offset, page * PAGE), min(offset + room.size, (page + 1) * PAGE)
        part = room[start - offset : stop - offset]
        try:
            return self._reader.read_into(start, part)
        except StorageError as error:
            if error.errno != errno.EIO:
                raise
        part[:] = 0
        self._pages.add(page)
        return part.size


class _Task(NamedTuple):
    """A chunk to be restored."""

    chunk: FoundChunk
    segment: Segment
    """Made up, but for header and opener."""
    numbers: tuple[int, ...]
    """Which chunk of its segment it may be."""
    refused: PenstockError | None
    """Why it is not even tried."""


class _Verdict(NamedTuple):
    """What a chunk is by itself, and what was begun of it where others may be copied from."""

    task: _Task
    error: PenstockError | None
    begun: tuple[Chunk, Image] | None = None


class Rescue:
    """Restores the chunks that were found, twice: to judge them, and to write those that are good.

    Where a chunk belongs is known only when all are judged, and not all would fit into memory.
    """

    def __init__(
        self, device: PatientReader, secret: Secret | None, own: Codec | None, threads: int, note: Progress
    ) -> None:
        self._device, self._secret, self._own = device, secret, own
        self._threads, self._note = threads, note
        self._openers: dict[SegmentHeader, Opener | PenstockError] = {}
        self._holes: dict[int, list[Range]] = {}
        """By the position of a chunk in the file: what of it is lost."""
        self.unreadable = 0
        """Whole chunks that did not open."""
        self.complete = True

    def judge(self, found: Scan) -> Saved:
        """Find out which chunks are good. Raises the first reason that none opens."""
        found.indexes[:] = _believable(found, self._device)
        reasons: list[PenstockError] = []
        tasks = self._affordable(found.candidates(), _DOUBTS + 16 * found.size)
        verdicts = ordered(tasks, self._check, threads=self._threads)
        regain = Regain(found)
        with closing(cast("Generator[Any]", verdicts)):

            def good(candidate: Candidate) -> bool:
                verdict = next(one for one in verdicts if one.task.chunk.position == candidate.chunk.position)
                regain.pass_by(candidate.chunk)
                error, chunk = self._finished(verdict, regain), verdict.task.chunk
                self._note(chunk.end - chunk.position)
                if isinstance(error, _CLOSED):
                    self.unreadable += 1
                    reasons.extend([error] * (not reasons))
                return error is None

            saved = arrange(found, good)
        for segment in saved.segments:
            segment.holes = [
                (chunk.offset + start, chunk.offset + stop)
                for chunk in segment.chunks
                for start, stop in self._holes.get(chunk.position, ())
            ]
        if reasons and not any(one.chunks for one in saved.segments):
            raise reasons[0]
        return saved

    def write(self, found: Scan, saved: Saved, sink: Sink, *, zeros: bool) -> int:
        """Write the chunks that are saved, in order, with zeros between them if asked; return the bytes."""
        written = 0
        regain = Regain(found)
        for gap, task, begun in ordered(self._to_write(found, saved), self._restored, threads=self._threads):
            for at in range(0, gap * zeros, _ZEROS.size):
                sink.write(_ZEROS[: gap - at])
            written += gap * zeros
            if task is not None and begun is not None:
                for piece in self._pieces(task, begun, regain, zeros=zeros):
                    sink.write(piece)
                    written += piece.size
                self._note(task.chunk.end - task.chunk.position)
        return written

    def _pieces(self, task: _Task, begun: tuple[Chunk, Image], regain: Regain, *, zeros: bool) -> Iterator[Bytes]:
        """What is written of a chunk, just as it was judged."""
        holes = self._holes.get(task.chunk.position, [])
        regain.repeat(task.chunk, *begun, holes)
        raw, at = begun[1].raw, 0
        for start, stop in [] if zeros else holes:
            yield raw[at:start]
            at = stop
        yield raw[at:]

    def _affordable(self, candidates: Iterable[Candidate], doubts: int) -> Iterator[_Task]:
        """Tasks for all; when too much was spent on chunks that start within other ones, more of those are refused."""
        reached = 0
        for candidate in candidates:
            chunk = candidate.chunk
            task = self._task(candidate)
            if chunk.position < reached:
                doubts -= chunk.end - chunk.position + chunk.raw_size
                if doubts < 0:
                    self.complete = False
                    task = task._replace(refused=LimitExceededError("there are too many chunks within chunks"))
            reached = max(reached, chunk.end)
            yield task

    def _to_write(self, found: Scan, saved: Saved) -> Iterator[tuple[int, _Task | None]]:
        """Each chunk that is saved, with the lost bytes before it; and the lost bytes behind each segment's last."""
        candidates = found.candidates()
        for segment in saved.segments:
            at = 0
            for chunk in segment.chunks:
                candidate = next(one for one in candidates if one.chunk.position == chunk.position)
                yield chunk.offset - at, self._task(candidate)
                at = chunk.offset + chunk.raw_size
            if segment.raw_size is not None and segment.raw_size > at:
                yield segment.raw_size - at, None

    def _task(self, candidate: Candidate) -> _Task:
        header = candidate.header or _HEADLESS
        opener = self._opener(header, candidate)
        refused, opener = (opener, None) if isinstance(opener, PenstockError) else (None, opener)
        return _Task(candidate.chunk, Segment(0, 0, 0, header, opener), candidate.numbers or (0,), refused)

    def _opener(self, header: SegmentHeader, candidate: Candidate) -> Opener | PenstockError | None:
        """What opens the chunks of a segment, or why there is nothing; made once, because scrypt takes its time."""
        where = f"the segment of the chunk at byte {candidate.chunk.position}"
        if not header.encrypted:
            if self._secret is None:
                return None
            if candidate.header is None:
                return KeyRequiredError(f"{where} has lost its header, without which no key opens it")
            return KeyRequiredError(f"{where} is not encrypted, and a key was given", hint="leave it out to trust that")
        if self._secret is None:
            return KeyRequiredError(f"{where} is encrypted", hint="give its key or passphrase")
        if header not in self._openers:
            try:
                self._openers[header] = self._secret.opener(header, where)
            except PenstockError as error:
                self._openers[header] = error
        return self._openers[header]

    def _check(self, task: _Task) -> _Verdict:
        if task.refused is not None:  # not raised: one error may stand for very many chunks
            return _Verdict(task, task.refused)
        try:
            begun = self._begin(task)
        except _BAD as error:
            return _Verdict(task, error.with_traceback(None))
        return _Verdict(task, None, begun if task.segment.header.window else None)

    def _finished(self, verdict: _Verdict, regain: Regain) -> PenstockError | None:
        """Why a chunk is not saved; None where it is, perhaps with holes."""
        if verdict.begun is None:
            return verdict.error
        try:
            holes = regain.finish(verdict.task.chunk, *verdict.begun)
        except _BAD as error:
            return error.with_traceback(None)
        if holes:
            self._holes[verdict.task.chunk.position] = holes
        return None

    def _restored(self, item: tuple[int, _Task | None]) -> tuple[int, _Task | None, tuple[Chunk, Image] | None]:
        gap, task = item
        return gap, task, None if task is None else self._begin(task)

    def _begin(self, task: _Task) -> tuple[Chunk, Image]:
        """Restore a chunk but for its copies of others, every byte of it checked."""
        found = task.chunk
        data: Any = self._device.read_at(found.position, found.end - found.position)
        header = parse_chunk(data, f"the chunk at byte {found.position}")
        payload = memoryview(data)[header.size :]
        out = np.empty(found.raw_size, np.uint8)
        for number in task.numbers:
            chunk = Chunk(task.segment, number, found.position, header, payload)
            try:
                return chunk, begin(chunk, out, self._own)
            except WrongKeyError:
                if number == task.numbers[-1]:
                    raise
        raise AssertionError("there is always a number to try")


def _believable(found: Scan, device: PatientReader) -> Iterator[FoundIndex]:
    """All indexes but those whose entries are damaged and whose trailer does not say the sum of the raw sizes in them.

    Either may then be wrong, and nobody knows which. Reads as many bytes as the file has at most.
    """
    left = found.size
    for index in found.indexes:
        if index.columns is None:
            left -= 2 * ENTRY * index.trailer.chunks
            if left < 0 or index.trailer.raw_size not in _sums(index, device):
                continue
        yield index


def _sums(index: FoundIndex, device: PatientReader) -> Iterator[int]:
    """What the raw sizes in an index amount to, if it is not encrypted and if it is."""
    for encrypted in (False, True):
        start = index.end - index_size(index.trailer.chunks, encrypted=encrypted) + FRONT
        if start >= 0:
            entries = device.read_at(start, ENTRY * index.trailer.chunks)
            yield int(entries.view(COLUMNS)["raw"].sum(dtype=np.int64))
