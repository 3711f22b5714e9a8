"""Dates and times of one format become numbers, others are kept as they are; formats are found from the cells."""

import datetime
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import penstock
from penstock.errors import CorruptDataError, UsageError
from penstock.layers.contract import DATES
from penstock.layers.dates import Dates, format_of, spelled
from penstock.layers.streams import Kind, Stream
from penstock.planner.aims import AIMS
from penstock.planner.cells import choose_cells
from penstock.planner.dated import guess

ISO = b"\1-\2-\3"
FORMS = {
    "%Y-%m-%d %H:%M:%S": b"\1-\2-\3 \4:\5:\6", "%d/%b/%Y:%H:%M:%S +0000": b"\3/\x08/\1:\4:\5:\6 +0000",
    "%b %e %H:%M:%S": b"\x08 \x0c \4:\5:\6", "%a, %d %b %Y %H:%M:%S GMT": b"\x0d, \3 \x08 \1 \4:\5:\6 GMT",
    "%Y-%m-%dT%H:%M:%S.%fZ": b"\1-\2-\3T\4:\5:\6.\7\7\7\7\7\7Z", "%H:%M": b"\4:\5", "%d.%m.%Y": b"\3.\2.\1",
    "%m/%d/%Y": b"\2/\3/\1", "%m/%d/%y": b"\2/\3/\x0f", "%a %b %e %H:%M:%S %Y": b"\x0d \x08 \x0c \4:\5:\6 \1",
    "%Y%m%dT%H%M%SZ": b"\1\2\3T\4\5\6Z", "%Y%m%d%H%M%S": b"\1\2\3\4\5\6", "[%Y/%m/%d %H:%M]": b"[\1/\2/\3 \4:\5]",
    "%d-%b-%Y": b"\3-\x08-\1", "%b %d, %Y": b"\x08 \3, \1", "%Y-%m-%d %H:%M:%S,123": b"\1-\2-\3 \4:\5:\6,\7\7\7",
    "%Y-%m-%dT%H:%M:%S+01:00": b"\1-\2-\3T\4:\5:\6+01:00", "%y-%m-%d": b"\x0f-\2-\3",
}  # fmt: skip


def bytes_of(data):
    return np.frombuffer(data, np.uint8)


def trip(cells, form):
    """The streams; the cells come back from them."""
    told, streams = Dates().encode(Stream(Kind.BYTES, bytes_of(cells)), form)
    out = np.zeros(len(cells), np.uint8)
    Dates().decode(told, streams, Stream(Kind.BYTES, out))
    assert out.tobytes() == cells
    return streams


def times(many, days=300, seed=1):
    chance, first = random.Random(seed), datetime.datetime(2019, 3, 1)
    return [first + datetime.timedelta(seconds=chance.randrange(days * 86400)) for _ in range(many)]


@pytest.mark.parametrize("form", FORMS)
def test_formats_are_found_and_come_back(form):
    cells = "".join(time.strftime(form) + "\n" for time in times(500)).encode()
    assert guess(bytes_of(cells)) == FORMS[form]
    streams = trip(cells, FORMS[form])
    assert len(streams) == 1
    assert len(streams[0].read()) == 500


def test_every_day_of_the_calendar():
    first = datetime.date(1600, 1, 1)
    days = [*range(0, 3068037, 89), *range(146090, 146200), 59, 60, 366, 3068036]
    cells = "".join((first + datetime.timedelta(day)).isoformat() + "\n" for day in days).encode()
    (values,) = trip(cells, ISO)
    assert values.read().tolist() == days


