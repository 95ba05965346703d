"""Annoy's index for several servers: copies are checked, publishing is fenced, nothing is mixed."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.errors import BrokenGeneration, Busy, NoGeneration, SettingsError, StoreError
from engine.index.pointer import CURRENT, current_name
from engine.index.stores.choose import open_store
from engine.index.stores.shared_annoy import store as annoy
from engine.index.update import Updater
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings
from tests.databases import only_postgresql
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.shop import open_shop
from tests.waiting import wait_until

pytestmark = only_postgresql


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "shared").mkdir()
    return str(tmp_path / "shared")


@pytest.fixture
def shop_at(database_url, tmp_path):
    """A shop whose index is at a place."""
    return lambda address: open_shop(
        tmp_path / "one", products=12, shared_index=address, min_recall=0
    )


@pytest.fixture
def other(database_url, tmp_path):
    """Opens another server's home, empty, and what answers there."""

    def make(shop, name="other"):
        settings = shop.settings.model_copy(update={"home": tmp_path / name})
        settings = EngineSettings(
            home=tmp_path / name, workers=1, trees=10, shared_index=shop.settings.shared_index
        )
        catalogue = Catalogue(Database.open(CatalogSettings(home=tmp_path / name)))
        return Recommender(settings, catalogue, lambda *_: FakeEncoder()), settings.index_dir

    return make


def name_of(recommender: Recommender) -> str:
    """The generation that it answers from now."""
    return recommender.live().name


def names(index_dir: Path) -> set[str]:
    return {path.name for path in index_dir.iterdir() if path.is_dir()}


def test_an_empty_home_answers_from_a_copy_and_follows_what_is_published(
    shop_at, other, shared_place
):
    shop = shop_at(shared_place)
    first = shop.reindex().generation
    theirs, index_dir = other(shop)
    assert name_of(theirs) == first
    assert theirs.panel("p001").results == shop.recommender().panel("p001").results
    second = shop.reindex(force=True).generation
    wait_until(lambda: name_of(theirs) == second, "it does not follow")
    shop.change("p003", photos="photos/p001-0.png")
    updater = Updater(shop.catalogue, FakeEncoder, shop.settings)
    assert updater.update(delta_only=True).published
    wait_until(lambda: name_of(theirs) == f"{second}+1", "it does not follow the delta")
    kept = {second, f"delta-{second}-1"}
    wait_until(lambda: names(index_dir) == kept, "old copies stay")


def test_old_generations_leave_the_shared_files_and_each_home(shop_at, other, folder):
    shop = shop_at(folder)
    published = []
    theirs, index_dir = other(shop)
    for _ in range(4):
        published.append(shop.reindex(force=True).generation)
        wait_until(lambda: name_of(theirs) == published[-1], "it does not follow")
    assert names(Path(folder) / "index") == set(published[-2:])
    kept = set(published[-2:])
    wait_until(lambda: names(index_dir) == kept, "old copies stay")
    (Path(folder) / "index" / "20200101T000000-aaaaaaaa").mkdir()  # of a killed run
    (Path(folder) / "index" / "notes").mkdir()
    last = shop.reindex(force=True).generation
    assert names(Path(folder) / "index") == {published[-1], last, "notes"}


def test_a_file_that_is_not_what_was_published_is_never_answered_from(shop_at, other, folder):
    shop = shop_at(folder)
    first = shop.reindex().generation
    theirs, index_dir = other(shop)
    assert name_of(theirs) == first
    for name in ("index.ann", "manifest.json"):
        second = shop.reindex(force=True).generation
        path = Path(folder) / "index" / second / name
        path.write_bytes(path.read_bytes().replace(b"1", b"2") + b" ")
        with pytest.raises(BrokenGeneration):
            name_of(other(shop, f"new {name}")[0])
        assert name_of(theirs) == first  # it goes on with what it has
        assert not (index_dir / second).exists()
        assert not list(index_dir.glob(".copying*"))


def test_when_the_shared_files_are_gone_servers_go_on_and_new_ones_say_so(shop_at, other, folder):
    shop = shop_at(folder)
    first = shop.reindex().generation
    theirs, _ = other(shop)
    assert name_of(theirs) == first
    shutil.rmtree(folder)
    assert name_of(theirs) == first
    with pytest.raises(StoreError, match="is it mounted"):
        name_of(other(shop, "new")[0])
    with pytest.raises(StoreError, match="LOOKALIKE_SHARED_INDEX"):
        shop.reindex(force=True)
    assert name_of(theirs) == first


