"""Other colours of a seed: offered beside its results, in stock at this moment."""

import pytest

from catalog.rules.rule import Rule
from engine.errors import RequestError
from engine.settings import Colourways

TITLE = "Acme Woven Linen {} Summer Shirt"


@pytest.fixture
def colourful(new_shop):
    """p000, p004 and p008 are one design; p001 is p000's variant; all are for everyone."""
    shop = new_shop(12)
    plain = {"gender": "", "age_group": "", "availability": "in_stock", "group_id": ""}
    own = {
        "p000": {"title": TITLE.format("Red"), "colour": "red", "category": "Tops > Shirts"},
        "p001": {"title": "p001", "colour": "blue", "group_id": "g"},
        "p004": {"title": TITLE.format("Green"), "colour": "green", "category": "Tops > Shirts"},
        "p008": {"title": TITLE.format("Black"), "colour": "black", "category": "Tops > Shirts"},
    }
    own["p000"]["group_id"] = "g"
    shop.write([row | plain | own.get(row["id"], {}) for row in shop.rows()])
    shop.ingest()
    shop.reindex()
    return shop


@pytest.fixture(autouse=True)
def alike(monkeypatch):
    """All shapes count as one design's: the drawn photos of a design differ."""
    monkeypatch.setattr("engine.recommendation.offers.close_apart_from_colour", lambda *_: -1.0)


def offered(panel) -> dict[str, str]:
    return {one.colour: one.product_id for one in panel.also_in}


def test_the_shops_own_variants_come_first_and_then_what_is_found(colourful):
    recommender = colourful.recommender()
    panel = recommender.panel("p000")
    assert list(offered(panel)) in (["blue", "green", "black"], ["blue", "black", "green"])
    assert [one.grouped for one in panel.also_in] == [True, False, False]
    assert "p001" not in {result.product_id for result in panel.results}  # a variant of the seed
    assert recommender.panel("p000", "p002").also_in == ()


def test_all_of_a_design_are_offered_however_many_look_more_alike(colourful, monkeypatch):
    everything = offered(colourful.recommender().panel("p000"))
    monkeypatch.setattr("engine.search.neighbours.LOOKED_AT", 1)
    assert offered(colourful.recommender().panel("p000")) == everything
    monkeypatch.setattr("engine.recommendation.offers.MOST_OF_NAME", 0)  # then the nearest
    assert set(offered(colourful.recommender().panel("p000"))) == {"blue"}


def test_stock_filters_and_rules_count_for_offers_at_once(colourful):
    recommender = colourful.recommender()
    assert set(offered(recommender.panel("p000", filter={"colour": "black"}))) == {"black"}
    colourful.change("p004", availability="out_of_stock")
    assert set(offered(recommender.panel("p000"))) == {"blue", "black"}
    colourful.change("p004", availability="in_stock", title="Another thing")
    assert set(offered(recommender.panel("p000"))) == {"blue", "black"}
    colourful.rules.put([Rule.of({"rule_id": "x", "action": "block", "product_id": "p008"})])
    assert set(offered(recommender.panel("p000"))) == {"blue"}


def test_a_design_has_one_place_that_names_its_other_colours(colourful):
    recommender = colourful.recommender()
    folded = recommender.panel("p003")
    one = [result for result in folded.results if result.product_id in ("p004", "p008", "p000")]
    assert len(one) == 1
    colours = {colour.product_id for colour in one[0].also_in}
    assert {"p004", "p008"} - {one[0].product_id} <= colours
    for colourways in (Colourways.SHOW, "off"):
        shown = recommender.panel("p003", colourways=colourways)
        assert {"p004", "p008"} <= {result.product_id for result in shown.results}
    assert recommender.panel("p000", colourways="off").also_in == ()
    own_terms = recommender.panel("p003", min_match=0)
    assert {"p004", "p008"} <= {result.product_id for result in own_terms.results}


def test_a_colourway_says_so(colourful):
    panel = colourful.recommender().panel("p000", k=12)
    [one] = [result for result in panel.results if result.product_id in ("p004", "p008")]
    colour = colourful.catalogue.product(one.product_id).colour
    assert one.reasons[0] == f"same design in {colour}"


def test_an_unknown_word_is_refused(colourful):
    with pytest.raises(RequestError, match="colourways must be fold, show, off or None"):
        colourful.recommender().panel("p000", colourways="hide")
