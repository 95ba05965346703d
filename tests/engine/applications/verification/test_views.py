import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.applications.verification.views import LARGEST, VIEWS, view


def photo(size=(700, 900)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.rectangle((width // 5, height // 5, width * 7 // 10, height * 4 // 5), fill=(180, 30, 40))
    draw.rectangle((width // 5, height // 5, width * 2 // 5, height * 2 // 5), fill=(20, 40, 160))
    return image


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_the_same_each_time_and_differs_from_its_photo(name):
    first, again = view(photo(), name), view(photo(), name)
    assert first.tobytes() == again.tobytes()
    assert first.mode == "RGB"
    assert max(first.size) <= LARGEST
    plain = photo()
    plain.thumbnail((LARGEST, LARGEST))
    assert first.size != plain.size or first.tobytes() != plain.tobytes()


def test_another_background_keeps_the_garment():
    plain = photo((400, 500))
    changed = np.asarray(view(plain, "other background")).astype(int)
    before = np.asarray(plain).astype(int)
    assert np.abs(changed[350, 250] - before[350, 250]).max() < 12, "garment"
    assert np.abs(changed[10, 10] - before[10, 10]).max() > 12, "background"


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_any_small_photo_of_any_mode_has_views(name, mode):
    assert min(view(Image.new(mode, (9, 8)), name).size) >= 6
