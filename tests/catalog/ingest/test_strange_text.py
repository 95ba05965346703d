"""Characters that databases cannot store are replaced before they are written."""

import json

import pytest

from catalog.filters.filter import Filter
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.sources import open_source
from tests.catalog.matching import matching

NASTY = (
    "\x00",
    "a\x00b",
    "\ud800",
    "x\udfffy",
    "\\u0000",
    "💃",
    "\u2028",
    '"',
    "'; --",
    "%s",
    "\x7f",
)


@pytest.fixture
def run(db, catalog_settings, tmp_path):
    def run(rows):
        path = tmp_path / "f.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return ingest(db, open_source(path), settings=catalog_settings)

    return run


@pytest.mark.parametrize(
    "field",
    [
        "title",
        "brand",
        "category",
        "gender",
        "colour",
        "group_id",
        "link",
        "photos",
        "size",
        "availability",
        "price",
    ],
)
def test_in_any_field(run, db, field):
    rows = [{"id": f"p{number}", field: text} for number, text in enumerate(NASTY)]
    rows += [{"id": f"q{number}", field: [text, text]} for number, text in enumerate(NASTY)]
    for number, row in enumerate(rows):
        row["number"] = str(number)
    first = run(rows)
    assert first.inserted + first.rejected == len(rows)
    again = run(rows)
    assert (again.unchanged, again.updated) == (first.inserted, 0)
    assert len(list(Catalogue(db).browse(per_page=100).products)) == first.inserted
    # One bad value must not break the filters of all.
    wanted = Filter.of({"attributes.number": [str(number) for number in range(len(rows))]})
    assert len(matching(Catalogue(db), wanted)) == first.inserted


def test_in_ids(run, db):
    report = run([{"id": text, "title": "t"} for text in NASTY])
    assert report.inserted + report.rejected == len(NASTY)
    for product in Catalogue(db).browse(per_page=100).products:
        assert Catalogue(db).product(product.product_id) == product


def test_in_the_names_of_attributes(run, db):
    rows = [{"id": f"p{n}", f"extra{text}": "v", "sleeve": "long"} for n, text in enumerate(NASTY)]
    rows += [
        {"id": f"q{n}", "attributes": {f"extra{text}": text}, "sleeve": "long"}
        for n, text in enumerate(NASTY)
    ]
    assert run(rows).inserted == len(rows)
    catalogue = Catalogue(db)
    # One bad name must not break the filters of all.
    assert len(matching(catalogue, Filter.of({"attributes.sleeve": "long"}))) == len(rows)
    for text in NASTY:
        matching(Catalogue(db), Filter.of({"attributes": {f"extra{text}": "v"}}))
    assert "p5" in matching(catalogue, Filter.of({"attributes": {"extra💃": "v"}}))
    assert run(rows).unchanged == len(rows)
