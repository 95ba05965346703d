import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.evaluation.looks.recolour import from_lab, garment_cover, recoloured_view
from engine.labels.photo_colour import to_lab


def garment(colour, size=(120, 160)):
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((40, 40, 80, 130), fill=colour)
    pen.rectangle((20, 40, 40, 60), fill=colour)  # one sleeve, so that a mirror shows
    return image


def middle(image):
    at = np.asarray(image)
    return to_lab(at[at.shape[0] // 2, at.shape[1] // 2][None])[0]


def test_lab_and_back_gives_the_same_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    back = from_lab(to_lab(pixels)).astype(int)
    assert np.abs(back - pixels).max() <= 1


@pytest.mark.parametrize("colour", ["red", "navy", "black", "white", "grey", "olive", "pink"])
def test_the_garment_gets_another_colour_and_the_background_stays(colour):
    image = garment(colour)
    view = recoloured_view(image)
    before, after = middle(image), middle(view)
    if colour != "white":  # white on white has no mask
        assert np.linalg.norm(after - before) > 20
        assert np.asarray(view)[2, 2].min() > 250
    assert view.width < image.width and view.height < image.height
    assert view.width > 0.85 * image.width and view.height > 0.85 * image.height


def test_the_view_is_mirrored():
    def sides(image):
        dark = (np.asarray(image.convert("L")) < 240).sum(axis=0)
        half = len(dark) // 2
        return dark[:half].sum(), dark[half:].sum()

    left, right = sides(garment("blue"))
    mirrored_left, mirrored_right = sides(recoloured_view(garment("blue")))
    assert left > right and mirrored_left < mirrored_right


def test_the_same_photo_gives_the_same_view():
    one, two = (np.asarray(recoloured_view(garment("green"))) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_a_busy_background_is_recoloured_with_the_garment():
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    assert garment_cover(image).min() == 1
    assert garment_cover(garment("red"))[2, 2] == 0


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (2000, 1500)])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_any_size_and_mode_has_a_view(size, mode):
    view = recoloured_view(Image.new(mode, size))
    assert view.mode == "RGB" and min(view.size) >= 1 and max(view.size) <= 512
