"""Random requests, and the check of their panels against brute force."""

import random

import numpy as np
import pytest
from PIL import Image

from catalog.filters.filter import Filter
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from catalog.rules.rule import Action, Rule
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import Request
from engine.search.guards import LIFTS, Lifts
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.shop import COLOURS
from tests.engine.twin.panel import slow_panel
from tests.engine.twin.world import World
from tests.losses.lives.shop_changes import CATEGORIES


def random_request(chance: random.Random, ids: list[str]) -> Request:
    """A request of any kind for products of the index."""
    named = chance.sample(ids, min(len(ids), chance.choice((1, 1, 1, 2, 4))))
    seeds = tuple(named[:2])
    return Request(
        seeds=seeds,
        k=chance.choice((1, 4, 12, 100)),
        weights={seeds[0]: chance.choice((0.5, 1.0, 4.0))},
        less=tuple(named[2:]),
        facets=chance.choice((None, None, {"shape": 1.0, "colour": 0.0}, {"colour": 3.0})),
        filter=random_filter(chance) if chance.random() < 0.3 else Filter(),
        exclude=tuple(chance.sample(ids, 1)) if chance.random() < 0.2 else (),
        lifts=Lifts(**{name: True for name in LIFTS if chance.random() < 0.15}),
        diversity=chance.choice((0.0, 0.0, 0.0, 0.3)),
        variants=chance.random() < 0.3,
        rules=chance.random() < 0.8,
        fallback=False,
    )


def random_filter(chance: random.Random) -> Filter:
    """A filter of one or two fields."""
    values = {
        "category": [chance.choice([one for one in CATEGORIES if one])],
        "colour": [chance.choice(list(COLOURS))],
        "gender": ["female"],
        "price_to": chance.randint(5, 40),
        "availability": ["in_stock"],
    }
    return Filter.of({name: values[name] for name in chance.sample(sorted(values), 2)})


def random_rule(chance: random.Random, ids: list[str]) -> Rule:
    """A merchandising rule, under one of four names."""
    name = f"rule{chance.randrange(4)}"
    match chance.randrange(5):
        case 0:
            values = {"action": Action.PIN, "product_id": chance.choice(ids), "position": 2}
        case 1:
            values = {"action": Action.BLOCK, "product_id": chance.choice(ids)}
        case 2:
            values = {"action": Action.BOOST, "where": random_filter(chance), "amount": 0.3}
        case 3:
            values = {"action": Action.EXCLUDE, "where": random_filter(chance)}
        case _:
            values = {"action": Action.SAME, "field": "colour"}
    scope = chance.choice(({}, {"category": "Tops"}, {"seed": ids[0]}))
    return Rule.of({"rule_id": name, **values, **scope})


def check_panel(
    catalogue: Catalogue, rules: RuleBook, recommender: Recommender, request: Request
) -> int:
    """Compares a panel with one that is computed from its definition; returns its size."""
    generation = recommender.live()
    products = catalogue.products(generation.ids.tolist())
    assert products.keys() == set(generation.ids), "the index has products that nobody knows"
    in_force = {seed: rules.active(seed, products[seed].category) for seed in request.seeds}
    expected = slow_panel(
        World(products, generation, None, in_force if request.rules else {}), request
    )
    panel = recommender.answer(request)
    found = [(one.product_id, one.seed, one.variants) for one in panel.results]
    assert found == [(one.product_id, one.seed, one.variants) for one in expected], request
    scores = [one.score for one in panel.results]
    assert scores == pytest.approx([one.score for one in expected], abs=2e-6)
    return len(expected)


def check_rows(catalogue: Catalogue, recommender: Recommender) -> None:
    """Compares an index that is up to date with the photos: each file embedded by itself."""
    encoder, generation = FakeEncoder(), recommender.live()
    by_product: dict[str, list[np.ndarray]] = {}
    for photo in catalogue.photos():
        with Image.open(photo.path) as image:
            by_product.setdefault(photo.product_id, []).append(encoder.encode([image])[0])
    assert set(generation.ids) == by_product.keys()
    for product_id, rows in by_product.items():
        blocks = {}
        for name in encoder.layout.names:
            mean = np.mean([encoder.layout.block(row[None], name)[0] for row in rows], axis=0)
            blocks[name] = (mean / np.linalg.norm(mean))[None]
        expected = encoder.layout.compose(blocks)[0]
        found = generation.vectors[generation.row_of[product_id]]
        assert np.allclose(found, expected, atol=1e-5), product_id
