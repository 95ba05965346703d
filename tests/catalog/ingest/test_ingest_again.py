"""Unchanged rows are not parsed again, with the same result as parsing all rows."""

import json
import random

import pytest
from sqlalchemy import select, text

from catalog.database.database import Database
from catalog.database.models import PhotoRow, ProductRow
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.sources import open_source, tables
from catalog.sources.rows import row_digests

COLUMNS = ("product_id", "title", "price", "availability", "colour", "attributes", "retired")


class Plain:
    """A source whose rows are always read."""

    def __init__(self, source):
        self.name, self.format, self.root = source.name, source.format, source.root
        self.records, self.size_hint = source.records, source.size_hint
        self.describe = source.describe


@pytest.fixture
def run(db, catalog_settings):
    def run(path, **options):
        return ingest(db, open_source(path), settings=catalog_settings, **options)

    return run


@pytest.fixture
def reads(monkeypatch):
    """The lines of the rows that are read."""
    read, lines = tables.to_record, []

    def count(row, line, *others):
        lines.append(line)
        return read(row, line, *others)

    monkeypatch.setattr(tables, "to_record", count)
    return lines


def feed(path, *rows, header="id,title,colour"):
    path.write_text("\n".join([header, *rows, ""]))
    return path


def counts(report):
    return (report.inserted, report.updated, report.unchanged, report.retired, report.rejected)


def stored(db):
    """All stored values of products and photos, by product id."""
    found = {}
    with db.read() as connection:
        columns = [getattr(ProductRow, name) for name in COLUMNS]
        for row in connection.execute(select(ProductRow.number, *columns)):
            found[row.number] = (tuple(row[1:]), [])
        photos = select(
            PhotoRow.product_number, PhotoRow.given, PhotoRow.state, PhotoRow.content_hash
        ).order_by(PhotoRow.product_number, PhotoRow.position)
        for number, *photo in connection.execute(photos):
            found[number][1].append(tuple(photo))
    return {product[0]: (product, photos) for product, photos in found.values()}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("f.csv", "id,title\n1,One\n2,Two\n"),
        ("f.tsv", "id\ttitle\n1\tOne\n2\tTwo\n"),
        ("f.jsonl", '{"id": 1, "title": "One"}\n{"id": "2", "tags": ["a", null, 1.5]}\n'),
    ],
)
def test_an_unchanged_row_is_not_parsed(tmp_path, run, reads, name, content):
    (tmp_path / name).write_text(content)
    assert counts(run(tmp_path / name)) == (2, 0, 0, 0, 0)
    reads.clear()
    assert counts(run(tmp_path / name, sync=True)) == (0, 0, 2, 0, 0)
    assert reads == []


def test_only_changed_rows_are_parsed(tmp_path, run, reads, db):
    run(feed(tmp_path / "f.csv", "1,One,red", "2,Two,red", "3,Three,red"))
    reads.clear()
    again = feed(tmp_path / "f.csv", "3,Three,red", "2,Two,blue", "1,One,red", "4,Four,red")
    assert counts(run(again)) == (1, 1, 2, 0, 0)
    assert reads == [3, 5]
    assert Catalogue(db).product("2").colour == "blue"


def test_other_synonyms_parse_the_same_rows_again(tmp_path, run, db, monkeypatch):
    path = feed(tmp_path / "f.csv", "1,One,teal", "2,Two,red")
    run(path)
    (tmp_path / "w.toml").write_text('[colours]\ngreen = ["teal"]\n')
    monkeypatch.setenv("LOOKALIKE_WORDS", str(tmp_path / "w.toml"))
    assert counts(run(path)) == (0, 1, 1, 0, 0)
    assert Catalogue(db).product("1").colour == "green"


def test_another_version_parses_all_rows_once_and_changes_nothing(
    tmp_path, run, reads, db, monkeypatch
):
    path = feed(tmp_path / "f.csv", "1,One,red", "2,Two,red")
    run(path)
    mark = Catalogue(db).watermark()
    monkeypatch.setattr(row_digests, "_code_digest", lambda: "the next version")
    for expected in (2, 0):
        reads.clear()
        assert counts(run(path)) == (0, 0, 2, 0, 0)
        assert len(reads) == expected
    assert Catalogue(db).watermark() == mark


