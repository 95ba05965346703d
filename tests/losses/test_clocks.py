"""A clock that was 400 days ahead for a while: nothing waits that long, and nothing is lost.

What is deleted by its age has its tests beside the tables: `tests/catalog/events/test_log.py` and
`tests/catalog/hooks/test_apply.py`.
"""

from datetime import timedelta

import pytest

from catalog.database.database import Database
from catalog.fetching.client import NO_VALIDATORS, Validators
from catalog.fetching.download_status import Due, due_downloads
from catalog.fetching.feed_download import remember_feed, stored_validators
from catalog.fetching.schedule import longest_pause, next_try
from catalog.settings import CatalogSettings
from catalog.utc import utc_now
from engine.index.generation import last_good
from engine.index.pointer import HISTORY, current_name, published
from engine.operations import watch as watching
from engine.operations.watch import Watch
from engine.operations.watch_stages import Feed
from engine.settings import EngineSettings
from tests.catalog.fetching import photo_server
from tests.engine.fake_encoder import FakeEncoder
from tests.losses import commands, feeds
from tests.losses.clocks import AHEAD


def test_a_stage_that_failed_while_the_clock_was_ahead_is_tried_when_it_is_right(
    tmp_path, lite_homes, monkeypatch
):
    home = lite_homes.new()
    feed = feeds.draw(tmp_path / "source")
    rows = feed.read_bytes()
    feed.unlink()

    def watch() -> Watch:
        settings = EngineSettings(home=home.path, **commands.SETTINGS)
        caps = CatalogSettings(home=home.path)
        return Watch(Feed(str(feed)), FakeEncoder, settings=settings, caps=caps, report=print)

    with monkeypatch.context() as wrong:
        wrong.setattr(watching, "utc_now", lambda: utc_now() + AHEAD)
        first = watch()
        assert not first.cycle().ok
        first.close()
    feed.write_bytes(rows)
    second = watch()
    cycle = second.cycle()
    second.close()
    assert cycle.ok and "waits until" not in cycle.summary, cycle.summary
    assert f"ingest: {feeds.PRODUCTS} new" in cycle.summary


@pytest.fixture
def server():
    with photo_server.serving() as running:
        yield running


def test_photos_whose_retry_was_set_by_a_wrong_clock_are_requested(tmp_path, lite_homes, server):
    feed = feeds.draw(tmp_path / "source")
    feeds.at_addresses(feed, server)
    home = lite_homes.new()
    home.do("ingest", source=str(feed))
    wanted = home.do("fetch", ahead=AHEAD.total_seconds())["fetched"]
    assert wanted > 5
    longest = longest_pause(7)
    with Database.open(CatalogSettings(home=home.path)) as db, db.read() as connection:
        assert len(due_downloads(connection, Due(utc_now(), longest))) == wanted
        assert due_downloads(connection, Due(utc_now() + AHEAD, longest)) == []


def test_a_server_cannot_put_a_photo_off_for_longer_than_the_longest_pause():
    now = utc_now()
    assert now < next_try(now, "http_429", 1, wait=1e9, seed="x") <= now + longest_pause(0)


def test_a_feed_that_was_read_by_a_wrong_clock_is_read_again(db):
    """Its sales were those of another day."""
    with db.write() as connection, connection.begin():
        remember_feed(connection, "feed", "options", Validators('"tag"', None), None)
    with db.read() as connection:
        now = utc_now()
        assert stored_validators(connection, "feed", "options", now) == Validators('"tag"', None)
        assert stored_validators(connection, "feed", "options", now - AHEAD) == NO_VALIDATORS


def test_a_generation_of_the_future_is_neither_the_fallback_nor_kept_for_ever(
    tmp_path, lite_homes, monkeypatch
):
    feed = feeds.draw(tmp_path / "source", 12)
    home = lite_homes.new()
    index = EngineSettings(home=home.path).index_dir
    names = []
    for ahead in (timedelta(0), AHEAD, timedelta(0), timedelta(0)):
        rows = feeds.read(feed)
        feeds.write(feed, rows[:-1])  # so that there is something to publish
        home.do("ingest", source=str(feed))
        names.append(home.do("reindex", ahead=ahead.total_seconds())["generation"])
        assert published(index) == names and current_name(index) == names[-1]
        if len(names) == 3:  # the future one is the one before the live one
            assert {path.name for path in index.glob("2*")} == set(names[1:])
            assert last_good(index).name == names[-1]
    assert names[1] > names[3]
    assert {path.name for path in index.glob("2*")} == set(names[2:])
    assert home.state().files >= {"index/HISTORY"}


def test_a_home_without_a_history_orders_by_name(tmp_path, lite_homes):
    """As homes of earlier versions do, until they publish."""
    feed = feeds.draw(tmp_path / "source", 12)
    home = lite_homes.new()
    index = EngineSettings(home=home.path).index_dir
    for _ in range(2):
        feeds.write(feed, feeds.read(feed)[:-1])
        home.do("ingest", source=str(feed))
        newest = home.do("reindex")["generation"]
    (index / HISTORY).unlink()
    assert last_good(index).name == newest
    feeds.write(feed, feeds.read(feed)[:-1])
    home.do("ingest", source=str(feed))
    last = home.do("reindex")["generation"]
    assert published(index) == [last] and {p.name for p in index.glob("2*")} == {newest, last}
