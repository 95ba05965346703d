import numpy as np
import pytest

from engine.encoders.facets import unit_rows
from engine.training.weight_search import search_weights

DEFAULT = {"shape": 0.5, "colour": 0.4, "pattern": 0.1}


def told_by(codes: np.ndarray, dim: int, noise: float, seed: int) -> np.ndarray:
    """Unit rows that tell codes apart, more or less."""
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(codes.max() + 1, dim))
    return unit_rows(places[codes] + noise * rng.normal(size=(len(codes), dim))).astype(np.float32)


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    return {"type": rng.integers(0, 6, 240), "colour": rng.integers(0, 6, 240)}


def test_an_uninformative_facet_gets_little_weight(labels):
    blocks = {
        "shape": told_by(labels["type"], 8, 0.4, 1),
        "colour": told_by(labels["colour"], 8, 0.4, 2),
        "pattern": unit_rows(np.random.default_rng(3).normal(size=(240, 8))).astype(np.float32),
    }
    chosen = search_weights(blocks, labels, DEFAULT)
    assert sum(chosen.values()) == pytest.approx(1)
    assert chosen["pattern"] <= 0.15
    assert min(chosen["shape"], chosen["colour"]) >= 0.2


def test_the_choice_beats_its_neighbours_on_the_goals(labels):
    """Where only the type is known, all goes to the facet that knows it."""
    blocks = {
        "shape": told_by(labels["type"], 8, 0.9, 1),
        "colour": told_by(labels["colour"], 8, 0.1, 2),
        "pattern": told_by(labels["colour"], 8, 0.1, 3),
    }
    chosen = search_weights(blocks, {"type": labels["type"]}, DEFAULT)
    assert chosen["shape"] == max(chosen.values()) >= 0.6


@pytest.mark.parametrize("codes", [np.full(10, -1), np.arange(10), np.zeros(0, np.int64)])
def test_insufficient_labels_leave_the_default(codes):
    rows = np.ones((len(codes), 2), np.float32) / np.sqrt(2)
    blocks = {name: rows for name in DEFAULT}
    assert search_weights(blocks, {"type": codes, "colour": codes}, DEFAULT) == DEFAULT


@pytest.mark.parametrize("names", [("shape",), ("shape", "colour")])
def test_fewer_facets_work_too(labels, names):
    blocks = {name: told_by(labels["type"], 4, 0.3, 5) for name in names}
    chosen = search_weights(blocks, labels, {name: 1 / len(names) for name in names})
    assert set(chosen) == set(names)
    assert sum(chosen.values()) == pytest.approx(1)
