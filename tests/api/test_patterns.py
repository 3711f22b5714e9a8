"""The dictionary kit as a person uses it."""

import array
import math
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import penstock
from naive import patterns as twin
from penstock.errors import BadBufferError, CorruptDataError, LimitExceededError, UsageError

TWINS = {"all": twin.matches, "longest": twin.longest, "tokens": twin.tokens}


def pairs(found):
    return list(zip(found.positions.tolist(), found.patterns.tolist(), strict=True))


@settings(deadline=None)
@given(st.lists(st.text("ab€", max_size=4).filter(bool), max_size=8), st.text("ab€c", max_size=80))
@pytest.mark.parametrize("mode", TWINS)
def test_strings_stand_for_their_bytes(mode, patterns, text):
    expected = TWINS[mode](text.encode(), [pattern.encode() for pattern in patterns])
    assert pairs(penstock.jit_pattern_search(text, patterns, mode)) == expected


@pytest.mark.parametrize(
    "kind",
    [bytes, bytearray, memoryview, lambda raw: array.array("B", raw), lambda raw: np.frombuffer(raw, np.uint16)],
    ids=["bytes", "bytearray", "memoryview", "array", "uint16"],
)
def test_any_buffer(kind):
    found = penstock.jit_pattern_search(kind(b"she sells his sea shells"), [kind(b"he"), kind(b"shells"), b"s"])
    assert pairs(found) == twin.matches(b"she sells his sea shells", [b"he", b"shells", b"s"])


def test_nothing_to_find_and_nothing_to_search():
    for data, patterns in ((b"", [b"a"]), (b"abc", []), (b"", []), (b"ab", [b"abc"]), (np.empty(0), [b"a"])):
        found = penstock.jit_pattern_search(data, patterns)
        assert found.positions.dtype == np.int64 and found.patterns.dtype == np.int32
        assert found.positions.size == found.patterns.size == 0


def test_arguments_that_make_no_sense():
    with pytest.raises(UsageError, match="empty"):
        penstock.jit_pattern_search(b"abc", [b"a", b""])
    with pytest.raises(UsageError, match="no mode"):
        penstock.jit_pattern_search(b"abc", [b"a"], "first")
    with pytest.raises(UsageError, match="limit"):
        penstock.jit_pattern_search(b"abc", [b"a"], limit=-1)
    with pytest.raises(BadBufferError):
        penstock.jit_pattern_search(b"abc", [1])
    for one in (b"abc", "abc"):
        with pytest.raises(UsageError, match="one pattern"):
            penstock.jit_pattern_search(b"abc", one)
        with pytest.raises(UsageError, match="one pattern"):
            penstock.OptimizedDictionary(one)
    with pytest.raises(BadBufferError):
        penstock.jit_pattern_search(7, [b"abc"])
    with pytest.raises(LimitExceededError, match="more than 2 matches"):
        penstock.jit_pattern_search(b"aaa", [b"a"], limit=2)


def test_a_hundred_thousand_patterns():
    patterns = [b"%d;" % number for number in range(100_000)]
    found = penstock.jit_pattern_search(b"12345;" * 10 + b"x99999;", patterns, "tokens")
    assert [patterns[number] for number in found.patterns] == [b"12345;"] * 10 + [b"99999;"]


def test_a_dictionary():
    words = penstock.OptimizedDictionary(["error", b"warning", "error"])
    assert len(words) == 2
    assert list(words) == [b"error", b"warning"]
    assert words[1] == b"warning"
    assert "error" in words and bytearray(b"warning") in words
    assert "warn" not in words and 7 not in words
    assert words.number("warning") == 1
    assert words.number(b"warn") == -1
    assert words.add("warn") == 2
    assert words.add("error") == 0
    text = b"error: a warning is no error"
    assert pairs(words.search(text)) == [(0, 0), (9, 1), (9, 2), (23, 0)]
    assert pairs(words.longest(text)) == pairs(words.tokenize(text)) == [(0, 0), (9, 1), (23, 0)]
    with pytest.raises(UsageError):
        words.add("")
    with pytest.raises(LimitExceededError):
        words.search(text, limit=3)
    assert repr(words) == "<OptimizedDictionary of 3 patterns>"
    figures = words.statistics()
    assert figures["patterns"] == 3
    assert figures["pattern_bytes"] == 16
    assert figures["longest"] == 7
    assert figures["searches"] == 3
    assert figures["matches"] == 10
    assert figures["bytes_searched"] == 3 * len(text)
    assert figures["states"] == 1 + 5 + 7 + 4
    assert penstock.OptimizedDictionary().search(b"abc").positions.size == 0


