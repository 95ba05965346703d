"""The names of designs in the columns of facts: of equal titles, and as of this moment."""

import json

import numpy as np
import pytest

from engine.facts import reading
from engine.facts.design_names import DesignNames
from engine.facts.words import WordCodes, Words
from engine.labels.splits import title_words, words_of_tokens
from engine.labels.vocabulary import tokens
from engine.search.catalogue_facts import CatalogueFacts
from tests.engine.facts.rows import fact_row

TITLE = "Acme Men {} Woven Linen Shirt"
ROWS = np.arange(6)


def name(title: str, names: DesignNames | None = None, **values) -> str | None:
    return (names or DesignNames())(fact_row(title=title, **values))


def test_colours_do_not_count_in_a_name_and_all_else_does():
    red = name(TITLE.format("Red"))
    assert red is not None
    assert name(TITLE.format("Navy Blue")) == red
    assert name(TITLE.format("Ruby"), colour="ruby") == red
    attributes = json.dumps({"original_colour": "Petrol"})
    assert name(TITLE.format("Petrol"), colour="blue", attributes=attributes) == red
    assert name(TITLE.format("Ruby")) != red
    assert name(TITLE.format("Ruby"), DesignNames({"ruby"})) == red
    others = [{"gender": "male"}, {"gender": ""}, {"category": "Tops > Shirts"}]
    assert len({red, *(name(TITLE.format("Red"), **one) for one in others)}) == 4
    assert name("Red shirt") is None


def test_the_shops_own_words_are_in_the_digest():
    assert DesignNames({"ruby", "opal"}).digest == DesignNames(["opal", "ruby"]).digest
    assert len({DesignNames(some).digest for some in ((), {"ruby"}, {"ruby", "opal"})}) == 3


@pytest.mark.parametrize(
    "title",
    [TITLE.format("Red"), "T, Shirts of 2 PRINTED T-shirts", "Men's buses, classes & dresses", ""],
)
def test_words_of_tokens_are_those_of_the_text(title):
    assert words_of_tokens(tokens(title)) == title_words(" ".join(tokens(title)))


def test_words_have_codes_and_new_ones_get_more():
    words = Words.of({"red", "blå", "", "navy blue"})
    assert [words.word(code) for code in range(len(words))] == ["", "blå", "navy blue", "red"]
    assert [words.find(one) for one in ("blå", "red", "re", "zinc")] == [1, 3, -1, -1]
    codes = WordCodes(words)
    given = [codes.code(one) for one in ("red", "zinc", "ash", "zinc")]
    assert given == [3, 4, 5, 4]
    assert [codes.word(code) for code in given] == ["red", "zinc", "ash", "zinc"]
    assert WordCodes(Words.of(())).code("red") == 0


@pytest.fixture
def fresh(new_shop):
    """A shop of six products, and a function that opens their facts."""
    shop = new_shop(6)
    same = {"title": TITLE.format("Red"), "colour": "red", "gender": "male", "category": ""}
    for number in range(6):
        shop.change(f"p{number:03}", **same)
    shop.reindex()
    live = shop.recommender().live()

    def opened(names: DesignNames | None = None) -> CatalogueFacts:
        return CatalogueFacts(shop.catalogue, live, shop.settings.index_dir, names)

    return shop, opened


@pytest.mark.parametrize("small", [5_000, 0])
def test_names_and_colours_follow_the_catalogue(fresh, monkeypatch, small):
    shop, opened = fresh
    monkeypatch.setattr(reading, "SMALL", small)
    live = opened()
    changes = ({}, {"colour": "zinc"}, {"title": "Another title of some words"}, {"gender": "x"})
    for change in (*changes, {"title": TITLE.format("Blue"), "gender": "male"}, {"colour": "red"}):
        shop.change("p002", **change)
        products = [shop.catalogue.product(f"p{number:03}") for number in range(6)]
        named = [product.title[:9] + str(product.gender) for product in products]
        for facts in (live.snapshot(), opened().snapshot()):
            for row in range(6):
                mine = [other for other in range(6) if named[other] == named[row]]
                assert sorted(facts.one_name(row).tolist()) == mine
            columns = facts.designs(ROWS)
            assert [facts.colour(code) for code in columns.colour.tolist()] == [
                product.colour for product in products
            ]
            pairs = set(zip(named, columns.name.tolist(), strict=True))
            assert len(pairs) == len(set(named)) == len(set(columns.name.tolist()))


def test_names_are_read_again_when_the_shops_words_change(fresh):
    shop, opened = fresh
    shop.change("p002", title=TITLE.format("Ruby"))
    opened().snapshot()
    assert opened().snapshot().one_name(0).tolist() == [0, 1, 3, 4, 5]
    assert opened(DesignNames({"ruby"})).snapshot().one_name(0).tolist() == [0, 1, 2, 3, 4, 5]
    assert opened().snapshot().one_name(0).tolist() == [0, 1, 3, 4, 5]
