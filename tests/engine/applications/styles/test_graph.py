"""The neighbour graph against all pairs, also where it is searched in cells."""

import numpy as np
import pytest

from engine.applications.styles import graph as graphs
from engine.applications.styles.graph import nearest_centre, neighbour_graph
from engine.encoders.facets import unit_rows


def clumps(count: int, number: int = 12, dim: int = 16, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    centres = random.normal(size=(number, dim))
    rows = centres[random.integers(number, size=count)] + 0.4 * random.normal(size=(count, dim))
    return unit_rows(rows.astype(np.float32))


def all_pairs(rows: np.ndarray, neighbours: int) -> set[tuple[int, int]]:
    """The obvious twin: edges in both directions."""
    scores = rows @ rows.T
    np.fill_diagonal(scores, -np.inf)
    best = np.argsort(-scores, axis=1)[:, :neighbours]
    edges = {(row, other) for row in range(len(rows)) for other in best[row].tolist()}
    return edges | {(other, row) for row, other in edges}


def edges_of(found) -> set[tuple[int, int]]:
    return set(zip(*(part.tolist() for part in found.nonzero()), strict=True))


def test_edges_are_those_of_all_pairs():
    rows = clumps(120)
    found = neighbour_graph(rows, 5)
    assert edges_of(found) == all_pairs(rows, 5)
    assert (abs(found - found.T) > 1e-6).nnz == 0 and not found.diagonal().any()


def test_the_block_size_changes_nothing(monkeypatch):
    rows = clumps(50)
    whole = neighbour_graph(rows, 4)
    monkeypatch.setattr(graphs, "SCORES", 60)
    assert edges_of(neighbour_graph(rows, 4)) == edges_of(whole)


def test_cells_find_nearly_all_neighbours_and_read_few_pairs(monkeypatch):
    rows = clumps(1_200)
    monkeypatch.setattr(graphs, "EXACT", 500)
    monkeypatch.setattr(graphs, "PER_CELL", 60)
    found, wanted = edges_of(neighbour_graph(rows, 5)), all_pairs(rows, 5)
    assert len(found & wanted) > 0.9 * len(wanted)
    pairs = sum(len(own) * len(others) for own, others in graphs._cells(rows))
    assert pairs < 0.6 * len(rows) ** 2


@pytest.mark.parametrize("count", [2, 3, 12])
def test_few_rows_have_fewer_neighbours(count):
    found = neighbour_graph(clumps(count))
    assert found.shape == (count, count)
    assert (np.diff(found.indptr) == count - 1).all()


def test_equal_and_opposite_rows_have_edges_too():
    rows = np.array([[1, 0], [1, 0], [-1, 0], [-1, 0]], dtype=np.float32)
    found = neighbour_graph(rows, 3)
    assert found[0, 1] == 1 and 0 < found[0, 2] < 1e-3


def test_the_nearest_centre_is_that_of_the_least_distance():
    rows, centres = clumps(40), np.random.default_rng(3).normal(size=(5, 16)).astype(np.float32)
    slow = ((rows[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
    assert nearest_centre(rows, centres).tolist() == slow.tolist()
