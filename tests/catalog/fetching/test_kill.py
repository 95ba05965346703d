"""A fetch that is killed loses and doubles nothing: the next one goes on."""

import multiprocessing
import time
from collections import Counter
from multiprocessing.process import BaseProcess

from sqlalchemy import text

from catalog.database.database import Database
from catalog.fetching.run import fetch
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from tests.catalog.fetching import photo_server as web
from tests.catalog.fetching.conftest import photo
from tests.waiting import LONG, wait_until

PHOTOS = 240
CONTEXT = multiprocessing.get_context("forkserver")


def started(settings: CatalogSettings) -> BaseProcess:
    """A fetch in a process that forks from one that has imported all."""
    CONTEXT.set_forkserver_preload([__name__])
    process = CONTEXT.Process(target=_fetch, args=(settings,))
    process.start()
    return process


def _fetch(settings: CatalogSettings) -> None:
    with Database.open(settings) as db:
        fetch(db, settings)


def wait_for_requests(server, at_least: int, process: BaseProcess) -> None:
    wait_until(
        lambda: server.request_counts.total() >= at_least or not process.is_alive(),
        "too few requests came",
    )


def test_killed_repeatedly(shop, server, db, settings, rounds):
    def slow(path):
        body = photo(size=(20 + int(path[1:]) % 20, 30))

        def answer(handler):
            time.sleep(0.01)
            handler.send(200, body)

        return answer

    server.otherwise = slow
    shop.ingest({str(n): server.address(f"/{n}") for n in range(PHOTOS)})
    kills = rounds(3, 20)
    for kill in range(1, kills + 1):
        process = started(settings)
        wait_for_requests(
            server, server.request_counts.total() + PHOTOS // (kills + 1) + kill, process
        )
        process.kill()
        process.join()
    process = started(settings)
    process.join(LONG)
    assert process.exitcode == 0
    with Database.open(settings) as again:
        photos = list(Catalogue(again).photos())
        assert Counter(one.product_id for one in photos) == {str(n): 1 for n in range(PHOTOS)}
        assert all(one.path.exists() for one in photos)
        with again.read() as connection:
            assert connection.scalar(text("SELECT count(*) FROM fetches")) == PHOTOS
    files = [path for path in (settings.resolved_home / "photos").rglob("*") if path.is_file()]
    assert len(files) == len({one.content_hash for one in photos}) == 20
    # Committed photos are not requested again: a kill costs the active downloads only.
    assert server.request_counts.total() <= PHOTOS + kills * (100 + settings.fetch_workers)


def test_an_ingest_beside_a_fetch_loses_nothing(shop, server, db):
    import threading

    server.otherwise = lambda path: web.content(photo(size=(20, 20 + int(path[1:]) % 30)))
    rows = {str(n): server.address(f"/{n}") for n in range(120)}
    shop.ingest(rows)
    done = threading.Event()
    failed = []

    def ingest_on():
        try:
            while not done.is_set():
                shop.ingest(rows)
        except Exception as error:
            failed.append(error)

    beside = threading.Thread(target=ingest_on)
    beside.start()
    try:
        assert shop.fetch().fetched == 120
    finally:
        done.set()
        beside.join()
    assert failed == []
    shop.fetch()  # corrects the rows that the ingest wrote
    assert Catalogue(db).counts()["photos"] == 120 and server.request_counts.total() == 120
