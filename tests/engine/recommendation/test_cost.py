"""What a request may cost: how often it asks the catalogue, and for how many products."""

import threading

import pytest

from engine.recommendation.results import Fallback
from engine.search import catalogue_facts, search
from engine.search.guards import LIFTS

MANY = 99
WANTED = {f"attributes.name {number:02}": "nothing" for number in range(MANY)}
MAX_ASKED = 20  # a search, a bisection of 100 fields, and each of the last 12 by itself


@pytest.fixture
def asked(shop, monkeypatch):
    """How many products each question to the catalogue was about, by its name; None: all."""
    found = {"matching": [], "facts": [], "any_matches": []}

    def count(name):
        original = getattr(shop.catalogue, name)

        def counted(first, product_ids=None):
            of = first if name == "facts" else product_ids
            found[name].append(None if of is None else len(of))
            return original(first) if product_ids is None else original(first, product_ids)

        monkeypatch.setattr(shop.catalogue, name, counted)

    for name in found:
        if hasattr(shop.catalogue, name):
            count(name)
    return found


def test_a_filter_of_many_fields_is_relaxed_with_few_questions(shop, asked):
    recommender = shop.recommender()
    panel = recommender.panel("p001", filter=WANTED | {"availability": "in_stock"})
    assert panel.fallback == Fallback.RELAXED_FILTER
    assert panel.relaxed == tuple(WANTED)
    assert 0 < len(asked["matching"]) <= MAX_ASKED


def test_requests_at_once_do_not_displace_one_another_s_masks(shop, asked, monkeypatch):
    monkeypatch.setattr(catalogue_facts, "MAX_MASKS", 1)
    recommender = shop.recommender()
    fields = {"brand": "None", "colour": "none", "pattern": "none", "category": "Nothing"}
    alone = recommender.panel("p001", filter=fields).relaxed
    once = len(asked["matching"])
    assert once == len(fields)  # each field once, however often it is needed
    relaxed = []
    threads = [
        threading.Thread(
            target=lambda: relaxed.append(recommender.panel("p001", filter=fields).relaxed)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert relaxed == [alone] * 4
    assert len(asked["matching"]) <= 5 * once


def test_in_a_large_catalogue_nothing_is_read_for_a_value_that_no_product_has(
    shop, asked, monkeypatch
):
    monkeypatch.setattr(catalogue_facts, "MAX_IN_MEMORY", 0)
    monkeypatch.setattr(catalogue_facts, "FAST_MASK_ROWS", 0)
    monkeypatch.setattr(search, "SCAN_CELLS", 0)
    monkeypatch.setattr(search, "FETCH", 5)
    recommender = shop.recommender()
    plain = {"rules": False, "colourways": "off", "min_match": 0}
    # Kinds leave too few of the nearest, and colours are looked for among more than this shop has.
    usual = recommender.panel("p001", k=1, **plain)
    assert usual.fallback == Fallback.NONE
    most = max(asked["facts"])
    assert most < len(shop.rows())
    panel = recommender.panel("p001", k=1, filter={"brand": "Nobody"}, **plain)
    assert panel.relaxed == ("brand",)
    assert max(asked["facts"]) <= most  # guards of the nearest products, not of all
    assert asked["matching"].count(None) <= 1


def test_a_panel_of_many_seeds_looks_at_few_rows_for_each(shop, monkeypatch):
    cells, original = [], search.exact_hits

    def counted(vectors, query, rows, eligible, *own):
        cells.append(len(rows) * (len(query.vectors) if own in ((), (None,)) else len(own[0])))
        return original(vectors, query, rows, eligible, *own)

    monkeypatch.setattr(search, "exact_hits", counted)
    monkeypatch.setattr(search, "SPARE", 4)
    seeds = [f"p{number:03}" for number in range(0, 60, 2)]
    lifted = dict.fromkeys(LIFTS, True)
    panel = shop.recommender().panel(*seeds, k=30, min_match=0, variants=True, **lifted)
    assert len({one.seed for one in panel.results}) == len(seeds)
    assert sum(cells) <= 2 * len(seeds) * len(shop.rows())  # each seed with all rows, twice
