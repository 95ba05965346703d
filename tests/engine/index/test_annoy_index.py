from pathlib import Path

import numpy as np
import pytest

from engine.encoders.facets import check_rows, unit_rows
from engine.errors import BrokenGeneration
from engine.index.annoy_index import RowIndex, build


def rows(count: int, dim: int = 8, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return unit_rows(random.normal(size=(count, dim))).astype(np.float32)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.ones((3, 7), np.float32), r"\(N, 8\) float32, got \(3, 7\)"),
        (rows(3).astype(np.float64), "float64"),
        (rows(3)[0], r"got \(8,\)"),
        (rows(3) * 2, "row 0 has length 2"),
        (np.where(np.arange(3)[:, None] == 1, np.nan, rows(3)).astype(np.float32), "row 1 has"),
        (np.where(np.arange(3)[:, None] == 2, np.inf, rows(3)).astype(np.float32), "row 2 has"),
        (rows(3) * 0, "length 0"),
    ],
)
def test_rows_that_are_no_unit_rows_are_refused(wrong: np.ndarray, message: str):
    with pytest.raises(ValueError, match=message):
        check_rows(wrong, 8)


def test_wrong_rows_never_reach_annoy(tmp_path: Path):
    with pytest.raises(ValueError, match="length 1"):
        build(tmp_path / "index", rows(3) * 3, trees=2, seed=1)
    with pytest.raises(ValueError, match="at least one row"):
        build(tmp_path / "index", rows(0), trees=2, seed=1)
    assert not (tmp_path / "index").exists()


def test_same_input_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        build(tmp_path / name, rows(200), trees=5, seed=seed)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


@pytest.mark.parametrize("length", [0.01, 1, 30])
def test_an_exhaustive_search_is_the_order_by_dot_product(tmp_path: Path, length: float):
    vectors = rows(300)
    build(tmp_path / "index", vectors, trees=5, seed=1)
    index = RowIndex(tmp_path / "index", dim=8, count=300, trees=5)
    query = rows(1, seed=9)[0] * np.float32(length)
    expected = sorted(range(300), key=lambda row: -float(vectors[row] @ query))[:20]
    assert index.nearest(query, 20, search_k=5 * 300).tolist() == expected
    assert sorted(index.nearest(query, 999, search_k=5 * 300)) == list(range(300))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9, 40])
def test_few_rows_are_found_too(tmp_path: Path, count: int):
    vectors = rows(count)
    trees = build(tmp_path / "index", vectors, trees=3, seed=1)
    index = RowIndex(tmp_path / "index", dim=8, count=count, trees=trees)
    assert sorted(index.nearest(vectors[0], 50, search_k=500)) == list(range(count))
    assert index.nearest(vectors[-1], 50, search_k=500)[0] == count - 1


@pytest.mark.parametrize(("count", "trees"), [(299, 5), (300, 4)])
def test_an_index_of_other_rows_is_refused(tmp_path: Path, count: int, trees: int):
    build(tmp_path / "index", rows(300), trees=5, seed=1)
    with pytest.raises(BrokenGeneration, match="300 rows in 5 trees"):
        RowIndex(tmp_path / "index", dim=8, count=count, trees=trees)


def test_a_missing_index_is_refused(tmp_path: Path):
    with pytest.raises(BrokenGeneration, match="cannot be mapped"):
        RowIndex(tmp_path / "index", dim=8, count=1, trees=1)


@pytest.mark.parametrize(
    ("query", "n", "search_k"),
    [
        (np.full(8, np.nan, np.float32), 1, 1),
        (np.zeros(8, np.float32), 1, 1),
        (np.ones(7, np.float32), 1, 1),
        (np.ones(8, np.float32), 0, 1),
        (np.ones(8, np.float32), 1, 0),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(tmp_path, query, n, search_k):
    trees = build(tmp_path / "index", rows(10), trees=2, seed=1)
    index = RowIndex(tmp_path / "index", dim=8, count=10, trees=trees)
    with pytest.raises(ValueError, match="must be"):
        index.nearest(query, n, search_k)
