"""`penstock bench dictionary`: many patterns found at once, short strings, entropy, against Python and libraries."""

from __future__ import annotations

import importlib
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from operator import ne
from typing import Any, Final

import numpy as np

from ..api.arguments import whole
from ..api.automaton import Matches
from ..api.patterns import OptimizedDictionary, jit_entropy_calc
from .rows import Goal, Row, row
from .timing import Action, machine, median, side_by_side

MIB: Final = 1 << 20
PATTERNS: Final = (10, 1000, 100_000)
GOAL: Final = 350.0
"""MB/s of one core that 1,000 patterns are found with."""
TIMES: Final = 10.0
"""Times the rate of plain Python."""
ENTROPY_GOAL: Final = 1048.576
"""MB/s: below a millisecond a MiB."""
ENCODE_GOAL: Final = 300.0
DECODE_GOAL: Final = 1500.0
"""MB/s of one core."""
_SLOW: Final = 1 << 16
"""Bytes for what takes long: their rates are by the byte too."""
_LEAST: Final = 1 << 14
_OURS: Final = "penstock"
_PYTHON: Final = {"re", "Counter"}
"""What is timed in plain Python; to find one pattern after the other is in C."""
Pairs = list[tuple[int, int]]
"""Positions and numbers of patterns."""


def benchmark_dictionary_optimization(test_data_size_mb: int = 5) -> dict[str, Any]:
    """Measure `OptimizedDictionary` and `jit_entropy_calc`; print a table, and return all figures.

    test_data_size_mb: MiB of made-up log lines to search. Against plain Python, and against pyahocorasick and
    ahocorasick_rs where they are installed; all results are checked against one another first. One thread.
    """
    found = run(runs=5, size=whole("test_data_size_mb", test_data_size_mb, 1), say=lambda text: None)
    show(found)
    return found


def run(*, runs: int, size: int, say: Callable[[str], object]) -> dict[str, Any]:
    """The whole benchmark as one JSON object. size: MiB."""
    text, words = made_up(size * MIB)
    rows = []
    for count in PATTERNS:
        rows.append(_searched(text, words[:count], runs))
        say(_told(rows[-1]))
    for found in (_tokens(text, words[:1000], runs), *_coded(text, runs), _entropy(text, runs)):
        rows.append(found)
        say(_told(found))
    return {"benchmark": "dictionary", "machine": machine(), "mib": size, "rows": rows}


