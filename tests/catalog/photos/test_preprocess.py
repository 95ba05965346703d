import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from catalog.photos.preprocess import background, to_square

COLOUR = (250, 10, 20)


def with_marked_corners(width: int, height: int) -> Image.Image:
    """A grey photo with a marked block in each corner of its content."""
    image = Image.new("RGB", (width, height), (90, 90, 90))
    block_w, block_h = max(1, width // 4), max(1, height // 4)
    for x in (0, width - block_w):
        for y in (0, height - block_h):
            image.paste(COLOUR, (x, y, x + block_w, y + block_h))
    return image


@pytest.mark.parametrize("size", [(400, 100), (100, 400), (64, 64), (300, 299), (20, 30)])
def test_nothing_is_cropped(size):
    square = to_square(with_marked_corners(*size), 64).astype(int)
    assert square.shape == (64, 64, 3)
    red = (square[..., 0] > 200) & (square[..., 1] < 80)
    scale = 64 / max(size)
    width, height = round(size[0] * scale), round(size[1] * scale)
    left, top = (64 - width) // 2, (64 - height) // 2
    for y in (top + 1, top + height - 2):
        for x in (left + 1, left + width - 2):
            assert red[y, x], f"the content's corner at {x}, {y} is gone"


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 40))
def test_any_size_becomes_a_square_of_bytes(width, height, side):
    square = to_square(Image.new("RGB", (width, height), (10, 200, 30)), side)
    assert square.shape == (side, side, 3) and square.dtype == np.uint8
    assert np.abs(square.astype(int) - (10, 200, 30)).max() <= 1


@pytest.mark.parametrize("size", [(1, 200), (200, 1), (1, 1)])
def test_a_photo_one_pixel_wide_is_still_seen(size):
    image = Image.new("RGB", size, "white")
    image.paste((0, 0, 0), (0, 0, *size))
    assert to_square(image, 32).min() == 0


def test_the_margin_has_the_photos_own_background():
    image = Image.new("RGB", (100, 50), (200, 220, 240))
    image.paste((0, 0, 0), (20, 10, 80, 40))
    square = to_square(image, 40)
    assert (square[0] == (200, 220, 240)).all() and (square[-1] == (200, 220, 240)).all()
    assert background(image) == (200, 220, 240)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_on_white(mode):
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (8, 8, 12, 12))
    if mode == "P":
        converted = image.convert("RGB").quantize(4)
        converted.info["transparency"] = converted.getpixel((0, 0))
        expected_middle = 255  # both are black: all of it is see-through
    else:
        converted, expected_middle = image.convert(mode), 0
    square = to_square(converted, 20)
    assert (square[0, 0] == 255).all()
    assert (square[10, 10] == expected_middle).all()


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "I;16", "P"])
def test_every_mode_is_read(mode):
    image = Image.new("RGB", (30, 20), "white").convert("L" if mode == "I;16" else mode)
    assert to_square(image, 16).shape == (16, 16, 3)


def test_a_square_of_the_right_size_is_left_as_it_is():
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    np.testing.assert_array_equal(to_square(Image.fromarray(pixels), 24), pixels)