@pytest.mark.parametrize(
    "bad",
    ["2019-02-29", "1900-02-29", "1599-12-31", "2019-00-01", "2019-13-01", "2019-04-31", "", "2019-1-01", "2019-01-01 ",
     "+019-01-01", "2019-01-0x", "2019/01/01", "2019-01-011", "20190-1-01", "2019-01-00"],
)  # fmt: skip
def test_what_is_no_date_is_an_exception(bad):
    for place in range(3):
        cells = ["2020-02-29", "1999-12-31"]
        cells.insert(place, bad)
        streams = trip("".join(cell + "\n" for cell in cells).encode(), ISO)
        assert streams[2].data.tobytes() == bad.encode() + b"\n"


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (b"\x09/\x0b", ["1/2", "12/31", "2/29"], ["01/2", "1/02", "13/1", "0/1", "/1", "1/", "1/123"]),
        (b"\x08 \x0c", ["Feb 29", "Mar  1"], ["Feb 30", "Mar 01", "mar  1", "Mar 1", "Mar   "]),
        (b"\x0d \1\2\3", ["Sat 20000101", "Fri 20261120"], ["Sun 20000101", "sat 20000101"]),
        (b"\x0e:\5", ["0:00", "9:59", "23:59"], ["24:00", "00:00", "9:60", "9:5"]),
        (b"\4:\5:\6.\7\7", ["00:00:00.00", "23:59:59.99"], ["23:59:60.00", "23:59:59.9", "23:59:59.x9"]),
        (b"\x0f\2\3", ["700101", "691231"], ["7001011", "70010"]),
        (b"\1\2\3\4\5\6" + b"\7" * 9, ["20261120" + "0" * 15], ["21850101" + "0" * 15]),
    ],
    ids=range(7),
)  # fmt: skip
def test_cells_that_fit_and_others(form, good, bad):
    streams = trip("".join(cell + "\n" for cell in [*bad, *good, *bad]).encode(), form)
    assert streams[2].data.tobytes().decode().split("\n")[:-1] == [*bad, *bad]
    assert len(trip("".join(cell + "\n" for cell in good).encode(), form)) == 1


@given(st.lists(st.datetimes(datetime.datetime(1600, 1, 1)), min_size=1), st.sampled_from(sorted(FORMS)), st.data())
@settings(max_examples=150, deadline=None)
def test_any_times_and_any_damage(found, form, data):
    text = "".join(f"{time:{form}}\n" for time in found)
    places = data.draw(st.lists(st.integers(0, len(text) - 1), max_size=5))
    raw = bytearray(text.encode())
    for place in places:
        raw[place] = data.draw(st.integers(0, 255))
    raw[-1] = 10
    trip(bytes(raw), FORMS[form])


@pytest.mark.parametrize(
    "form",
    [b"", b"\1", b"\1-\2", b"\3", b"\4", b"\5", b"\6", b"\4:\6", b"\2\3\x0d", b"\1\x0f\2\3",
     b"\2\x08\3", b"\2\3\x0b", b"\4\x0e\5",
     b"\4\5\7", b"\4\5\7\6", b"\4\5\6\7.\7", b"\4\5\6" + b"\7" * 10, b"\4\n\5", b"\4\0\5", b"\4\5" + b"-" * 39, b"abc"],
)  # fmt: skip
def test_formats_that_cannot_be(form):
    assert format_of(form) is None
    with pytest.raises(UsageError):
        Dates().encode(Stream(Kind.BYTES, bytes_of(b"")), form)
    with pytest.raises(CorruptDataError):
        Dates().decode(b"\0" + form, [Stream(Kind.BYTES, bytes_of(b""))], Stream(Kind.BYTES, np.zeros(0, np.uint8)))


@pytest.mark.parametrize(
    "text",
    ["hello world\n" * 99, "".join(f"{n}\n" for n in range(99)), "".join(f"10.0.{n}.7\n" for n in range(99)), "\n" * 99,
     "", "".join(f"{n % 12 + 1}-{n}\n" for n in range(99)), "2024-01-01\n" + "none\n" * 30,
     "".join(f"{n}:{n}\n" for n in range(60, 150))],
    ids=range(8),
)  # fmt: skip
def test_what_is_no_column_of_dates(text):
    assert guess(bytes_of(text.encode())) is None


def test_names_of_formats():
    assert spelled(FORMS["%Y-%m-%d %H:%M:%S,123"]) == "YYYY-MM-DD hh:mm:ss,fff"
    assert spelled(FORMS["%a, %d %b %Y %H:%M:%S GMT"]) == "Day, DD Mon YYYY hh:mm:ss GMT"


def test_a_column_of_times_and_a_table():
    found = sorted(times(8000, days=9))
    cells = bytes_of("".join(f"{time:%Y-%m-%d %H:%M:%S}\n" for time in found).encode())
    chosen = choose_cells(cells, AIMS["balanced"], 1.0)
    assert chosen.want.id == DATES
    assert chosen.size < 8000 * 1.2  # about 8 bits to the next one
    table = "".join(f"{time:%d/%b/%Y %H:%M:%S},{n * 7919 % 1000}\n" for n, time in enumerate(found)).encode()
    blob = penstock.compress(table)
    assert penstock.decompress(blob) == table
    assert len(blob) < 8000 * 2.7
