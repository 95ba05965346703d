"""What a panel holds beside its results, on a shop of drawn photos."""

from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from catalog.rules.rule import Rule
from engine.errors import RequestError
from engine.recommendation import request_context
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import Request
from engine.recommendation.results import Fallback
from engine.search.search_query import Floor
from tests.engine.fake_encoder import FakeEncoder


@pytest.fixture
def ruled(new_shop):
    """A shop of 24 products, all in stock and for everyone, none a variant; and its recommender."""
    shop = new_shop(24)
    plain = {"gender": "", "age_group": "", "group_id": "", "availability": "in_stock"}
    shop.write([row | plain for row in shop.rows()])
    shop.ingest()
    shop.reindex()
    return shop, shop.recommender()


def ids(panel) -> list[str]:
    return [result.product_id for result in panel.results]


def rule(rule_id: str, action: str, **fields: object) -> Rule:
    return Rule.of({"rule_id": rule_id, "action": action, **fields})


def test_a_pin_has_its_place_and_is_named(ruled):
    shop, recommender = ruled
    usual = ids(recommender.panel("p000", k=6))
    last = ids(recommender.panel("p000", k=23))[-1]
    shop.rules.put([rule("pinned", "pin", product_id=last, position=2)])
    panel = recommender.panel("p000", k=6)
    assert ids(panel) == [usual[0], last, *usual[1:5]]
    assert [result.rule for result in panel.results] == [None, "pinned", None, None, None, None]
    assert panel.rules == ("pinned",)
    assert [result.rank for result in panel.results] == [1, 2, 3, 4, 5, 6]
    assert ids(recommender.panel("p000", k=6, rules=False)) == usual


def test_sold_out_beats_a_pin_and_so_does_every_guard(ruled):
    shop, recommender = ruled
    usual = ids(recommender.panel("p000", k=6))
    shop.rules.put([rule("pinned", "pin", product_id="p009", position=1)])
    assert ids(recommender.panel("p000"))[0] == "p009"
    assert "p009" not in ids(recommender.panel("p009"))
    assert "p009" not in ids(recommender.panel("p000", exclude=["p009"]))
    assert "p009" not in ids(recommender.panel("p000", filter={"colour": "green"}))
    shop.change("p009", availability="out_of_stock")
    panel = recommender.panel("p000", k=6)
    assert panel.rules == () and "p009" not in ids(panel)
    assert [one for one in usual if one != "p009"] == ids(panel)[: len(set(usual) - {"p009"})]
    assert ids(recommender.panel("p000", sold_out=True))[0] == "p009"


def test_rules_that_keep_out_or_move_are_named_if_they_changed_the_panel(ruled):
    shop, recommender = ruled
    first, second, *_ = usual = ids(recommender.panel("p000", k=6))
    last = ids(recommender.panel("p000", k=23))[-1]
    shop.rules.put(
        [
            rule("blocked", "block", product_id=first),
            rule("buried", "bury", product_id=second, amount=2),
            rule("raised", "boost", product_id=last, amount=2),
            rule("elsewhere", "block", product_id=usual[2], seed="p001"),
            rule("idle", "exclude", where={"colour": "purple"}),
            rule("over", "block", product_id=usual[3], ends="2020-01-01"),
        ]
    )
    panel = recommender.panel("p000", k=6)
    assert ids(panel)[0] == last and not {first, second} & set(ids(panel))
    assert set(usual[2:]) <= set(ids(panel))
    assert panel.rules == ("blocked", "buried", "raised")
    assert panel.results[0].rule == "raised" and panel.results[0].score < 1
    past = Request(("p000",), k=6, at=datetime(2019, 1, 1, tzinfo=UTC))
    assert "over" in recommender.answer(past).rules


def test_same_and_include_hold_for_the_panel(ruled):
    shop, recommender = ruled
    shop.rules.put([rule("alike", "same", field="colour")])
    panel = recommender.panel("p000", k=20)
    colours = {product.colour for product in shop.catalogue.products(ids(panel)).values()}
    assert colours == {shop.catalogue.product("p000").colour} and panel.rules == ("alike",)
    shoes = rule("only", "include", where={"category": "Shoes"}, category="Tops")
    shop.rules.put([shoes], replace=True)
    panel = recommender.panel("p000", k=20)  # T-shirts
    assert {p.category for p in shop.catalogue.products(ids(panel)).values()} == {("Shoes",)}
    assert recommender.panel("p002").rules == ()  # shoes


