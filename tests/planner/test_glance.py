"""Text is told from what may hold numbers or records, whatever its letters and whatever holds it."""

import json

import numpy as np
import pytest

from penstock.planner.glance import has_no_structure

from . import made, ragged


def view(text):
    return np.frombuffer(text if isinstance(text, bytes) else text.encode(), np.uint8)


def values(count, seed=5):
    rng = np.random.default_rng(seed)
    return [{"id": int(one), "name": f"n{one % 91}", "at": [one / 7, 3.5]} for one in rng.integers(0, 9999, count)]


def archive(files, each):
    """Headers of 512 bytes with names and zeros, and text behind, filled up with zeros."""
    head = b"some/folder/name.txt".ljust(100, b"\0") + b"0000644\0" + bytes(404)
    made_of = []
    for nth in range(files):
        lines = made.ndjson(each + 777 * nth % 5000).tobytes()
        made_of += [head, lines, bytes(-len(lines) % 512)]
    return b"".join(made_of)


PLAIN = {
    "prose": made.prose(60_000).tobytes(),
    "lines": made.ndjson(60_000).tobytes(),
    "one-line-of-json": json.dumps(values(2000), separators=(",", ":")),
    "xml-without-lines": "".join(f'<a id="{one["id"]}"><b>{one["name"]}</b></a>' for one in values(2000)),
    "long-rows": ("\t".join(str(one["id"]) for one in values(900)) + "\n") * 20,
    "greek": "Ἄνδρα μοι ἔννεπε, Μοῦσα, πολύτροπον, ὃς μάλα πολλὰ " * 600,
    "chinese": "天地玄黃宇宙洪荒日月盈昃辰宿列張" * 1500,
    "archive": archive(30, 5000),
}


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("shift", [0, 1, 700])
def test_text_is_seen(kind, shift):
    assert has_no_structure(view(PLAIN[kind])[shift:])


KINDS = {
    "records": made.filled(3000, 34),
    "numbers": made.table(20_000, [(4, False, "walk")]),
    "high-bytes": made.table(20_000, [(2, True, "noise")]) | 0x80,
    "cards": made.card_images(3000),
    "padded-ascii": ragged.padded(2000, 133, 0x20),
    "framed": ragged.described(3000),
    "noise": made.noise(50_000),
    "few-lines": np.concatenate([made.ndjson(40_000), made.filled(3000, 34)]),
    "zeros": np.zeros(50_000, np.uint8),
    "digits-at-fixed-places": view("".join(f"{one['id']:010d}A7" for one in values(5000))),
    "nothing": np.zeros(0, np.uint8),
}


@pytest.mark.parametrize("kind", KINDS)
def test_records_and_numbers_are_looked_at(kind):
    assert not has_no_structure(KINDS[kind])
