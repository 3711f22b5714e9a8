"""Rows and columns of chunks whose trees or payloads lie under checks that are right: an answer, or a typed error."""

import io
from collections import Counter

import numpy as np
import pytest

from penstock.api.pstkfile import open as popen
from penstock.errors import CorruptDataError, PenstockError
from penstock.kernels import tokens
from penstock.layers import wanted
from penstock.layers.encoding import encode_tree
from penstock.layers.lines import Cutting, columns, cut
from penstock.layers.lines import wanted as asked
from penstock.layers.numbers import Shape
from penstock.layers.plan import pack, parse

from .structured import container
from .structured_lies import changed, loose, written

RAW = (
    b"".join(b"%d,%d.%02d,%b\n" % (n, n * 37 % 90, n % 100, (b"Rome", b"Oslo")[n % 2]) for n in range(24))
    + b"one\n,,\n"
)
CUTTING = Cutting(tokens.FIELDS, ord(","))


def honest():
    """A packed plan and its payload: lines, of which a column is numbers and one strings."""
    text = np.frombuffer(RAW, np.uint8)
    keys = columns(cut(text, CUTTING), np.empty(0, np.uint64), 9).keys
    numbers = wanted.Want(17, Shape().params(), 0, (wanted.STORED,))
    strings = wanted.Want(97, b"", 0, (wanted.STORED,))
    stored = wanted.STORED
    want = wanted.lines(asked(CUTTING, keys), [stored, stored, stored, stored, numbers, stored, strings])
    room = np.empty(4 * len(RAW), np.uint8)
    node = encode_tree(want, text, room)
    return pack(node), room[: node.stored].tobytes()


def read(data):
    """What a reader says of it; the class of the error where it refuses."""
    found = []
    with popen(io.BytesIO(data), threads=1) as reader:
        for ask in (
            reader.row_count,
            lambda: reader.columns([0, 1, 2], (0, None), delimiter=","),
            lambda: reader.columns([1], (3, 9), delimiter=","),
            lambda: reader.rows(2, 20),
            lambda: reader.columns(["a"], (0, None)),
        ):
            try:
                found.append(ask())
            except PenstockError as error:
                assert str(error)
                found.append(type(error))
    return found


def test_what_is_right():
    plan, payload = honest()
    count, table, some, rows, _ = read(container([(RAW, plan, payload)]))
    lines = RAW.splitlines()
    assert count == len(lines) == 26
    assert rows == b"".join(line + b"\n" for line in lines[2:20])
    assert table[0].to_list() == [line.split(b",")[0] for line in lines]
    assert table[2].to_list()[-3:] == [b"Oslo", None, b""]
    assert some == {1: table[1][3:9]}


def lies():
    plan, payload = honest()
    for tree in changed(loose(parse(plan, len(RAW), len(payload)))):
        try:
            yield container([(RAW, written(tree), payload)])
        except ValueError:  # a type of more than a byte
            continue
    for at in range(len(payload)):
        for value in (0, 10, 255):
            yield container([(RAW, plan, payload[:at] + bytes((value,)) + payload[at + 1 :])])


def test_no_lie_comes_through_as_another_error():
    counts = Counter()
    for bad in lies():
        for found in read(bad):
            counts[found.__name__ if isinstance(found, type) else "an answer"] += 1
    assert counts["an answer"] > 1000
    assert counts["CorruptDataError"] > 1000


@pytest.mark.parametrize("verify", [False, True])
def test_a_payload_that_lies_is_found_by_verify(verify):
    plan, payload = honest()
    at = payload.index(b"Rome")
    bad = container([(RAW, plan, payload[:at] + b"Bern" + payload[at + 4 :])])
    with popen(io.BytesIO(bad)) as reader:
        if verify:
            with pytest.raises(CorruptDataError):
                reader.columns([2], delimiter=",", verify=True)
        else:
            assert reader.columns([2], delimiter=",")[2][0] == b"Bern", "as the guide says"
