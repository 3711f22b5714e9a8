"""Appending after a crash: the torn tail is found exactly, and nothing that is whole is cut off."""

import pytest

from penstock import errors
from penstock.container import torn
from penstock.container.layout import END_MAGIC, PLAIN
from penstock.container.torn import whole_size

from .helpers import Source, cut, sealed, segment

OLD = segment(cut(b"old bytes " * 9, 25)) + sealed(cut(b"secret ones ", 5))
NEW = segment(cut(b"new bytes " * 9, 25))


def whole(data):
    return whole_size(Source(data).read_at, len(data))


def test_every_cut_of_what_was_appended():
    for size in range(len(NEW) + 1):
        assert whole(OLD + NEW[:size]) == len(OLD) + (len(NEW) if size == len(NEW) else 0)


def test_a_first_segment_that_is_torn_is_not_thrown_away():
    for size in range(len(NEW)):
        with pytest.raises(errors.TruncatedError, match="penstock salvage"):
            whole(NEW[:size])


@pytest.mark.parametrize("tail", [b"\0", bytes(100_000), PLAIN.packed, PLAIN.packed + bytes(500)])
def test_tails_that_a_crash_leaves(tail, monkeypatch):
    monkeypatch.setattr(torn, "STEP", 1000)
    assert whole(OLD + tail) == len(OLD)


@pytest.mark.parametrize("tail", [b"x", b"notes somebody put here", bytes(100_000) + b"x", b"\x8fPSTX", OLD[1:60]])
def test_tails_that_are_something_else(tail, monkeypatch):
    monkeypatch.setattr(torn, "STEP", 1000)
    with pytest.raises(errors.CorruptDataError, match=f"byte {len(OLD)}, "):
        whole(OLD + tail)


def test_a_complete_segment_that_is_damaged_is_kept():
    for at in range(0, len(NEW) - len(END_MAGIC)):
        bad = bytearray(OLD + NEW)
        bad[len(OLD) + at] ^= 1
        index = NEW.rindex(b"\x8fIDX")
        if 16 <= at < index:  # chunks are not looked at
            assert whole(bytes(bad)) == len(bad)
        else:
            with pytest.raises(errors.PenstockError):
                whole(bytes(bad))


def test_a_torn_segment_that_holds_containers():
    """Their end marks are not taken for ours."""
    inner = segment(cut(b"inner " * 30, 40))
    outer = segment([(inner * 3, "store"), (b"more", "store")])
    for size in range(16, len(outer), 7):
        torn_file = OLD + outer[:size]
        if torn_file.endswith(END_MAGIC):
            continue
        assert whole(torn_file) == len(OLD)


def test_a_mark_across_the_border_of_a_step(monkeypatch):
    for step in range(20, 90, 3):
        monkeypatch.setattr(torn, "STEP", step)
        assert whole(OLD + NEW[:-50]) == len(OLD)


def test_no_container_at_all():
    for data in (b"", b"x", bytes(1000), END_MAGIC * 100):
        with pytest.raises(errors.PenstockError):
            whole(data)
