import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.applications.verification import photo_print
from engine.applications.verification.photo_print import SIDE, compare, print_of
from engine.applications.verification.views import VIEWS, view


def photo(seed: int, garment=(180, 40, 60)) -> Image.Image:
    """A garment with a print of its own, on white."""
    draw = np.random.default_rng(seed)
    image = Image.new("RGB", (300, 400), "white")
    pen = ImageDraw.Draw(image)
    pen.polygon([(60, 60), (240, 60), (260, 340), (40, 340)], fill=garment)
    for _ in range(12):
        left, top = draw.integers(70, 200), draw.integers(70, 300)
        colour = tuple(draw.integers(0, 255, 3).tolist())
        pen.rectangle((left, top, left + draw.integers(10, 40), top + 25), fill=colour)
    return image


@pytest.mark.parametrize("name", VIEWS)
def test_one_photo_is_recognised_however_it_was_changed(name):
    for seed in range(4):
        changed = print_of(view(photo(seed), name))
        assert compare(print_of(photo(seed)), changed).one_photo
        assert compare(changed, print_of(photo(seed))).one_photo


@pytest.mark.parametrize("name", VIEWS)
def test_another_print_on_the_same_garment_is_another_photo(name):
    for seed in range(4):
        other = print_of(view(photo(seed + 10), name))
        assert not compare(print_of(photo(seed)), other).one_photo


def test_a_photo_without_a_garment_tells_nothing():
    blank = print_of(Image.new("RGB", (50, 80), "white"))
    found = compare(blank, blank)
    assert found.difference == 255
    assert found.garment == 0
    assert np.isfinite(found).all()


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "RGB"])
def test_any_photo_has_a_print(mode):
    found = print_of(Image.new(mode, (8, 2000)))
    assert found.pixels.shape == (SIDE, SIDE, 3)
    assert found.garment.shape == (SIDE, SIDE)


def test_a_print_is_laid_out_once_for_all_that_it_is_compared_with(monkeypatch):
    """What is done for each print is not repeated for each pair."""
    made = []
    centred = photo_print._centred
    monkeypatch.setattr(photo_print, "_centred", lambda rows: made.append(rows) or centred(rows))
    first, others = print_of(photo(1)), [print_of(photo(seed)) for seed in range(2, 7)]
    for other in others:
        compare(first, other)
    parts = [rows for rows in made if rows.ndim == 2]
    assert len(parts) == 1 + len(others)


def test_prints_are_small_enough_to_keep_many():
    found = print_of(photo(1))
    assert found.pixels.nbytes + found.garment.nbytes == 4 * SIDE**2


@pytest.mark.parametrize("other", [(205, 205, 60), (40, 60, 200)])
def test_a_plain_garment_in_another_colour_is_another_photo(other):
    """Such as gloves in black and in green: the same pixels but for their tint."""
    first, second = (np.full((300, 300, 3), 255, dtype=np.uint8) for _ in range(2))
    shade = np.linspace(-20, 20, 160)[:, None, None]
    first[70:230, 70:230] = np.clip(np.array([60, 60, 60]) + shade, 0, 255)
    tinted = np.array([60, 60, 60]) + np.sign(np.array(other) - 128) * 8
    second[70:230, 70:230] = np.clip(tinted + shade, 0, 255)
    found = compare(*(print_of(Image.fromarray(one)) for one in (first, second)))
    assert found.garment > 0.85 and found.difference < 16  # what the rule asked for before
    assert not found.one_photo


def test_two_plain_wallets_are_two_photos():
    """What both have is the edge and the light; a seam and a press button tell them apart."""
    seams = []
    for place in (90, 200):
        image = Image.new("RGB", (300, 300), "white")
        pen = ImageDraw.Draw(image)
        pen.rectangle((50, 90, 250, 210), fill=(40, 36, 34))
        pen.rectangle((place, 90, place + 14, 210), fill=(50, 46, 44))
        seams.append(print_of(image))
    found = compare(*seams)
    assert found.garment > 0.85 and found.difference < 16  # what the rule asked for before
    assert not found.one_photo
    again = compare(seams[0], seams[0])
    assert again.one_photo and again.apart == 0
