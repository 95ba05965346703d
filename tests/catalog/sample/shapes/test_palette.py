from random import Random

import numpy as np
import pytest

from catalog.sample.shapes.palette import COLOURS, PARTNERS, companions, luma, shade
from tests.catalog.sample.colours import nearest_name


def test_there_are_many_colours_and_each_has_partners():
    assert len(COLOURS) >= 20
    assert PARTNERS.keys() == COLOURS.keys()
    for name, partners in PARTNERS.items():
        assert name not in partners
        assert set(partners) <= COLOURS.keys()
        assert len(set(partners)) == len(partners) >= 3


def test_colours_are_far_enough_apart_to_be_recognised():
    rows = np.stack(list(COLOURS.values()))
    gaps = np.linalg.norm(rows[:, None] - rows[None], axis=2) + 9 * np.eye(len(rows))
    assert gaps.min() > 0.06


def test_companions_are_distinct_partners():
    first, second = companions("navy", Random(3))
    assert first != second
    assert {first, second} <= set(PARTNERS["navy"])


@pytest.mark.parametrize("amount", [-1.0, -0.4, 0.0, 0.4, 1.0])
def test_shade_moves_towards_black_or_white(amount):
    colour = COLOURS["teal"]
    mixed = shade(colour, amount)
    target = 1.0 if amount > 0 else 0.0
    slow = [c + (target - c) * abs(amount) for c in colour.tolist()]
    assert np.allclose(mixed, slow, atol=1e-6)


def test_nearest_name_names_every_colour_itself():
    assert all(nearest_name(colour) == name for name, colour in COLOURS.items())
    assert luma(COLOURS["white"]) > luma(COLOURS["grey"]) > luma(COLOURS["black"])
