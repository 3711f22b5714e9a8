"""Pieces come in any order and end up in theirs, with no more under way than there are rooms."""

import random
import threading
from typing import NamedTuple

import numpy as np
import pytest

from penstock.engine.assemble import Assembly, StoppedError
from penstock.engine.team import Team
from penstock.errors import BadBufferError


class Item(NamedTuple):
    head: bytes
    payload: np.ndarray


def content(number):
    return f"<{number}>".encode(), np.full(number * 7 % 50, number % 256, np.uint8)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("rooms", [5, 9])
def test_pieces_end_up_in_order(threads, rooms):
    count, seen = 400, []
    expected = b"start" + b"".join(head + payload.tobytes() for head, payload in map(content, range(count)))
    out = np.zeros(len(expected), np.uint8)
    out[:5] = np.frombuffer(b"start", np.uint8)
    whole = Assembly(out, 5, rooms, 64, seen.append)

    def work(number):
        room = whole.enter(number)
        head, payload = content(number)
        room[: payload.size] = payload
        if number % 17 == 0:
            threading.Event().wait(random.random() / 500)
        whole.place(number, Item(head, room[: payload.size]), room)

    Team(threads).run(count, work)
    assert out.tobytes() == expected
    assert whole.position == len(expected)
    assert [item.head for item in seen] == [content(number)[0] for number in range(count)]


def test_nobody_runs_further_ahead_than_there_are_rooms():
    whole = Assembly(np.zeros(100, np.uint8), 0, 2, 8, lambda _: None)
    first, second = whole.enter(0), whole.enter(1)
    entered = threading.Event()

    def third():
        whole.enter(2)
        entered.set()

    thread = threading.Thread(target=third)
    thread.start()
    whole.place(1, Item(b"b", second[:0]), second)  # early: its room is not free before 0 is there
    assert not entered.wait(0.05)
    whole.place(0, Item(b"a", first[:0]), first)
    assert entered.wait(10)
    thread.join()


def test_a_failure_sends_home_who_waits():
    whole = Assembly(np.zeros(100, np.uint8), 0, 1, 8, lambda _: None)
    whole.enter(0)
    errors = []

    def waiting():
        try:
            whole.enter(1)
        except StoppedError as error:
            errors.append(error)

    thread = threading.Thread(target=waiting)
    thread.start()
    whole.fail()
    thread.join(10)
    assert len(errors) == 1


def test_a_buffer_that_is_too_small_is_not_overrun():
    room = np.zeros(20, np.uint8)
    whole = Assembly(room[:10], 0, 1, 16, lambda _: None)
    with pytest.raises(BadBufferError, match="more than the 10 bytes"):
        whole.place(0, Item(b"abc", np.ones(8, np.uint8)), whole.enter(0))
    assert not room.any()
