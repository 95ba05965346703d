from dataclasses import replace

import numpy as np
import pytest

from catalog.sample.garments.wardrobe import BY_NAME, KINDS
from catalog.sample.painting import surfaces
from catalog.sample.painting.canvas import View
from catalog.sample.painting.paint import paint
from catalog.sample.painting.surfaces import FLOORS, WALLS
from catalog.sample.photos import look, take_photo
from catalog.sample.plan import plan
from catalog.sample.shapes.palette import COLOURS
from catalog.sample.shapes.style import Pose
from tests.catalog.sample.colours import nearest_name

SHOTS = ("studio", "flat", "hanger", "shelf", "close", "back", "flip")


@pytest.fixture(scope="module")
def by_type():
    """One planned product of each type."""
    found = {}
    for product in plan(900, seed=1):
        found.setdefault(product.style.type, product)
    assert len(found) == len(KINDS)
    return found


@pytest.fixture(scope="module")
def tee(by_type):
    return replace(by_type["t-shirt"], pattern="plain", fabric="jersey", shots=("studio",))


def test_a_photo_is_480_by_600_and_repeatable(tee):
    first, again = take_photo(tee, 0, 1), take_photo(tee, 0, 1)
    assert first.size == (480, 600)
    assert first.mode == "RGB"
    assert first.tobytes() == again.tobytes()


def test_photos_of_one_product_differ(tee):
    several = replace(tee, shots=("studio", "flat", "hanger", "close", "back"))
    pictures = [np.asarray(take_photo(several, n, 1), dtype=float) for n in range(5)]
    for i, one in enumerate(pictures):
        for other in pictures[i + 1 :]:
            assert np.abs(one - other).mean() > 4


@pytest.mark.parametrize("colour", sorted(COLOURS))
def test_a_plain_garment_has_the_colour_of_its_name(tee, colour):
    """Under neutral light; a camera's white balance may push it a little."""
    product = replace(tee, colour=colour)
    garment = BY_NAME["t-shirt"].build(product.style, Pose())
    view = View(np.array([[120.0, 0, 240], [0, 120.0, 100]]), 480, 600)
    layer = paint(garment, look(product), view, np.random.default_rng(0))
    middle = np.median(layer.rgb[230:400, 180:300].reshape(-1, 3), axis=0)
    assert nearest_name(middle) == colour


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_garment_fills_the_frame_and_stays_in_it(by_type, kind):
    # Fuchsia is on no backdrop, so what is fuchsia is the garment.
    product = replace(by_type[kind.name], colour="fuchsia", pattern="plain", shots=("studio",))
    picture = np.asarray(take_photo(product, 0, 1), dtype=int)
    garment = picture[..., 0] - picture[..., 1] > 60
    assert 0.06 < garment.mean() < 0.8
    assert not garment[0].any() and not garment[-1].any()
    assert not garment[:, 0].any() and not garment[:, -1].any()


@pytest.mark.parametrize("shot", SHOTS)
def test_every_kind_of_shot_can_be_taken(by_type, shot):
    for name in ("coat", "skirt", "heels", "backpack"):
        picture = np.asarray(take_photo(replace(by_type[name], shots=(shot,)), 0, 2))
        assert picture.std() > 8


def test_surfaces_are_photos_of_something():
    rng = np.random.default_rng(0)
    for name in (*FLOORS, *WALLS):
        window = surfaces.spread(name, rng, 600, 480)
        assert window.shape == (600, 480, 3)
        assert 0.15 < window.mean() < 0.98
        assert window.std() > 0.002