def made_up(size: int) -> tuple[bytes, list[bytes]]:
    """Log lines of that many bytes, and 100,000 patterns: words of the log, rare ones, and others, in no order."""
    rng = np.random.default_rng(14)
    syllables = [first + vowel + last for first in "bdfgklmnprst" for vowel in "aeiou" for last in ("", "n", "r", "s")]
    picked = rng.integers(0, len(syllables), (150_000, 4))
    words = list(dict.fromkeys("".join(syllables[at] for at in some[: 2 + some[0] % 3]) for some in picked))[:102_000]
    ranks = np.minimum(rng.zipf(1.3, size // 6 + 64), 2000) - 1  # few are common, as in any text
    lines, at = [], 0
    for number in range(size):
        begin = f"2026-03-{1 + number // 7000 % 28:02} {number // 60 % 24:02}:{number % 60:02} host-{number % 97:04} "
        some = ranks[8 * number : 8 * number + 8]
        lines.append(begin + " ".join(words[rank] for rank in some) + f" id={number * 7919 % 1000003}\n")
        at += len(lines[-1])
        if at >= size:
            break
    order = rng.permutation(len(words) - 2000) + 2000
    rare = rng.permutation(np.arange(500, 2000))
    mixed = [words[rank] for pair in zip(rare, order[:1500], strict=True) for rank in pair]
    mixed += [words[rank] for rank in order[1500:]]
    return "".join(lines).encode()[:size], [word.encode() for word in mixed[:100_000]]


def _pairs(found: Matches) -> Pairs:
    return list(zip(found.positions.tolist(), found.patterns.tolist(), strict=True))


def _by_find(text: bytes, patterns: Sequence[bytes]) -> Pairs:
    """As one writes it in Python: each pattern for itself."""
    found = []
    for number, pattern in enumerate(patterns):
        at = text.find(pattern)
        while at >= 0:
            found.append((at, number))
            at = text.find(pattern, at + 1)
    return found


def _libraries(patterns: Sequence[bytes]) -> dict[str, Callable[[bytes], Pairs] | None]:
    """What the libraries find, in any order; None for one that is not installed."""
    found: dict[str, Callable[[bytes], Pairs] | None] = {"pyahocorasick": None, "ahocorasick_rs": None}
    try:
        machine: Any = importlib.import_module("ahocorasick").Automaton()
    except ImportError:
        pass
    else:
        for number, pattern in enumerate(patterns):
            machine.add_word(pattern.decode("latin-1"), (number, len(pattern) - 1))
        machine.make_automaton()
        found["pyahocorasick"] = lambda text: [
            (end - less, number) for end, (number, less) in machine.iter(text.decode("latin-1"))
        ]
    try:
        rust: Any = importlib.import_module("ahocorasick_rs").BytesAhoCorasick(patterns)
    except ImportError:
        pass
    else:
        found["ahocorasick_rs"] = lambda text: [
            (start, number) for number, start, _ in rust.find_matches_as_indexes(text, overlapping=True)
        ]
    return found


def _searched(text: bytes, patterns: Sequence[bytes], runs: int) -> Row:
    """All matches."""
    ours, libraries = OptimizedDictionary(patterns), _libraries(patterns)
    others = {name: search for name, search in libraries.items() if search}
    python: dict[str, Callable[[bytes], Pairs]] = {"bytes.find": lambda part: _by_find(part, patterns)}
    slow = python if len(patterns) <= 1000 else {}
    parts = (
        {_OURS: text} | dict.fromkeys(others, text[: max(len(text) // 4, _LEAST)]) | dict.fromkeys(slow, text[:_SLOW])
    )
    actions: dict[str, Action] = {_OURS: partial(ours.search, text)}
    for name, search in {**others, **slow}.items():
        if sorted(search(parts[name])) != sorted(_pairs(ours.search(parts[name]))):
            raise AssertionError(f"{name} and penstock find other matches")
        actions[name] = partial(search, parts[name])
    what = f"{len(patterns)} patterns, all matches"
    more = {
        "missing": [name for name, search in libraries.items() if not search],
        "matches": int(ours.search(text).positions.size),
        "compile_seconds": ours.statistics()["compile_seconds"],
    }
    return _row(what, actions, parts, runs, GOAL if len(patterns) == 1000 else None, **more)


def _tokens(text: bytes, patterns: Sequence[bytes], runs: int) -> Row:
    """Matches that do not overlap, the longest at each place: what an alternation is for."""
    ours = OptimizedDictionary(patterns)
    numbers = {pattern: number for number, pattern in enumerate(patterns)}
    either = re.compile(b"|".join(re.escape(pattern) for pattern in sorted(patterns, key=len, reverse=True)))
    parts = {_OURS: text, "re": text[:_SLOW]}

    def alternate() -> Pairs:
        return [(found.start(), numbers[found[0]]) for found in either.finditer(parts["re"])]

    if alternate() != _pairs(ours.tokenize(parts["re"])):
        raise AssertionError("re and penstock find other tokens")
    actions: dict[str, Action] = {_OURS: partial(ours.tokenize, text), "re": alternate}
    return _row(f"{len(patterns)} patterns, tokens", actions, parts, runs, GOAL)


def _coded(text: bytes, runs: int) -> list[Row]:
    """Lines made shorter so that each can be decoded on its own, and back."""
    lines = text[: 4 * _SLOW].split(b"\n")[:-1]  # the last one may be cut
    ours = OptimizedDictionary()
    ours.train(text[at : at + 1024] for at in range(0, len(text), max(len(text) // 16, 1)))
    codes, packed = ours.encode(text), [zlib.compress(line) for line in lines]
    if ours.decode(codes) != text or any(map(ne, map(ours.decode, codes.split(b"\n")), lines)):
        raise AssertionError("what penstock decodes differs")
    parts = {_OURS: text, "zlib": b"\n".join(lines)}
    forth: dict[str, Action] = {
        _OURS: partial(ours.encode, text),
        "zlib": lambda: [zlib.compress(line) for line in lines],
    }
    back: dict[str, Action] = {
        _OURS: partial(ours.decode, codes),
        "zlib": lambda: [zlib.decompress(each) for each in packed],
    }
    ratios = {"ratio": len(text) / len(codes), "zlib_ratio": len(parts["zlib"]) / sum(map(len, packed))}
    return [
        _row("lines to codes", forth, parts, runs, ENCODE_GOAL, **ratios),
        _row("codes to lines", back, parts, runs, DECODE_GOAL, **ratios),
    ]


def _entropy(text: bytes, runs: int) -> Row:
    """Order-0 entropy."""
    parts = {_OURS: text, "Counter": text[: 8 * _SLOW], "NumPy": text}

    def count() -> float:
        part = parts["Counter"]
        shares = [times / len(part) for times in Counter(part).values()]
        return -sum(share * math.log2(share) for share in shares)

    def bincount() -> float:
        counts = np.bincount(np.frombuffer(text, np.uint8))
        shares = counts[counts > 0] / len(text)
        return float(-(shares * np.log2(shares)).sum())

    same = math.isclose(count(), jit_entropy_calc(parts["Counter"])) and math.isclose(
        bincount(), jit_entropy_calc(text)
    )
    if not same:
        raise AssertionError("Python and penstock compute another entropy")
    actions: dict[str, Action] = {_OURS: partial(jit_entropy_calc, text), "Counter": count, "NumPy": bincount}
    return _row("entropy", actions, parts, runs, ENTROPY_GOAL, bits=jit_entropy_calc(text))


def _row(
    what: str, actions: dict[str, Action], parts: dict[str, bytes], runs: int, goal: float | None, **more: Any
) -> Row:
    """One row: rates by the bytes that each was given. goal: MB/s."""
    rates = side_by_side(actions, 1, runs)
    rates = {name: [rate * len(parts[name]) for rate in each] for name, each in rates.items()}
    ours = median(rates[_OURS])
    goals = [Goal("MB/s", 1000 * ours, goal)]
    goals += [
        Goal(f"x {name}", ours / median(each), TIMES if name in _PYTHON else None)
        for name, each in rates.items()
        if name != _OURS
    ]
    return row(what, goals, rates, **{"missing": []} | more)


def _told(each: Row) -> str:
    rates = [f"{name} {1000 * rate:.4g} MB/s" for name, rate in each["gb_per_s"].items()]
    return f"{'ok  ' if each['met'] else 'MISS'} {each['what']}: {', '.join(rates)}"


def show(found: dict[str, Any]) -> None:
    """Print the figures as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("", "by", "MB/s", "penstock is"):
        table.add_column(title, justify="left" if title in {"", "by"} else "right")
    for each in found["rows"]:
        rates = each["gb_per_s"]
        for name, rate in rates.items():
            times = "" if name == _OURS else f"{rates[_OURS] / rate:.1f} x"
            table.add_row(each["what"] if name == _OURS else "", name, f"{1000 * rate:.4g}", times)
        for name in each["missing"]:
            table.add_row("", name, "not installed", "")
    console = Console()
    console.print(f"{found['mib']} MiB of log lines, one thread, medians; all results agree", highlight=False)
    console.print(table, highlight=False)
