"""Rules in SQL: stored as given, changed whole or not at all, and visible to all at once."""

import threading
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import event, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from catalog.database.database import Database
from catalog.database.models import RuleRow
from catalog.errors import RuleError, RuleFileError, UnknownRule
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RULES, VERSION, RuleBook
from catalog.rules.rule import Action, Rule
from catalog.sources import open_source
from tests.catalog.rules.some_rules import books

NOW = datetime(2026, 11, 3, tzinfo=UTC)


def block(rule_id: str, product_id: str = "p1", **more: object) -> Rule:
    return Rule.of({"rule_id": rule_id, "action": "block", "product_id": product_id, **more})


@pytest.fixture
def book(db):
    return RuleBook(db)


@pytest.fixture
def catalogue(db, tmp_path, write_csv, catalog_settings):
    rows = [{"id": f"p{n}", "category": "Tops > T-shirts"} for n in (1, 2)]
    feed = tmp_path / "feed.csv"
    ingest(db, open_source(write_csv(feed, rows)), settings=catalog_settings)
    ingest(db, open_source(write_csv(feed, rows[:1])), settings=catalog_settings, sync=True)
    return Catalogue(db)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(rules=books)
def test_rules_are_read_back_as_written(rules, db, tmp_path):
    book = RuleBook(db)
    done = book.put(rules, replace=True)
    assert done.added + done.changed + done.unchanged == len(rules)
    assert set(RuleBook(db).all()) == set(rules)
    assert book.export_csv(tmp_path / "a.csv") == len(rules)
    book.put([], replace=True)
    book.import_csv(tmp_path / "a.csv")
    assert set(book.all()) == set(rules)
    book.export_csv(tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_names_are_unique(book):
    book.add(block("a"))
    with pytest.raises(RuleError, match="already") as caught:
        book.add(block("a", "p2"))
    assert caught.value.code == "exists"
    assert book.get("a").product_id == "p1"
    book.add(block("a", "p2"), replace=True)
    assert book.all() == (block("a", "p2"),)


def test_removing_an_unknown_rule_removes_none(book):
    book.add(block("a"))
    with pytest.raises(UnknownRule, match="'b'"):
        book.remove(["a", "b"])
    assert book.get("a") == block("a")
    book.remove(["a"])
    with pytest.raises(UnknownRule, match="lookalike rules list"):
        book.get("a")


def test_an_import_adds_changes_and_with_replace_removes(book, tmp_path):
    book.put([block("a"), block("b"), block("c")])
    file = tmp_path / "r.csv"
    file.write_text("rule_id,action,product_id\na,block,p1\nb,block,p9\nd,block,p1\n")
    done = book.import_csv(file)
    assert (done.added, done.changed, done.unchanged, done.removed) == (1, 1, 1, 0)
    assert [rule.rule_id for rule in book.all()] == ["a", "b", "c", "d"]
    done = book.import_csv(file, replace=True)
    assert (done.added, done.changed, done.unchanged, done.removed) == (0, 0, 3, 1)
    assert [rule.rule_id for rule in book.all()] == ["a", "b", "d"]


def test_a_file_with_a_mistake_changes_nothing(book, tmp_path):
    book.add(block("a"))
    (tmp_path / "r.csv").write_text("rule_id,action,product_id\nb,block,p1\nc,shove,p1\n")
    with pytest.raises(RuleFileError, match="line 3"):
        book.import_csv(tmp_path / "r.csv", replace=True)
    assert book.all() == (block("a"),)


def test_a_page_that_is_none_of_the_shop_s_own_is_a_warning(catalogue, book):
    assert book.add(Rule("a", Action.OFF, page="wishlist")) == ()
    mistyped = Rule("b", Action.OFF, page="whishlist")
    (warning,) = book.warnings([mistyped])
    assert "Rule 'b': 'whishlist' is none of the pages product, wishlist," in warning
    assert book.add(mistyped) == (warning,)
    assert book.idle() == {}  # a program may ask for that page


def test_unknown_products_and_categories_are_warnings(catalogue, book):
    rules = [
        block("a", "p1", category="Tops"),
        block("b", "nope", category="Top"),
        block("c", "p2", seed="gone"),
        Rule.of({"rule_id": "d", "action": "pin", "product_id": "soon", "position": 1}),
    ]
    done = book.put(rules)
    assert done.warnings == (
        "Rule 'b': product 'nope' is not in the catalogue.",
        "Rule 'b': no product is in category 'Top'.",
        "Rule 'c': product 'p2' is retired.",
        "Rule 'c': product 'gone' is not in the catalogue.",
        "Rule 'd': product 'soon' is not in the catalogue.",
    )
    assert len(book.all()) == 4
    assert book.add(block("e")) == ()


def test_other_connections_see_a_change_at_once(book, catalog_settings):
    with Database.open(catalog_settings) as other:
        theirs = RuleBook(other)
        assert theirs.active("s", None, NOW) == ()
        book.add(block("a"))
        assert theirs.active("s", None, NOW) == (block("a"),)
        theirs.remove(["a"])
        assert book.active("s", None, NOW) == ()


def test_it_reads_one_row_at_most_until_the_rules_change(book, db, catalogue):
    book.put([block("a", starts="2026-11-02"), block("b", ends="2026-11-02")])
    book.active("s", None, NOW)
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    assert book.active("s", None, NOW) == (block("a", starts="2026-11-02"),)
    assert book.active("s", None, datetime(2026, 11, 1)) == (block("b", ends="2026-11-02"),)
    statements = [one for one in statements if one != "BEGIN"]
    reads = 0 if db.engine.dialect.name == "sqlite" else 2  # SQLite tells that nothing was written
    assert len(statements) == reads and all("rules_version" in one for one in statements)


def test_rules_leave_the_catalogues_version_alone(catalogue, book):
    before = catalogue.watermark()
    book.add(block("a"))
    assert catalogue.watermark() == before


def test_an_unreadable_rule_does_not_stop_the_others(book, db):
    book.put([block("a"), block("b")])
    with db.write() as connection, connection.begin():
        connection.execute(text("UPDATE rules SET action = 'hover' WHERE rule_id = 'a'"))
        connection.execute(text("UPDATE catalogue_state SET rules_version = rules_version + 1"))
    assert book.active(None, None, NOW) == (block("b"),)
    assert "'a' is ignored" in book.current().problems[0] and "hover" in book.current().problems[0]
    book.add(block("a"), replace=True)
    assert book.current().problems == ()


def test_concurrent_writers_lose_nothing(db):
    failed = []

    def write(number: int) -> None:
        try:
            for n in range(5):
                RuleBook(db).add(block(f"{number}-{n}"))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [] and len(RuleBook(db).all()) == 20


def test_postgresql_understands_it():
    dialect = postgresql.dialect()
    assert "conditions JSON" in str(CreateTable(RuleRow.__table__).compile(dialect=dialect))
    assert "TIMESTAMP WITH TIME ZONE" in str(
        CreateTable(RuleRow.__table__).compile(dialect=dialect)
    )
    for statement in (VERSION, RULES):
        assert str(statement.compile(dialect=dialect)).startswith("SELECT")
