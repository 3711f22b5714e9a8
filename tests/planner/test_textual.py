"""Text of known structure becomes columns far smaller than the library makes it; prose and the like are left alone."""

import base64
from functools import cache

import numpy as np
import pytest
import zstandard

from penstock.layers.contract import GROUPED, LINES, NUMBERS, PRINTED, RELATED, STRINGS
from penstock.layers.plan import parse
from penstock.layers.registry import decode_tree
from penstock.planner import planner as module
from penstock.planner.aims import AIMS
from penstock.planner.glance import has_no_structure
from penstock.planner.planner import Planner
from penstock.planner.textual import text_tree

BALANCED = AIMS["balanced"]
SIZE = 300 << 10
WORDS = [
    "the",
    "of",
    "a",
    "cell",
    "made",
    "port",
    "under",
    "stone",
    "river",
    "quick",
    "early",
    "nothing",
    "along",
    "grew",
    "tell",
    "seven",
    "market",
    "window",
]


# --- text of known structure ---------------------------------------------------------------------------------


def csv(random, rows):
    """Quoted fields with commas and quotes in them; lines end with CR LF."""
    prices = random.integers(100, 99_999, rows)
    names = [
        f'"{WORDS[a]}, {WORDS[b]}"' if c else f'"the ""{WORDS[a]}"""' for a, b, c in numbers(random, rows, 18, 18, 3)
    ]
    lines = [
        f"{10**6 + 3 * at},{name},{price // 100}.{price % 100:02d},{['NY', 'LA', 'SF'][price % 3]}"
        for at, (name, price) in enumerate(zip(names, prices, strict=True))
    ]
    return "id,name,price,place\r\n" + "\r\n".join(lines) + "\r\n"


def tsv(random, rows):
    walk = 10**5 + np.cumsum(random.integers(-9, 10, rows))
    return "".join(
        f"{one}\t{int(value) / 1000:.3f}\t\t{few}\tchr{few % 5}\n"
        for one, value, (few,) in zip(
            np.sort(random.integers(0, 10**8, rows)), walk, numbers(random, rows, 90), strict=True
        )
    )


def ndjson(random, rows):
    lines = []
    for at, (user, size, more, tag) in enumerate(numbers(random, rows, 10**5, 10**6, 4, 18)):
        some = f',"tag":"{WORDS[tag]}"' if not more else ',"error":null' if more == 1 else ""
        lines.append(f'{{"id":{at},"user":{user},"size":{size / 100:.2f}{some},"ok":{"true" if more else "false"}}}\n')
    return "".join(lines)


def log(random, rows):
    """Several templates, with times, addresses and counters."""
    lines, clock = [], 0
    for at, (step, kind, host, port, took) in enumerate(numbers(random, rows, 900, 4, 254, 60_000, 5000)):
        clock += step
        time = f"2024-03-0{1 + clock // 86_400_000} {clock // 3_600_000 % 24:02d}:{clock // 60_000 % 60:02d}"
        time += f":{clock // 1000 % 60:02d}.{clock % 1000:03d}"
        says = (
            f"INFO accepted connection from 10.0.3.{host}:{port}",
            f"INFO request {500_000 + at} done in {took} us",
            f"WARN queue of worker-{host % 16:02d} is {took} long",
            f"DEBUG [cache] hit {WORDS[took % 18]}/{WORDS[host % 18]}",
        )[kind]
        lines.append(f"{time} {says}\n")
    return "".join(lines)


def sql(random, rows):
    return "".join(
        f"INSERT INTO orders VALUES ({at}, '{WORDS[a]} {WORDS[b]}', {price / 100:.2f}, NULL, {bool(a % 2)});\n"
        for at, (a, b, price) in enumerate(numbers(random, rows, 18, 18, 10**6))
    )


def dump(random, rows):
    """All rows of a table in one line, text in apostrophes with commas, brackets and apostrophes in it."""
    return "INSERT INTO `orders` VALUES " + ",".join(
        f"({at},'{WORDS[a]}, ({WORDS[b]}) it\\'s',{price / 100:.2f},{'NULL' if a % 3 else price},'{WORDS[a]}''s')"
        for at, (a, b, price) in enumerate(numbers(random, rows, 18, 18, 10**6))
    )


def coordinates(random, rows, form=".15f"):
    """One line of pairs printed with all digits of a double."""
    steps = np.array([85_000_000, -47_300_000]) + np.cumsum(random.integers(-400, 400, (rows, 2)), axis=0)
    pairs = ",".join(f"[{x / 10**6:{form}},{y / 10**6:{form}}]" for x, y in steps.tolist())
    return f'{{"type":"LineString","coordinates":[{pairs}]}}'


