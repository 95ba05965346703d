import numpy as np
import pytest

from catalog.records import ProductRecord
from engine.encoders.facets import FacetLayout, unit_rows
from engine.evaluation.contender import Contender
from engine.evaluation.looks.within_type import ATTRIBUTES, judge_chance, judge_within_type
from engine.labels.labels import label_products

LAYOUT = FacetLayout.of({"shape": 4, "colour": 3})


def shop(types, sleeves):
    return label_products(
        [
            ProductRecord(
                f"p{n}",
                "",
                n,
                category=(kind,) if kind else (),
                attributes={"sleeve": sleeve} if sleeve else {},
            )
            for n, (kind, sleeve) in enumerate(zip(types, sleeves, strict=True))
        ]
    )


def slow(labels, rows, queries):
    types, sleeves = labels.columns["type"], labels.columns["sleeve"]
    found = {}
    for seed in range(len(rows)):
        same = [n for n in range(len(rows)) if types[n] == types[seed] != -1 and sleeves[n] != -1]
        others = [n for n in same if n != seed]
        relevant = sum(sleeves[n] == sleeves[seed] for n in others)
        several = len({int(sleeves[n]) for n in same}) > 1
        if sleeves[seed] == -1 or types[seed] == -1 or not relevant or not several:
            continue
        others.sort(key=lambda n: (-float(queries[seed] @ rows[n]), n))
        hits = [sleeves[n] == sleeves[seed] for n in others]
        found[seed] = (sum(hits[:10]) / min(10, relevant), float(hits[0]))
    return sorted(found.items(), key=lambda item: (types[item[0]], item[0]))


@pytest.mark.parametrize("seed", range(5))
def test_scores_equal_the_slow_twin(seed):
    draw = np.random.default_rng(seed)
    types = draw.choice(["Shirts", "Dresses", "Skirts", ""], 60).tolist()
    sleeves = draw.choice(["short", "long", "sleeveless", ""], 60).tolist()
    sleeves = ["" if kind == "Skirts" else one for kind, one in zip(types, sleeves, strict=True)]
    labels = shop(types, sleeves)
    rows = draw.integers(0, 2, (60, 7)).astype(np.float32)
    judged = {
        (one.about, one.weights): one.values
        for one in judge_within_type(labels, Contender("x", rows, layout=LAYOUT))
    }
    scale = np.array([2] * 4 + [0] * 3, dtype=np.float32)
    for weights, queries in (("default", rows), ("shape", rows * scale)):
        expected = slow(labels, rows, queries)
        got = judged["sleeve", weights]
        np.testing.assert_allclose(got["precision_at_10"], [p for _, (p, _) in expected])
        np.testing.assert_allclose(got["recall_at_1"], [r for _, (_, r) in expected])


def test_a_type_with_one_value_only_is_left_out():
    """Otherwise every ranking of it would be right, and the mean too good."""
    labels = shop(["Shirts"] * 6 + ["Dresses"] * 4, ["long"] * 6 + ["long", "long", "short"] + [""])
    rows = unit_rows(np.ones((10, 7))).astype(np.float32)
    judged = {one.about: one for one in judge_within_type(labels, Contender("x", rows))}
    assert judged["sleeve"].seeds == 2  # the two long dresses; the short one has no other
    assert judged["neck"].seeds == judged["cut"].seeds == judged["length"].seeds == 0


def test_all_attributes_are_judged_by_default_and_by_shape_alone():
    rows = np.ones((3, 7), dtype=np.float32)
    judged = judge_within_type(
        shop(["Shirts"] * 3, ["long"] * 3), Contender("x", rows, None, LAYOUT)
    )
    assert [(one.about, one.weights) for one in judged] == [
        (name, weights) for weights in ("default", "shape") for name in ATTRIBUTES
    ]
    assert judge_within_type(shop([], []), Contender("x", rows[:0]))[0].seeds == 0


def test_chance_is_that_of_a_random_order_within_the_type():
    labels = shop(["Shirts"] * 30, ["long", "short"] * 15)
    draw = np.random.default_rng(0)
    chance = next(one for one in judge_chance(labels) if one.about == "sleeve")
    mean = chance.values["recall_at_1"].mean()
    assert mean == pytest.approx(14 / 29)
    found = []
    for _ in range(60):
        rows = draw.normal(size=(30, 7)).astype(np.float32)
        judged = judge_within_type(labels, Contender("x", rows))
        found.append(next(o for o in judged if o.about == "sleeve").values["recall_at_1"].mean())
    assert np.mean(found) == pytest.approx(mean, abs=0.04)
