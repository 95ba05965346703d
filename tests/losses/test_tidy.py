"""What a home no longer needs is shown, and removed; all else stays, whatever the clock says."""

import json
import os
import time
from datetime import timedelta

import numpy as np
import pytest
from click.testing import CliRunner

from catalog.database.database import Database
from catalog.fetching import shared_leftovers
from catalog.fetching.run import fetch_lock
from catalog.ingest import rejects
from catalog.ingest.rejects import RejectsFile, superfluous_rejects
from catalog.lock import exclusive_lock
from catalog.photos.shared_photos import SharedPhotos
from catalog.products.catalogue import Catalogue
from catalog.records import Rejection
from catalog.utc import utc_now
from engine.commands.tidy import tidy_command
from engine.embedding.caches.sqlite import SqliteCache
from engine.encoders.runtime.store import FACTS_FILE, FOLDER, MODEL_FILE, source_digest
from engine.models import default_name
from engine.operations import tidying
from engine.operations.tidying import Tidying
from engine.operations.watch import Watch
from engine.operations.watch_stages import Feed
from engine.settings import EngineSettings
from tests.catalog.fetching import photo_server
from tests.engine.fake_encoder import FakeEncoder
from tests.losses import commands, feeds
from tests.losses.clocks import AHEAD
from tests.losses.serving import check_answers
from tests.losses.state import differences


@pytest.fixture
def server():
    with photo_server.serving() as running:
        yield running


@pytest.fixture
def shop(tmp_path, lite_homes, server):
    """A home whose feed has changed, so that some fetched photos are not shown any more."""
    feed = feeds.draw(tmp_path / "source", 12)
    feeds.at_addresses(feed, server)
    home = lite_homes.new()
    home.do("watch", source=str(feed))
    rows = feeds.read(feed)
    rows[0]["photos"] = rows[2]["photos"]  # another photo
    feeds.write(feed, [row for row in rows if row["id"] != "p004"])  # which is retired
    home.do("ingest", source=str(feed))
    home.do("reindex")
    return home


def tidied(home, *, remove, **options):
    """What a tidy finds, by kind."""
    caps = commands.caps_of(str(home.path))
    with Database.open(caps) as db:
        found = Tidying(db, caps, EngineSettings(home=home.path)).run(remove=remove, **options)
    return {one.kind: one for one in found}


PHOTOS = "fetched photos that no product shows"
THUMBNAILS = "thumbnails of photos that no product shows"
ENCODERS = "converted encoders that nothing uses"


def stored(home):
    return {path.name for path in (home.path / "photos").glob("??/*")}


def shown(home):
    with Database.open(commands.caps_of(str(home.path))) as db:
        return {photo.path.name for photo in Catalogue(db).photos()}


def test_photos_that_no_product_shows_are_removed_and_all_others_stay(shop):
    before, state = stored(shop), shop.state()
    found = tidied(shop, remove=False)
    assert found.keys() == {PHOTOS} and found[PHOTOS].count == 1 and found[PHOTOS].bytes > 100
    assert stored(shop) == before
    assert tidied(shop, remove=True) == found
    assert len(before - stored(shop)) == 1
    assert tidied(shop, remove=True) == {}
    now = shop.state()
    assert (now.products, now.photos) == (state.products, state.photos)
    retired = dict(now.photos["p004"][0])["path"].rpartition("/")[2]
    assert retired in stored(shop)  # it may come back, and its page is still there
    check_answers(shop)
    assert shop.do("fetch")["fetched"] == 0


