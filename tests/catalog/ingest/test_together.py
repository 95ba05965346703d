"""Concurrency: two ingests, an ingest with readers, and a server that disconnects."""

import threading
from contextlib import contextmanager
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from catalog.database import bulk
from catalog.database.connections import BUSY_SECONDS
from catalog.database.database import Database
from catalog.database.event_models import AnswerRow
from catalog.database.models import PhotoRow, ProductRow
from catalog.errors import DatabaseError
from catalog.events.log import EventLog
from catalog.ingest import writer
from catalog.ingest.run import BATCH, ingest
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from catalog.rules.rule import Rule
from catalog.sources import open_source
from tests.catalog.events.event_rows import answer
from tests.databases import only_postgresql, version_of
from tests.waiting import LONG, wait_until


class Hooked:
    """A source that calls a function before some of its rows."""

    def __init__(self, source, calls):
        self.name, self.format, self.root = source.name, source.format, source.root
        self.size_hint, self.describe = source.size_hint, source.describe
        self._source, self._calls = source, calls

    def records(self):
        for number, record in enumerate(self._source.records()):
            if number in self._calls:
                self._calls[number]()
            yield record


@pytest.fixture
def feed(tmp_path, write_csv, make_photo):
    """Writes a feed of products, each with one photo."""
    make_photo(tmp_path / "a.jpg")

    def write(name, numbers, price="1"):
        rows = [
            {"id": f"p{n:05}", "title": f"Title {n}", "price": price, "photos": "a.jpg"}
            for n in numbers
        ]
        return write_csv(tmp_path / name, rows)

    return write


@contextmanager
def thread(work):
    """Runs beside what is within; its error is ours."""
    errors = []

    def run():
        try:
            work()
        except BaseException as error:
            errors.append(error)

    running = threading.Thread(target=run)
    running.start()
    try:
        yield running
    finally:
        running.join(LONG)
    assert not running.is_alive()
    if errors:
        raise errors[0]


def taken_in(settings, path, **options):
    """Ingest as a process of its own would: on connections of its own."""
    with Database.open(settings) as own:
        return ingest(own, open_source(path), settings=settings, **options)


def in_catalogue(db):
    with db.read() as connection:
        products = connection.scalar(select(func.count()).select_from(ProductRow))
        photos = connection.scalar(select(func.count()).select_from(PhotoRow))
        ids = connection.scalar(select(func.count(ProductRow.product_id.distinct())))
    assert ids == products == photos
    return products


def test_two_ingests_of_one_source(db, catalog_settings, feed):
    path, reports = feed("f.csv", range(4 * BATCH)), []
    with thread(lambda: reports.append(taken_in(catalog_settings, path, sync=True))):
        reports.append(taken_in(catalog_settings, path, sync=True))
    assert in_catalogue(db) == 4 * BATCH == sum(report.inserted for report in reports)
    assert sum(report.updated + report.retired + report.rejected for report in reports) == 0
    assert Catalogue(db).counts()["photos"] == 4 * BATCH


def test_two_ingests_of_two_sources(db, catalog_settings, feed):
    one, two = feed("one.csv", range(3 * BATCH)), feed("two.csv", range(BATCH, 5 * BATCH))
    reports = []
    with thread(lambda: reports.append(taken_in(catalog_settings, one))):
        reports.append(taken_in(catalog_settings, two))
    assert in_catalogue(db) == 5 * BATCH == sum(report.inserted for report in reports)
    assert sum(report.moved for report in reports) == 2 * BATCH  # each to whoever came second
    # Whoever comes last has them all.
    assert taken_in(catalog_settings, two, sync=True).retired == 0
    assert {s.name: s.products for s in Catalogue(db).sources()} == {
        "one.csv": BATCH,
        "two.csv": 4 * BATCH,
    }


def test_readers_never_see_half_a_batch(db, catalog_settings, feed):
    ingest(db, open_source(feed("f.csv", range(6 * BATCH))), settings=catalog_settings)
    path, done, states = feed("f.csv", range(8 * BATCH), price="2"), threading.Event(), []

    def look():
        product, price = ProductRow, ProductRow.price
        with Database.open(catalog_settings) as own:
            catalogue = Catalogue(own)
            while not done.is_set():
                with own.read() as connection:
                    mark = catalogue.watermark()
                    dear = connection.scalar(select(func.count()).where(price == Decimal(2)))
                    all_of_them = connection.scalar(select(func.count()).select_from(product))
                    photos = connection.scalar(select(func.count()).select_from(PhotoRow))
                    changed = connection.scalar(select(func.count()).where(product.changed > 6))
                assert dear % BATCH == 0 and all_of_them == photos and all_of_them % BATCH == 0
                assert changed == dear
                page = catalogue.browse(per_page=10)
                assert page.total % BATCH == 0 and len(page.products) == 10
                states.append((dear, mark))

    with thread(look) as looking:

        def pause():
            """Until all of it was looked at once more; the look at the moment may be half over."""
            enough = len(states) + 2
            wait_until(lambda: len(states) >= enough or not looking.is_alive(), "nobody looks")

        pauses = {BATCH * n: pause for n in range(1, 8)}
        try:
            report = ingest(db, Hooked(open_source(path), pauses), settings=catalog_settings)
        finally:
            done.set()
    assert (report.inserted, report.updated) == (2 * BATCH, 6 * BATCH)
    assert len(set(states)) >= 7


