"""Numbers printed with all digits of a double: what is short becomes short, and all values come back."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from naive import layers as naive
from penstock.errors import UsageError
from penstock.layers.printed import Printed, guess
from penstock.layers.streams import Kind

from .inside import bytes_of, damaged, must_fill_or_refuse, round_trip, stream_of

LAYER = Printed()


def shown(value, decimals):
    """What `%.17g` prints, times 10**decimals."""
    scaled = Fraction(f"{value:.17g}") * 10**decimals
    return int(scaled) % 2**64 if scaled.denominator == 1 and abs(scaled) < 10**18 else None


@given(
    number=st.integers(-(10**9), 10**9),
    places=st.integers(0, 9),
    steps=st.integers(-127, 127),
    decimals=st.integers(9, 18),
)
@example(number=1, places=1, steps=-1, decimals=18)
@example(number=1, places=2, steps=0, decimals=18)
@example(number=1, places=2, steps=-1, decimals=18)
@example(number=10, places=0, steps=-1, decimals=16)
@example(number=999999999, places=9, steps=127, decimals=17)
@settings(max_examples=400, deadline=None)
def test_what_is_printed_is_short(number, places, steps, decimals):
    value = number / 10**places
    if number:
        value = float(np.copysign((np.array([abs(value)]).view(np.int64) + steps).view(np.float64)[0], value))
    whole = shown(value, decimals)
    if whole is None:
        return
    digits = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    _, streams = round_trip(LAYER, stream_of([whole], 8), bytes((places, decimals)))
    if value and abs(value) >= 0.01 and digits + decimals <= 18 and abs(steps) < 100:
        assert len(streams) == 2
        found = int(streams[0].values().view(np.int32 if streams[0].kind is Kind.U32 else np.int64)[0])
        # Of small numbers some steps may be another short number.
        assert found == number or abs(found - number) < abs(steps)


@given(values=st.lists(st.integers(0, 2**64 - 1), max_size=50), places=st.integers(0, 18), more=st.integers(0, 18))
@settings(max_examples=200, deadline=None)
def test_any_values_come_back(values, places, more):
    round_trip(LAYER, stream_of(values, 8), bytes((places, min(places + more, 18))))


def test_coordinates_are_guessed():
    random = np.random.default_rng(1)
    short = random.integers(10_000_000, 180_000_000, 2000) * random.choice([-1, 1], 2000)
    values = np.array([shown(int(number) / 10**6, 15) for number in short], np.uint64)
    params = guess(values, 15)
    assert params == bytes((6, 15))
    _, (numbers, steps) = LAYER.encode(stream_of(values, 8), params)
    assert numbers.values().view(np.int32).tolist() == short.tolist()
    assert steps.count == 0


def test_nothing_is_guessed_of_other_numbers():
    random = np.random.default_rng(1)
    noise = random.integers(0, 10**17, 2000).astype(np.uint64)
    assert guess(noise, 15) is None
    assert guess(noise, 3) is None


def test_numbers_that_show_nothing_are_as_the_text_says():
    odd = [0, 1, 5, 99, 100, 2**52 - 1, 2**52, 2**53 - 1, 2**53, 2**62, 2**63 - 1]
    odd = [(sign * number) % 2**64 for number in odd for sign in (1, -1)] + [2**63]
    for places, decimals in ((0, 0), (0, 18), (2, 2), (2, 17), (15, 18), (18, 18)):
        for code in (0, 1, 2, 254, 255):
            steps = bytes([code]) * len(odd)
            out = must_fill_or_refuse(
                LAYER, bytes((places, decimals)), [stream_of(odd, 8), bytes_of(steps)], Kind.U64, 8 * len(odd)
            )
            signed = [number - 2**64 if number >= 2**63 else number for number in odd]
            wanted = [naive.show(number, naive.signed(code), places, decimals) % 2**64 for number in signed]
            assert np.frombuffer(out, np.uint64).tolist() == wanted


def test_damage_is_noticed_or_does_no_harm():
    random = np.random.default_rng(2)
    values = [shown(number / 7, 12) or 3 for number in range(90)]
    values = [value if at % 9 else 2**60 for at, value in enumerate(values)]
    params, children = LAYER.encode(stream_of(values, 8), b"\3\x0c")
    assert len(children) == 4
    for bad in damaged(children, random):
        must_fill_or_refuse(LAYER, params, bad, Kind.U64, 720)
    for wrong in (b"", b"\3", b"\4\3", b"\3\x13", b"\3\x0c\0"):
        assert must_fill_or_refuse(LAYER, wrong, children, Kind.U64, 720) is None


def test_what_cannot_be_asked():
    with pytest.raises(UsageError):
        LAYER.encode(stream_of([1], 4), b"\1\2")
    with pytest.raises(UsageError):
        LAYER.encode(stream_of([1], 8), b"\3\2")
