"""Watches of homes that share an index: one leads, another takes over when it is gone."""

import os
import re
import signal
import socket

import pytest
from sqlalchemy import text

from catalog.database.database import Database
from catalog.settings import CatalogSettings
from engine.commands.status import format_status
from engine.operations.leading import Leading
from engine.operations.status import take_status
from engine.operations.watch import Watch
from engine.operations.watch_stages import Feed
from engine.settings import EngineSettings
from tests.databases import only_postgresql
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.operations.run_watch import said, start_watch
from tests.engine.shop import draw_source
from tests.waiting import LONG, wait_until

pytestmark = only_postgresql


@pytest.fixture
def source(tmp_path):
    draw_source(tmp_path / "source", 6)
    return tmp_path / "source" / "catalogue.csv"


@pytest.fixture
def leading_of(database_url):
    """Opens leases of watches, and gives them back."""
    opened: list[Leading] = []

    def make(source="feed", seconds=600.0):
        opened.append(Leading(CatalogSettings(), source, seconds))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def take_over():
    """As if another watch had taken each lease."""
    with Database.open() as db, db.write() as connection, connection.begin():
        connection.execute(text("UPDATE leases SET fence = fence + 1, holder = 'another'"))


def test_a_killed_watch_is_followed_by_the_other(source, database_url, tmp_path):
    homes = [tmp_path / name for name in ("one", "other")]
    shared = {"store": "pgvector", "lease_seconds": 2.0}
    watches = [start_watch(homes[0], source, database_url, **shared)]
    try:
        wait_until(lambda: "rebuilt" in said(homes[0]), "the first one does not work")
        watches.append(start_watch(homes[1], source, database_url, **shared))
        wait_until(lambda: "stands by" in said(homes[1]), "the other one does not stand by")
        assert "cycle" not in said(homes[1]) and "index" not in said(homes[1])
        assert str(watches[0].pid) in said(homes[1])
        os.kill(watches[0].pid, signal.SIGKILL)
        wait_until(lambda: "up to date" in said(homes[1]), "nobody took over")
    finally:
        for watch in watches:
            watch.kill()
            watch.join(LONG)
    assert said(homes[1]).count("stands by") == 1
    assert "Another reindex" not in said(homes[1])


def test_the_status_of_any_home_names_the_watch_that_leads(leading_of, home):
    settings = EngineSettings(store="pgvector")
    assert any(one.startswith("Leading:    none;") for one in format_status(take_status(settings)))
    assert leading_of().lead() and leading_of("another feed").lead()
    status = take_status(settings)
    lines = [line for line in format_status(status) if line.startswith("Leading:")]
    assert len(lines) == 2
    begun = re.escape(status.as_json()["leaders"][0]["since"])
    machine = re.escape(socket.gethostname())
    assert re.fullmatch(
        rf"Leading:    the watch on {machine}, process {os.getpid()}, since {begun} "
        r"\(\d+ s ago\); its lease ends in \d+ s unless it is renewed",
        lines[0],
    )
    assert take_status(EngineSettings()).leaders is None  # an index of its own


def test_a_watch_that_ends_lets_the_other_go_on_at_once(leading_of):
    one, other = leading_of(), leading_of()
    assert one.lead() and one.lead()
    assert not other.lead()
    assert not leading_of("feed").lead()
    assert leading_of("another feed").lead()
    one.close()
    assert other.lead()


def test_a_leader_renews_its_lease_and_stops_when_another_has_it(leading_of, caplog):
    one = leading_of(seconds=1.0)
    assert one.lead()
    until = one._until
    wait_until(lambda: one._until > until + 1, "the lease is not renewed")
    assert one.leads
    take_over()
    wait_until(lambda: not one.leads, "it goes on without its lease")
    assert not one.lead()
    assert one.leader() == "another"


def test_a_leader_that_cannot_reach_the_database_stops_in_time(leading_of, databases, database_url):
    one = leading_of(seconds=1.0)
    assert one.lead()
    with databases.closed(database_url):
        wait_until(lambda: not one.leads, "it leads without a database")
    wait_until(one.lead, "it does not lead again")


def test_a_watch_without_its_lease_begins_no_batch(source, database_url, home):
    settings = EngineSettings(store="pgvector", min_recall=0, workers=1, lease_seconds=600)
    watch = Watch(Feed(str(source)), FakeEncoder, settings=settings, report=lambda _: None)
    try:
        assert watch.once().ok
        watch._leading._until = 0.0
        take_over()
        assert watch.cycle().summary.split("; ")[0].endswith("stopped")
        held = watch.once()
        assert held.ok and "stands by: another leads" in held.summary
    finally:
        watch.close()


def test_a_home_with_an_index_of_its_own_needs_no_lease(source, database_url, home):
    settings = EngineSettings(min_recall=0, workers=1, trees=10)
    watches = [
        Watch(Feed(str(source)), FakeEncoder, settings=settings, report=lambda _: None)
        for _ in range(2)
    ]
    try:
        assert all("index:" in watch.once().summary for watch in watches)
    finally:
        for watch in watches:
            watch.close()
