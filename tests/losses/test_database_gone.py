"""A catalogue that is missing, corrupt or read-only: reported, and used again once restored."""

import shutil
import subprocess

import pytest

from catalog.database.database import Database
from catalog.errors import DatabaseError
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from catalog.rules.rule import Rule
from catalog.settings import CatalogSettings
from tests.catalog.fetching import photo_server
from tests.databases import only_postgresql
from tests.losses import feeds
from tests.losses.serving import check_answers, serving
from tests.losses.state import differences
from tests.losses.test_full_disk import OURS
from tests.web.logged import logging_app

COMMANDS = ("ingest", "reindex", "fetch", "watch")


@pytest.fixture
def server():
    with photo_server.serving() as running:
        yield running


@pytest.fixture
def ready(tmp_path, lite_homes, server):
    """A home on which every command has something to do; with the commands' arguments."""
    home = lite_homes.new()
    source = feeds.watch_then_change(home, tmp_path / "source", server)
    home.do("ingest", **source)
    given = {command: {} for command in COMMANDS} | {"ingest": source, "watch": source}
    return home, given


def put_aside(path):
    """Moves a database away, with its log; returns a function that restores it."""
    aside = path.with_name("aside")
    aside.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        file.rename(aside / file.name)

    def bring_back():
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        for file in aside.iterdir():
            file.rename(path.parent / file.name)
        aside.rmdir()

    return bring_back


def nothing(path):
    path.unlink(missing_ok=True)


def noise(path):
    path.write_bytes(b"no database at all, " * 300)


def cut_off(path):
    shutil.copy(path.with_name("aside") / path.name, path)
    path.write_bytes(path.read_bytes()[:8_192])


def garbled(path):
    """Only the first page is valid."""
    shutil.copy(path.with_name("aside") / path.name, path)
    data = path.read_bytes()
    path.write_bytes(data[:4_096] + b"\xee" * (len(data) - 4_096))


@pytest.mark.parametrize("harm", [nothing, noise, cut_off, garbled])
def test_commands_say_what_is_wrong_and_go_on_once_it_is_right(ready, lite_homes, harm):
    prepared, given = ready
    before = prepared.state()
    database = prepared.path / "catalog.db"
    bring_back = put_aside(database)
    for command in COMMANDS:
        harm(database)
        ended = prepared.run(command, given[command])
        if harm is nothing and command in ("ingest", "watch"):
            assert "result" in ended, ended  # they create a new catalogue
            for file in prepared.path.glob("catalog.db*"):
                file.unlink()
            continue
        assert ended.get("error") in OURS, ended
        assert str(database) in ended["message"] or "database" in ended["message"]
    bring_back()
    assert set(prepared.state().products) == set(before.products)
    check_answers(prepared)
    whole = lite_homes.copy(prepared)
    for command in COMMANDS:
        whole.do(command, **given[command])
        prepared.do(command, **given[command])
    assert not differences(prepared.state(), whole.state())


def test_a_vector_cache_that_is_broken_costs_time_and_nothing_else(ready):
    home, _ = ready
    home.do("fetch")
    home.do("reindex")
    wanted = home.state()
    noise(home.path / "vectors.db")
    for left in home.path.glob("vectors.db-*"):
        left.unlink()
    ended = home.run("reindex")
    assert ended["error"] == "CacheError" and "delete the file" in ended["message"]
    check_answers(home)
    (home.path / "vectors.db").unlink()
    assert home.do("reindex")["embedded"] == len(wanted.cached) or home.state().cached
    again = home.state()
    assert again.cached <= wanted.cached and again.rows.keys() == wanted.rows.keys()


def test_a_server_finds_a_catalogue_that_went_away_and_came_back(ready):
    home, _ = ready
    database = home.path / "catalog.db"
    with logging_app(home.path, event_days=0) as app:
        client = app.test_client()
        seed = client.get("/api/v1/products").get_json()["products"][0]["product_id"]
        similar = f"/api/v1/products/{seed}/similar?lift=sold_out"
        assert client.get(similar).status_code == 200
        for harm in (nothing, noise):
            bring_back = put_aside(database)
            harm(database)
            for address in (similar, "/", "/healthz"):
                answer = client.get(address)
                assert answer.status_code == 503 and "Traceback" not in answer.text
                assert str(home.path) not in answer.text
            if harm is nothing:
                assert not database.exists()  # none was created
            bring_back()
            for address in (similar, "/", "/healthz"):
                assert client.get(address).status_code == 200


def test_a_server_notices_that_its_wal_file_was_removed(ready, caplog):
    home, _ = ready
    home.do("reindex")
    settings = CatalogSettings(home=home.path)
    wal = home.path / "catalog.db-wal"
    with Database.open(settings) as db:
        first = Catalogue(db).browse().products[0].product_id
        RuleBook(db).add(Rule.of({"rule_id": "a", "action": "block", "product_id": first}))
        wal.unlink()
        assert [rule.rule_id for rule in RuleBook(db).all()] == ["a"]  # saved by the last to close
        assert "catalog.db-wal was removed or replaced" in caplog.text
        RuleBook(db).add(Rule.of({"rule_id": "b", "action": "block", "product_id": first}))
    with Database.open(settings) as db:
        assert len(RuleBook(db).all()) == 2


def test_a_server_serves_the_new_catalogue_where_one_was_begun_anew(ready):
    home, given = ready
    settings = CatalogSettings(home=home.path)
    with Database.open(settings) as db:
        catalogue = Catalogue(db)
        before = catalogue.watermark()
        for file in home.path.glob("catalog.db*"):
            file.unlink()
        with pytest.raises(DatabaseError, match="ingest"):
            catalogue.watermark()
        home.do("ingest", **given["ingest"])
        assert catalogue.watermark() != before  # not that of the removed file


def test_a_disk_that_can_only_be_read(tmp_path, lite_homes, ready, disk):
    prepared, given = ready
    home = lite_homes.copy(prepared, disk / "home")
    whole = lite_homes.copy(prepared)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        for command in COMMANDS:
            ended = home.run(command, given[command])
            assert ended.get("error") in OURS, ended
            assert str(home.path) in ended["message"]
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    check_answers(home)
    for command in COMMANDS:
        home.do(command, **given[command])
        whole.do(command, **given[command])
    assert not differences(home.state(), whole.state())


@only_postgresql
def test_a_lost_connection_fails_a_reindex_or_nothing(tmp_path, homes, databases, rounds):
    """The server ends all connections during reindexes and requests."""
    feed = feeds.draw(tmp_path / "source")
    home = homes.new()
    home.do("ingest", source=str(feed))
    home.do("reindex")
    with serving(home) as ask:
        usual = ask()
        for _ in range(rounds(3, 20)):
            databases.cut(home.address)
            assert ask() == usual
            home.do("reindex")
    feeds.change(feed)
    home.do("ingest", source=str(feed))
    whole = homes.copy(home)
    whole.do("reindex")
    home.do("reindex")
    assert not differences(home.state(), whole.state())