def test_a_filter_that_leaves_nothing_is_relaxed_and_the_dropped_fields_are_named(shop):
    recommender = shop.recommender()
    wanted = {"colour": "red", "price_to": 5, "attributes.sleeve": "long"}
    panel = recommender.panel("p001", filter=wanted)
    assert panel.fallback == Fallback.RELAXED_FILTER
    assert panel.relaxed == ("attributes.sleeve", "colour", "price_to")
    assert ids(panel) == ids(recommender.panel("p001", min_match=0))
    panel = recommender.panel("p001", filter={"colour": "red", "brand": "None such"})
    assert panel.relaxed == ("brand",)
    assert ids(panel) == ids(recommender.panel("p001", filter={"colour": "red"}))
    strict = recommender.panel("p001", filter=wanted, fallback=False)
    assert strict.fallback == Fallback.NOTHING and strict.results == () and strict.relaxed == ()


def test_best_sellers_are_the_last_resort_and_never_break_a_filter(shop):
    calls = []

    def sellers(category, count):
        calls.append((category, count))
        return [row["id"] for row in shop.rows()]

    recommender = Recommender(
        shop.settings, shop.catalogue, lambda *_: FakeEncoder(), best_sellers=sellers
    )
    assert recommender.panel("p001", k=5).fallback == Fallback.NONE and not calls
    seed = next(row["id"] for row in shop.rows() if row["gender"] == "male")
    # Nothing may be shown of the other gender, and that field is never given up.
    panel = recommender.panel(seed, k=5, filter={"gender": "female"})
    assert panel.fallback == Fallback.NOTHING and panel.results == ()
    assert calls == [(" > ".join(shop.catalogue.product(seed).category), 50)]


def test_best_sellers_keep_their_order(ruled, monkeypatch):
    shop, _ = ruled
    recommender = Recommender(
        shop.settings,
        shop.catalogue,
        lambda *_: FakeEncoder(),
        best_sellers=lambda category, count: ["p020", "p000", "p008", "p004", "p020"],
    )
    shop.change("p008", availability="out_of_stock")
    # Only a minimum match can leave nothing here, and best sellers need none.
    monkeypatch.setattr(
        request_context, "_floor", lambda request, live, vectors, _: Floor(vectors, np.array([2.0]))
    )
    panel = recommender.panel("p000", k=5)
    assert panel.fallback == Fallback.BEST_SELLERS and ids(panel) == ["p020", "p004"]
    assert [result.rank for result in panel.results] == [1, 2]
    assert recommender.panel("p000", fallback=False).results == ()


def test_without_a_calibration_there_is_no_match_and_none_can_be_requested(shop):
    recommender = shop.recommender()
    assert {result.match for result in recommender.panel("p001").results} == {None}
    with pytest.raises(RequestError, match="no calibration"):
        recommender.panel("p001", min_match=50)


def test_variants_are_folded_and_counted(new_shop):
    shop = new_shop(12)
    plain = {"gender": "", "age_group": "", "availability": "in_stock"}
    # min_match=0, because the groups have products of several kinds
    groups = {"p001": "a", "p002": "a", "p003": "a", "p004": "b", "p005": "b"}
    shop.write([row | plain | {"group_id": groups.get(row["id"], "")} for row in shop.rows()])
    shop.ingest()
    shop.reindex()
    recommender = shop.recommender()
    folded = {
        r.product_id: r.variants for r in recommender.panel("p000", k=12, min_match=0).results
    }
    every = ids(recommender.panel("p000", k=12, variants=True, min_match=0))
    assert len({"p001", "p002", "p003"} & set(folded)) == 1
    assert len({"p004", "p005"} & set(folded)) == 1
    best = next(one for one in every if one in ("p001", "p002", "p003"))
    assert folded[best] == 2 and sum(folded.values()) == 3
    shop.change("p002", availability="out_of_stock")
    best = next(one for one in every if one in ("p001", "p003"))
    again = {r.product_id: r.variants for r in recommender.panel("p000", k=12, min_match=0).results}
    assert again[best] == 1
    blue = recommender.panel("p000", k=12, filter={"colour": ["red", "green", "black"]})
    assert sum(r.variants for r in blue.results) < 2  # p001 and p005 are blue


