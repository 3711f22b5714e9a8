"""Memory for inner streams: where it starts, that it is given back, and who gets it."""

import threading

import numpy as np
import pytest

from penstock.layers import arena
from penstock.layers.arena import Arena, borrowed, room_of
from penstock.layers.streams import Kind


def address(data):
    return data.__array_interface__["data"][0]


@pytest.fixture(autouse=True)
def no_arena_yet():
    arena._local.__dict__.clear()


def test_pieces_stand_apart_at_cache_lines():
    wanted = [(Kind.BYTES, 0), (Kind.BYTES, 1), (Kind.U16, 66), (Kind.U64, 64), (Kind.U32, 4), (Kind.BYTES, 63)]
    room = Arena(sum(room_of(size) for _, size in wanted))
    streams = [room.stream(kind, size) for kind, size in wanted]
    assert [(stream.kind, stream.data.size) for stream in streams] == wanted
    assert all(address(stream.data) % 64 == 0 for stream in streams if stream.data.size)
    assert room.used == room.size
    for number, stream in enumerate(streams):
        stream.data[:] = number
    assert [set(stream.data.tolist()) for stream in streams] == [set(), {1}, {2}, {3}, {4}, {5}]


def test_strings_have_room_for_their_lengths():
    room = Arena(room_of(10, 33) + room_of(1))
    strings, behind = room.stream(Kind.STRINGS, 10, 33), room.stream(Kind.BYTES, 1)
    strings.data[:], strings.lengths[:], behind.data[:] = 1, 2, 3
    assert (strings.data.size, strings.lengths.size, room.used) == (10, 33, room.size)
    assert set(strings.data.tolist()) == {1} and set(strings.lengths.tolist()) == {2}


def test_what_was_handed_out_last_is_free_again():
    room = Arena(1024)
    room.bytes(100)
    mark = room.used
    first = room.bytes(500)
    room.free(mark)
    assert address(room.bytes(64)) == address(first)
    room.free()
    assert room.used == 0


def test_a_thread_keeps_its_arena():
    with borrowed(1000) as first:
        first.bytes(10)
    with borrowed(500) as second:
        assert second is first and second.used == 0
    with borrowed(first.size + 1) as third:
        assert third is not first and third.size > first.size


def test_who_comes_in_between_gets_another():
    with borrowed(1000) as first, borrowed(1000) as second:
        assert second is not first
        assert not np.shares_memory(first.bytes(1000), second.bytes(1000))


def test_threads_do_not_share():
    found = []

    def borrow():
        with borrowed(1000) as room:
            found.append(room)

    with borrowed(1000) as ours:
        thread = threading.Thread(target=borrow)
        thread.start()
        thread.join()
    assert found and found[0] is not ours


def test_a_large_one_is_not_kept():
    with borrowed((24 << 20) + 1) as large:
        pass
    with borrowed(10) as room:
        assert room is not large


def test_it_is_given_back_after_an_error():
    with pytest.raises(ZeroDivisionError), borrowed(1000) as first:
        first.bytes(10)
        raise ZeroDivisionError
    with borrowed(1000) as second:
        assert second is first and second.used == 0