def test_one_home_builds_at_a_time_and_publishes_only_while_it_holds_the_lock(
    shop_at, other, folder, databases, database_url
):
    shop = shop_at(folder)
    first = shop.reindex().generation
    with (
        open_store(shop.settings, shop.catalogue).exclusive(),
        pytest.raises(Busy, match="another home"),
    ):
        shop.reindex(settings=shop.settings.model_copy(update={"home": Path(folder).parent}))
    store = open_store(shop.settings, shop.catalogue)
    with store.exclusive():
        databases.cut(database_url)  # as a server does that lost a machine
        with pytest.raises(StoreError):
            store.publish(shop.settings.index_dir, annoy.Pointer(first))
    assert shop.reindex(force=True).published


def test_a_first_copy_is_made_by_one_process_and_others_say_to_wait(shop_at, other, folder):
    shop = shop_at(folder)
    shop.reindex()
    theirs, index_dir = other(shop)
    index_dir.mkdir(parents=True)
    other_process = annoy.exclusive_lock(index_dir / annoy.COPY_LOCK, "copies")
    with other_process, pytest.raises(NoGeneration, match="is being copied"):
        name_of(theirs)
    assert not (index_dir / CURRENT).exists()
    (index_dir / ".copying-killed").mkdir()
    assert name_of(theirs) == current_name(shop.settings.index_dir)
    assert not (index_dir / ".copying-killed").exists()


def test_a_copy_that_fails_in_the_background_is_logged_and_tried_again(
    shop_at, other, folder, monkeypatch, caplog
):
    shop = shop_at(folder)
    first = shop.reindex().generation
    theirs, _ = other(shop)
    assert name_of(theirs) == first
    monkeypatch.setattr(annoy, "PAUSE", 0.01)
    moved = Path(folder).rename(f"{folder}-moved")
    shop2 = replace(shop)
    Path(folder).mkdir()
    second = shop2.reindex(force=True).generation
    shutil.move(Path(folder) / "index" / second, moved / "index" / second)
    name_of(theirs)
    wait_until(lambda: name_of(theirs) == first and "not copied yet" in caplog.text, "not logged")
    shutil.move(moved / "index" / second, Path(folder) / "index" / second)
    wait_until(lambda: name_of(theirs) == second, "it does not try again")


def test_a_pointer_with_another_name_touches_no_folder(shop_at, other, folder):
    shop = shop_at(folder)
    shop.reindex()
    with shop.db.write() as connection, connection.begin():
        connection.execute(text("UPDATE shared_index SET generation = '../../etc'"))
    with pytest.raises(BrokenGeneration, match="no valid name"):
        name_of(other(shop)[0])
    assert any("broken" in note for note in shop.reindex().notes)


def test_the_home_of_an_experiment_does_not_replace_the_index_of_the_shop(
    shop_at, shared_place, tmp_path
):
    shop = shop_at(shared_place)
    settings = shop.settings.model_copy(update={"home": tmp_path / "experiment"})
    live = shop.reindex().generation
    where = re.escape(str(shop.settings.index_dir.parent))
    with pytest.raises(SettingsError, match=f"by .*:{where}, .*LOOKALIKE_SHARED_INDEX out"):
        shop.reindex(FakeEncoder(2), settings=settings)
    assert shop.recommender().generation == live
    assert not shop.reindex(settings=settings).published  # with the encoder of the shop
    assert shop.reindex(FakeEncoder(2), settings=settings, force=True).published
    with pytest.raises(SettingsError, match="experiment"):
        shop.reindex()


def test_the_lock_of_a_machine_that_lost_its_power_ends_soon(shop_at, folder):
    shop = shop_at(folder)
    store = open_store(shop.settings, shop.catalogue)
    of_session = (
        "SELECT name FROM pg_settings WHERE name ~ '^tcp_keepalives' AND source = 'session'"
    )
    with store.exclusive():
        assert len(store._pointer._held.execute(text(of_session)).fetchall()) == 3


def test_two_places_of_an_index_are_refused(shop_at, folder):
    shop = shop_at(folder)
    both = shop.settings.model_copy(update={"store": "pgvector"})
    with pytest.raises(SettingsError, match="Set one of the two"):
        open_store(both, shop.catalogue)
