"""Finer facets: how very near products are scored, and how that is learned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calibration.calibration import Calibration
from engine.calibration.curve import Curve
from engine.calibration.detail import Detail
from engine.calibration.detail_learning import area_under_curve, fine_cosines, learn_detail
from engine.calibration.fitting import EncoderId, calibrate
from engine.calibration.held_out_pairs import HeldOutSet, draw_pairs
from engine.encoders.facets import FacetLayout, unit_rows

LAYOUT = FacetLayout.of({"colour": 8, "print": 4}, {"colour": 0.98, "print": 0.02})
DETAIL = Detail(
    saturation=0.8, weights={"colour": 0.5, "print": 0.5}, fine=(-1, 0.5, 1), scores=(0.8, 0.9, 1)
)


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=2, max_size=9))
def test_far_scores_stay_and_near_ones_follow_the_fine_cosine(pairs):
    plain, fine = (np.array(column) for column in zip(*pairs, strict=True))
    scores = DETAIL.score(plain, fine)
    near = plain >= 0.8
    np.testing.assert_array_equal(scores[~near], plain[~near])
    assert ((scores[near] >= 0.8) & (scores[near] <= 1)).all()
    order = np.argsort(fine[near])
    assert (np.diff(scores[near][order]) >= 0).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"fine": (-1, 0.5, 0.5, 1)},
        {"scores": (0.8, 0.8, 1)},
        {"scores": (0.7, 0.9, 1)},
        {"fine": (-0.5, 0.5, 1)},
        {"weights": {"colour": 0.5, "print": 0.6}},
        {"weights": {}},
        {"saturation": 1},
    ],
)
def test_values_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ValueError, match="validation error"):
        Detail(**(DETAIL.model_dump() | wrong))


def test_it_is_stored_with_the_calibration(tmp_path):
    flat = Curve(cosines=(0.0,), probabilities=(0.5,), products=1)
    fitted = Calibration(
        fingerprint="f", encoder="e", alike="a", fitted_on=1, everything=flat, detail=DETAIL
    )
    fitted.save(tmp_path / "c.json")
    assert Calibration.load(tmp_path / "c.json") == fitted


def held(seed: int = 0, *, prints: bool = True) -> HeldOutSet:
    """Products of 8 colours; the print block knows their prints, as the labels do, if wanted."""
    draw = np.random.default_rng(seed)
    codes, pattern = draw.integers(0, 8, 600), draw.integers(0, 4, 600)
    colour = unit_rows(np.eye(8)[codes] + 0.2 * draw.normal(size=(600, 8)))
    shown = np.eye(4)[pattern if prints else draw.integers(0, 4, 600)]
    motif = unit_rows(shown + 0.1 * draw.normal(size=(600, 4)))
    rows = LAYOUT.compose({"colour": colour, "print": motif})
    groups = np.full((600, 3), -1)
    return HeldOutSet(rows, codes, groups, ("Tops",) * 600, {"pattern": pattern, "type": codes})


def test_the_facet_that_tells_prints_orders_what_is_alike_otherwise():
    some = held()
    fitted = calibrate(some, np.arange(600) % 2 == 0, EncoderId("fake", "f" * 64), LAYOUT)
    assert fitted.detail is not None and fitted.detail.weights["print"] > 0.02
    assert fitted.detail.fits(LAYOUT.weights) and not fitted.detail.fits({"shape": 1.0})
    assert fitted.error < 0.05
    pairs = draw_pairs(some)
    near = pairs.take(pairs.cosines >= fitted.detail.saturation)
    same = (some.column("pattern")[near.seeds] == some.column("pattern")[near.others]).astype(bool)
    fine = fine_cosines(some, near, LAYOUT, fitted.detail.weights)
    assert area_under_curve(fine, same) >= area_under_curve(near.cosines, same)


def test_where_no_facet_tells_more_there_is_nothing_to_learn():
    vague = held(prints=False)
    curve = calibrate(vague, np.ones(600, bool), EncoderId("fake", "f")).everything
    assert learn_detail(vague, draw_pairs(vague), curve, LAYOUT) is None
    some = held()
    unlabelled = HeldOutSet(some.rows, some.codes, some.groups, some.categories)
    assert learn_detail(unlabelled, draw_pairs(unlabelled), curve, LAYOUT) is None


def test_the_area_under_the_curve_is_its_definition():
    draw = np.random.default_rng(3)
    scores, right = draw.integers(0, 5, 40), draw.random(40) < 0.4
    wins = [
        (one > other) + 0.5 * (one == other) for one in scores[right] for other in scores[~right]
    ]
    assert area_under_curve(scores, right) == pytest.approx(np.mean(wins))
