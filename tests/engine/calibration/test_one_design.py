"""From which looks on two products of one title are one design."""

import numpy as np

from engine.calibration.held_out_pairs import FAMILY, HeldOutSet
from engine.calibration.one_design import OUTLIERS, learn_one_design
from engine.encoders.facets import FacetLayout, unit_rows

LAYOUT = FacetLayout.of({"shape": 8, "colour": 4}, {"shape": 0.6, "colour": 0.4})


def held(families: int) -> HeldOutSet:
    draw = np.random.default_rng(0)
    of = np.repeat(np.arange(families), 2)
    shape = unit_rows(draw.normal(size=(families, 8)))[of] + 0.2 * draw.normal(size=(len(of), 8))
    colours = np.tile([0, 1], families)
    rows = LAYOUT.compose({"shape": shape, "colour": np.eye(4)[colours]})
    labels = {FAMILY: of, "colour": colours}
    return HeldOutSet(rows, of, np.full((len(of), 3), -1), (None,) * len(of), labels)


def test_nearly_all_pairs_of_a_family_look_like_one_design():
    some = held(50)
    found = learn_one_design(some, LAYOUT.apart_from_colour())
    shape = unit_rows(LAYOUT.block(some.rows, "shape"))
    cosines = (shape[::2] * shape[1::2]).sum(axis=1)
    assert np.mean(cosines >= found) == 1 - OUTLIERS


def test_too_few_families_teach_nothing():
    assert learn_one_design(held(5), LAYOUT.apart_from_colour()) is None
    unlabelled = held(50)
    unlabelled = HeldOutSet(
        unlabelled.rows, unlabelled.codes, unlabelled.groups, unlabelled.categories
    )
    assert learn_one_design(unlabelled, LAYOUT.apart_from_colour()) is None
