"""The floor: the least match of what is shown, learned from the types of near products."""

import numpy as np
import pytest

from engine.calibration.fitting import EncoderId, calibrate
from engine.calibration.floor import LEAST_FLOOR, MOSTLY, PANEL, learn_floor
from engine.calibration.held_out_pairs import HeldOutSet, draw_pairs
from engine.encoders.facets import unit_rows


def held(count: int = 400, rare: int = 0) -> HeldOutSet:
    """Products of ten types in four colours, and ``rare`` ones of a type of their own each."""
    draw = np.random.default_rng(1)
    types, colours = draw.integers(0, 10, count), draw.integers(0, 4, count)
    types[:rare] = 100 + np.arange(rare)
    rows = np.concatenate([np.eye(10)[types % 10], 0.8 * np.eye(4)[colours]], axis=1)
    rows = unit_rows(rows + 0.2 * draw.normal(size=rows.shape))
    codes = types * 10 + colours
    return HeldOutSet(rows, codes, np.full((count, 3), -1), (None,) * count, {"type": types})


def test_from_the_floor_on_most_results_of_a_panel_are_of_the_type():
    some = held(400, rare=80)
    fitted = calibrate(some, np.ones(400, bool), EncoderId("fake", "f"))
    assert fitted.floor is not None and LEAST_FLOOR <= fitted.floor < 60
    pairs = draw_pairs(some)
    matches = fitted.match(pairs.cosines)
    panel = pairs.ranks < PANEL
    same = some.column("type")[pairs.seeds] == some.column("type")[pairs.others]
    above = panel & (matches >= fitted.floor)
    assert same[above].mean() > MOSTLY
    assert same[panel & (matches < fitted.floor)].mean() < same[above].mean()


def test_it_is_never_so_low_that_hardly_any_pair_is_alike():
    some = held()
    pairs = draw_pairs(some)
    low = np.full(len(pairs), 1.0)
    assert learn_floor(some, pairs, low) == LEAST_FLOOR


@pytest.mark.parametrize("few", [10, 400])
def test_too_few_products_or_unknown_types_teach_none(few):
    some = held(few)
    pairs = draw_pairs(some)
    if few == 400:
        some = HeldOutSet(some.rows, some.codes, some.groups, some.categories)
    assert learn_floor(some, pairs, 100 * pairs.cosines) is None
