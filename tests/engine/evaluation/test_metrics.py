import numpy as np
import pytest

from engine.evaluation import metrics
from engine.evaluation.metrics import count_relevant, score_relations


def slow_scores(gallery, queries, codes):
    """From the definitions: one seed at a time, one place at a time."""
    table = {}
    for seed in range(len(gallery)):
        if codes[seed] == -1:
            continue
        others = [row for row in range(len(gallery)) if row != seed and codes[row] != -1]
        others.sort(key=lambda row: (-float(queries[seed] @ gallery[row]), row))
        hits = [codes[row] == codes[seed] for row in others]
        relevant = sum(hits)
        if relevant == 0:
            continue
        average = 0.0
        for place in range(1, relevant + 1):
            if hits[place - 1]:
                average += sum(hits[:place]) / place
        table[seed] = (
            float(hits[0]),
            sum(hits[:10]) / min(10, relevant),
            sum(hits[:10]) / 10,
            average / relevant,
        )
    return table


def assert_same(fast, slow):
    assert fast.seeds.tolist() == list(slow)
    columns = (fast.recall_at_1, fast.precision_at_10, fast.strict_at_10, fast.map_at_r)
    got = np.stack(columns, axis=1)
    np.testing.assert_allclose(got, np.array(list(slow.values())).reshape(-1, 4), atol=1e-12)


@pytest.mark.parametrize("labels", [2, 5, 40])
@pytest.mark.parametrize("cells", [1, 300, 10_000_000])
def test_scores_equal_the_slow_twin_whatever_the_chunks(monkeypatch, labels, cells):
    monkeypatch.setattr(metrics, "_CELLS", cells)
    draw = np.random.default_rng(labels)
    gallery = draw.normal(size=(60, 4))
    queries = draw.normal(size=(60, 4))
    codes = draw.integers(-1, labels, size=60)
    assert_same(
        score_relations(gallery, {"x": codes}, queries)["x"], slow_scores(gallery, queries, codes)
    )


def test_ties_and_duplicates_are_ranked_by_row():
    gallery = np.repeat(np.eye(3), 5, axis=0)  # whole blocks of equal rows; integers, so exact
    codes = np.array([0, 1, 0, 1, -1] * 3)
    assert_same(score_relations(gallery, {"x": codes})["x"], slow_scores(gallery, gallery, codes))


def test_a_perfect_ranking_scores_one_and_the_worst_scores_zero():
    codes = np.repeat(np.arange(4), 3)
    best = score_relations(np.eye(4)[codes], {"x": codes})["x"]
    assert best.recall_at_1.tolist() == best.map_at_r.tolist() == [1.0] * 12
    assert best.precision_at_10.tolist() == [1.0] * 12
    worst = score_relations(np.eye(4)[codes], {"x": codes}, -np.eye(4)[codes])["x"]
    assert worst.recall_at_1.max() == worst.map_at_r.max() == 0


def test_seeds_without_a_relevant_other_and_unknown_ones_are_counted_not_scored():
    codes = np.array([0, 0, 1, -1, -1, 2, 2])
    scores = score_relations(np.random.default_rng(0).normal(size=(7, 3)), {"x": codes})["x"]
    assert scores.seeds.tolist() == [0, 1, 5, 6]
    assert (scores.alone, scores.unknown) == (1, 2)


@pytest.mark.parametrize("codes", [[-1, -1, -1], [0, 1, 2], [0, -1, 1]])
def test_a_relation_without_any_seed_is_empty(codes):
    scores = score_relations(np.eye(3), {"x": np.array(codes)})["x"]
    assert scores.seeds.shape == scores.map_at_r.shape == (0,)


def test_no_products_at_all():
    scores = score_relations(np.empty((0, 3)), {"x": np.empty(0, dtype=np.int64)})["x"]
    assert scores.seeds.shape == (0,)


def test_an_unknown_product_is_taken_out_of_the_gallery():
    gallery = np.array([[1.0, 0], [0.9, 0.1], [0.8, 0.2]])  # row 1 is nearest, and unknown
    scores = score_relations(gallery, {"x": np.array([0, -1, 0])})["x"]
    assert scores.recall_at_1.tolist() == [1.0, 1.0]


def test_relevant_counts_are_the_others_of_the_same_code():
    assert count_relevant(np.array([4, -1, 4, 7, -1, 4])).tolist() == [2, 0, 2, 0, 0, 2]


@pytest.mark.parametrize(
    ("gallery", "queries", "codes", "message"),
    [
        (np.ones(3), None, [0, 0, 0], r"\(N, D\)"),
        (np.ones((3, 2)), np.ones((3, 4)), [0, 0, 0], r"\(3, 2\) and \(3, 4\)"),
        (np.ones((3, 2)), None, [0, 0], "2.* codes for 3 rows"),
        (np.full((3, 2), np.nan), None, [0, 0, 0], "not finite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(gallery, queries, codes, message):
    with pytest.raises(ValueError, match=message):
        score_relations(gallery, {"x": np.array(codes)}, queries)


def test_strict_precision_divides_by_ten_however_few_are_relevant():
    codes = np.array([0, 0, 0] + [1] * 15)
    scores = score_relations(np.eye(2)[codes], {"x": codes})["x"]
    assert scores.precision_at_10.tolist() == [1.0] * 18
    assert scores.strict_at_10.tolist() == [0.2] * 3 + [1.0] * 15