@only_postgresql
@pytest.mark.parametrize("rows", [0, 3 * BATCH - 5, 5 * BATCH])
def test_a_lost_connection_loses_nothing(db, databases, database_url, catalog_settings, feed, rows):
    path = feed("f.csv", range(5 * BATCH + 5))
    before = BATCH // 5
    ingest(db, open_source(feed("old.csv", range(before))), settings=catalog_settings)
    cut = Hooked(open_source(path), {rows: lambda: databases.cut(database_url)})
    with pytest.raises(DatabaseError, match="cannot be used") as caught:
        ingest(db, cut, settings=catalog_settings, sync=True)
    assert "Check that it can be reached" in str(caught.value)
    whole = rows // BATCH * BATCH
    assert in_catalogue(db) == max(whole, before)
    report = ingest(db, open_source(path), settings=catalog_settings, sync=True)
    assert (report.inserted + report.updated, report.unchanged) == (5 * BATCH + 5 - whole, whole)
    assert in_catalogue(db) == 5 * BATCH + 5
    assert ingest(db, open_source(path), settings=catalog_settings).unchanged == 5 * BATCH + 5


@only_postgresql
@pytest.mark.parametrize("model", [ProductRow, PhotoRow])
def test_a_lost_connection_within_a_batch_writes_none_of_it(
    db, databases, database_url, catalog_settings, feed, monkeypatch, model
):
    path, insert, calls = feed("f.csv", range(2 * BATCH)), bulk.insert_rows, []

    def cut_first(connection, into, rows):
        if into is model and rows:
            calls.append(into)
            if len(calls) == 2:
                databases.cut(database_url)
        insert(connection, into, rows)

    monkeypatch.setattr(writer, "insert_rows", cut_first)
    with pytest.raises(DatabaseError, match="cannot be used"):
        ingest(db, open_source(path), settings=catalog_settings)
    assert in_catalogue(db) == BATCH
    assert ingest(db, open_source(path), settings=catalog_settings).inserted == BATCH


@only_postgresql
def test_open_connections_go_on_after_a_restart(db, databases, database_url):
    catalogue, log, book = Catalogue(db), EventLog(db), RuleBook(db)
    assert version_of(db) == 0
    log.write([answer(1, "a")])
    assert databases.cut(database_url) > 0
    assert version_of(db) == 0 and catalogue.browse().total == 0
    assert databases.cut(database_url) > 0
    log.write([answer(2, "a")])
    assert databases.cut(database_url) > 0
    book.add(Rule.of({"rule_id": "r", "action": "block", "product_id": "p"}))
    assert [rule.rule_id for rule in book.all()] == ["r"]
    with db.read() as connection:
        assert connection.scalar(select(func.count()).select_from(AnswerRow)) == 2


def test_a_writer_waits_for_another_with_a_timeout(db, catalog_settings, feed):
    path = feed("f.csv", range(3))
    with db.write() as connection, connection.begin():
        connection.execute(text("UPDATE catalogue_state SET version = version"))
        with (
            Database.open(catalog_settings, busy_seconds=0.05) as hasty,
            pytest.raises(DatabaseError, match=r"lock"),
        ):
            ingest(hasty, open_source(path), settings=catalog_settings)
    assert ingest(db, open_source(path), settings=catalog_settings).inserted == 3
    assert BUSY_SECONDS >= 10


@only_postgresql
def test_times_are_in_utc_in_any_time_zone_of_the_server(
    db, databases, database_url, catalog_settings, feed
):
    with db.write() as connection, connection.begin():
        name = connection.scalar(text("SELECT current_database()"))
        connection.execute(text(f"ALTER DATABASE \"{name}\" SET timezone TO 'Asia/Kolkata'"))
    databases.cut(database_url)
    ingest(db, open_source(feed("f.csv", range(3))), settings=catalog_settings)
    (source,) = Catalogue(db).sources()
    assert source.completed_at.utcoffset().total_seconds() == 0
