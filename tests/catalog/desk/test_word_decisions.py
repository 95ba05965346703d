"""Proposed words that are accepted, dismissed or undone, on both databases."""

import csv

import pytest

from catalog.desk.proposals import Proposal, Proposals
from catalog.desk.word_decisions import WordDecisions
from catalog.filters.filter import Filter
from catalog.hooks.product_writer import ProductWriter
from catalog.ingest import ingest
from catalog.products.catalogue import Catalogue
from catalog.records import ProductRecord
from catalog.settings import CatalogSettings
from catalog.sources.detect import open_source

COLUMNS = ("id", "title", "category", "colour", "neck", "photos")
ROWS = {
    "a": ("Wrap dress", "Dresses", "", "", ""),
    "b": ("Plain top", "", "blue", "", ""),
    "c": ("Other top", "Tops", "red", "v-neck", ""),
}
GREEN = Proposal("a", "colour", "green", 0.9, "11 of 12 neighbours", (("c", "green"), ("b", "red")))
CREW = Proposal("b", "neck", "crew", 0.95, "12 of 12 neighbours")
TOPS = Proposal("b", "category", "Women > Tops", 0.85, "10 of 12 neighbours")


@pytest.fixture
def source(tmp_path):
    return tmp_path / "feed.csv"


@pytest.fixture
def shop(db, source):
    """Three products that lack some words, with proposals for these."""
    read(db, source, ROWS)
    assert Proposals(db).replace([GREEN, CREW, TOPS]) == 3
    return Catalogue(db)


def read(db, source, rows) -> tuple[int, int]:
    with source.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows([one, *values] for one, values in rows.items())
    report = ingest(db, open_source(source))
    return report.updated, report.unchanged


def open_keys(db) -> list[str]:
    return [one.word for one in Proposals(db).page(1, 10)[0]]


def test_an_accepted_word_is_the_product_s_own_everywhere(db, shop):
    mark = shop.watermark()
    assert shop.browse(text="green dress").note is not None
    done, late = WordDecisions(db).decide([one.key for one in (GREEN, CREW, TOPS)], accept=True)
    assert (len(done), late) == (3, [])
    products = shop.products(["a", "b"])
    assert products["a"].colour == "green"
    assert products["b"].category == ("Women", "Tops")
    assert products["b"].attributes["neck"] == "crew"
    assert sorted(shop.changes(mark)[1]) == ["a", "b"]
    assert [one.product_id for one in shop.browse(text="green dress").products] == ["a"]
    for wanted in (Filter(category=("Women",)), Filter.of({"attributes.neck": ["crew"]})):
        assert [one.product_id for one in shop.browse(where=wanted).products] == ["b"]
    assert shop.facts(["a"]).colour.tolist() == ["green"]
    assert open_keys(db) == []


def test_later_ingests_keep_it_and_a_word_of_the_source_comes_first(db, shop, source):
    decisions = WordDecisions(db)
    decisions.decide([GREEN.key, CREW.key], accept=True)
    assert read(db, source, ROWS) == (0, 3)
    assert read(db, source, ROWS) == (0, 3), "and rows are not parsed again for it"
    renamed = ROWS | {"a": ("Long wrap dress", "Dresses", "", "", "")}
    assert read(db, source, renamed) == (1, 2)
    assert (shop.product("a").title, shop.product("a").colour) == ("Long wrap dress", "green")
    own = ROWS | {"a": ("Wrap dress", "Dresses", "teal", "", "")}
    assert read(db, source, own)[0] == 1
    assert shop.product("a").colour == "teal"
    [crew, green] = sorted(decisions.latest(5)[0], key=lambda one: one.proposal.word)
    assert (crew.used, green.used) == (True, False)
    decisions.undo([GREEN.key])
    assert shop.product("a").colour == "teal", "it was never the desk's"
    decisions.decide([GREEN.key], accept=True)
    assert shop.product("a").colour == "teal"
    read(db, source, ROWS)
    assert shop.product("a").colour is None, "it was not accepted: there was a word"


def test_the_source_s_own_equal_word_outlasts_undoing(db, shop, source):
    decisions = WordDecisions(db)
    decisions.decide([GREEN.key], accept=True)
    read(db, source, ROWS | {"a": ("Wrap dress", "Dresses", "green", "", "")})
    decisions.undo([GREEN.key])
    assert shop.product("a").colour == "green"


def test_when_the_source_drops_its_word_the_accepted_one_is_back(db, shop, source):
    WordDecisions(db).decide([GREEN.key], accept=True)
    read(db, source, ROWS | {"a": ("Wrap dress", "Dresses", "teal", "", "")})
    read(db, source, ROWS)
    assert shop.product("a").colour == "green"
    assert WordDecisions(db).latest(1)[0][0].used


def test_what_is_dismissed_is_not_proposed_again_until_it_is_undone(db, shop):
    decisions = WordDecisions(db)
    assert [one.word for one in decisions.decide([CREW.key], accept=False)[0]] == ["crew"]
    assert "neck" not in shop.product("b").attributes
    other = Proposal("b", "neck", "polo", 0.9, "9 of 12 neighbours")
    assert Proposals(db).replace([GREEN, CREW, TOPS]) == 2
    assert open_keys(db) == ["green", "Women > Tops"]
    assert Proposals(db).replace([other]) == 1, "another word is another proposal"
    decisions.undo([CREW.key])
    assert open_keys(db) == ["polo"], "of one attribute there is one proposal"
    Proposals(db).replace([CREW])
    assert open_keys(db) == ["crew"]


def test_undoing_takes_the_word_away_and_proposes_it_again(db, shop, source):
    decisions = WordDecisions(db)
    decisions.decide([GREEN.key, CREW.key, TOPS.key], accept=True)
    assert len(decisions.undo([CREW.key, TOPS.key])) == 2
    product = shop.product("b")
    assert (product.category, "neck" in product.attributes) == ((), False)
    assert shop.product("a").colour == "green"
    [crew, _] = Proposals(db).page(1, 10)[0]
    assert crew == CREW
    assert decisions.latest(10)[1] == 1
    assert read(db, source, ROWS) == (0, 3)
    assert shop.product("b").category == ()
    assert decisions.undo([CREW.key]) == []


def test_only_what_is_proposed_can_be_accepted(db, shop, source):
    decisions = WordDecisions(db)
    wrong = [("a", "colour", "teal"), ("nobody", "colour", "green"), ("c", "colour", "green")]
    assert decisions.decide(wrong, accept=True) == ([], [])
    assert shop.product("c").colour == "red"
    read(db, source, ROWS | {"a": ("Wrap dress", "Dresses", "teal", "", "")})
    done, late = decisions.decide([GREEN.key], accept=True)
    assert (done, [one.word for one in late]) == ([], ["green"])
    assert shop.product("a").colour == "teal"
    assert "green" not in open_keys(db)


def test_proposals_keep_who_speaks_for_them_and_are_counted_by_attribute(db, shop):
    assert Proposals(db).attributes() == {"category": 1, "colour": 1, "neck": 1}
    [green], total = Proposals(db).page(1, 10, "colour")
    assert (total, green.neighbours) == (1, (("c", "green"), ("b", "red")))


def test_webhooks_keep_it_too(db, shop, tmp_path):
    WordDecisions(db).decide([GREEN.key], accept=True)
    record = ProductRecord("a", "Wrap dress by webhook", 0, category=("Dresses",))
    with db.write() as connection, connection.begin():
        ProductWriter(connection, CatalogSettings(home=tmp_path)).put([record])
    product = shop.product("a")
    assert (product.title, product.colour) == ("Wrap dress by webhook", "green")
