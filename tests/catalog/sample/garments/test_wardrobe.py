from collections.abc import Iterator
from itertools import product
from random import Random

import numpy as np
import pytest

from catalog.sample.garments.bodice import SLEEVE_LENGTHS
from catalog.sample.garments.wardrobe import BY_NAME, KINDS, Kind
from catalog.sample.painting.fabric import FABRICS
from catalog.sample.painting.hangers import hang
from catalog.sample.painting.patterns import PATTERNS
from catalog.sample.shapes.palette import COLOURS
from catalog.sample.shapes.parts import Part, Print
from catalog.sample.shapes.style import Pose, Style


def styles(kind: Kind, most: int = 30) -> Iterator[Style]:
    """At most ``most`` of a kind's styles, spread over all its facts."""
    choices = (kind.sleeves, kind.necks, kind.lengths, kind.cuts)
    every = list(product(*(sorted(set(facts)) for facts in choices)))
    for facts in Random(1).sample(every, min(most, len(every))):
        yield Style(kind.name, *facts, seed=sum(map(len, facts)))


def test_the_wardrobe_is_wide():
    assert len(KINDS) >= 12
    assert len(BY_NAME) == len(KINDS)
    tops = {kind.category[0] for kind in KINDS}
    assert tops >= {"Tops", "Bottoms", "Skirts", "Dresses", "Outerwear", "Shoes", "Bags"}
    assert len({pattern for kind in KINDS for pattern in kind.patterns}) >= 8


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_names_only_what_exists(kind):
    assert set(kind.fabrics) <= FABRICS.keys()
    assert set(kind.patterns) <= PATTERNS.keys()
    assert set(kind.colours) <= COLOURS.keys()
    assert set(kind.sleeves) <= {"", *SLEEVE_LENGTHS}
    assert 0 < kind.price[0] < kind.price[1]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_style_of_a_kind_can_be_built_from_both_sides(kind):
    for style in styles(kind):
        for pose in (Pose(0.2), Pose(0.9, back=True, seed=3)):
            garment = kind.build(style, pose)
            x0, y0, x1, y1 = garment.bounds()
            assert 0.8 < x1 - x0 < 8
            assert 0.8 < y1 - y0 < 8
            for item in garment.items:
                points = item.outline if isinstance(item, Part) else None
                assert points is None or (len(points) >= 3 and np.isfinite(points).all())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kinds_with_logo_prints_have_a_position_for_it(kind):
    if "logo print" in kind.patterns:
        for style in styles(kind):
            assert any(isinstance(item, Print) for item in kind.build(style, Pose()).items)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_some_part_shows_the_pattern(kind):
    garment = kind.build(next(styles(kind)), Pose())
    assert any(isinstance(i, Part) and i.patterned and i.dye == "main" for i in garment.items)


def test_longer_facts_give_longer_garments():
    def height(name: str, **facts: str) -> float:
        _, y0, _, y1 = BY_NAME[name].build(Style(name, seed=4, **facts), Pose(0.5)).bounds()
        return y1 - y0

    def skirt(length: str) -> float:
        return height("skirt", cut="a-line", length=length)

    assert skirt("mini") < skirt("knee") < skirt("midi") < skirt("maxi")
    shirt = {"neck": "crew", "cut": "regular", "sleeve": "short"}
    assert height("t-shirt", length="cropped", **shirt) < height(
        "t-shirt", length="regular", **shirt
    )


def test_longer_sleeves_reach_further():
    def reach(sleeve: str) -> float:
        style = Style("t-shirt", sleeve, "crew", "regular", "regular", 4)
        return BY_NAME["t-shirt"].build(style, Pose(0.5)).bounds()[2]

    assert reach("short") < reach("elbow") < reach("long")


def test_a_hanger_is_added_to_what_hangs():
    for name in ("t-shirt", "trousers", "tote bag"):
        kind = BY_NAME[name]
        garment = kind.build(next(styles(kind)), Pose())
        before = len(garment.items)
        hang(garment)
        assert len(garment.items) > before
