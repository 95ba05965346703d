"""The test whether a photo looks like any product."""

import numpy as np
import pytest

from engine.calibration.no_garments import SIDE, corner, pictures
from engine.calibration.photo_test import NEAREST, NEARNESS, PhotoTest, nearness, photo_features
from engine.calibration.photo_test_learning import FEWEST_PHOTOS, REFUSED, learn_photo_test
from engine.encoders.facets import FacetLayout, unit_rows

LAYOUT = FacetLayout.of({"shape": 6, "colour": 3}, {"shape": 0.7, "colour": 0.3})


def rows(count: int, centre: int, seed: int) -> np.ndarray:
    """Rows whose shapes lie around an axis, in any colour."""
    draw = np.random.default_rng(seed)
    shape = unit_rows(np.eye(6)[centre] + 0.3 * draw.normal(size=(count, 6)))
    return LAYOUT.compose({"shape": shape, "colour": draw.normal(size=(count, 3))})


def features_of(row: np.ndarray, products: np.ndarray) -> np.ndarray:
    near = nearness([products @ row, products @ (row * LAYOUT.apart_from_colour())])
    return photo_features(row, LAYOUT, near)


def test_photos_of_garments_pass_and_other_pictures_do_not():
    products, photos = rows(300, 0, 1), rows(200, 0, 2)
    others = np.concatenate([rows(100, 3, 3), rows(100, 4, 4)])
    test = learn_photo_test(photos, others, products, LAYOUT)
    assert test.fits(LAYOUT) and not test.fits(FacetLayout.of({"shape": 6}))
    passed = np.mean([test.passed(features_of(row, products)) for row in rows(200, 0, 5)])
    assert passed >= 1 - 2 * REFUSED
    refused = np.mean([not test.passed(features_of(row, products)) for row in rows(200, 3, 6)])
    assert refused > 0.9


def test_too_few_photos_teach_nothing():
    few = rows(FEWEST_PHOTOS - 1, 0, 1)
    assert learn_photo_test(few, rows(90, 3, 2), rows(90, 0, 3), LAYOUT) is None


def test_nearness_is_the_nearest_and_the_mean_of_some():
    cosines = np.linspace(0, 1, 50)
    found = nearness([cosines, cosines[:3]])
    assert len(found) == NEARNESS
    assert found == pytest.approx([1, cosines[-NEAREST:].mean(), *[cosines[2], cosines[1]]])
    assert nearness([np.zeros(0), cosines]).tolist()[:2] == [-1, -1]


@pytest.mark.parametrize("wrong", [{"threshold": np.nan}, {"weights": (1.0,)}, {"refused": 2}])
def test_values_that_make_no_sense_are_refused(wrong):
    values = {"weights": (0.0,) * 13, "intercept": 0.0, "threshold": 0.0, "refused": 0.05}
    with pytest.raises(ValueError, match="validation error"):
        PhotoTest(**(values | wrong))


def test_the_pictures_are_always_the_same_and_show_many_things():
    first, again = pictures(), pictures()
    assert len(first) == len(again) > 2 * FEWEST_PHOTOS
    same = [np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(first, again, strict=True)]
    assert all(same)
    assert {image.mode for image in first} == {"RGB"}
    assert corner(first[-1]).size == (SIDE, SIDE)
