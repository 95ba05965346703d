import numpy as np
import pytest

from engine.evaluation import intervals
from engine.evaluation.intervals import (
    NOTHING,
    bootstrap_intervals,
    measure,
    measures,
)


def interval(values, samples=intervals.SAMPLES, seed=0):
    return bootstrap_intervals(values[None], None, samples, seed)[0]


def slow_interval(values, samples, seed):
    draw = np.random.default_rng(seed)
    means = []
    for _ in range(samples):
        picks = draw.integers(0, len(values), size=(1, len(values)))[0]
        means.append(sum(values[i] for i in picks) / len(values))
    means.sort()
    at = [share * (samples - 1) for share in (0.025, 0.975)]
    return tuple(
        means[int(a)] + (a - int(a)) * (means[min(int(a) + 1, samples - 1)] - means[int(a)])
        for a in at
    )


def test_the_interval_equals_resampling_by_hand():
    values = np.random.default_rng(3).random(25)
    expected = slow_interval(values, 200, 7)
    assert interval(values, 200, 7) == pytest.approx(expected)


def test_the_interval_does_not_depend_on_the_chunks(monkeypatch):
    values = np.random.default_rng(3).random(24)
    whole = interval(values, 100)
    monkeypatch.setattr(intervals, "_CELLS", 24 * 7)
    assert interval(values, 100) == pytest.approx(whole)


def test_the_interval_of_nothing_is_nan():
    assert np.isnan(interval(np.empty(0))).all()


def test_the_interval_has_the_textbook_width():
    values = np.random.default_rng(0).normal(size=400)
    low, high = interval(values)
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.15)
    assert low < values.mean() < high


def slow_group_interval(values, groups, samples, seed):
    """Resample whole groups, one at a time."""
    draw = np.random.default_rng(seed)
    names = sorted(set(groups))
    means = []
    for _ in range(samples):
        picked = draw.integers(0, len(names), size=(1, len(names)))[0]
        found = [values[i] for at in picked for i in range(len(values)) if groups[i] == names[at]]
        means.append(sum(found) / len(found))
    return np.quantile(means, [0.025, 0.975])


def test_groups_are_resampled_whole():
    draw = np.random.default_rng(1)
    values, groups = draw.random(30), draw.integers(5, 15, 30)
    got = bootstrap_intervals(values[None], groups, samples=150, seed=3)[0]
    np.testing.assert_allclose(got, slow_group_interval(values.tolist(), groups.tolist(), 150, 3))


def test_seeds_that_agree_within_groups_give_a_wider_interval():
    groups = np.repeat(np.arange(50), 4)
    values = np.random.default_rng(0).integers(0, 2, 50).astype(float)[groups]
    alone, grouped = measure(values), measure(values, groups)
    assert alone.value == grouped.value
    assert grouped.high - grouped.low > 1.6 * (alone.high - alone.low)


def test_every_row_of_values_has_the_interval_that_it_has_alone():
    values = np.random.default_rng(0).random((3, 40))
    for row, found in zip(values, measures(values), strict=True):
        assert (found.low, found.high) == pytest.approx(interval(row))


def test_no_seeds_have_no_measure():
    assert str(measures(np.empty((2, 0)))) == str([NOTHING, NOTHING])
    assert bootstrap_intervals(np.empty((2, 0))).shape == (2, 2)


def test_one_seed_and_equal_seeds_have_an_interval_without_width():
    assert measure(np.array([0.25])) == measure(np.full(9, 0.25)) == measure(np.full(9, 0.25))
    assert measure(np.array([0.25])).low == measure(np.array([0.25])).high == 0.25
