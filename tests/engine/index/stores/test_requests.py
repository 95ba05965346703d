"""Panels of random requests: those of a store are those of Annoy, whose index is another."""

from dataclasses import replace
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
def mine(server):
    """A database of this test."""
    address = server.postgres.create()
    yield replace(server, address=address)
    server.postgres.drop(address)


@pytest.fixture
def shop(mine, tmp_path):
    """A random catalogue in PostgreSQL with Annoy's index, and one in pgvector of the same rows."""
    shop = random_shop.open_random_shop(tmp_path, COUNT, mine.address)
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
        less=now_and_then(tuple({IDS[random.integers(COUNT)]} - {*seeds}), ()),
        facets=now_and_then(facets, None),
        filter=Filter.of({name: one for name, one in wanted.items() if random.random() < 0.15}),
        exclude=now_and_then((IDS[random.integers(COUNT)],), ()),
        diversity=now_and_then(0.3, 0.0),
        min_match=now_and_then(int(random.integers(80)), None),
        variants=bool(random.random() < 0.3),
        colourways=now_and_then(Colourways.SHOW, None),
    )


@pytest.mark.parametrize("kind", ["pgvector", "milvus"])
def test_panels_of_random_requests_are_those_of_annoy(
    mine, shop, tmp_path: Path, rounds, request, kind
):
    count = rounds(100, 1_000)
    address = request.getfixturevalue("small_milvus") if kind == "milvus" else None
    of_files = shop.homes[0]
    live = open_live(of_files / "index")
    rows = (live.ids[:].tolist(), np.asarray(live.vectors))
    home = tmp_path / kind
    made = generations.publish(home, of=rows, store=mine.store(address), search_k=1_000)
    random_shop.calibration().save(EngineSettings(home=home).index_dir / made.name / FILE)
    known = random_shop.recommender(shop, of_files)
    settings = EngineSettings(home=home, store=kind)
    if address is not None:
        settings = EngineSettings(home=home, store=kind, milvus_address=address)
    asked = random_shop.Recommender(settings, shop.catalogue)
    random = np.random.default_rng({"pgvector": 18, "milvus": 19}[kind])
    full = 0
    for _ in range(count):
        request = random_request(random)
        expected, found = known.answer(request), asked.answer(request)
        assert found.results == expected.results, request
        assert (found.fallback, found.also_in) == (expected.fallback, expected.also_in)
        full += len(found.results) > 1 and found.fallback == Fallback.NONE
    assert full > count / 4
