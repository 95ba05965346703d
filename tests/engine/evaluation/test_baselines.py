from itertools import permutations

import numpy as np
import pytest
from PIL import Image

from engine.evaluation.baselines import histogram_rows, random_scores


def expected_by_enumeration(codes, seed):
    """The mean over every order of the others, from the definitions."""
    others = [row for row in range(len(codes)) if row != seed and codes[row] != -1]
    relevant = sum(codes[row] == codes[seed] for row in others)
    sums = np.zeros(4)
    orders = list(permutations(others))
    for order in orders:
        hits = [codes[row] == codes[seed] for row in order]
        average = sum(sum(hits[: k + 1]) / (k + 1) for k in range(relevant) if hits[k]) / relevant
        ten = sum(hits[:10])
        sums += [hits[0], ten / min(10, relevant), ten / 10, average]
    return sums / len(orders)


@pytest.mark.parametrize("codes", [[0, 0, 0, 1, 1, -1], [0, 0, 1, 1, 1, 1], [0, 0], [3, 3, 3, 1]])
def test_random_order_is_the_mean_over_all_orders(codes):
    scores = random_scores(np.array(codes))
    for at, seed in enumerate(scores.seeds):
        values = (scores.recall_at_1, scores.precision_at_10, scores.strict_at_10, scores.map_at_r)
        got = [value[at] for value in values]
        np.testing.assert_allclose(got, expected_by_enumeration(codes, int(seed)))


def test_random_order_agrees_with_a_shuffled_ranking_beyond_ten_places():
    draw = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], [30, 20, 2])
    hits = codes[1:] == codes[0]
    tens, averages = [], []
    for _ in range(4000):
        mixed = draw.permutation(hits)
        tens.append(mixed[:10].sum() / 10)
        precision = np.cumsum(mixed) / np.arange(1, len(mixed) + 1)
        averages.append((precision * mixed)[:29].sum() / 29)
    scores = random_scores(codes)
    assert scores.precision_at_10[0] == pytest.approx(np.mean(tens), abs=0.01)
    assert scores.map_at_r[0] == pytest.approx(np.mean(averages), abs=0.01)


@pytest.mark.parametrize("codes", [[], [0], [-1, -1], [0, 1]])
def test_random_order_without_seeds_is_empty(codes):
    scores = random_scores(np.array(codes, dtype=np.int64))
    assert scores.seeds.shape == scores.map_at_r.shape == (0,)
    assert scores.alone + scores.unknown == len(codes)


def test_histograms_of_photos_of_any_size_are_unit_rows():
    rows = histogram_rows([Image.new("RGB", (40, 90), "red"), Image.new("L", (7, 3), 128)])
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert rows[0] @ rows[1] < 0.5