def test_many_threads_add_and_search_at_once():
    words, wrong = penstock.OptimizedDictionary([b"needle"]), []

    def work(own):
        for turn in range(30):
            pattern = b"%d-%d." % (own, turn)
            number = words.add(pattern)
            found = words.search(b"needle " + pattern)
            if words[number] != pattern or pairs(found) != [(0, 0), (7, number)]:
                wrong.append(pattern)

    threads = [threading.Thread(target=work, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(words) == 121
    assert words.statistics()["searches"] == 120


HOSTS = [b"https://www.host-%d.example.org/page/%d" % (at % 9, at * 37 % 1000) for at in range(300)]


def test_strings_are_coded_each_on_its_own():
    words = penstock.OptimizedDictionary(HOSTS[:100])
    coded = [words.encode(host) for host in HOSTS]
    assert 3 * sum(map(len, coded)) < sum(map(len, HOSTS))
    assert [words.decode(each) for each in coded] == HOSTS
    other = penstock.OptimizedDictionary(symbols=words.symbols)
    assert [other.decode(each) for each in coded] == HOSTS
    assert other.encode(HOSTS[7]) == coded[7]
    lines = words.encode(b"\n".join(HOSTS))
    assert [words.decode(line) for line in lines.split(b"\n")] == HOSTS
    words.add("another")
    assert words.encode(HOSTS[7]) == coded[7]  # symbols stay as they were


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30)), st.binary(max_size=100))
def test_any_string_can_be_coded(samples, text):
    words = penstock.OptimizedDictionary()
    words.train(samples)
    assert words.decode(words.encode(text)) == text
    assert words.encode(b"") == words.decode(b"") == b""
    with pytest.raises(UsageError, match="has symbols"):
        words.train(samples)


def test_codes_and_symbols_that_are_none():
    words = penstock.OptimizedDictionary(symbols=[b"abc"])
    assert words.decode(b"\0\0") == b"abcabc"
    for codes in (b"\1", b"\xff", b"\xff\n"):
        with pytest.raises(CorruptDataError):
            words.decode(codes)
    for symbols in ([b""], [b"a\n"], [b"123456789"], [b"abcd", b"abce"], [b"%03d" % at for at in range(255)]):
        with pytest.raises(UsageError, match="no symbols"):
            penstock.OptimizedDictionary(symbols=symbols)


def slow_entropy(data):
    shares = [data.count(value) / len(data) for value in set(data)]
    return -sum(share * math.log2(share) for share in shares)


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(1, 400))
def test_entropy(data, block):
    assert penstock.jit_entropy_calc(data) == pytest.approx(slow_entropy(data), abs=1e-9)
    found = penstock.jit_entropy_calc(data, block)
    parts = [data[start : start + block] for start in range(0, len(data), block)]
    assert found.dtype == np.float64
    assert found.tolist() == pytest.approx([slow_entropy(part) for part in parts], abs=1e-9)


def test_entropy_of_what_is_known():
    assert penstock.jit_entropy_calc(b"") == 0.0
    assert penstock.jit_entropy_calc("aaaa") == 0.0
    assert math.copysign(1, penstock.jit_entropy_calc(b"a")) == 1
    assert penstock.jit_entropy_calc(bytes(range(256)) * 300) == 8.0
    assert penstock.jit_entropy_calc(np.arange(4, dtype=np.uint32)) == pytest.approx(slow_entropy(
        np.arange(4, dtype=np.uint32).tobytes()
    ))  # fmt: skip
    assert penstock.jit_entropy_calc(b"ab" * 500, block=1).tolist() == [0.0] * 1000
    assert penstock.jit_entropy_calc(b"", block=5).size == 0
    with pytest.raises(UsageError):
        penstock.jit_entropy_calc(b"a", block=0)
    with pytest.raises(BadBufferError):
        penstock.jit_entropy_calc(None)
