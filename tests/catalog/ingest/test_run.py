"""An ingest changes what it reports, is idempotent, and accepts any source."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from catalog.database.database import Database
from catalog.errors import SourceError
from catalog.ingest.run import BATCH, ingest
from catalog.products.catalogue import Catalogue
from catalog.records import IngestProgress, IngestReport, ProductRecord, Rejection
from catalog.sources import open_source
from tests.databases import version_of
from tests.waiting import LONG


def counts(report: IngestReport) -> tuple[int, int, int, int, int]:
    return (
        report.inserted,
        report.updated,
        report.unchanged,
        report.retired,
        report.rejected,
    )


@pytest.fixture
def shop(tmp_path, write_csv, make_photo):
    """A folder with three products: two with a photo, one with none."""
    folder = tmp_path / "shop"
    make_photo(folder / "a.jpg", "red")
    make_photo(folder / "b.jpg", "blue")

    def rows(**changes):
        listed = [
            {"id": "1", "title": "One", "price": "1", "photos": "a.jpg"},
            {"id": "2", "title": "Two", "price": "2", "photos": "b.jpg;a.jpg"},
            {"id": "3", "title": "Three", "price": "3", "photos": ""},
        ]
        write_csv(folder / "feed.csv", [row | changes.get(f"p{row['id']}", {}) for row in listed])
        return folder / "feed.csv"

    return rows


@pytest.fixture
def run(db, catalog_settings):
    def run(source, **options) -> IngestReport:
        opened = open_source(source) if isinstance(source, Path) else source
        return ingest(db, opened, settings=catalog_settings, **options)

    return run


def test_first_and_second_time(shop, run, db):
    first = run(shop())
    assert counts(first) == (3, 0, 0, 0, 0)
    assert (first.photos_ready, first.photos_rejected, first.rejects_file) == (3, 0, None)
    mark = Catalogue(db).watermark()
    again = run(shop())
    assert counts(again) == (0, 0, 3, 0, 0)
    assert again.photos_ready == 3
    assert Catalogue(db).watermark() == mark


def test_only_what_changed_is_updated(shop, run, db):
    run(shop())
    before = version_of(db)
    assert counts(run(shop(p2={"price": "2.50"}))) == (0, 1, 2, 0, 0)
    assert version_of(db) == before + 1
    assert str(Catalogue(db).product("2").price) == "2.50"


def test_a_changed_photo_updates_its_products(shop, run, db, make_photo, tmp_path):
    run(shop())
    old = Catalogue(db).product("2").photos
    make_photo(tmp_path / "shop/b.jpg", "green", size=(50, 50))
    assert counts(run(shop())) == (0, 1, 2, 0, 0)
    new = Catalogue(db).product("2").photos
    assert new[0].content_hash != old[0].content_hash
    assert (new[0].width, new[1]) == (50, old[1])


def test_a_touched_photo_changes_nothing(shop, run, db, tmp_path):
    run(shop())
    mark = Catalogue(db).watermark()
    os.utime(tmp_path / "shop/a.jpg", ns=(1, 1))
    assert counts(run(shop())) == (0, 0, 3, 0, 0)
    assert Catalogue(db).watermark() == mark
    with db.read() as connection:  # but it is not read a third time
        stored = connection.execute(text("SELECT mtime_ns FROM photos WHERE given = 'a.jpg'"))
        assert {row.mtime_ns for row in stored} == {1}


def test_unchanged_photos_are_not_read_again(shop, run, monkeypatch):
    run(shop())
    monkeypatch.setattr("catalog.photos.check.check_photo", None)
    assert run(shop()).photos_ready == 3


def test_bad_photos_are_rejected_and_nothing_else(tmp_path, write_csv, make_photo, run, db):
    folder = tmp_path / "shop"
    make_photo(folder / "good.jpg")
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("no photo at all")
    (folder / "cut.jpg").write_bytes(make_photo(folder / "x.jpg").read_bytes()[:-40])
    (folder / "link.jpg").symlink_to("/etc/passwd")
    photos = ["gone.jpg", "empty.jpg", "text.jpg", "cut.jpg", "link.jpg", "../x.jpg", "good.jpg"]
    feed = write_csv(
        folder / "f.csv",
        [{"id": "=1+1", "photos": ";".join(photos)}, {"id": "2", "photos": "ftp://x/a.jpg"}],
    )
    report = run(feed)
    assert counts(report) == (2, 0, 0, 0, 0)
    assert (report.photos_ready, report.photos_rejected) == (1, 7)
    (photo,) = Catalogue(db).product("=1+1").photos
    assert (photo.path, photo.position) == (folder.resolve() / "good.jpg", 6)
    assert Catalogue(db).product("2").photos == ()
    with report.rejects_file.open(newline="") as stream:
        rejects = list(csv.DictReader(stream))
    assert [(row["code"], row["photo"]) for row in rejects] == [
        ("missing", "gone.jpg"),
        ("empty", "empty.jpg"),
        ("not_an_image", "text.jpg"),
        ("truncated", "cut.jpg"),
        ("outside", "link.jpg"),
        ("outside", "../x.jpg"),
        ("address", "ftp://x/a.jpg"),
    ]
    assert {row["kind"] for row in rejects} == {"photo"}
    assert rejects[0]["id"] == "'=1+1"  # a spreadsheet must not run it
    assert all(row["reason"].endswith((".", ").")) for row in rejects)
    assert counts(run(feed)) == (0, 0, 2, 0, 0)


def test_a_rejected_photo_that_was_repaired_is_ready(shop, run, db, make_photo, tmp_path):
    good = (tmp_path / "shop/b.jpg").read_bytes()
    (tmp_path / "shop/b.jpg").write_bytes(b"")
    assert run(shop()).photos_rejected == 1
    (tmp_path / "shop/b.jpg").write_bytes(good)
    assert counts(run(shop())) == (0, 1, 2, 0, 0)
    assert len(Catalogue(db).product("2").photos) == 2


def test_stricter_limits_reject_what_was_ready(shop, run, db, catalog_settings):
    run(shop())
    strict = catalog_settings.model_copy(update={"max_photo_pixels": 100})
    report = ingest(db, open_source(shop()), settings=strict)
    assert (report.photos_ready, report.photos_rejected, report.updated) == (0, 3, 2)
    assert run(shop()).photos_ready == 3


def test_a_photo_that_became_a_link_is_checked_again(shop, run, tmp_path):
    run(shop())
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "shop/a.jpg").rename(outside / "a.jpg")  # same size, same time
    (tmp_path / "shop/a.jpg").symlink_to(outside / "a.jpg")
    assert run(shop()).photos_rejected == 2


def test_a_moved_folder_is_not_read_again(shop, run, db, tmp_path, monkeypatch):
    run(shop())
    (tmp_path / "shop").rename(tmp_path / "elsewhere")
    monkeypatch.setattr("catalog.photos.check.check_photo", None)
    mark = Catalogue(db).watermark()
    assert counts(run(tmp_path / "elsewhere/feed.csv")) == (0, 0, 3, 0, 0)
    assert Catalogue(db).product("1").photos[0].path == tmp_path.resolve() / "elsewhere/a.jpg"
    assert Catalogue(db).watermark() != mark


def test_a_duplicate_id_is_rejected(tmp_path, write_csv, run, db):
    rows = [{"id": "x", "title": "first"}, {"id": "x", "title": "second"}]
    rows += [{"id": str(n), "title": "t"} for n in range(BATCH)]
    rows += [{"id": "x", "title": "much later"}, {"id": "7", "title": "seven again"}]
    report = run(write_csv(tmp_path / "f.csv", rows))
    assert counts(report) == (BATCH + 1, 0, 0, 0, 3)
    assert Catalogue(db).product("x").title == "first"
    with report.rejects_file.open(newline="") as stream:
        rejects = [(row["line"], row["id"], row["code"]) for row in csv.DictReader(stream)]
    later = str(BATCH + 4)
    assert rejects[:2] == [("3", "x", "duplicate_id"), (later, "x", "duplicate_id")]
    assert counts(run(tmp_path / "f.csv")) == (0, 0, BATCH + 1, 0, 3)


def test_sync_retires_missing_products_and_restores_them(tmp_path, write_csv, run, db):
    both = [{"id": "1"}, {"id": "2"}]
    feed = write_csv(tmp_path / "f.csv", both)
    other = write_csv(tmp_path / "other.csv", [{"id": "9"}])
    run(feed), run(other)
    write_csv(feed, both[:1])
    assert counts(run(feed)) == (0, 0, 1, 0, 0)  # no sync
    assert counts(run(feed, sync=True)) == (0, 0, 1, 1, 0)
    assert Catalogue(db).product("2").retired
    assert not Catalogue(db).product("9").retired  # of another source
    assert counts(run(feed, sync=True)) == (0, 0, 1, 0, 0)
    write_csv(feed, both)
    assert counts(run(feed)) == (0, 1, 1, 0, 0)
    assert not Catalogue(db).product("2").retired


def test_sync_keeps_products_with_rejected_rows(tmp_path, write_csv, run, db):
    feed = write_csv(tmp_path / "f.csv", [{"id": "1", "price": "1"}, {"id": "2", "price": "2"}])
    run(feed)
    write_csv(feed, [{"id": "1", "price": "oops"}])
    assert counts(run(feed, sync=True)) == (0, 0, 0, 1, 1)
    assert [Catalogue(db).product(p).retired for p in "12"] == [False, True]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("id,title\n", "no rows at all"),
        ("id,title\n1,One\n,no id\n", "1 rejected rows have no id"),
        ("id,title\n1,One\n2", "ends in the middle of a row"),
    ],
)
def test_sync_retires_nothing_when_the_source_is_incomplete(tmp_path, run, content, why):
    feed = tmp_path / "f.csv"
    feed.write_text("id,title\n1,One\n2,Two\n3,Three\n")
    run(feed)
    feed.write_text(content)
    report = run(feed, sync=True)
    assert report.retired == 0
    assert why in report.sync_note


class Failing:
    """A source that gives some products and then cannot be read any further."""

    name, format = "failing", "csv"

    def __init__(self, root, ids, last=None):
        self.root, self.ids, self.last = root, ids, last

    def size_hint(self):
        return None

    def describe(self):
        return "failing"

    def records(self):
        for line, product_id in enumerate(self.ids, 1):
            yield ProductRecord(product_id, f"Title {product_id}", line)
        if self.last:
            raise self.last


def test_a_source_that_fails_midway_retires_nothing(tmp_path, run, db):
    ids = [str(n) for n in range(BATCH * 2)]
    run(Failing(tmp_path, ids))
    with pytest.raises(SourceError, match="gone"):
        run(Failing(tmp_path, ids[:BATCH], SourceError("the disk is gone")), sync=True)
    assert Catalogue(db).counts()["retired"] == 0
    assert counts(run(Failing(tmp_path, ids[:BATCH]), sync=True)) == (0, 0, BATCH, BATCH, 0)


def test_a_product_that_another_source_brings_moves_there(tmp_path, write_csv, run):
    one = write_csv(tmp_path / "one.csv", [{"id": "1"}, {"id": "2"}])
    two = write_csv(tmp_path / "two.csv", [{"id": "1"}])
    run(one)
    report = run(two)
    assert (counts(report), report.moved) == ((0, 1, 0, 0, 0), 1)
    write_csv(one, [{"id": "2"}])
    assert run(one, sync=True).retired == 0  # 1 is not its product any more


def test_progress_and_hint(tmp_path, write_csv, make_photo, run):
    make_photo(tmp_path / "a.jpg")
    rows = [{"id": str(n), "photos": "a.jpg"} for n in range(BATCH + 2)]
    reported: list[IngestProgress] = []
    run(write_csv(tmp_path / "f.csv", rows), on_progress=reported.append)
    assert reported[-1] == IngestProgress(BATCH + 2, 2, BATCH + 2)  # one photo a batch: read once
    assert [now.rows for now in reported] == sorted(now.rows for now in reported)


def test_rejected_rows_are_written_with_line_id_and_reason(tmp_path, run):
    (tmp_path / "f.csv").write_text("id,title,price\n1,a,2\n2,b,cheap\n,c,1\n")
    report = run(tmp_path / "f.csv")
    assert counts(report) == (1, 0, 0, 0, 2)
    with report.rejects_file.open(newline="") as stream:
        rejects = [(row["line"], row["id"], row["reason"]) for row in csv.DictReader(stream)]
    assert rejects[0][:2] == ("3", "2") and "'cheap' is not understood" in rejects[0][2]
    assert rejects[1] == ("4", "", "the id is empty")


def feed_of(folder: Path, make_photo, write_csv, products: int) -> Path:
    make_photo(folder / "a.jpg", size=(300, 300))
    rows = [{"id": f"p{n:05}", "title": f"Title {n}", "photos": "a.jpg"} for n in range(products)]
    return write_csv(folder / "feed.csv", rows)


def started(feed: Path, *options: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "catalog.commands.catalogue", "ingest", str(feed), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_ingest_is_finished_by_the_next(tmp_path, db, make_photo, write_csv):
    feed = feed_of(tmp_path / "shop", make_photo, write_csv, 8 * BATCH)

    def stored() -> int:
        with db.read() as connection:
            return connection.execute(text("SELECT count(*) FROM products")).scalar_one()

    for at_least in (1, 3 * BATCH):
        process = started(feed)
        while stored() < at_least and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert stored() % BATCH == 0  # whole batches only
    process = started(feed)
    _, errors = process.communicate(timeout=LONG)
    assert (process.returncode, errors) == (0, "")
    assert stored() == 8 * BATCH
    photos = Counter(photo.product_id for photo in Catalogue(db).photos())
    assert set(photos.values()) == {1} and len(photos) == 8 * BATCH


def test_two_ingests_at_once(tmp_path, database_url, make_photo, write_csv):
    feed = feed_of(tmp_path / "shop", make_photo, write_csv, 4 * BATCH)
    both = [started(feed, "--sync"), started(feed, "--sync")]
    ends = [process.communicate(timeout=LONG) for process in both]
    assert [
        (process.returncode, errors) for process, (_, errors) in zip(both, ends, strict=True)
    ] == [(0, "")] * 2
    with Database.open() as db:
        assert Catalogue(db).counts() | {"photos": 0} == {
            "products": 4 * BATCH,
            "retired": 0,
            "sold_out": 0,
            "without_photo": 0,
            "photos": 0,
            "photos_rejected": 0,
            "photos_waiting": 0,
            "photos_missing": 0,
            "photos_refused": 0,
        }
        assert Catalogue(db).counts()["photos"] == 4 * BATCH
        if db.engine.dialect.name == "sqlite":
            with db.read() as connection:
                assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_memory_does_not_grow_with_the_source(tmp_path, run):
    import tracemalloc

    def peak(products: int) -> int:
        tracemalloc.start()
        run(replace_name(Failing(tmp_path, (str(n) for n in range(products))), str(products)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    run(Failing(tmp_path, ["warm up"]))
    assert peak(12 * BATCH) < 1.5 * peak(3 * BATCH)


def replace_name(source: Failing, name: str) -> Failing:
    source.name = name
    return source


def test_rejections_of_a_source_reach_the_report(tmp_path, run):
    class Mixed(Failing):
        def records(self):
            yield Rejection(1, "kept", "row", "value", "broken")
            yield replace(ProductRecord("a", "A", 2), price=None)

    report = run(Mixed(tmp_path, []))
    assert counts(report) == (1, 0, 0, 0, 1)
