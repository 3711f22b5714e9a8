"""Damaged and cut containers to what is left of them."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from typing import Any, get_args

from ..container.salvage import scan
from ..container.saved import Saved
from ..errors import (
    CorruptDataError,
    LimitExceededError,
    UsageError,
)
from ..limits import FREE_OUTPUT, FREE_RATIO
from ..storage.reader import FileReader
from ..storage.target import check_target
from ..topology import default_threads
from .arguments import whole
from .compressing import Place, Progress, StrPath, name_of, open_sink
from .rescuing import PatientReader, Rescue
from .restoring import named
from .salvaged import Fill, Salvaged, end_known, lost_of, segments_of
from .squeezing import own_codec, secret_of


def salvage_file(
    source: StrPath,
    target: Place | None,
    *,
    fill: Fill = "zeros",
    codec: Any = None,
    key: bytes | None = None,
    passphrase: str | bytes | None = None,
    dictionary: Any = None,
    threads: int | None = None,
    force: bool = False,
    fsync: bool = True,
    progress: Progress | None = None,
) -> Salvaged:
    """Save every whole chunk of a damaged or cut container; say which raw and which stored bytes are lost.

    Of a chunk that copies from lost ones (`dedup`) the other bytes are saved.

    source: the path of a file or block device; what it cannot read (EIO) counts as damaged. target: a path, a
    descriptor or a binary file object that gets the raw bytes; None only looks. fill: `zeros` stand for what is lost,
    as far as its size is known, so that offsets hold; `skip` leaves it out. progress: called with stored bytes, of all
    chunks once, and once more of those that are written. The other arguments are those of `decompress_file`. With a
    key only what is encrypted is saved.

    Each chunk is checked as by `decompress`, and again when it is written: every byte of the target is right or a zero
    that `lost` tells of. Memory: about 2 chunks a thread, and some hundred bytes for each chunk;
    where chunks copy from others, as much as they reach back.

    Raises why no chunk at all opens (`KeyRequiredError`, `WrongKeyError`, `UnknownCodecError`,
    `UnsupportedVersionError`); `CorruptDataError` where nothing is left, with a target also where no chunk is;
    `LimitExceededError` for zeros beyond 1 GiB that are more than 1000 times the file; `StorageError`,
    `TargetExistsError`, `UsageError`.
    """
    many = whole("threads", default_threads() if threads is None else threads, 1)
    note = progress or (lambda _: None)
    own, secret = own_codec(codec, dictionary), secret_of(key, passphrase)
    _check_arguments(source, target, fill, force=force)
    begin = time.perf_counter()
    with ExitStack() as stack:
        reader = stack.enter_context(FileReader(source))
        stack.enter_context(named(name_of(source)))
        device = PatientReader(reader)
        work = Rescue(device, secret, own, many, note)
        found = scan(device.read_at, reader.size)
        saved = work.judge(found)
        if not saved.segments:
            raise CorruptDataError("not one part of it is left", hint="is this a .pstk file?")
        segments = segments_of(saved)
        lost, raw = lost_of(segments), sum(one.saved for one in segments)
        written = 0
        if target is not None:
            zeros = sum(stop - start for start, stop in lost) if fill == "zeros" else 0
            _check_worth(saved, zeros, reader.size)
            sink = open_sink(target, stack, force=force, fsync=fsync, like=source)
            written = work.write(found, saved, sink, zeros=bool(zeros))
    return Salvaged(
        source=name_of(source),
        target=None if target is None else name_of(target),
        fill=fill,
        stored_size=reader.size,
        saved=raw,
        written=written,
        chunks=sum(one.chunks for one in segments),
        unreadable=work.unreadable,
        segments=segments,
        lost=lost,
        lost_stored=tuple(saved.lost_stored),
        end_known=end_known(found, saved),
        complete=saved.complete and work.complete,
        unread=device.unread,
        seconds=time.perf_counter() - begin,
    )


def _check_arguments(source: StrPath, target: Place | None, fill: str, *, force: bool) -> None:
    """Refuse now what would fail minutes later."""
    if fill not in get_args(Fill):
        raise UsageError(f"fill is {fill!r}", hint=f"one of {', '.join(get_args(Fill))}")
    if isinstance(target, str | os.PathLike):
        state = check_target(target, force=force, resume=False)
        if state.kind != "new" and os.path.exists(source) and os.path.samefile(source, state.path):  # noqa: PTH110, PTH121
            raise UsageError(f"{name_of(target)} is the damaged file itself", hint="choose another target")


def _check_worth(saved: Saved, zeros: int, size: int) -> None:
    """Refuse a target that would hold nothing, or little but zeros because somebody wrote a large number."""
    if saved.lost_stored and not any(one.chunks for one in saved.segments):
        raise CorruptDataError("nothing can be saved: not one chunk in it is whole")
    if zeros > max(FREE_OUTPUT, FREE_RATIO * size):
        raise LimitExceededError(
            f"{zeros} bytes are lost, from a file of {size}", hint="fill='skip' (--fill skip) leaves them out"
        )