def test_rows_with_reordered_columns_are_parsed(tmp_path, run, db):
    run(feed(tmp_path / "f.csv", "1,red,blue", header="id,title,colour"))
    feed(tmp_path / "f.csv", "1,red,blue", header="id,colour,title")
    assert counts(run(tmp_path / "f.csv")) == (0, 1, 0, 0, 0)
    product = Catalogue(db).product("1")
    assert (product.title, product.colour) == ("blue", "red")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE products SET title = 'Sold!', digest = 'of that'",
        "UPDATE products SET retired = true",
        "DELETE FROM photos",
        "UPDATE photos SET given = 'another.jpg'",
    ],
)
def test_changes_from_elsewhere_are_overwritten(tmp_path, run, db, make_photo, change):
    make_photo(tmp_path / "a.jpg")
    path = feed(tmp_path / "f.csv", "1,One,a.jpg", header="id,title,photos")
    run(path)
    before = stored(db)
    with db.write() as connection, connection.begin():
        connection.execute(text(change))
    assert stored(db) != before
    assert counts(run(path)) == (0, 1, 0, 0, 0)
    assert stored(db) == before


def test_a_duplicate_row_is_rejected_each_time(tmp_path, run):
    path = feed(tmp_path / "f.csv", "1,One,red", "1,One,red", "1,Other,red")
    assert counts(run(path)) == (1, 0, 0, 0, 2)
    assert counts(run(path, sync=True)) == (0, 0, 1, 0, 2)
    feed(tmp_path / "f.csv", "1,Other,red", "1,One,red")
    assert counts(run(path, sync=True)) == (0, 1, 0, 0, 1)


def test_a_product_belongs_to_its_latest_source(tmp_path, run, reads):
    one, two = (feed(tmp_path / name, "1,One,red") for name in ("one.csv", "two.csv"))
    run(one)
    for path in (two, one, two):
        assert run(path).moved == 1
    reads.clear()
    assert counts(run(two, sync=True)) == (0, 0, 1, 0, 0) and reads == []


def a_row(dice, photos):
    number = dice.randrange(40)
    row = {"id": f"p{number}", "title": dice.choice(("a", "b", "c\x00\ud800", "d" * 50))}
    row["price"] = dice.choice(("1", "2.50 EUR", "", "", "cheap"))  # the last is rejected
    row["availability"] = dice.choice(("in stock", "0", ""))
    row["colour"] = dice.choice(("rot", "red", "", "teal"))
    row["photos"] = ";".join(dice.sample(photos, dice.choice((0, 0, 1, 2))))
    row[dice.choice(("sleeve", "fit"))] = dice.choice(("long", 5, None, ["x"], "a\x1fb"))
    if dice.random() < 0.05:
        row["id"] = ""
    return row


@pytest.mark.parametrize("seed", range(3))
def test_an_ingest_has_the_same_result_without_row_digests(
    tmp_path, db, catalog_settings, make_photo, seed, monkeypatch
):
    monkeypatch.setattr("catalog.ingest.run.BATCH", 7)
    dice = random.Random(seed)
    photos = [f"{name}.png" for name in "abcde"]
    for name in photos[:-1]:  # one is missing
        make_photo(tmp_path / name)
    twin_settings = CatalogSettings(
        home=tmp_path / "twin", database_url=f"sqlite:///{tmp_path / 'twin.db'}"
    )
    Database.migrate(twin_settings)
    path = tmp_path / "f.jsonl"
    rows = [a_row(dice, photos) for _ in range(50)]
    with Database.open(twin_settings) as twin:
        for _ in range(6):
            for _ in range(dice.choice((0, 1, 10))):
                rows[dice.randrange(len(rows))] = a_row(dice, photos)
            if dice.random() < 0.5:
                dice.shuffle(rows)
            if dice.random() < 0.5:
                make_photo(tmp_path / dice.choice(photos), dice.choice(("red", "blue", "green")))
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
            sync = dice.random() < 0.7
            report = ingest(db, open_source(path), settings=catalog_settings, sync=sync)
            plain = Plain(open_source(path))
            expected = ingest(twin, plain, settings=twin_settings, sync=sync)
            assert counts(report) == counts(expected)
            reported = (report.photos_ready, report.photos_rejected, report.sync_note)
            assert reported == (expected.photos_ready, expected.photos_rejected, expected.sync_note)
            assert stored(db) == stored(twin)
