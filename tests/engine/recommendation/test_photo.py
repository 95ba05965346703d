"""Photos that look like no product are said to; the results stay the nearest ones."""

import numpy as np
from PIL import Image

from engine.calibration.calibration import Calibration
from engine.calibration.curve import Curve
from engine.calibration.photo_test import NEARNESS, PhotoTest
from engine.calibration.store import home_file
from engine.recommendation.panel import NO_PRODUCT
from engine.recommendation.photo import looks_like_nothing
from tests.engine.fake_encoder import FakeEncoder

PHOTO = Image.new("RGB", (60, 80), "navy")


def with_test(threshold: float, columns: int = FakeEncoder().layout.dim) -> Calibration:
    """A test that asks for a nearest cosine of a third of the threshold."""
    weights = np.zeros(columns + NEARNESS)
    weights[columns] = 1.0
    return Calibration(
        fingerprint=FakeEncoder().fingerprint,
        encoder="fake",
        alike="",
        fitted_on=1,
        everything=Curve(cosines=(0.0,), probabilities=(0.5,), products=1),
        photo_test=PhotoTest(
            weights=tuple(weights), intercept=0.0, threshold=threshold, refused=0.05
        ),
    )


def test_a_photo_that_looks_like_nothing_is_said_to(new_shop):
    shop = new_shop(12)
    for threshold, nothing in ((-9.0, False), (9.0, True)):
        path = home_file(shop.settings.models_dir, FakeEncoder().fingerprint)
        with_test(threshold).save(path)
        shop.reindex()
        recommender = shop.recommender()
        panel = recommender.panel_of_image(PHOTO)
        assert panel.nothing_similar == nothing and panel.results
        assert panel.nothing_similar_reason == (NO_PRODUCT if nothing else None)
        assert not recommender.panel("p000").nothing_similar


def test_a_test_of_another_layout_says_nothing(shop):
    recommender = shop.recommender()
    live = recommender.parts.index.current()
    row = live.generation.vectors[:1]
    assert not looks_like_nothing(live, row)
    assert looks_like_nothing(live._replace(calibration=with_test(9.0)), row)
    assert not looks_like_nothing(live._replace(calibration=with_test(-9.0)), row)
    assert not looks_like_nothing(live._replace(calibration=with_test(9.0, 5)), row)
