from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import NotEnoughData
from engine.training.data.sampler import BatchSampler


def shop(categories=10, labels=6, photos=8) -> tuple[np.ndarray, np.ndarray]:
    """Labels and categories of a tidy shop, rows in random order."""
    label = np.random.default_rng(3).permutation(np.arange(categories * labels).repeat(photos))
    return label, label // labels


def test_a_batch_is_p_labels_of_k_different_photos_from_few_categories():
    labels, categories = shop()
    sampler = BatchSampler(
        labels, categories, labels_per_batch=12, photos_per_label=4, categories_per_batch=3
    )
    for step in range(20):
        batch = sampler.batch(step)
        assert len(set(batch.tolist())) == sampler.batch_size == 48
        assert set(Counter(labels[batch]).values()) == {4}
        assert sorted(Counter(categories[batch]).values()) == [16, 16, 16]
        assert (labels[batch].reshape(12, 4) == labels[batch[::4], None]).all()


def test_most_negatives_are_of_the_same_category_far_above_chance():
    labels, categories = shop()
    sampler = BatchSampler(labels, categories, labels_per_batch=12, categories_per_batch=2)
    batch = sampler.batch(0)
    same = categories[batch][:, None] == categories[batch]
    negative = labels[batch][:, None] != labels[batch]
    assert same[negative].mean() > 0.4  # 5 of 11 other labels; 5 of 59 in the shop


@pytest.mark.parametrize("start", [0, 7])
def test_a_batch_depends_on_seed_and_step_alone(start):
    labels, categories = shop()
    running = BatchSampler(labels, categories, seed=1)
    for step in range(start):
        running.batch(step)
    resumed = BatchSampler(labels, categories, seed=1)
    np.testing.assert_array_equal(running.batch(start), resumed.batch(start))
    assert not np.array_equal(resumed.batch(start), resumed.batch(start + 1))
    other = BatchSampler(labels, categories, seed=2)
    assert not np.array_equal(resumed.batch(start), other.batch(start))


def test_a_small_label_repeats_each_photo_evenly():
    labels = np.array([0, 0, 0, 1, 2, 2, 2, 2, 2, 2])
    sampler = BatchSampler(labels, labels_per_batch=3, photos_per_label=5)
    for step in range(5):
        batch = sampler.batch(step)
        rows = Counter(batch.tolist())
        assert sorted(rows[row] for row in (0, 1, 2)) == [1, 2, 2]
        assert rows[3] == 5
        assert Counter(labels[batch]) == {0: 5, 1: 5, 2: 5}


def test_one_category_fills_a_batch_alone():
    labels, _ = shop(categories=1, labels=40)
    batch = BatchSampler(labels, labels_per_batch=32, categories_per_batch=8).batch(0)
    assert len(set(labels[batch])) == 32


def test_a_small_category_gives_all_and_the_next_fills_in():
    labels = np.arange(22).repeat(4)
    categories = np.where(labels < 2, 0, 1)
    sampler = BatchSampler(labels, categories, labels_per_batch=16, categories_per_batch=2)
    for step in range(5):
        batch = sampler.batch(step)
        assert len(set(labels[batch])) == 16
        assert Counter(categories[batch]) == {0: 8, 1: 56}


def test_fewer_labels_than_p_come_again_with_further_photos():
    labels = np.array([0] * 8 + [1] * 8 + [2])
    sampler = BatchSampler(labels, labels_per_batch=6, photos_per_label=4)
    batch = sampler.batch(0)
    assert Counter(labels[batch]) == {0: 8, 1: 8, 2: 8}
    assert len(set(batch.tolist())) == 17


def test_unknown_labels_are_never_drawn_and_a_label_goes_where_most_of_its_photos_are():
    labels = np.array([-1] * 50 + [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3)
    categories = np.array([5] * 50 + [5, 5, 7] + [5] * 3 + [7] * 3 + [-1] * 3)
    sampler = BatchSampler(labels, categories, labels_per_batch=2, categories_per_batch=1)
    seen, together = set(), set()
    for step in range(60):
        batch = sampler.batch(step)
        seen |= set(batch.tolist())
        together.add(frozenset(labels[batch].tolist()))
    assert seen == set(range(50, 62))
    assert frozenset({0, 1}) in together  # category 5, photo 52 notwithstanding


@pytest.mark.parametrize(("temper", "expected"), [(0.0, 1.0), (0.5, 3.0), (1.0, 9.0)])
def test_temper_controls_how_much_more_often_a_big_label_comes(temper, expected):
    labels = np.concatenate([np.arange(30).repeat(9), np.arange(30, 60)])
    sampler = BatchSampler(labels, labels_per_batch=2, photos_per_label=2, temper=temper)
    drawn = np.concatenate([labels[sampler.batch(step)] for step in range(2000)])
    assert (drawn < 30).sum() / (drawn >= 30).sum() == pytest.approx(expected, rel=0.2)


def test_an_epoch_with_temper_reaches_rare_labels():
    labels = np.concatenate([np.zeros(900, int), np.arange(1, 21).repeat(5)])
    sampler = BatchSampler(labels, labels_per_batch=4, photos_per_label=5)
    steps = len(labels) // sampler.batch_size
    seen = {int(x) for step in range(steps) for x in labels[sampler.batch(step)]}
    assert seen == set(range(21))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-1, 6), st.integers(-1, 2)), max_size=30),
    st.integers(2, 9),
    st.integers(2, 5),
    st.integers(1, 4),
)
def test_any_shop_gives_full_batches_of_known_labels(photos, p, k, c):
    labels, categories = np.array(photos, dtype=np.int64).reshape(-1, 2).T
    known = set(labels.tolist()) - {-1}

    def make():
        return BatchSampler(
            labels, categories, labels_per_batch=p, photos_per_label=k, categories_per_batch=c
        )

    if len(known) < 2:
        with pytest.raises(NotEnoughData, match="2 different labels"):
            make()
        return
    batch = make().batch(0)
    counts = Counter(labels[batch].tolist())
    assert batch.shape == (p * k,)
    assert counts.keys() <= known
    assert len(counts) == min(p, len(known))
    assert max(counts.values()) - min(counts.values()) <= k
    assert all(count % k == 0 for count in counts.values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels_per_batch": 1},
        {"photos_per_label": 1},
        {"categories_per_batch": 0},
        {"temper": 1.5},
        {"seed": -1},
        {"categories": np.zeros(3)},
    ],
    ids=str,
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must be|needs"):
        BatchSampler(np.arange(8), **wrong)
