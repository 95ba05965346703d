"""Every photo is fetched or has a reason, and nothing is requested more often than necessary."""

import errno
import os
import socket
import threading
import time
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from catalog.database.database import Database
from catalog.errors import Busy, CatalogError
from catalog.fetching import run
from catalog.fetching.download_status import failed_downloads
from catalog.fetching.photo_store import PhotoStore
from catalog.lock import exclusive_lock
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.utc import utc_now
from tests.catalog.fetching import photo_server as web
from tests.catalog.fetching.conftest import photo
from tests.databases import only_sqlite
from tests.waiting import LONG


def test_photos_are_fetched_stored_and_shown(shop, server, db, settings):
    red, blue = photo("red"), photo("blue", "PNG")
    server.answers |= {"/a": web.content(red), "/b.jpg": web.content(blue)}
    a, b = server.address("/a"), server.address("/b.jpg")
    report = shop.ingest({"1": f"{a} {b}", "2": a, "3": ""})
    assert (report.photos_ready, report.photos_waiting, report.photos_rejected) == (0, 3, 0)
    before = Catalogue(db).watermark()
    done = shop.fetch()
    assert (done.fetched, done.unchanged, done.failed, done.waiting) == (2, 0, 0, 0)
    assert done.changed == 2 and server.request_counts == {"/a": 1, "/b.jpg": 1}
    products = Catalogue(db).products(["1", "2"])
    paths = [p.path for p in products["1"].photos]
    assert [path.read_bytes() for path in paths] == [red, blue]
    assert products["2"].photos[0].path == paths[0]
    name = products["1"].photos[0].content_hash
    assert paths[0] == settings.resolved_home / "photos" / name[:2] / f"{name}.jpg"
    assert paths[1].suffix == ".png"
    assert set(Catalogue(db).changes(before)[1]) == {"1", "2"}
    assert Catalogue(db).photo(name).path == paths[0]
    assert not list((settings.resolved_home / "photos").glob(".*"))


def test_a_fetched_photo_is_not_requested_again(shop, server, db):
    server.answers["/a"] = web.content(photo())
    shop.ingest({"1": server.address("/a")})
    shop.fetch()
    mark = Catalogue(db).watermark()
    again = shop.ingest({"1": server.address("/a")})
    assert (again.unchanged, again.photos_ready, again.photos_waiting) == (1, 1, 0)
    done = shop.fetch()
    assert (done.fetched, done.unchanged, done.failed) == (0, 0, 0)
    assert server.request_counts == {"/a": 1} and Catalogue(db).watermark() == mark


def test_a_new_product_with_a_known_address_needs_no_request(shop, server, db):
    server.answers["/a"] = web.content(photo())
    shop.ingest({"1": server.address("/a")})
    shop.fetch()
    assert shop.ingest({"1": server.address("/a"), "2": server.address("/a")}).photos_ready == 2
    assert len(Catalogue(db).product("2").photos) == 1
    assert server.request_counts == {"/a": 1}


def test_another_address_replaces_the_photo(shop, server, db):
    server.answers |= {"/a": web.content(photo("red")), "/b": web.content(photo("blue"))}
    shop.ingest({"1": server.address("/a")})
    shop.fetch()
    (red,) = Catalogue(db).product("1").photos
    assert shop.ingest({"1": server.address("/b")}).updated == 1
    assert Catalogue(db).product("1").photos == ()
    shop.fetch()
    (blue,) = Catalogue(db).product("1").photos
    assert blue.content_hash != red.content_hash


def later(monkeypatch, **by):
    """Let time pass for the fetches from now on."""
    monkeypatch.setattr(run, "utc_now", lambda: utc_now() + timedelta(**by))


