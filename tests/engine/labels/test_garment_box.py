import numpy as np
import pytest

from engine.labels.garment_box import garment_box, large_parts


def photo(*boxes, size=(192, 144), ground=(225, 222, 218), colour=(40, 60, 140)):
    pixels = np.full((*size, 3), ground, dtype=np.uint8)
    for top, bottom, left, right in boxes:
        pixels[top:bottom, left:right] = colour
    return pixels


def near(box, left, top, right, bottom):
    return np.abs(np.subtract(box, (left, top, right, bottom))).max() < 0.03 + 0.03


def test_the_box_is_around_the_garment_with_a_margin():
    box = garment_box(photo((48, 144, 36, 108)))
    assert near(box, 0.25, 0.25, 0.75, 0.75)
    assert box.left <= 0.25 and box.top <= 0.25 and box.right >= 0.75 and box.bottom >= 0.75


def test_a_pair_is_one_thing_and_a_crumb_is_none():
    pair = photo((60, 120, 20, 60), (60, 120, 84, 124), (4, 8, 134, 138))
    assert near(garment_box(pair), 20 / 144, 60 / 192, 124 / 144, 120 / 192)


def test_uneven_light_is_background():
    light = np.linspace(0, 14, 144)[None, :, None]
    lit = np.clip(photo((48, 144, 36, 108)) - light, 0, 255).astype(np.uint8)
    assert near(garment_box(lit), 0.25, 0.25, 0.75, 0.75)


@pytest.mark.parametrize(
    "pixels",
    [
        photo(),  # nothing
        photo((2, 190, 2, 142)),  # the garment fills the photo
        photo((90, 94, 70, 74)),  # too little
        photo(size=(1, 1)),
        photo(size=(3, 700)),
        np.random.default_rng(0).integers(0, 255, (90, 70, 3)).astype(np.uint8),
    ],
)
def test_where_nothing_stands_out_there_is_no_box(pixels):
    assert garment_box(pixels) is None


def test_it_needs_pixels():
    with pytest.raises(ValueError, match=r"\(H, W, 3\) uint8"):
        garment_box(np.zeros((4, 4), np.uint8))


def test_parts_are_large_beside_the_largest():
    mask = np.zeros((9, 9), dtype=bool)
    mask[0:5, 0:5] = True
    mask[6, 0:5] = True  # a fifth of it
    mask[8, 0:2] = True
    assert large_parts(mask).sum() == 30
    assert not large_parts(np.zeros((3, 3), dtype=bool)).any()
