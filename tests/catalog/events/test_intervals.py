"""Intervals against scipy's, against published numbers, and against what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from catalog.events.intervals import Clusters, Rate, Z, newcombe, wilson

RATES = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def of_visitors(visitors: list[tuple[int, int]]) -> Clusters:
    """From (clicked, panels) of each visitor."""
    x, n = (np.array(column) for column in zip(*visitors, strict=True))
    sums = (n.sum(), x.sum(), (n * n).sum(), (x * n).sum(), (x * x).sum())
    return Clusters(len(visitors), *(int(number) for number in sums))


def one_panel_each(hits: int, n: int) -> Clusters:
    return Clusters(visitors=n, n=n, x=hits, nn=n, xn=hits, xx=hits)


@given(RATES)
def test_wilson_equals_scipys(rate):
    hits, n = rate
    theirs = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert Rate(hits, n).interval == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@given(st.floats(0.01, 0.99), st.floats(0.5, 5_000))
def test_wilsons_ends_are_where_the_score_test_just_rejects(share, n):
    for end in wilson(share, n):
        assert (share - end) ** 2 == pytest.approx(Z * Z * end * (1 - end) / n, rel=1e-6)


def test_without_cases_the_interval_is_everything():
    assert Rate(0, 0).interval == (0, 1)
    assert Rate(0, 0).share is None
    assert newcombe(Clusters(0, 0, 0, 0, 0, 0), one_panel_each(3, 9)) == (-1, 1)


# Newcombe (1998), "Interval estimation for the difference between independent proportions:
# comparison of eleven methods", Statistics in Medicine 17, table II, method 10.
PUBLISHED = [
    ((56, 70), (48, 80), (0.0524, 0.3339)),
    ((9, 10), (3, 10), (0.1705, 0.8090)),
    ((6, 7), (2, 7), (0.0582, 0.8062)),
    ((5, 56), (0, 29), (-0.0381, 0.1926)),
    ((0, 10), (0, 20), (-0.1611, 0.2775)),
    ((0, 10), (0, 10), (-0.2775, 0.2775)),
    ((10, 10), (0, 20), (0.6791, 1.0)),
    ((10, 10), (0, 10), (0.6075, 1.0)),
]


@pytest.mark.parametrize(("one", "other", "interval"), PUBLISHED)
def test_newcombes_published_intervals(one, other, interval):
    got = newcombe(one_panel_each(*one), one_panel_each(*other))
    assert got == pytest.approx(interval, abs=5e-5)


@given(RATES, RATES)
def test_a_difference_lies_in_its_interval_and_is_antisymmetric(one, other):
    ours, theirs = one_panel_each(*one), one_panel_each(*other)
    low, high = newcombe(ours, theirs)
    difference = one[0] / one[1] - other[0] / other[1]
    assert -1 <= low <= difference + 1e-12 and difference - 1e-12 <= high <= 1
    assert newcombe(theirs, ours) == pytest.approx((-high, -low), abs=1e-12)


def test_one_panel_each_is_the_simplest_of_sums():
    assert one_panel_each(2, 5) == of_visitors([(1, 1)] * 2 + [(0, 1)] * 3)


@given(RATES)
def test_panels_of_as_many_visitors_count_fully(rate):
    hits, n = rate
    assert one_panel_each(hits, n).effective == pytest.approx(n)


def test_a_visitor_who_always_does_the_same_counts_about_once():
    visitors = [(20, 20)] * 30 + [(0, 20)] * 70
    assert of_visitors(visitors).effective == pytest.approx(100, rel=0.02)


@given(st.lists(st.integers(1, 30).flatmap(
    lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=40,
))  # fmt: skip
def test_effective_panels_are_those_with_the_variance_between_visitors(visitors):
    effective = of_visitors(visitors).effective
    x, n = (np.array(column, dtype=float) for column in zip(*visitors, strict=True))
    share, count = x.sum() / n.sum(), len(visitors)
    assert 1 <= effective <= n.sum() * (1 + 1e-9)
    if count < 2 or share in (0, 1):
        assert effective == count
        return
    residuals = x - share * n
    variance = count / (count - 1) * (residuals**2).sum() / n.sum() ** 2
    independent = share * (1 - share) / (n.sum() - 1)
    expected = n.sum() / max(1.0, variance / independent)
    assert effective == pytest.approx(max(1.0, expected))


def test_the_interval_of_a_difference_holds_where_visitors_differ():
    """400 experiments without any difference, visitors with many panels and tastes of their own."""
    random = np.random.default_rng(7)

    def arm() -> Clusters:
        panels = random.integers(1, 40, 120)
        taste = random.beta(0.6, 2.4, 120)
        return of_visitors(list(zip(random.binomial(panels, taste), panels, strict=True)))

    def holds(one: Clusters, other: Clusters) -> bool:
        low, high = newcombe(one, other)
        return low <= 0 <= high

    arms = [(arm(), arm()) for _ in range(400)]
    heeded = np.mean([holds(*pair) for pair in arms])
    ignored = np.mean([
        holds(one_panel_each(one.x, one.n), one_panel_each(other.x, other.n))
        for one, other in arms
    ])  # fmt: skip
    assert 0.92 <= heeded <= 0.98
    assert ignored < 0.75
