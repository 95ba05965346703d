"""Rates of groups: their intervals hold what is true, and one product alone decides nothing."""

import numpy as np
import pytest
from scipy.stats import betabinom

from engine.applications.styles.rates import group_rates

GROUPS, EACH = 60, 40


def draw(rates, correlation, seed, seen=400):
    """Places of products of groups: products differ within a group by a beta distribution."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(rates)), EACH)
    places = random.poisson(seen, len(groups)).astype(np.int64)
    if correlation == 0:
        return groups, places, random.binomial(places, rates[groups])
    strength = 1 / correlation - 1
    a, b = rates[groups] * strength, (1 - rates[groups]) * strength
    return groups, places, betabinom.rvs(places, a, b, random_state=random)


@pytest.mark.parametrize("correlation", [0.0, 0.02, 0.2])
def test_the_correlation_of_a_product_is_found(correlation):
    groups, seen, wanted = draw(np.full(GROUPS, 0.05), correlation, 1)
    found = group_rates(groups, seen, wanted, GROUPS)
    assert found.correlation == pytest.approx(correlation, abs=0.15 * correlation + 0.0005)
    assert found.usual == pytest.approx(0.05, rel=0.1)


def test_intervals_hold_the_truth_as_often_as_they_say():
    inside, total = 0, 0
    for seed in range(20):
        true = np.random.default_rng(seed).beta(4, 76, GROUPS)
        groups, seen, wanted = draw(true, 0.01, seed)
        found = group_rates(groups, seen, wanted, GROUPS)
        inside += int(((found.low <= true) & (true <= found.high)).sum())
        total += GROUPS
    assert 0.92 <= inside / total <= 0.98


def test_where_groups_do_not_differ_few_are_told_apart():
    told = 0
    for seed in range(20):
        groups, seen, wanted = draw(np.full(GROUPS, 0.04), 0.01, seed)
        found = group_rates(groups, seen, wanted, GROUPS)
        told += int(((found.low > found.usual) | (found.high < found.usual)).sum())
    assert told / (20 * GROUPS) < 0.05


def test_one_product_that_everybody_wants_makes_no_style():
    groups, seen, wanted = draw(np.full(GROUPS, 0.05), 0.0, 3)
    one, many = wanted.copy(), wanted.copy()
    one[0] = seen[0]  # all of one product of the first group
    extra = (seen[0] - wanted[0]) // EACH
    many[:EACH] += extra  # as many of it, shared by all its products
    alone, shared = (group_rates(groups, seen, x, GROUPS) for x in (one, many))
    assert shared.low[0] > shared.usual
    assert alone.low[0] < alone.usual


def test_what_was_seldom_seen_is_near_the_usual_and_wide():
    groups, seen, wanted = draw(np.random.default_rng(5).beta(4, 76, GROUPS), 0.01, 5)
    seen[:EACH], wanted[:EACH] = 0, 0
    seen[0], wanted[0] = 2, 2
    found = group_rates(groups, seen, wanted, GROUPS)
    assert found.rate[0] < 0.2
    assert found.high[0] - found.low[0] > 2 * (found.high[1] - found.low[1])


@pytest.mark.parametrize(("seen", "wanted", "usual"), [(0, 0, None), (9, 0, 0.0), (9, 9, 1.0)])
def test_nothing_seen_nothing_wanted_everything_wanted(seen, wanted, usual):
    groups = np.array([0, 0, 1])
    found = group_rates(groups, np.full(3, seen), np.full(3, wanted), 3)
    assert found.usual == usual
    assert (found.low >= 0).all() and (found.low <= found.rate).all()
    assert (found.rate <= found.high).all() and (found.high <= 1).all()


def test_one_group_of_one_product():
    found = group_rates(np.array([0]), np.array([50]), np.array([5]), 1)
    assert found.usual == pytest.approx(0.1) and found.low[0] < 0.1 < found.high[0]