@pytest.mark.parametrize(
    "validators", [{"etag": '"v1"'}, {"modified": "Mon, 23 Nov 2026 10:00:00 GMT"}]
)
def test_an_old_photo_is_requested_conditionally(shop, server, db, monkeypatch, validators):
    server.answers["/a"] = web.tagged(photo(), **validators)
    shop.ingest({"1": server.address("/a")})
    shop.fetch()
    mark = Catalogue(db).watermark()
    later(monkeypatch, days=8)
    done = shop.fetch()
    assert (done.fetched, done.unchanged, done.failed) == (0, 1, 0)
    header = "If-None-Match" if "etag" in validators else "If-Modified-Since"
    assert header in server.requests[-1][1] and header not in server.requests[0][1]
    assert Catalogue(db).watermark() == mark
    assert shop.fetch().unchanged == 0  # it was refreshed


def test_a_photo_that_changed_behind_its_address_is_replaced(shop, server, db, monkeypatch):
    server.answers["/a"] = web.tagged(photo("red"), '"v1"')
    shop.ingest({"1": server.address("/a")})
    shop.fetch()
    server.answers["/a"] = web.tagged(photo("blue", size=(50, 60)), '"v2"')
    later(monkeypatch, days=8)
    done = shop.fetch()
    assert (done.fetched, done.unchanged, done.changed) == (1, 0, 1)
    assert Catalogue(db).product("1").photos[0].width == 50


def test_the_same_photo_without_validators_changes_nothing(shop, server, db, monkeypatch):
    server.answers["/a"] = web.content(photo())
    shop.ingest({"1": server.address("/a")})
    shop.fetch()
    mark = Catalogue(db).watermark()
    later(monkeypatch, days=8)
    done = shop.fetch()
    assert (done.fetched, done.unchanged, done.changed) == (0, 1, 0)
    assert server.request_counts == {"/a": 2} and Catalogue(db).watermark() == mark


def test_an_old_photo_that_disappeared_is_still_shown(shop, server, db, monkeypatch, tmp_path):
    server.answers["/a"] = web.content(photo())
    shop.ingest({"1": server.address("/a")})
    shop.fetch()
    del server.answers["/a"]
    later(monkeypatch, days=8)
    done = shop.fetch()
    assert (done.by_code, done.waiting, done.changed) == ({"http_404": 1}, 0, 0)
    assert len(Catalogue(db).product("1").photos) == 1
    assert shop.ingest({"1": server.address("/a")}).unchanged == 1


def test_failures_have_a_reason_and_a_time_for_the_retry(shop, server, db, settings, monkeypatch):
    answers = {
        "http_404": web.status(404),
        "http_500": web.status(500),
        "cut_off": web.cut(photo(size=(300, 300)), 200),
        "not_an_image": web.content(b"<html>no such photo</html>", Content_Type="image/jpeg"),
        "truncated": web.content(photo(size=(300, 300))[:-400]),
        "empty": web.content(b""),
        "pixels": web.content(photo("red", "PNG", (9000, 9000))),
        "too_large": web.content(b"x" * 50_000_000),
        "redirects": web.redirect("/redirects"),
        "connection": web.hang_up(),
        "encoding": web.content(photo(), Content_Encoding="br"),
    }
    server.answers |= {f"/{code}": answer for code, answer in answers.items()}
    server.answers["/good"] = web.content(photo())
    rows = {name: server.address(f"/{name}") for name in [*answers, "good"]}
    shop.ingest(rows)
    done = shop.fetch()
    assert done.by_code == dict.fromkeys(answers, 1)
    assert (done.fetched, done.failed, done.waiting) == (1, len(answers), len(answers))
    tried = {path[1:] for path, times in server.request_counts.items() if times == 3}
    assert tried == {"http_500", "cut_off", "connection"}  # the only ones worth it at once
    assert server.request_counts["/redirects"] == 6
    with db.read() as connection:
        found = {one.code: one for one in failed_downloads(connection)}
    assert found.keys() == answers.keys()
    assert all(one.product_id == code and one.reason for code, one in found.items())
    assert all(one.reason.endswith(".") or ")" in one.reason for one in found.values())
    assert not list((settings.resolved_home / "photos").glob(".*"))
    before = server.request_counts.total()
    assert shop.fetch().failed == 0 and server.request_counts.total() == before  # not due yet
    later(monkeypatch, minutes=10)
    assert set(shop.fetch().by_code) == {"http_500", "cut_off", "connection"}
    later(monkeypatch, days=1)
    assert set(shop.fetch().by_code) == set(answers)
    with db.read() as connection:
        assert {one.code: one.tries for one in failed_downloads(connection)}["http_500"] == 3
    counts = Catalogue(db).counts()
    assert (counts["photos"], counts["photos_missing"], counts["photos_waiting"]) == (1, 11, 0)
    assert counts["products"] == 12


