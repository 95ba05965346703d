"""SIGKILL at any time of a command: nothing is lost or duplicated, and the next run finishes."""

import pytest

from tests.catalog.fetching import photo_server
from tests.losses import feeds
from tests.losses.killing import Killer
from tests.losses.serving import check_answers


def test_a_killed_first_ingest(tmp_path, homes, rounds):
    given = {"source": str(feeds.draw(tmp_path / "source"))}
    print(Killer(homes, homes.new(), "ingest", given).rounds(rounds(2, 25), seed=1))


def test_a_killed_ingest(tmp_path, homes, rounds):
    feed = feeds.draw(tmp_path / "source")
    given = {"source": str(feed)}
    home = homes.new()
    home.do("ingest", **given)
    feeds.change(feed)
    print(Killer(homes, home, "ingest", given).rounds(rounds(3, 25), seed=2))


@pytest.mark.parametrize("begun", [False, True], ids=["first", "again"])
def test_a_killed_reindex(tmp_path, lite_homes, rounds, begun):
    feed = feeds.draw(tmp_path / "source")
    home = lite_homes.new()
    home.do("ingest", source=str(feed))
    if begun:
        home.do("reindex")
        feeds.change(feed)
        home.do("ingest", source=str(feed))
    killer = Killer(lite_homes, home, "reindex", between=check_answers)
    print(killer.rounds(rounds(4, 30), seed=3))


@pytest.fixture
def server():
    with photo_server.serving() as running:
        yield running


def test_a_killed_fetch(tmp_path, homes, rounds, server):
    feed = feeds.draw(tmp_path / "source")
    feeds.at_addresses(feed, server)
    home = homes.new()
    home.do("ingest", source=str(feed))
    print(Killer(homes, home, "fetch").rounds(rounds(2, 30), seed=4))


def test_a_killed_watch(tmp_path, homes, rounds, server):
    home = homes.new()
    given = feeds.watch_then_change(home, tmp_path / "source", server)
    killer = Killer(homes, home, "watch", given, between=check_answers)
    print(killer.rounds(rounds(3, 40), seed=5))