def test_shared_photos_that_no_product_shows_are_named_too(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(shared_leftovers, "YOUNG", -60.0)
    (place := tmp_path / "shared").mkdir()
    caps = commands.caps_of(str(shop.path)).model_copy(update={"photos": str(place)})
    assert SharedPhotos.of(caps).put("0" * 64, b"of no product")

    def found(**options):
        with Database.open(caps) as db:
            tidying = Tidying(db, caps, EngineSettings(home=shop.path))
            return [one for one in tidying.run(**options) if one.kind.startswith("shared")]

    (one,) = found(remove=False)
    assert (one.kind, one.count) == ("shared photos that no product shows, kept 7 more days", 1)
    assert found(remove=True, seconds=60.0) == [one] and found(remove=True) == []
    place.rename(tmp_path / "away")
    assert "LOOKALIKE_PHOTOS" in found(remove=True)[0].note


def test_what_is_being_fetched_is_no_leftover(shop):
    with fetch_lock(commands.caps_of(str(shop.path))):
        found = tidied(shop, remove=True)
    assert "Another fetch is running" in found["photos"].note and len(stored(shop)) > 5


def test_an_empty_catalogue_does_not_take_the_photos_of_the_right_one(shop, monkeypatch):
    monkeypatch.setattr(tidying, "LEAST", 1)
    caps = commands.caps_of(str(shop.path))
    other = caps.model_copy(update={"database_url": f"sqlite:///{shop.path / 'other.db'}"})
    Database.migrate(other)
    before = stored(shop)
    with Database.open(other) as db:
        found = Tidying(db, other, EngineSettings(home=shop.path)).run(remove=True, most_share=0.5)
    assert "right catalogue" in found[0].note and stored(shop) == before


def test_thumbnails_of_removed_photos_go_with_them(shop):
    known = sorted(shown(shop))[0][:64]
    for content in (known, "0" * 64):
        folder = shop.path / "thumbs" / content[:2]
        folder.mkdir(parents=True)
        for width in (160, 320):
            (folder / f"{content}-{width}.jpg").write_bytes(b"jpeg")
    assert tidied(shop, remove=True)[THUMBNAILS].count == 2
    left = {path.name for path in (shop.path / "thumbs").glob("*/*")}
    assert left == {f"{known}-160.jpg", f"{known}-320.jpg"}


@pytest.mark.parametrize("place", ["thumbs/00", "index/20261123T101500-1a2b3c4d"])
def test_drafts_of_killed_processes_go_after_a_day(shop, place):
    folder = shop.path / place
    folder.mkdir(parents=True)
    old, new, other = (folder / name for name in (".a.0123abcd.tmp", ".b.0123abcd.tmp", "c.tmp"))
    for path in (old, new, other):
        path.write_bytes(b"half")
    for path in (old, other):
        os.utime(path, (time.time() - 90_000,) * 2)
    assert tidied(shop, remove=True)["drafts of killed processes"].count == 1
    assert not old.exists() and new.exists() and other.exists()


def test_vectors_of_encoders_that_nothing_uses_are_removed(shop):
    row = {f"photo{number}": np.ones(3, np.float32) for number in range(50)}
    file = EngineSettings(home=shop.path).vectors_file
    with SqliteCache(file) as cache:
        for name in ("first", "second", "third", "fourth"):
            cache.put(name, row)
        cache.put("second", row)
    found = tidied(shop, remove=True)["cached vectors of earlier encoders"]
    assert found.count == 50
    with SqliteCache(file) as cache:
        counts = [cache.count(name) for name in ("first", "second", "third", "fourth")]
        assert counts == [0, 50, 50, 50]
        assert cache.count(FakeEncoder().fingerprint) > 5  # of the generations
    assert shop.do("reindex")["embedded"] == 0


def test_converted_encoders_that_nothing_uses_are_removed(shop):
    """One stays for every upgrade of a model or of the program, some tens of megabytes each."""
    settings = EngineSettings(home=shop.path)
    current, used = source_digest(default_name(), settings.models_dir), FakeEncoder().fingerprint
    prints = {current: "now", "1" * 24: "now", "2" * 24: "gone", "3" * 24: used}
    folder = settings.models_dir / FOLDER
    for name, fingerprint in prints.items():
        (folder / name).mkdir(parents=True)
        (folder / name / FACTS_FILE).write_text(json.dumps({"fingerprint": fingerprint}))
    for killed in (f"{current}.killed", "4" * 24 + ".running"):
        (folder / killed).mkdir()
        (folder / killed / MODEL_FILE).write_bytes(b"half")
    with exclusive_lock(folder / ("4" * 24 + ".lock"), "conversion"):
        assert tidied(shop, remove=False)[ENCODERS].count == 3
        found = tidied(shop, remove=True)[ENCODERS]
    assert found.count == 3 and found.bytes > 4
    left = {path.name for path in folder.iterdir() if path.is_dir()}
    assert left == {current, "3" * 24, "4" * 24 + ".running"}


def reject(folder, source, rows=1):
    with RejectsFile(folder, source) as file:
        for line in range(rows):
            file.write(Rejection(line, "1", "row", "value", "the price is invalid"))
    return file.path


def test_the_latest_rejects_files_of_each_source_stay(tmp_path, monkeypatch):
    other = reject(tmp_path, "other feed")
    start, paths = utc_now(), []
    for number in range(12):
        at = start - timedelta(seconds=100 - number)
        monkeypatch.setattr(rejects, "utc_now", lambda at=at: at)
        paths.append(reject(tmp_path, "feed.csv"))
    monkeypatch.setattr(rejects, "utc_now", lambda: start + AHEAD)
    paths.append(reject(tmp_path, "feed.csv"))  # the clock is wrong for once
    assert set(tmp_path.iterdir()) == {other, *paths[-rejects.KEPT :]}
    monkeypatch.setattr(rejects, "utc_now", utc_now)
    last = reject(tmp_path, "feed.csv")
    kept = {*paths[-rejects.KEPT : -1], last}
    assert set(tmp_path.iterdir()) == {other, *kept}
    monkeypatch.setattr(rejects, "KEPT_BYTES", 10)
    assert set(superfluous_rejects(tmp_path)) == kept - {last}


def test_a_rejects_file_does_not_grow_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(rejects, "MAX_BYTES", 1_000)
    lines = reject(tmp_path, "feed.csv", rows=5_000).read_text().splitlines()
    assert 20 < len(lines) < 60 and "what else is rejected is not listed" in lines[-1]


def test_the_command_shows_first_and_removes_after_a_yes(shop, monkeypatch):
    for name in [name for name in os.environ if name.startswith("LOOKALIKE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LOOKALIKE_HOME", str(shop.path))
    before = stored(shop)

    def run(*arguments):
        result = CliRunner().invoke(tidy_command, arguments)
        assert result.exit_code == 0, result.output
        return result.output

    for arguments in ((), ("--dry-run",), ("--dry-run", "--yes")):
        text = run(*arguments)
        assert PHOTOS in text and "Nothing was removed. Next: lookalike tidy --yes" in text
        assert stored(shop) == before
    assert json.loads(run("--json"))["found"][0]["count"] == 1 and stored(shop) == before
    assert f"Removed 1 {PHOTOS}" in run("--yes")
    assert len(stored(shop)) == len(before) - 1
    assert run() == "Nothing to remove.\n"


def test_a_watch_does_the_same_and_says_what_it_removed(shop, tmp_path):
    def watch(**options):
        settings = EngineSettings(home=shop.path, **commands.SETTINGS)
        caps = commands.caps_of(str(shop.path))
        source = Feed(str(tmp_path / "source" / "catalogue.csv"))
        return Watch(source, FakeEncoder, settings=settings, caps=caps, **options)

    before = stored(shop)
    without = watch(tidy=False)
    assert "tidy" not in without.cycle().summary and stored(shop) == before
    without.close()
    usual = watch()
    first, second = usual.cycle(), usual.cycle()
    usual.close()
    assert f"tidy: 1 {PHOTOS}" in first.summary and first.ok
    assert "tidy" not in second.summary  # once an hour
    assert len(stored(shop)) == len(before) - 1


def test_a_tidy_of_a_home_that_needs_nothing_changes_nothing(shop):
    tidied(shop, remove=True)
    state = shop.state()
    assert tidied(shop, remove=True) == {}
    assert not differences(shop.state(), state)