def test_again_retries_failures_that_are_not_due(shop, server):
    shop.ingest({"1": server.address("/a")})
    assert shop.fetch().by_code == {"http_404": 1}
    server.answers["/a"] = web.content(photo())
    assert shop.fetch().fetched == 0
    done = shop.fetch(again=True)
    assert (done.fetched, done.waiting) == (1, 0)
    assert shop.fetch(again=True).fetched == 0  # a fetched photo is no failure


def test_a_limit_leaves_the_rest_for_the_next_time(shop, server):
    server.otherwise = lambda path: web.content(photo())
    shop.ingest({str(n): server.address(f"/{n}") for n in range(5)})
    done = shop.fetch(limit=2)
    assert (done.fetched, done.waiting, server.request_counts.total()) == (2, 3, 2)
    assert shop.fetch(limit=9).fetched == 3


def test_retired_products_are_not_fetched(shop, server, db):
    shop.ingest({"1": server.address("/a"), "2": server.address("/b")})
    shop.ingest({"2": server.address("/b")}, sync=True)
    assert shop.fetch().by_code == {"http_404": 1}
    assert server.request_counts == {"/b": 1}


def test_progress_counts_up_to_the_total(shop, server):
    server.otherwise = lambda path: web.content(photo()) if path < "/5" else None
    shop.ingest({str(n): server.address(f"/{n}") for n in range(10)})
    reports = []
    shop.fetch(on_progress=reports.append)
    assert [now.done for now in reports] == list(range(11))
    assert {now.total for now in reports} == {10} and reports[-1].failed == 5


@only_sqlite
def test_parallel_requests_per_host_are_limited(shop, server, settings):
    both, now, most = threading.Barrier(2), [0], [0]

    def together(handler):
        """Waits for another request, and counts those that wait for their answer."""
        with server.lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        both.wait(LONG)
        with server.lock:
            now[0] -= 1
        handler.send(200, photo())

    server.otherwise = lambda path: together
    shop.ingest({str(n): server.address(f"/{n}") for n in range(12)})
    some = settings.model_copy(update={"fetch_per_host": 2, "fetch_workers": 8})
    assert shop.fetch(settings=some).fetched == 12
    assert most == [2]


@only_sqlite
def test_too_many_requests_pauses_the_host(shop, server):
    server.answers["/0"] = web.in_turn(web.status(429, Retry_After="1"), web.content(photo("blue")))
    started = time.monotonic()
    shop.ingest({"0": server.address("/0")})
    done = shop.fetch()
    assert (done.fetched, done.failed) == (1, 0)
    assert time.monotonic() - started > 0.9


def test_a_host_that_requests_a_long_pause_is_skipped(shop, server, db, settings):
    server.otherwise = lambda path: web.status(429, Retry_After="7200")
    shop.ingest({str(n): server.address(f"/{n}") for n in range(40)})
    some = settings.model_copy(update={"fetch_per_host": 2})
    done = shop.fetch(settings=some)
    assert done.by_code == {"http_429": 40}
    assert server.request_counts.total() <= 3
    with db.read() as connection:
        waits = {one.next_try - one.tried_at for one in failed_downloads(connection)}
    assert min(waits) > timedelta(minutes=110)