def test_two_unlike_clusters_take_turns_and_are_not_averaged(shop):
    """What lies between two seeds is like neither, and must not be shown for both."""
    generation = shop.recommender().live()
    vectors = generation.vectors
    far = np.unravel_index((vectors @ vectors.T).argmin(), (len(vectors), len(vectors)))
    seeds = [generation.ids[row] for row in far]
    lifts = dict.fromkeys(("any_gender", "any_age_group", "sold_out", "variants_of_seed"), True)
    recommender = shop.recommender()
    panel = recommender.panel(*seeds, k=8, **lifts)
    assert [taste.seeds for taste in panel.tastes] == [(seed,) for seed in seeds]
    assert [taste.medoid for taste in panel.tastes] == seeds
    alone = {seed: ids(recommender.panel(seed, k=30, exclude=seeds, **lifts)) for seed in seeds}
    for seed in seeds:
        mine = [r.product_id for r in panel.results if r.seed == seed]
        assert len(mine) == 4 and mine == [one for one in alone[seed] if one in mine]
        assert alone[seed][0] in mine
    assert [r.seed for r in panel.results[:2]] == seeds
    middle = vectors[far[0]] + vectors[far[1]]
    between = [generation.ids[row] for row in np.argsort(-(vectors @ middle))]
    between = [one for one in between if one not in seeds][:8]
    assert len(set(between) & set(ids(panel))) < 4
    heavy = recommender.panel(*seeds, k=8, weights={seeds[1]: 4}, **lifts)
    assert sum(r.seed == seeds[1] for r in heavy.results) > 4
    assert heavy.tastes[0].medoid == seeds[1]


def test_less_moves_what_is_like_it_away(shop):
    recommender = shop.recommender()
    usual = ids(recommender.panel("p000", k=10))
    less = recommender.panel("p000", k=10, less=usual[:1])
    assert usual[0] not in ids(less) and ids(less) != usual[1:]
    generation = recommender.live()
    away = generation.vectors[generation.row_of[usual[0]]]

    def near(found: list[str]) -> float:
        return float(np.mean([generation.vectors[generation.row_of[one]] @ away for one in found]))

    assert near(ids(less)) < near(usual[1:])


def test_no_duplicate_of_a_pin_stands_beside_it(ruled):
    shop, recommender = ruled
    found = ids(recommender.panel("p000", k=23))
    last, other = found[-1], found[0]
    shop.change(last, group_id="one")
    shop.change(other, group_id="one")
    shop.rules.put([rule("pinned", "pin", product_id=last, position=3)])
    panel = recommender.panel("p000", k=23)
    assert ids(panel) == [found[1], found[2], last, *found[3:-1]]
    assert panel.results[2].variants == 1


def test_an_off_rule_empties_the_panels_of_a_product_a_category_or_a_page(ruled):
    shop, recommender = ruled
    photo = Image.new("RGB", (60, 80), "navy")

    def shown(*seeds: str, **options) -> bool:
        panel = recommender.panel(*seeds, **options)
        assert panel.switched_off != bool(panel.results)
        if panel.switched_off:
            assert panel.fallback == Fallback.NOTHING and panel.rules == ("off",)
            assert panel.also_in == ()
        return bool(panel.results)

    shop.rules.put([rule("off", "off", seed="p000")])
    assert not shown("p000") and shown("p001") and shown("p000", rules=False)
    both = recommender.panel("p000", "p001")
    assert {result.seed for result in both.results} == {"p001"} and not both.switched_off
    shop.rules.put([rule("off", "off", category="Shoes")], replace=True)
    assert not shown("p002") and shown("p000")
    shop.rules.put([rule("off", "off", page="wishlist")], replace=True)
    assert shown("p000") and not shown("p000", "p001") and not shown("p000", page="wishlist")
    assert shown("p000", "p001", page="cart")
    shop.rules.put([rule("off", "off", page="photo")], replace=True)
    assert recommender.panel_of_image(photo).switched_off and shown("p000")
    pin = rule("pinned", "pin", product_id="p003", position=1)
    shop.rules.put([rule("off", "off"), pin], replace=True)
    assert not shown("p000")
