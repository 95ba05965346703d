"""What a request may cost: how often it searches, and what it asks the catalogue."""

import threading

import pytest

from engine.facts import selection
from engine.recommendation.panel_search import PanelSearch
from engine.recommendation.results import Fallback
from engine.search import search
from engine.search.guards import LIFTS

MANY = 99
WANTED = {f"attributes.name {number:02}": "nothing" for number in range(MANY)}
FIELDS = {"brand": "None", "colour": "none", "pattern": "none", "category": "Nothing"}


@pytest.fixture
def asked(shop, monkeypatch):
    """How many products each question to the catalogue was about, by its name; None: all."""
    found = {"facts": [], "fact_rows": []}

    def count(name):
        original = getattr(shop.catalogue, name)

        def counted(product_ids=None):
            found[name].append(None if product_ids is None else len(product_ids))
            return original(product_ids)

        monkeypatch.setattr(shop.catalogue, name, counted)

    for name in found:
        count(name)
    return found


@pytest.fixture
def searches(monkeypatch):
    """The filters that match something and were searched under, and those only counted."""
    made, counted = [], []
    hits, leaves_any = PanelSearch.hits, PanelSearch.leaves_any

    def searching(self, wanted):
        if len(self.context.facts.rows(wanted)):
            made.append(wanted)
        return hits(self, wanted)

    def counting(self, wanted):
        counted.append(wanted)
        return leaves_any(self, wanted)

    monkeypatch.setattr(PanelSearch, "hits", searching)
    monkeypatch.setattr(PanelSearch, "leaves_any", counting)
    return made, counted


def test_a_filter_of_many_fields_is_relaxed_with_one_search(shop, searches):
    made, counted = searches
    recommender = shop.recommender()
    panel = recommender.panel("p001", filter=WANTED | {"availability": "in_stock"})
    assert panel.fallback == Fallback.RELAXED_FILTER
    assert panel.relaxed == tuple(WANTED)
    assert len(made) == 1 and len(counted) <= 7


def test_a_filter_for_which_guards_leave_nothing_is_relaxed_without_searching(shop, searches):
    made, counted = searches
    wanted = {
        "gender": "female",
        "colour": "black",
        "attributes.x": "y",
        "availability": "in_stock",
    }
    women = shop.recommender().panel("p004", filter=wanted)  # for men
    assert shop.catalogue.product("p004").gender == "male"
    assert women.fallback != Fallback.NONE
    assert made == [] and counted


def test_requests_at_once_do_not_displace_what_others_need(shop, monkeypatch):
    monkeypatch.setattr(selection, "CACHE_BYTES", 0)
    recommender = shop.recommender()
    alone = recommender.panel("p001", filter=FIELDS).relaxed
    relaxed = []
    threads = [
        threading.Thread(
            target=lambda: relaxed.append(recommender.panel("p001", filter=FIELDS).relaxed)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert relaxed == [alone] * 4


def test_filters_ask_the_catalogue_nothing(shop, asked, monkeypatch):
    monkeypatch.setattr(search, "SCAN_CELLS", 0)
    monkeypatch.setattr(search, "FETCH", 5)
    recommender = shop.recommender()
    plain = {"rules": False, "colourways": "off", "min_match": 0}
    usual = recommender.panel("p001", k=1, **plain)
    assert usual.fallback == Fallback.NONE
    asked["fact_rows"].clear()
    for wanted in ({"brand": "Nobody"}, {"colour": "red"}, FIELDS, WANTED):
        recommender.panel("p001", k=1, filter=wanted, **plain)
    assert asked["fact_rows"] == asked["facts"] == []


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
