import numpy as np
import pytest

from engine.encoders.facets import unit_rows
from engine.labels.labels import LabelTable
from engine.training.weight_search import JUDGED_BY, search_weights

DEFAULT = {"shape": 0.5, "colour": 0.4, "pattern": 0.1}


def told_by(codes: np.ndarray, dim: int, noise: float, seed: int) -> np.ndarray:
    """Unit rows that tell codes apart, more or less."""
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(codes.max() + 1, dim))
    return unit_rows(places[codes] + noise * rng.normal(size=(len(codes), dim))).astype(np.float32)


def table(derived: np.ndarray | None = None, **columns: np.ndarray) -> LabelTable:
    """Labels of products; those of other columns are unknown."""
    count = len(next(iter(columns.values())))
    unknown = np.full(count, -1, dtype=np.int64)
    everything = dict.fromkeys(JUDGED_BY.values(), unknown) | columns
    words = {
        name: tuple(f"{name} {code}" for code in range(int(codes.max(initial=-1)) + 1))
        for name, codes in everything.items()
    }
    seen = {} if derived is None else {"colour": derived}
    return LabelTable(tuple(map(str, range(count))), everything, words, {}, seen)


@pytest.fixture
def codes():
    rng = np.random.default_rng(0)
    return {"type": rng.integers(0, 6, 240), "colour": rng.integers(0, 6, 240)}


@pytest.fixture
def blocks(codes):
    """The pattern says nothing."""
    return {
        "shape": told_by(codes["type"], 8, 0.4, 1),
        "colour": told_by(codes["colour"], 8, 0.4, 2),
        "pattern": unit_rows(np.random.default_rng(3).normal(size=(240, 8))).astype(np.float32),
    }


def test_an_uninformative_facet_gets_little_weight(codes, blocks):
    start = {"shape": 0.2, "colour": 0.2, "pattern": 0.6}
    pattern = np.random.default_rng(9).integers(0, 6, 240)
    chosen = search_weights(blocks, table(**codes, pattern=pattern), start)
    assert sum(chosen.weights.values()) == pytest.approx(1)
    assert chosen.weights["pattern"] <= 0.15
    assert min(chosen.weights["shape"], chosen.weights["colour"]) >= 0.2
    assert chosen.reason == "the best on 240 products that were not trained on"


def test_the_choice_goes_to_the_facet_that_knows(codes):
    """Both labels are known, but only one facet tells them."""
    blocks = {
        "shape": told_by(codes["type"] * 6 + codes["colour"], 8, 0.2, 1),
        "colour": unit_rows(np.random.default_rng(2).normal(size=(240, 8))).astype(np.float32),
    }
    chosen = search_weights(blocks, table(**codes), {"shape": 0.5, "colour": 0.5}).weights
    assert chosen["shape"] == max(chosen.values()) >= 0.6


def test_a_facet_that_few_products_judge_keeps_its_share(codes, blocks):
    """28 products with a pattern moved its weight from 0.05 to 0.25."""
    pattern = np.full(240, -1)
    pattern[:28] = np.arange(28) % 2
    blocks["pattern"] = told_by(np.arange(240) % 2, 8, 0.01, 4)
    chosen = search_weights(blocks, table(**codes, pattern=pattern), DEFAULT)
    assert chosen.weights["pattern"] == 0.1
    assert chosen.weights["shape"] + chosen.weights["colour"] == pytest.approx(0.9)
    assert "but for pattern, kept from the start" in chosen.reason
    assert "pattern by 28" in chosen.reason


@pytest.mark.parametrize("known", [199, 200])
def test_two_facets_must_be_judged_by_200_products_each(codes, blocks, known):
    codes["colour"][known:] = -1
    chosen = search_weights(blocks, table(**codes), {"shape": 0.2, "colour": 0.7, "pattern": 0.1})
    assert (chosen.weights["colour"] == 0.7) == (known == 199)
    assert ("colour by 199" in chosen.reason) == (known == 199)


def test_colours_that_were_seen_in_photos_choose_nothing(codes, blocks):
    derived = np.ones(240, dtype=np.bool_)
    chosen = search_weights(blocks, table(derived, **codes), DEFAULT)
    assert chosen.weights == DEFAULT
    assert "colour by 0, pattern by 0" in chosen.reason and "seen in photos" in chosen.reason
    few = np.arange(240) < 20  # of these, the others still judge
    assert search_weights(blocks, table(few, **codes), DEFAULT).weights != DEFAULT


@pytest.mark.parametrize("values", [np.full(10, -1), np.arange(10), np.zeros(0, np.int64)])
def test_insufficient_labels_leave_the_default(values):
    rows = np.ones((len(values), 2), np.float32) / np.sqrt(2)
    blocks = {name: rows for name in DEFAULT}
    labels = table(type=values, colour=values)
    assert search_weights(blocks, labels, DEFAULT).weights == DEFAULT


@pytest.mark.parametrize("names", [("shape",), ("shape", "colour"), ("shape", "colour", "fabric")])
def test_other_facets_work_too(codes, names):
    blocks = {name: told_by(codes["type"], 4, 0.3, 5) for name in names}
    default = {name: 1 / len(names) for name in names}
    chosen = search_weights(blocks, table(**codes), default).weights
    assert set(chosen) == set(names)
    assert sum(chosen.values()) == pytest.approx(1)
    assert chosen.get("fabric", 1 / 3) == 1 / 3
