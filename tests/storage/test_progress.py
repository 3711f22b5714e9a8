"""The gapless part of ranges that arrive in any order."""

import random
import threading

from penstock.storage.progress import Prefix


def test_the_gapless_part_in_any_order():
    ranges = [(i * 10, i * 10 + 10) for i in range(200)]
    random.Random(1).shuffle(ranges)
    prefix, seen = Prefix(), set()
    for begin, end in ranges:
        seen.update(range(begin, end))
        expected = next(i for i in range(2001) if i not in seen)
        assert prefix.add(begin, end) == expected
    assert prefix.add(5, 7) == 2000  # written again
    assert prefix.add(1990, 2005) == 2005
    assert prefix.add(2010, 2010) == 2005


def test_the_gapless_part_from_many_threads():
    prefix = Prefix(7)
    threads = [
        threading.Thread(target=lambda k=k: [prefix.add(i, i + 1) for i in range(7 + k, 4007, 4)]) for k in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert prefix.end == 4007