def test_a_host_that_is_down_is_skipped(shop, settings, db):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        port = closed.getsockname()[1]
        shop.ingest({str(n): f"http://127.0.0.1:{port}/{n}" for n in range(200)})
        done = shop.fetch()
    assert set(done.by_code) == {"connection", "host_down"} and done.failed == 200
    assert done.by_code["host_down"] > 150
    with db.read() as connection:
        assert {one.tries for one in failed_downloads(connection)} == {1}


@only_sqlite  # what is requested of whom does not depend on the database
def test_stalling_and_dripping_servers_cost_only_their_time(shop, server, settings):
    server.answers |= {
        "/stall": web.stall(server.released),
        "/drip": web.drip(photo(size=(200, 200)), 0.02),
        "/headers": web.drip_headers(0.02),
        "/good": web.content(photo()),
    }
    names = ("stall", "drip", "headers", "good")
    shop.ingest({name: server.address(f"/{name}") for name in names})
    # So long that the good one arrives on a busy machine, too.
    done = shop.fetch(settings=settings.model_copy(update={"fetch_seconds": 2}))
    assert (done.fetched, done.by_code) == (1, {"timeout": 3})


def test_only_one_fetch_at_a_time(shop, server, settings):
    with exclusive_lock(settings.resolved_home / "fetch.lock", "fetch"):
        shop.ingest({"1": server.address("/a")})
        with pytest.raises(Busy, match=f"Another fetch is running here .process {os.getpid()}"):
            shop.fetch()
    assert shop.fetch().failed == 1


def test_outdated_photo_rows_are_corrected(shop, server, db):
    server.answers["/a"] = web.content(photo())
    shop.ingest({"1": server.address("/a")})
    shop.fetch()
    with db.write() as connection, connection.begin():  # as it was before the fetch
        connection.execute(
            text("UPDATE photos SET state = 'waiting', content_hash = NULL, path = NULL")
        )
    done = shop.fetch()
    assert (done.fetched, done.changed, done.waiting) == (0, 1, 0)
    assert len(Catalogue(db).product("1").photos) == 1 and server.request_counts == {"/a": 1}


def test_a_stored_photo_that_was_deleted_is_fetched_again(shop, server, db, settings):
    server.answers["/a"] = web.tagged(photo(), '"v1"')
    shop.ingest({"1": server.address("/a")})
    shop.fetch()
    (one,) = Catalogue(db).product("1").photos
    one.path.unlink()
    assert shop.ingest({"1": server.address("/a")}).photos_waiting == 1
    assert shop.fetch().fetched == 1
    assert one.path.read_bytes() == photo() and len(Catalogue(db).product("1").photos) == 1


def test_a_home_that_moved_has_its_photos(shop, server, db, settings, tmp_path, monkeypatch):
    server.answers["/a"] = web.content(photo())
    shop.ingest({"1": server.address("/a")})
    shop.fetch()
    settings.resolved_home.rename(tmp_path / "moved")
    monkeypatch.setenv("LOOKALIKE_HOME", str(tmp_path / "moved"))
    with closing(Database.open(CatalogSettings())) as moved:
        (one,) = Catalogue(moved).product("1").photos
    assert one.path.is_relative_to(tmp_path / "moved") and one.path.read_bytes() == photo()


def test_a_full_disk_is_reported_and_keeps_fetched_photos(shop, server, db, monkeypatch):
    server.otherwise = lambda path: web.content(photo(size=(30, 30 + int(path[1:]))))
    shop.ingest({str(n): server.address(f"/{n}") for n in range(8)})
    shop.fetch(limit=3)

    def full(self, draft, shown):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(PhotoStore, "keep", full)
        with pytest.raises(CatalogError, match="No space left on device"):
            shop.fetch()
    assert Catalogue(db).counts()["photos"] == 3
    assert shop.fetch().fetched == 5
