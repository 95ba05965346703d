import numpy as np
import pytest

from engine.evaluation.section import ChangeTable, Judged, Section, changes


def judged(about="same type", weights="default", values=(0.0, 1.0, 1.0), groups=None, key="hit"):
    return Judged(about, weights, {key: np.array(values)}, groups)


def slow_change(new, old, samples=1000):
    """Both models' means over the same resampled seeds, one resample at a time."""
    draw = np.random.default_rng(0)
    differences = []
    for _ in range(samples):
        picks = draw.integers(0, len(new), size=(1, len(new)))[0]
        differences.append(np.mean([new[i] for i in picks]) - np.mean([old[i] for i in picks]))
    return np.quantile(differences, [0.025, 0.975])


def test_a_change_is_paired_over_the_same_resampled_seeds():
    draw = np.random.default_rng(1)
    old = draw.integers(0, 2, 80).astype(float)
    new = np.where(draw.random(80) < 0.2, 1, old)
    (change,) = changes([judged(values=new)], [judged(values=old)])
    assert change.difference.value == pytest.approx(new.mean() - old.mean())
    np.testing.assert_allclose(
        (change.difference.low, change.difference.high), slow_change(new, old), atol=1e-12
    )


def test_a_small_gain_that_unpaired_intervals_hide_is_seen():
    draw = np.random.default_rng(0)
    old = draw.integers(0, 2, 400).astype(float)
    new = old.copy()
    new[np.flatnonzero(old == 0)[:12]] = 1  # 3% gained, nothing lost
    (change,) = changes([judged(values=new)], [judged(values=old)])
    assert change.difference.low > 0
    assert change.difference.high - change.difference.low < 0.04


def test_equal_models_differ_by_exactly_nothing():
    (change,) = changes([judged()], [judged()])
    difference = change.difference
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_a_facet_that_the_baseline_lacks_is_compared_with_its_default_row():
    new = [judged(), judged(weights="shape", values=(1.0, 1.0, 1.0))]
    found = changes(new, [judged(values=(0.0, 0.0, 0.0))])
    assert [(one.weights, one.baseline_weights) for one in found] == [
        ("default", "default"),
        ("shape", "default"),
    ]
    assert found[1].difference.value == 1


def test_what_has_no_counterpart_is_left_out():
    assert changes([judged("a")], [judged("b")]) == ()
    assert changes([judged(values=(0.0, 1.0))], [judged()]) == ()
    assert changes([judged(values=())], [judged(values=())]) == ()
    assert changes([judged(key="one")], [judged(key="two")]) == ()


def test_changes_are_laid_out_by_what_is_judged_and_metric():
    def both(about, weights="default"):
        values = {"first": np.array([1.0, 0.0]), "within_12": np.array([1.0, 1.0])}
        return Judged(about, weights, values)

    found = [judged("a"), both("b"), both("b", "shape"), judged("c")]
    tables = ChangeTable.all_of(changes(found, found))
    assert [table.metrics for table in tables] == [("hit",), ("first", "within_12")]
    assert [[row[0].about for row in table.rows] for table in tables] == [["a", "c"], ["b", "b"]]
    assert [[one.metric for one in row] for row in tables[1].rows] == [["first", "within_12"]] * 2
    assert ChangeTable.all_of([]) == []


def test_a_section_summarises_each_contender():
    values = {"first": np.array([1.0, 0.0]), "within_12": np.array([1.0, 1.0])}
    section = Section.of("T", "n", [("a", Judged("x", "default", values))])
    (row,) = section.rows
    assert (row.contender, row.about, row.seeds) == ("a", "x", 2)
    assert {key: one.value for key, one in row.values.items()} == {"first": 0.5, "within_12": 1.0}
    assert section.seeds == {"x": 2}
