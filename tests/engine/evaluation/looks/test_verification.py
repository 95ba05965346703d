from itertools import combinations

import numpy as np
import pytest

from engine.encoders.facets import FacetLayout
from engine.evaluation.contender import Contender
from engine.evaluation.looks import verification
from engine.evaluation.looks.verification import (
    FARS,
    MOST_MEMBERS,
    judge_designs,
    judge_photos,
    metric_of,
    same_pairs,
)

LAYOUT = FacetLayout.of({"shape": 5, "colour": 3}, {"shape": 0.6, "colour": 0.4})
SCALES = {
    "default": np.ones(8),
    "shape": np.array([1 / 0.6] * 5 + [0] * 3),
    "colour": np.array([0] * 5 + [1 / 0.4] * 3),
}


def drawn(identities, seed=0, noise=0.3):
    """Rows of which those of one identity are near."""
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(identities.max() + 2, 8))
    rows = centres[identities] + noise * draw.normal(size=(len(identities), 8))
    alone = identities < 0
    rows[alone] = draw.normal(size=(alone.sum(), 8))
    return LAYOUT.compose({"shape": rows[:, :5], "colour": rows[:, 5:]})


def slow_tars(rows, scale, identities, pairs):
    """From the definition: the least cosine that no more than the share of others reaches."""
    wide = rows.astype(np.float64)
    others = sorted(
        float((wide[a] * scale) @ wide[b])
        for a, b in combinations(range(len(rows)), 2)
        if identities[a] != identities[b] or identities[a] < 0
    )
    same = [float((wide[a] * scale) @ wide[b]) for a, b in pairs]
    found = {}
    for far in FARS:
        accepted = int(far * len(others))  # of the others
        refused = others[len(others) - accepted - 1]  # the highest that must not be accepted
        found[far] = [cosine > refused for cosine in same]
    return found


@pytest.mark.parametrize("cells", [1, 400, 4_000_000])
def test_shares_equal_the_slow_twin_whatever_the_chunks(monkeypatch, cells):
    monkeypatch.setattr(verification, "_CELLS", cells)
    identities = np.concatenate([np.repeat(np.arange(40), 3), np.full(40, -1)])
    rows = drawn(identities)
    pairs = [
        (a, b) for a, b in combinations(range(len(rows)), 2) if identities[a] == identities[b] >= 0
    ]
    judged = {one.weights: one for one in judge_photos(identities, contender(rows))}
    assert list(judged) == list(SCALES)
    for weights, scale in SCALES.items():
        slow = slow_tars(rows, scale, identities, pairs)
        for far in FARS:
            got = judged[weights].values[metric_of(far)]
            assert sorted(got) == sorted(slow[far])
            assert got.mean() == pytest.approx(np.mean(slow[far]), abs=1e-9)
        assert judged[weights].groups.tolist() == [identities[a] for a, _ in pairs]
    tars = [judged["default"].values[metric_of(far)].mean() for far in FARS]
    assert 0 < tars[0] < 1 and tars == sorted(tars)


def contender(rows):
    return Contender("x", rows, photos=rows, layout=LAYOUT)


def test_pairs_of_designs_have_two_known_colours():
    families = np.concatenate([np.repeat(np.arange(50), 3), np.full(10, -1)])
    colours = np.tile([0, 0, 1], 54)[:160]
    colours[[2, 5]] = -1  # of the first two families, the other colour is not known
    judged = judge_designs(families, colours, contender(drawn(families)))
    assert {one.seeds for one in judged} == {2 * 48}
    assert set(judged[0].groups.tolist()) == set(range(2, 50))


def test_an_identity_of_many_members_has_a_limited_number_of_pairs():
    pairs = same_pairs(np.array([3] * 100 + [-1] * 5 + [4, 4]))
    assert len(pairs) == MOST_MEMBERS * (MOST_MEMBERS - 1) // 2 + 1
    assert pairs.max() == 106 and len({tuple(pair) for pair in pairs.tolist()}) == len(pairs)


def test_nothing_is_judged_of_too_few_pairs_or_without_photos():
    few = np.repeat(np.arange(20), 2)
    assert judge_photos(few, contender(drawn(few))) == []
    alone = np.arange(200)
    assert judge_photos(alone, contender(drawn(alone))) == []
    many = np.repeat(np.arange(100), 2)
    assert judge_photos(many, Contender("x", drawn(many), layout=LAYOUT)) == []


def test_all_pairs_of_one_identity_are_accepted_where_they_are_apart_from_all_others():
    identities = np.repeat(np.arange(80), 2)
    [default, *_] = judge_photos(identities, contender(drawn(identities, noise=0.001)))
    assert all(values.min() == 1 for values in default.values.values())
