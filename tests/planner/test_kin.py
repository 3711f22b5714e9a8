"""Columns that tell each other become one; what only looks alike does not; all comes back whatever the lines are."""

import numpy as np
import pytest

import penstock
from penstock.layers.contract import CHANNELS, DATES, LINES, NUMBERS
from penstock.planner.aims import AIMS
from penstock.planner.textual import text_tree

BALANCED = AIMS["balanced"]


def ids(want):
    return {want.id}.union(*(ids(child) for child in want.children))


def lines_of(text):
    return text_tree(np.frombuffer(text, np.uint8), BALANCED).want


def families(text):
    return [child for child in lines_of(text).children if CHANNELS in ids(child)]


def trips(rows=6000, seed=1):
    """Begin and end of trips, fare, tip and total."""
    random = np.random.default_rng(seed)
    begins = random.integers(0, 31 * 86400, rows) + np.datetime64("2024-03-01T00:00:00")
    ends = begins + random.integers(60, 3000, rows)
    fares, tips = random.integers(250, 9000, rows), random.integers(0, 1500, rows)
    totals = fares + tips + random.choice([0, 50, 100], rows)
    head = b"begin,end,fare,tip,total,zone\n"
    return (
        head
        + "".join(
            f"{begin},{end},{fare / 100:.2f},{tip / 100:.2f},{total / 100:.2f},zone {n % 9}\n".replace("T", " ")
            for n, (begin, end, fare, tip, total) in enumerate(zip(begins, ends, fares, tips, totals, strict=True))
        ).encode()
    )


def test_an_end_is_a_begin_and_some_time_and_a_total_the_sum_of_its_parts():
    text = trips()
    found = families(text)
    assert sorted(child.id for child in found) == [NUMBERS, DATES]
    assert sorted(len(child.children[0].children) for child in found) == [2, 3]
    blob = penstock.compress(text)
    assert penstock.decompress(blob) == text
    apart = penstock.compress(text, layers="-channels")
    assert penstock.decompress(apart) == text
    assert len(blob) < 0.8 * len(apart)


def test_a_difference_and_a_negative():
    random = np.random.default_rng(2)
    rows = random.integers(-(10**6), 10**6, (5000, 2))
    text = "".join(f"{a};{b};{a - b};{-a}\n" for a, b in rows.tolist()).encode()
    (family,) = families(text)
    assert len(family.children[0].children) == 4
    blob = penstock.compress(text)
    assert penstock.decompress(blob) == text
    assert len(blob) < 5.6 * len(rows)  # 21 bits for each of two


@pytest.mark.parametrize("damage", range(12))
def test_lines_that_are_not_like_the_others(damage):
    """Cells that are missing, or no numbers: the columns do not come in turn any more, and yet all comes back."""
    random = np.random.default_rng(damage)
    lines = trips(4000, damage).split(b"\n")
    for at in random.integers(0, len(lines), (1, 5, 400)[damage % 3]).tolist():
        cells = lines[at].split(b",")
        way = int(random.integers(5))
        if way == 0:
            del cells[int(random.integers(len(cells)))]
        elif way == 1:
            cells.insert(int(random.integers(len(cells))), b"7")
        elif way == 2:
            cells[int(random.integers(len(cells)))] = random.bytes(3).replace(b"\n", b"")
        elif way == 3:
            cells[int(random.integers(len(cells)))] = b""
        lines[at] = b",".join(cells)
    text = b"\n".join(lines)
    blob = penstock.compress(text, chunk_size=1 << 16)
    assert penstock.decompress(blob) == text


def test_the_plan_of_one_chunk_on_others():
    """Widths of numbers, and what columns are, may change from chunk to chunk."""
    small = b"".join(b"%d,%d\n" % (n % 99, n % 99 + n % 3) for n in range(40_000))
    large = b"".join(b"%d,%d\n" % (n**3 % 10**14, n**3 % 10**14 + n % 3) for n in range(20_000))
    text = small + large + small.replace(b",", b";") + b"1,2\n3\n4,5,6\n" + small
    blob = penstock.compress(text, chunk_size=1 << 16)
    assert penstock.decompress(blob) == text
    with penstock.open(__import__("io").BytesIO(blob)) as reader:
        assert reader.columns([1], rows=(0, 9))[1] == [b"%d" % (n + n % 3) for n in range(9)]


def test_what_is_no_kin():
    random = np.random.default_rng(5)
    rows = random.integers(0, 10**6, (6000, 3)).tolist()
    assert not families("".join(f"{a},{b},{c}\n" for a, b, c in rows).encode())
    assert lines_of("".join(f"{a},{b},{c}\n" for a, b, c in rows).encode()).id == LINES