def hosts(random, rows):
    return "".join(f"host-{host:04d} {value}\n" for host, value in numbers(random, rows, 200, 1000))


def numbers(random, rows, *most):
    return zip(*(random.integers(0, one, rows).tolist() for one in most), strict=True)


MADE = {
    # Of what zstd-3 makes of it; layers there must be.
    csv: (0.65, {NUMBERS}),
    tsv: (0.65, {NUMBERS}),
    ndjson: (0.65, {NUMBERS}),
    log: (0.65, {NUMBERS}),
    sql: (0.65, {NUMBERS}),
    coordinates: (0.5, {NUMBERS, PRINTED}),
    hosts: (0.8, {NUMBERS}),
    dump: (0.65, {NUMBERS}),
}
NAMES = [one.__name__ for one in MADE]


@cache
def text(make, size=SIZE, seed=1):
    """Generated text, cut to a size."""
    raw = make(np.random.default_rng(seed), size // 12).encode()
    while len(raw) < size:
        raw += raw
    return np.frombuffer(raw[:size], np.uint8)


def ids(want):
    """All layers of a tree."""
    return {want.id}.union(*map(ids, want.children))


def library(raw):
    return len(zstandard.compress(raw.tobytes(), 3))


def encode(planner, number, raw):
    room = np.empty(raw.size, np.uint8)
    try:
        coded = planner.encode(number, raw, room)
    finally:
        planner.release(number)
    if coded:
        out = np.empty(raw.size, np.uint8)
        decode_tree(parse(coded.plan, raw.size, coded.stored), room[: coded.stored], out)
        assert np.array_equal(out, raw)
    return coded


@pytest.mark.parametrize("make", MADE, ids=NAMES)
def test_lines_become_columns(make):
    raw = text(make)
    want = text_tree(raw, BALANCED).want
    assert want.id == LINES
    assert MADE[make][1] <= ids(want)
    assert has_no_structure(raw)
    assert encode(Planner(BALANCED), 0, raw).size < MADE[make][0] * library(raw)


@pytest.mark.parametrize("make", MADE, ids=NAMES)
def test_ratio_is_no_worse(make):
    raw = text(make)
    coded = encode(Planner(AIMS["ratio"]), 0, raw)
    assert coded.size < 1.02 * encode(Planner(BALANCED), 0, raw).size


@pytest.mark.parametrize("make", MADE, ids=NAMES)
def test_small_and_large_chunks(make):
    """Of a small one less is known, and what stands once in a tree takes more of it."""
    small, large = text(make, 32 << 10), text(make, 1 << 20)
    assert encode(Planner(BALANCED), 0, small).size < 0.92 * library(small)
    assert encode(Planner(BALANCED), 0, large).size < MADE[make][0] * library(large)


def test_cells_that_come_again_are_strings():
    random = np.random.default_rng(2)
    agents = [f"Agent/{a}.{b} ({random.bytes(9).hex()})" for a, b in numbers(random, 60, 9, 99)]
    rows = numbers(random, 9000, 60, 10**7)
    raw = "".join(f"{number},{agents[at]}\n" for at, number in rows).encode()
    want = text_tree(np.frombuffer(raw, np.uint8), BALANCED).want
    assert {STRINGS, NUMBERS} <= ids(want)


@pytest.mark.parametrize("size", [60, 64, 100, 128])
def test_lines_of_one_length_have_ends(size):
    random = np.random.default_rng(size)
    digits = random.integers(0, 9, (3000, size)) * (random.random((3000, size)) < 0.2)
    raw = "".join(",".join(map(str, row)) + "\n" for row in digits.tolist()).encode()
    assert text_tree(np.frombuffer(raw, np.uint8), BALANCED).want.id == LINES


def places(random, rows, told=True):
    """Towns with all that is known of them, and a number that is not; or with what is known of any towns."""
    known = random.integers(0, 10**6, (400, 4)).tolist()
    lines = []
    for town, *others, chance in numbers(random, rows, 400, 400, 400, 400, 10**5):
        a, b, c = (known[town if told else other][at] for at, other in enumerate(others))
        lines.append(f"{town},{chance},{WORDS[a % 18]} {a},{b / 100},{c:x}\n")
    return "".join(lines)


def apart(random, rows):
    return places(random, rows, told=False)


def test_columns_that_another_one_tells():
    assert RELATED in ids(text_tree(text(places), BALANCED).want)
    assert RELATED not in ids(text_tree(text(apart), BALANCED).want)
    assert encode(Planner(BALANCED), 0, text(places)).size < 0.6 * encode(Planner(BALANCED), 0, text(apart)).size


def sensors(random, rows):
    """What each of many sensors says, in any order of these: all numbers go on where the same sensor said the last."""
    said = np.stack([random.integers(0, 10**6, 60), random.integers(10**4, 10**5, 60)])
    lines = []
    for clock, (one, step, more) in enumerate(numbers(random, rows, 60, 9, 5)):
        said[:, one] += step, more - 2
        lines.append(f"{1_700_000_000 + clock},s-{one:03d},{said[0, one]},{said[1, one] / 100}\n")
    return "".join(lines)


def test_numbers_are_put_in_the_order_of_another_column():
    raw = text(sensors)
    assert GROUPED in ids(text_tree(raw, BALANCED).want)
    assert encode(Planner(BALANCED), 0, raw).size < 0.3 * library(raw)


def test_one_number_that_is_cut_changes_little():
    """Chunks end anywhere, also in a number."""
    whole = text(coordinates, 200 << 10).tobytes()
    raw = whole[: whole.rindex(b"]") + 1]
    uncut = encode(Planner(BALANCED), 0, np.frombuffer(raw, np.uint8)).size
    for more in (b",[85.01", b",[85.0100010000001,", b",[85.010001000000005,-47.296272000000"):
        cut = np.frombuffer(raw + more, np.uint8)
        assert encode(Planner(BALANCED), 0, cut).size < 1.1 * uncut


def test_doubles_printed_without_zeros_at_the_end():
    """As by `%.17g`: some are much shorter than others."""
    raw = np.frombuffer(coordinates(np.random.default_rng(1), 8000, ".17g").encode(), np.uint8)
    assert ids(text_tree(raw, BALANCED).want) >= {NUMBERS, PRINTED}
    assert encode(Planner(BALANCED), 0, raw).size < 0.5 * library(raw)


@pytest.mark.parametrize("make", MADE, ids=NAMES)
def test_the_same_text_gives_the_same_tree(make):
    raw = text(make)
    first = text_tree(raw, BALANCED)
    text_tree(text(log, seed=5), BALANCED)
    assert text_tree(raw.copy(), BALANCED) == first


@pytest.mark.parametrize("make", MADE, ids=NAMES)
def test_where_speed_is_all_text_is_left_alone(make):
    assert encode(Planner(AIMS["speed"]), 0, text(make)) is None


@pytest.mark.parametrize("make", MADE, ids=NAMES)
def test_a_plan_serves_the_chunks_that_follow(make, monkeypatch):
    calls = []
    real = module.text_draft
    monkeypatch.setattr(module, "text_draft", lambda *args: calls.append(1) or real(*args))
    whole, planner = text(make, 3 * SIZE + 40_000), Planner(BALANCED)
    for number in range(4):
        raw = whole[number * SIZE :][:SIZE]
        coded = encode(planner, number, raw)
        assert parse(coded.plan, raw.size, coded.stored).id == LINES
        most = MADE[make][0] if number < 3 else 0.9  # of a short one
        assert coded.size < most * library(raw)
    assert raw.size == 40_000
    assert len(calls) == 1


def test_a_plan_of_other_text_does_no_harm():
    planner = Planner(BALANCED)
    assert encode(planner, 0, text(csv))
    for number, other in enumerate([text(log), text(prose), text(hexadecimal), text(ndjson)], start=1):
        coded = encode(planner, number, other)
        assert coded is None or coded.size <= 1.005 * library(other) + 64
    assert encode(planner, 5, text(csv, seed=3)).size < 0.75 * library(text(csv, seed=3))


# --- text that is none ---------------------------------------------------------------------------------------


def prose(random, rows):
    """Words with punctuation, in paragraphs that are broken into lines of any length."""
    known = ["".join(map(chr, random.integers(97, 123, size))) for size in random.integers(2, 11, 4000)]
    chosen = random.zipf(1.25, 2 * rows) % len(known)
    marks = random.choice(["", ",", ".", ";", " -", "?"], 2 * rows, p=[0.84, 0.07, 0.06, 0.01, 0.01, 0.01])
    breaks = random.choice([" ", "\n", "\n\n"], 2 * rows, p=[0.9, 0.09, 0.01])
    return "".join(known[at] + mark + end for at, mark, end in zip(chosen.tolist(), marks, breaks, strict=True))


def source(random, rows):
    """As programs look: blanks in front, names, brackets, a number here and there."""
    known = ["".join(map(chr, random.integers(97, 123, size))) for size in random.integers(1, 12, 600)]
    lines = []
    for depth, kind, a, b, c in numbers(random, rows // 2, 5, 7, 600, 600, 600):
        one, two, more = known[a % (1 + c)], known[b], known[c]
        says = (
            f"def {one}({two}, {more}):", f"{one} = {two}({more}, {len(two)})", f"return {one}[{two} + 1]", "",
            f"if {one}.{two} > {more}:", f"# {one} {two} {more} {one}{two}", f"{one}.{two}({more}.{one})",
        )[kind]  # fmt: skip
        lines.append(" " * (4 * depth) + says if says else "")
    return "\n".join(lines)


def base_64(random, rows):
    return base64.encodebytes(random.bytes(9 * rows)).decode()


def hexadecimal(random, rows):
    raw = random.bytes(6 * rows).hex()
    return "\n".join(raw[at : at + 64] for at in range(0, len(raw), 64))


def dna(random, rows):
    raw = "".join(random.choice(list("ACGT"), 12 * rows))
    return "\n".join(raw[at : at + 60] for at in range(0, len(raw), 60))


def names(random, rows):
    """Lines that are each one word."""
    known = ["".join(map(chr, random.integers(97, 123, size))) for size in random.integers(2, 20, rows)]
    return "\n".join(known)


LEFT = [prose, source, base_64, hexadecimal, dna, names]


@pytest.mark.parametrize("aim", ["balanced", "ratio"])
@pytest.mark.parametrize("make", LEFT, ids=[one.__name__ for one in LEFT])
def test_text_without_columns_is_left_to_the_library(make, aim):
    raw = text(make)
    coded = encode(Planner(AIMS[aim]), 0, raw)
    assert coded is None or coded.size <= 1.005 * library(raw) + 64


@pytest.mark.parametrize("make", [prose, base_64, dna, names], ids=["prose", "base_64", "dna", "names"])
def test_no_tree_is_made_of_it(make):
    assert text_tree(text(make), BALANCED) is None


def measured(random, rows):
    """Numbers of which columns make a third less than the library."""
    whole = random.integers(0, 10**6, (rows, 3)).tolist()
    return "".join(
        f"{a},{b},{c},{d:.9f}\n" for (a, b, c), d in zip(whole, random.normal(0, 1, rows).tolist(), strict=True)
    )


@pytest.mark.parametrize("period", [100_000, 300_000, 450_000, 600_000])
@pytest.mark.parametrize("new", [False, True], ids=["again", "again and new"])
def test_what_comes_again_from_far_is_seen(period, new):
    """A sample shows nothing of it, and the library lives on it."""
    once = text(measured, period, seed=2).tobytes()
    parts = (once + new * text(measured, period, seed=seed).tobytes() for seed in range(3, 3 + 1_500_000 // period))
    raw = np.frombuffer(b"".join(parts)[:1_500_000], np.uint8)
    coded = encode(Planner(BALANCED), 0, raw)
    assert coded is None or coded.size <= 1.005 * library(raw) + 64


@pytest.mark.parametrize("make", [measured, csv, log], ids=["measured", "csv", "log"])
def test_what_a_sample_shows_clearly_is_not_asked_for(make, monkeypatch):
    asked = []
    real = module.Whole.made.fget
    monkeypatch.setattr(module.Whole, "made", property(lambda self: asked.append(1) or real(self)))
    raw = np.frombuffer(make(np.random.default_rng(1), 30_000).encode(), np.uint8)
    coded = encode(Planner(BALANCED), 0, raw)
    assert coded.size < 0.92 * library(raw)
    assert not asked


NOTHING = [b"", b"\n", b"a", b"\n" * 40_000, b"," * 40_000, b'"' * 40_000, b"7" * 40_000]
NOTHING += [b"\0\n" * 20_000, b"a\n" * 20_000]
SAID = ["empty", "newline", "one", "newlines", "commas", "quotes", "digits", "zeros", "short"]


@pytest.mark.parametrize("raw", NOTHING, ids=SAID)
def test_text_of_nothing(raw):
    raw = np.frombuffer(raw, np.uint8)
    text_tree(raw, BALANCED)
    coded = encode(Planner(BALANCED), 0, raw)
    assert coded is None or coded.size <= 1.005 * library(raw) + 64
