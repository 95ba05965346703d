"""One bad field costs the field, with a note; texts lose their markup; lists in cells are read."""

import pytest

from catalog.errors import RecordError
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.records import Availability
from catalog.sources import open_source
from catalog.sources.rows.columns import match_columns
from catalog.sources.rows.field_values import single
from catalog.sources.rows.record import to_record


def record(**row):
    return to_record({"id": "1", **row}, 1, match_columns(["id", *row], None, "x"))


def test_markup_and_double_escapes_of_texts():
    found = record(
        title="<b>Soft</b> jumper &amp; tie",
        brand="Marks &amp; Spencer",
        colour="Red &amp;amp; Blue",
        category="Home &amp;gt; <i>Men</i>",
        link="https://s.example/?a=1&amp;b=2",
        photos="//cdn.example/a.jpg;https://cdn.example/b.jpg?x=1&amp;y=2",
    )
    assert (found.title, found.brand, found.colour) == (
        "Soft jumper & tie",
        "Marks & Spencer",
        "Red & Blue",
    )
    assert (found.category, found.link) == (("Home", "Men"), "https://s.example/?a=1&b=2")
    assert found.photos == ("https://cdn.example/a.jpg", "https://cdn.example/b.jpg?x=1&y=2")


def test_an_unknown_availability_costs_no_product():
    found = record(availability="pending")
    assert found.availability is Availability.OUT_OF_STOCK
    assert [(note.code, note.value) for note in found.notes] == [("availability", "pending")]
    assert "[availability] in LOOKALIKE_WORDS" in found.notes[0].reason


def test_lists_in_cells():
    found = record(
        photos='["https://s.example/a.jpg", "https://s.example/b,c.jpg"]',
        colour='["Red", "Blue"]',
        category='["Clothing >> Shorts"]',
        title=["Shorts"],
        brand="[",
        price=["9", "9"],
    )
    assert found.photos == ("https://s.example/a.jpg", "https://s.example/b,c.jpg")
    assert (found.colour, found.category) == ("Red/Blue", ("Clothing", "Shorts"))
    assert (found.title, found.brand, found.price) == ("Shorts", "[", 9)


def test_of_two_prices_none_is_shown():
    with pytest.raises(RecordError, match="price has several values, '9', '10'"):
        single("price", ["9", "10"])


def test_notes_are_counted_and_told_at_every_reading(db, tmp_path, write_csv, catalog_settings):
    rows = [
        {"id": "1", "price": "20", "sale_price": "25", "availability": "in stock"},
        {"id": "2", "price": "20", "sale_price": "15", "availability": "pending"},
    ]
    path = write_csv(tmp_path / "f.csv", rows)
    for unchanged in (0, 2):
        report = ingest(db, open_source(path), settings=catalog_settings)
        assert (report.left_out, report.unknown_words) == (2, {"pending": 1})
        assert (report.rejected, report.unchanged) == (0, unchanged)
    text = report.rejects_file.read_text()
    assert "2,1,field,sale_price,,the sale price 25 is above the price 20, so it" not in text
    assert '"the sale price 25 is above the price 20, so it is left out"' in text
    assert "3,2,field,availability" in text


def test_a_shop_names_its_own_words_of_availability(
    db, tmp_path, write_csv, catalog_settings, monkeypatch
):
    path = write_csv(tmp_path / "f.csv", [{"id": "1", "availability": "Pending!"}])
    ingest(db, open_source(path), settings=catalog_settings)
    assert Catalogue(db).product("1").availability is Availability.OUT_OF_STOCK
    (tmp_path / "words.toml").write_text('[availability]\nbackorder = ["pending"]\n')
    monkeypatch.setenv("LOOKALIKE_WORDS", str(tmp_path / "words.toml"))
    report = ingest(db, open_source(path), settings=catalog_settings)
    assert Catalogue(db).product("1").availability is Availability.BACKORDER
    assert (report.left_out, report.unknown_words) == (0, {})
