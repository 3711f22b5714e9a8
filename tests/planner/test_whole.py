"""What the library makes of a whole chunk is asked for once, and only where samples leave a doubt."""

import numpy as np
import pytest

from penstock.layers.contract import ZSTD
from penstock.layers.registry import codec_by_id
from penstock.planner import draft
from penstock.planner.aims import AIMS
from penstock.planner.whole import Whole

from . import made

BALANCED = AIMS["balanced"]


def test_it_is_what_the_library_makes():
    data = made.prose(100_000)
    whole = Whole(data, 3)
    assert not whole.asked
    out = np.empty_like(data)
    codec_by_id(ZSTD).decode_into(whole.made, out)
    np.testing.assert_array_equal(out, data)
    assert whole.asked
    assert whole.price == 8 * whole.made.size / data.size
    assert whole.made is whole.made


def test_noise_takes_all_its_bits():
    assert Whole(made.noise(50_000), 3).price == 8


def test_clear_records_are_not_compared():
    whole = Whole(made.filled(12_000, 34), 3)
    assert draft.draft_of(made.filled(12_000, 34), BALANCED, whole) is not None
    assert not whole.asked


@pytest.mark.parametrize("share", [0.01, 100.0], ids=["beaten", "better"])
def test_what_is_doubtful_is_compared(share, monkeypatch):
    data = made.filled(12_000, 34)
    monkeypatch.setattr(draft, "_PLAINLY", 0.0)
    monkeypatch.setattr(Whole, "price", share)
    monkeypatch.setattr(Whole, "made", property(lambda self: np.empty(int(data.size * share / 8), np.uint8)))
    assert (draft.draft_of(data, BALANCED, Whole(data, 3)) is None) == (share < 1)
