"""A fetch that is killed loses and doubles nothing: the next one goes on."""

import signal
import subprocess
import sys
import time
from collections import Counter

from sqlalchemy import text

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from tests.catalog.fetching import photo_server as web
from tests.catalog.fetching.conftest import photo
from tests.waiting import LONG, wait_until

PHOTOS = 240
RUN = "from catalog.fetching.run import *; from catalog.db import Database; fetch(Database.open())"


def started() -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", RUN], stderr=subprocess.PIPE, text=True)


def wait_for_requests(server, at_least: int, process: subprocess.Popen) -> None:
    wait_until(
        lambda: server.request_counts.total() >= at_least or process.poll() is not None,
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
        process = started()
        wait_for_requests(
            server, server.request_counts.total() + PHOTOS // (kills + 1) + kill, process
        )
        process.send_signal(signal.SIGKILL)
        process.communicate()
    process = started()
    assert process.communicate(timeout=LONG)[1] == "" and process.returncode == 0
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
