"""Products that are read again come from memory, and are as of the database all the same."""

from dataclasses import fields

import numpy as np
import pytest
from sqlalchemy import event, update

from catalog.database.models import ProductRow
from catalog.database.statements import bump_version
from catalog.ingest.run import ingest
from catalog.products import recent_products
from catalog.products.catalogue import Catalogue
from catalog.products.recent_products import RecentProducts, size_of
from catalog.products.rows import some_facts
from catalog.records import Facts
from catalog.sources import open_source

COLOURS = {"a": "red", "b": "blue", "c": ""}
IDS = list(COLOURS)


@pytest.fixture
def catalogue(tmp_path, write_csv, make_photo, db, catalog_settings):
    rows = []
    for one, colour in COLOURS.items():
        make_photo(tmp_path / f"{one}.jpg", colour or "grey")
        listed = {"id": one, "title": f"Top {one}", "category": "Tops > T-shirts" if colour else ""}
        rows.append(listed | {"colour": colour, "photos": f"{one}.jpg", "sleeve": "short"})
    rows[1] |= {"availability": "out of stock", "group_id": "g", "gender": "women"}
    for row in rows:
        row |= {name: row.get(name, "") for name in ("availability", "group_id", "gender")}
    ingest(db, open_source(write_csv(tmp_path / "feed.csv", rows)), settings=catalog_settings)
    return Catalogue(db)


@pytest.fixture
def statements(catalogue, db):
    """The statements that read products or photos."""
    found: list[str] = []

    def note(*given: object) -> None:
        if " products" in str(given[2]) or " photos" in str(given[2]):
            found.append(str(given[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    return found


def rename(db, title: str) -> None:
    with db.write() as connection, connection.begin():
        version = bump_version(connection)
        connection.execute(update(ProductRow).values(title=title, changed=version))


def test_what_was_read_before_is_not_read_again(catalogue, statements):
    first = catalogue.products(["a", "b"])
    assert len(statements) == 2
    assert catalogue.products(["b", "a"]) == first
    assert catalogue.facts(["b", "a"]).colour.tolist() == ["blue", "red"]
    assert len(statements) == 2
    assert list(catalogue.products(["c", "a"])) == ["c", "a"]
    assert len(statements) == 4


def test_a_change_counts_at_once(catalogue, db):
    catalogue.products(IDS)
    rename(db, "Another top")
    assert {one.title for one in catalogue.products(IDS).values()} == {"Another top"}


def test_products_are_all_as_of_one_moment(catalogue, db):
    marks = iter(["1", "1", "1", "2"])
    recent = RecentProducts(db, lambda: next(marks))
    assert recent.read(["a"])["a"].title == "Top a"
    rename(db, "Another top")  # while "b" is being read: the version is another one afterwards
    assert {one.title for one in recent.read(["a", "b"]).values()} == {"Another top"}


@pytest.mark.parametrize("most_ids", [0, 1_000])
def test_facts_are_those_of_the_rows(catalogue, db, monkeypatch, most_ids):
    monkeypatch.setattr(recent_products, "MOST_IDS", most_ids)
    ids = ["b", "nobody", "a", "c", "b"]
    for _ in range(2):
        found = catalogue.facts(ids)
        with db.read() as connection:
            expected = some_facts(connection, ids)
        for field in fields(Facts):
            values, wanted = getattr(found, field.name), getattr(expected, field.name)
            assert values.dtype == wanted.dtype
            assert np.array_equal(values, wanted), field.name


def test_memory_has_a_limit(catalogue, statements, monkeypatch):
    size = size_of(catalogue.product("a"))
    monkeypatch.setattr(recent_products, "MOST_BYTES", 10 * size)
    recent = RecentProducts(catalogue.db, lambda: "1")
    recent.read(IDS)
    monkeypatch.setattr(recent_products, "size_of", lambda _: 10 * size)
    large = RecentProducts(catalogue.db, lambda: "1")
    large.read(IDS)
    statements.clear()
    recent.read(IDS)
    assert not statements
    assert list(large.read(IDS)) == IDS
    assert len(statements) == 2
