from collections import deque

import numpy as np
import pytest

from engine.labels.photo_colour import (
    NAMED,
    colour_histogram,
    dominant_colour,
    garment_mask,
    to_lab,
)
from engine.labels.vocabulary import COLOURS


def studio(colour, ground=(255, 255, 255), size=(80, 60)):
    """A garment of one colour in the middle of a plain ground."""
    pixels = np.full((*size, 3), ground, dtype=np.uint8)
    pixels[16:64, 15:45] = colour
    return pixels


def slow_lab(red, green, blue):
    """CIE 15 by hand, for one colour."""

    def linear(value):
        value /= 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    r, g, b = linear(red), linear(green), linear(blue)
    x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047
    y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883
    x, y, z = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize(
    "rgb", [(0, 0, 0), (255, 255, 255), (200, 30, 40), (3, 2, 1), (20, 90, 250)]
)
def test_lab_equals_the_slow_twin(rgb):
    np.testing.assert_allclose(
        to_lab(np.array(rgb, dtype=np.uint8)), slow_lab(*map(float, rgb)), atol=0.02
    )


def slow_mask(near):
    """Flood fill from the frame, a pixel at a time, diagonals included."""
    height, width = near.shape
    seen = np.zeros_like(near)
    queue = deque(
        (y, x)
        for y in range(height)
        for x in range(width)
        if near[y, x] and (y in (0, height - 1) or x in (0, width - 1))
    )
    for spot in queue:
        seen[spot] = True
    while queue:
        y, x = queue.popleft()
        for there in ((y + down, x + right) for down in (-1, 0, 1) for right in (-1, 0, 1)):
            inside = 0 <= there[0] < height and 0 <= there[1] < width
            if inside and near[there] and not seen[there]:
                seen[there] = True
                queue.append(there)
    return ~seen


def test_the_mask_equals_a_flood_fill_from_the_frame():
    draw = np.random.default_rng(4)
    for _ in range(20):
        lab = np.full((17, 23, 3), (100, 0, 0), dtype=np.float32)
        dark = draw.random((17, 23)) < 0.45
        dark[0], dark[-1] = False, False  # the frame's median stays white
        lab[dark] = (20, 0, 0)
        np.testing.assert_array_equal(garment_mask(lab)[0], slow_mask(~dark))


def test_background_colour_inside_the_garment_stays_garment():
    pixels = studio((0, 0, 0))
    pixels[30:40, 25:35] = 255
    assert garment_mask(to_lab(pixels))[0].sum() == 48 * 30


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((12, 12, 14), "black"),
        ((128, 128, 132), "grey"),
        ((200, 30, 40), "red"),
        ((25, 30, 70), "navy blue"),
        ((40, 90, 190), "blue"),
        ((40, 130, 60), "green"),
        ((240, 205, 60), "yellow"),
        ((240, 130, 170), "pink"),
        ((90, 55, 35), "brown"),
        ((100, 60, 140), "purple"),
    ],
)
@pytest.mark.parametrize("ground", [(255, 255, 255), (225, 228, 230)])
def test_plain_garments_get_their_name(rgb, name, ground):
    colour = dominant_colour(studio(rgb, ground))
    assert colour is not None
    assert colour.name == name
    assert colour.confidence > 0.9


def test_a_busy_background_is_not_decided():
    noise = np.random.default_rng(0).integers(0, 256, size=(80, 60, 3)).astype(np.uint8)
    noise[16:64, 15:45] = (200, 30, 40)
    assert dominant_colour(noise) is None


def test_nothing_but_background_is_not_decided():
    assert dominant_colour(np.full((30, 30, 3), 250, dtype=np.uint8)) is None


def test_two_equal_colours_are_not_decided_at_a_high_bar():
    pixels = studio((200, 30, 40))
    pixels[40:64, 15:45] = (40, 90, 190)
    assert dominant_colour(pixels, at_least=0.7) is None


def test_every_name_is_a_word_of_the_labels():
    assert set(NAMED) <= set(COLOURS)


def test_the_histogram_is_a_unit_row_and_sees_colour_not_background():
    red = colour_histogram(studio((200, 30, 40)))
    again = colour_histogram(studio((200, 30, 40), ground=(30, 60, 200)))
    blue = colour_histogram(studio((40, 90, 190)))
    assert red.shape == (968,)
    assert red.dtype == np.float32
    assert np.linalg.norm(red) == pytest.approx(1, abs=1e-6)
    assert red @ again > 0.99
    assert red @ blue < 0.1


def test_a_slightly_other_shade_stays_close():
    one = colour_histogram(studio((200, 30, 40)))
    other = colour_histogram(studio((196, 33, 42)))
    assert 0.7 < one @ other < 1


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 1, 3), (400, 3, 3)])
def test_tiny_and_odd_photos_have_a_histogram(shape):
    assert np.isfinite(colour_histogram(np.full(shape, 77, dtype=np.uint8))).all()


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_other_arrays_are_refused(wrong):
    with pytest.raises(ValueError, match=r"expected \(H, W, 3\) uint8"):
        colour_histogram(wrong)
