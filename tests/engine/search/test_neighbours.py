"""The rows nearest to one apart from colour, and the values that a request computes once."""

import numpy as np
import pytest

from engine.search import neighbours as module
from engine.search import search
from engine.search.neighbours import LOOKED_AT, Neighbours
from engine.search.row_values import FEW, ComputedOnce, among
from tests.engine.generations import publish


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory):
    return publish(tmp_path_factory.mktemp("near"), 400, search_k=5 * 400)


@pytest.mark.parametrize("path", ["scan", "index"])
def test_neighbours_are_those_of_the_slow_way_and_found_once(generation, monkeypatch, path):
    if path == "index":
        monkeypatch.setattr(search, "SCAN_CELLS", 0)
    scale = generation.layout.apart_from_colour()
    cosines = (generation.vectors.astype(float) * scale) @ generation.vectors[7].astype(float)
    near = Neighbours(generation)
    first = near.of(7)
    assert len(first) == LOOKED_AT and first.dtype == np.int64
    assert set(first.tolist()) == set(np.argsort(-cosines)[:LOOKED_AT].tolist())
    monkeypatch.setattr(Neighbours, "_find", None)  # it cannot be called
    assert near.of(7).tolist() == first.tolist()


def test_few_neighbours_are_kept(generation, monkeypatch):
    found: list[int] = []
    find = Neighbours._find
    monkeypatch.setattr(
        Neighbours, "_find", lambda self, row: (found.append(row), find(self, row))[1]
    )
    monkeypatch.setattr(module, "MOST_BYTES", 10 * (4 * LOOKED_AT + 500))
    near = Neighbours(generation)
    for row in (*range(12), 11, 0):
        near.of(row)
    assert found == [*range(12), 0]


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1])
def test_among_is_membership(count):
    random = np.random.default_rng(count)
    rows, some = random.integers(30, size=50), random.integers(30, size=count)
    listed = set(some.tolist())
    assert among(rows, some).tolist() == [row in listed for row in rows.tolist()]


def test_values_of_all_rows_are_computed_when_one_is_taken():
    class Source:
        taken = 0

        def take(self, rows):
            self.taken += 1
            return rows * 2

    source = Source()
    once = ComputedOnce(source, 5)
    assert source.taken == 0
    assert once.take(np.array([3, 1])).tolist() == [6, 2]
    assert once.take(np.array([4])).tolist() == [8]
    assert source.taken == 1
