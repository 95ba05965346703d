import numpy as np
import pytest

from engine.errors import NotEnoughData
from engine.training.loop.offline_mining import offline_triplets, triplet_batch
from tests.engine.training import twins

LABELS = np.array([0, 0, 0, 1, 1, 2, -1, -1, 2, 3])
ROWS = twins.random_rows(len(LABELS)).numpy()


def nearest(row: int, k: int) -> np.ndarray:
    return np.argsort(-ROWS @ ROWS[row], kind="stable")[:k]


@pytest.mark.parametrize(("k", "per_anchor"), [(10, 20), (10, 2), (4, 2)])
def test_negatives_are_the_nearest_neighbours_with_another_label(k, per_anchor):
    expected = []
    for anchor in range(len(LABELS)):
        if LABELS[anchor] == -1 or (LABELS[anchor] == LABELS).sum() < 2:
            continue
        near = sorted(range(len(LABELS)), key=lambda row: twins.distance(ROWS[anchor], ROWS[row]))
        wrong = [row for row in near[:k] if LABELS[row] not in (-1, LABELS[anchor])]
        expected += [(anchor, row) for row in wrong[:per_anchor]]
    found = offline_triplets(LABELS, nearest, k=k, per_anchor=per_anchor)
    pairs = list(zip(found.anchor.tolist(), found.negative.tolist(), strict=True))
    assert pairs == expected


def test_positives_share_the_label_and_are_never_the_anchor_but_any_other():
    drawn = set()
    for seed in range(30):
        found = offline_triplets(LABELS, nearest, seed=seed)
        anchor, positive = found.anchor.numpy(), found.positive.numpy()
        assert (LABELS[anchor] == LABELS[positive]).all()
        assert (anchor != positive).all()
        drawn |= set(zip(anchor.tolist(), positive.tolist(), strict=True))
    assert {(0, 1), (0, 2), (1, 0), (1, 2), (3, 4), (5, 8)} <= drawn


def test_an_anchor_gives_the_same_whoever_else_is_mined():
    everyone = twins.as_list(offline_triplets(LABELS, nearest))
    alone = twins.as_list(offline_triplets(LABELS, nearest, anchors=np.array([3])))
    assert alone == [triplet for triplet in everyone if triplet[0] == 3]


@pytest.mark.parametrize("labels", [[], [0, 0, 0], [0, 1, 2], [-1, -1]], ids=str)
def test_nothing_to_mine_gives_empty_tensors(labels):
    found = offline_triplets(np.array(labels, dtype=int), lambda row, k: np.arange(len(labels)))
    assert twins.as_list(found) == []


@pytest.mark.parametrize("size", [12, 13])
def test_a_batch_is_made_of_whole_triplets_by_seed_and_step(size):
    triplets = offline_triplets(LABELS, nearest)
    every = twins.as_list(triplets)
    batch = triplet_batch(triplets, size, seed=1, step=4)
    assert batch.shape == (size,)
    drawn = [tuple(row) for row in batch[:12].reshape(-1, 3).tolist()]
    assert len(set(drawn)) == 4
    assert set(drawn) <= set(every)
    np.testing.assert_array_equal(batch, triplet_batch(triplets, size, seed=1, step=4))
    assert not np.array_equal(batch, triplet_batch(triplets, size, seed=1, step=5))
    assert triplet_batch(triplets, 300, seed=1, step=4).shape == (300,)


def test_a_batch_of_no_triplets_is_refused():
    nothing = offline_triplets(np.array([0, 1]), nearest, k=2)
    with pytest.raises(NotEnoughData, match="Search more"):
        triplet_batch(nothing, 6, seed=0, step=0)
