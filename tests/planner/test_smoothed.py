"""Images with noise: their rows are found, and the mean above is taken where it is better than a neighbour."""

import numpy as np
import pytest

from penstock.layers import wanted
from penstock.planner.aims import AIMS
from penstock.planner.columns import choose_column
from penstock.planner.draft import draft_of
from penstock.planner.fields import Field, Layout
from penstock.planner.smoothed import with_means


def picture(rows, columns, noise, seed=1):
    random = np.random.default_rng(seed)
    down, right = np.arange(rows)[:, None], np.arange(columns)[None, :]
    scene = 1500 + 300 * np.sin(down / 60) * np.cos(right / 45) + 200 * np.sin(right / 21 + down / 90)
    return (scene + noise * random.normal(size=(rows, columns))).astype("<u2")


@pytest.mark.parametrize("columns", [640, 777])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_rows_are_found(columns, order):
    data = picture(400, columns, 25).astype(order).view(np.uint8).reshape(-1)
    plain = Layout(2, (Field(0, 2, order == ">u2", "int"),), price=4.0)
    found = with_means(data, plain)
    assert found.row == columns
    assert found.price < plain.price


def test_what_is_no_such_image_stays():
    noise = np.random.default_rng(1).integers(0, 256, 1 << 18, np.uint8)
    plain = Layout(2, (Field(0, 2, False, "int"),), price=8.0)
    assert with_means(noise[:1000], plain) is plain
    wide = Layout(4, (Field(0, 4, False, "int"),), price=8.0)
    assert with_means(noise, wide) is wide
    text = Layout(2, (Field(0, 2, False, "raw"),), price=8.0)
    assert with_means(noise, text) is text


def windows(image):
    return [image[at : at + 3].reshape(-1) for at in range(0, len(image) - 3, len(image) // 8)]


def mode_of(want):
    return want.params[0] if want.params else None


def test_the_mean_is_for_noise():
    noisy = choose_column(windows(picture(400, 640, 25)), row=640)
    assert mode_of(noisy.want) == wanted.SMOOTH
    assert noisy.want.params == wanted.delta(wanted.SMOOTH, 640, wanted.AUTO).params
    assert noisy.bits < 7.0
    clean = choose_column(windows(picture(400, 640, 0)), row=640)
    assert mode_of(clean.want) != wanted.SMOOTH
    white = choose_column(windows(np.random.default_rng(2).normal(900, 30, (400, 640)).astype("<u2")), row=640)
    assert mode_of(white.want) != wanted.SMOOTH


def test_numbers_that_wrap_are_as_good():
    """Pixels around zero, in two's complement."""
    wrapped = choose_column(windows(picture(400, 640, 25) - np.uint16(1500)), row=640)
    assert mode_of(wrapped.want) == wanted.SMOOTH


def test_a_chunk_is_drafted_with_it():
    raw = picture(800, 777, 25).view(np.uint8).reshape(-1)
    _, want = draft_of(raw, AIMS["balanced"])
    (column,) = want.children
    assert column.params == wanted.delta(wanted.SMOOTH, 777, wanted.AUTO).params
