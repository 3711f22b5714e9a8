"""Sizes as people write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.cli.sizes import parse_size, show_rate, show_size, show_time
from penstock.errors import UsageError

K, M, G, T = 1 << 10, 1 << 20, 1 << 30, 1 << 40


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0), ("1", 1), ("4096", 4096), ("007", 7), ("4096B", 4096), ("12b", 12), (" 5 ", 5),
        ("4K", 4 * K), ("4k", 4 * K), ("4KiB", 4 * K), ("4kib", 4 * K), ("4 KiB", 4 * K), ("4KB", 4000), ("4kB", 4000),
        ("1M", M), ("1.5GiB", 3 * G // 2), ("1.5G", 3 * G // 2), ("100GB", 10**11), (".5K", 512), ("2.K", 2 * K),
        ("1T", T), ("1P", 1 << 50), ("1E", 1 << 60), ("1EB", 10**18), ("1.0000000001G", G), ("0.1K", 102),
        ("1.9", 1), ("1.", 1), ("9" * 30, int("9" * 30)),
    ],
)  # fmt: skip
def test_what_is_a_size(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    ["", " ", ".", "K", "-1", "+1", "1e3", "0x10", "4x", "4KK", "4iB", "4i", "1,000", "1 2", "1.2.3", "1_000", "inf",
     "nan", "½", "\u0663", "\uff14", "4\u212a", "9" * 31, "9" * 5000, "\n"],
)  # fmt: skip
def test_what_is_not(text):
    with pytest.raises(UsageError, match="is not a size") as caught:
        parse_size(text)
    assert "1.5GiB" in str(caught.value)
    assert len(str(caught.value)) < 120


@given(st.text())
def test_any_text_is_a_size_or_a_usage_error(text):
    with suppress(UsageError):
        assert parse_size(text) >= 0


@given(st.integers(0, 1 << 62), st.sampled_from(["", "B", " B"]))
def test_whole_numbers_are_exact(size, suffix):
    assert parse_size(f"{size}{suffix}") == size


@given(st.integers(0, 1 << 20), st.sampled_from("KMGTPEkmgtpe"), st.sampled_from(["", "iB", "ib"]))
def test_binary_units_are_exact(count, unit, suffix):
    assert parse_size(f"{count}{unit}{suffix}") == count << 10 * (1 + "KMGTPE".index(unit.upper()))


@given(st.integers(0, 1 << 59))
def test_what_is_shown_can_be_read(size):
    shown = show_size(size)
    again = parse_size(shown.replace(",", "").replace(" bytes", "").replace(" byte", ""))
    assert abs(again - size) <= max(size, 1) * 0.005 + 1
    assert size >= 1024 or again == size


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (2, "2 bytes"), (1023, "1023 bytes"), (1024, "1.00 KiB"), (1536, "1.50 KiB"),
     (M - 1, "1.00 MiB"), (M, "1.00 MiB"), (3 * G // 2, "1.50 GiB"), (1 << 60, "1,024.00 PiB")],
)  # fmt: skip
def test_sizes_for_people(size, text):
    assert show_size(size) == text.replace("1023 b", "1,023 b")


def test_rates_and_times_for_people():
    assert [show_rate(rate) for rate in (0, 5e6, 999e6, 1e9, 12.345e9)] == [
        "0 MB/s", "5 MB/s", "999 MB/s", "1.00 GB/s", "12.35 GB/s",
    ]  # fmt: skip
    assert [show_time(seconds) for seconds in (0, 0.04, 59.94, 59.96, 125, 3600, 3723)] == [
        "0.0 s", "0.0 s", "59.9 s", "1:00", "2:05", "1:00:00", "1:02:03",
    ]  # fmt: skip
