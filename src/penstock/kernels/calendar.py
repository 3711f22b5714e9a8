"""Days and dates of the Gregorian calendar from 1600 on, and the words of formats of dates."""

from __future__ import annotations

import numpy as np

from .jit import helper
from .memory import load64_at, store64_at

YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, PART, NAME, BARE_MONTH = range(1, 10)
BARE_DAY, SPACED_DAY, WEEKDAY, BARE_HOUR, SHORT_YEAR = range(11, 16)
"""What stands in a format: year of 4 digits, month, day, hour, minute and second of 2, a digit of the second's part,
the month's name; month and day of 1 or 2 digits; day behind a blank, weekday's name; hour of 1 or 2 digits; year of 2.
All other bytes stand for themselves."""
LITERAL = 16
SIZE = 16
"""In the places of the parts of a format: how long a cell is, if all are, or -1."""
PATTERN = 48
"""Bytes of each of three rows that such cells are compared with: what stands there, where that must, where digits."""
WIDTHS = np.array([0, 4, 2, 2, 2, 2, 2, 1, 3, 1, 0, 1, 2, 3, 1, 2], np.int64)
"""Bytes of each; of 1 or 2 digits the fewest."""
MOST = 64
"""Bytes of a cell at most."""
DAYS, MINUTES, SECONDS = range(3)
"""What the numbers count; of seconds also parts."""
AT, CELL, BAD, RAW, LAST_BAD, LOW, HIGH, VALUE = range(8)
"""What `read` knows between two calls: where it is in the block; cells, exceptions and their bytes so far; the place of
the last exception; the least and the largest value, and the last one. `write` knows the first five of its output, the
fifth being the place of the next exception."""
NONE = (1 << 62) - 1
FIRST_YEAR, LAST_YEAR, NO_YEAR = 1600, 9999, 2000
PIVOT = 70
"""Short years from here on are of the 20th century, the others of the 21st."""
SATURDAY = 5
"""The weekday of the first day of 1600, from Monday."""
_CYCLE = 146097
"""Days of 400 years."""
_TO_MARCH = 4 * _CYCLE - 60
"""Days from the first of March of the year 0 to the first day of 1600."""
_BEFORE = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365], np.int64)
"""Days of a year before each month."""
_NAMES = b"JanFebMarAprMayJunJulAugSepOctNovDecMonTueWedThuFriSatSun"
NAMES = np.array([int.from_bytes(_NAMES[at : at + 3], "little") for at in range(0, len(_NAMES), 3)], np.int64)
"""Names of three letters, as words: first those of months, then from `MONDAY` on those of days."""
MONDAY = 12
POWERS = np.array([10**power for power in range(10)], np.uint64)


@helper
def _leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@helper
def days_of(year, month, day):
    """Days from the first one of 1600 to a date; -1 where there is no such date."""
    if month < 1 or month > 12 or day < 1 or year < FIRST_YEAR:
        return np.int64(-1)
    leap = np.int64(_leap(year))
    if day > _BEFORE[month] - _BEFORE[month - 1] + (leap if month == 2 else 0):
        return np.int64(-1)
    past = year - FIRST_YEAR
    leaps = (past + 3) // 4 - (past + 99) // 100 + (past + 399) // 400
    return 365 * past + leaps + _BEFORE[month - 1] + (leap if month > 2 else 0) + day - 1


@helper
def date_of(days):
    """The year, month and day of a day from the first one of 1600; years begin in March here, so leap days end them."""
    shifted = days + _TO_MARCH
    cycle = shifted // _CYCLE
    day = shifted - cycle * _CYCLE
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    month += 3 if month < 10 else -9
    return year + 400 * cycle + np.int64(month <= 2), month, day + 1


@helper
def word_of(words, place):
    """One of the whole numbers at an address."""
    return np.int64(load64_at(words + 8 * place))


@helper
def put_word(words, place, value):
    """Change one of them."""
    store64_at(words + 8 * place, np.uint64(value))
