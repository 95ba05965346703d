from pathlib import Path

import numpy as np

from engine.index.annoy_index import RowIndex, build
from engine.index.stores.recall import ExactNeighbours, sample_rows
from tests.engine.index.test_annoy_index import rows


def slow_recall(vectors: np.ndarray, index: RowIndex, sample: np.ndarray, search_k: int) -> float:
    shares = []
    for seed in sample.tolist():
        scores = {row: float(vectors[seed] @ vectors[row]) for row in range(len(vectors))}
        del scores[seed]
        exact = sorted(scores, key=lambda row: -scores[row])[:10]
        found = [row for row in index.nearest(vectors[seed], 11, search_k) if row != seed][:10]
        shares.append(len(set(exact) & set(found)) / 10)
    return float(np.mean(shares))


def opened(tmp_path: Path, vectors: np.ndarray, trees: int) -> RowIndex:
    found = build(tmp_path / "index", vectors, trees, seed=1)
    return RowIndex(tmp_path / "index", dim=vectors.shape[1], count=len(vectors), trees=found)


def test_recall_is_that_of_its_definition(tmp_path: Path):
    vectors = rows(600, dim=16)
    index = opened(tmp_path, vectors, trees=2)
    sample = sample_rows(600, seed=3, size=150)
    few, all_ = (ExactNeighbours.of(vectors, sample).recall(index, k) for k in (30, 1200))
    assert few == slow_recall(vectors, index, sample, 30) < 0.9
    assert all_ == 1


def test_copies_of_one_photo_may_stand_for_each_other(tmp_path: Path):
    vectors = np.repeat(rows(3), 40, axis=0)
    index = opened(tmp_path, vectors, trees=2)
    assert ExactNeighbours.of(vectors, np.arange(120)).recall(index, search_k=240) == 1


def test_one_product_has_no_neighbour_to_miss(tmp_path: Path):
    vectors = rows(1)
    assert ExactNeighbours.of(vectors, np.arange(1)).recall(opened(tmp_path, vectors, 1), 1) == 1


def test_a_sample_has_each_row_once_and_repeats():
    sample = sample_rows(5000, seed=1)
    assert len(set(sample.tolist())) == len(sample) == 1000
    assert (np.sort(sample) == sample).all() and (sample == sample_rows(5000, seed=1)).all()
    assert sample_rows(7, seed=1).tolist() == list(range(7))
