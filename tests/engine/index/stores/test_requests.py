"""Panels of random requests: those of a store are those of Annoy, whose index is another."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from catalog.filters.filter import Filter
from engine.calibration.calibration import FILE
from engine.index.generation import open_live
from engine.recommendation.request import Request
from engine.recommendation.results import Fallback
from engine.settings import Colourways, EngineSettings
from tests.engine import generations, random_shop

COUNT = 240
IDS = random_shop.ids(COUNT)


@pytest.fixture
def shop(server, tmp_path):
    """A random catalogue in PostgreSQL with Annoy's index, and one in pgvector of the same rows."""
    shop = random_shop.open_random_shop(tmp_path, COUNT, server.address)
    random_shop.fill(shop, 1)
    yield shop
    shop.db.close()


def random_request(random: np.random.Generator) -> Request:
    """One to three seeds, and now and then each of the other terms."""

    def now_and_then(value, other):
        return value if random.random() < 0.3 else other

    def some(values: tuple) -> list:
        known = [value for value in values if value is not None]
        return [known[random.integers(len(known))]]

    wanted = {
        "colour": some(random_shop.COLOURS),
        "category": some(random_shop.CATEGORIES),
        "price_to": Decimal(int(random.integers(2, 12))),
        "attributes.sleeve": ["long"],
    }
    seeds = tuple(IDS[row] for row in random.choice(COUNT, random.integers(1, 4), replace=False))
    facets = {"shape": 1.0, "colour": float(random.integers(4))}
    return Request(
        seeds=seeds,
        k=int(random.choice([1, 3, 12, 100])),
        less=now_and_then((IDS[random.integers(COUNT)],), ()),
        facets=now_and_then(facets, None),
        filter=Filter.of({name: one for name, one in wanted.items() if random.random() < 0.15}),
        exclude=now_and_then((IDS[random.integers(COUNT)],), ()),
        diversity=now_and_then(0.3, 0.0),
        min_match=now_and_then(int(random.integers(80)), None),
        variants=bool(random.random() < 0.3),
        colourways=now_and_then(Colourways.SHOW, None),
    )


def test_panels_of_random_requests_are_those_of_annoy(server, shop, tmp_path: Path, rounds):
    count = rounds(60, 1_000)
    of_files = shop.homes[0]
    live = open_live(of_files / "index")
    rows = (live.ids[:].tolist(), np.asarray(live.vectors))
    home = tmp_path / "pgvector"
    made = generations.publish(home, of=rows, store=server.store(), search_k=1_000)
    random_shop.calibration().save(EngineSettings(home=home).index_dir / made.name / FILE)
    known = random_shop.recommender(shop, of_files)
    asked = random_shop.Recommender(EngineSettings(home=home, store="pgvector"), shop.catalogue)
    random = np.random.default_rng(18)
    full = 0
    for _ in range(count):
        request = random_request(random)
        expected, found = known.answer(request), asked.answer(request)
        assert found.results == expected.results, request
        assert (found.fallback, found.also_in) == (expected.fallback, expected.also_in)
        full += len(found.results) > 1 and found.fallback == Fallback.NONE
    assert full > count / 4
