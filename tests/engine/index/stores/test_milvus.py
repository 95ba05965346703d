"""The store in Milvus: what is lost, a server that is away or starts again, and other indexes."""

import multiprocessing
import sys
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import BrokenGeneration, SettingsError, StoreError
from engine.index import build
from engine.index.merged import open_merged
from engine.index.stores import choose, milvus_rows
from engine.search.live_index import LiveIndex
from engine.settings import EngineSettings
from tests import milvus
from tests.databases import only_postgresql
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.generations import publish
from tests.engine.index import run_reindex
from tests.engine.index.stores.test_pgvector import reindex_blocked_at_its_end
from tests.engine.search.test_live_index import NoFacts
from tests.waiting import wait_until


@pytest.fixture
def store(server, small_milvus):
    """A store with connections of its own."""
    return server.store(small_milvus)


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_build_that_is_killed_leaves_the_live_generation_and_no_collection(
    server, store, home, monkeypatch
):
    made = publish(home, 40, store=store)
    live = LiveIndex(home / "index", NoFacts(), server.another(store))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(build, "tune", killed)
        publish(home, 40, 1, store=store)
    assert len(store._milvus().generations()) > 1
    assert live.current().generation.name == made.name
    newer = publish(home, 40, 2, store=server.another(store))
    store.prune(1)
    assert set(store._milvus().generations()) == {made.name, newer.name}
    assert live.current().generation.name == newer.name


@only_postgresql
def test_a_reindex_that_is_killed_leaves_no_collection_behind(
    server, database_url, small_milvus, new_shop, monkeypatch
):
    monkeypatch.setenv("LOOKALIKE_STORE", "milvus")
    monkeypatch.setenv("LOOKALIKE_MILVUS_ADDRESS", small_milvus)
    # A server of forks may be older than these variables.
    monkeypatch.setattr(run_reindex, "CONTEXT", multiprocessing.get_context("spawn"))
    shop = new_shop(24, store="milvus", milvus_address=small_milvus)
    live = shop.reindex().generation
    before = shop.recommender().similar_to("p001", min_match=0)
    orphans = reindex_blocked_at_its_end(shop, version=2)
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    with shop.db.engine.connect() as connection:
        while connection.exec_driver_sql(held).scalar():  # the server has not noticed yet
            connection.rollback()
    store = choose.open_store(shop.settings, shop.catalogue)
    assert len(store._milvus().generations()) == 2
    assert before and shop.recommender().similar_to("p001", min_match=0) == before
    newer = shop.reindex(FakeEncoder(2)).generation
    assert set(store._milvus().generations()) == {live, newer}
    for orphan in orphans:
        orphan.wait(20)


def test_a_server_that_goes_away_is_named_and_one_that_starts_again_answers(server, home, tmp_path):
    with milvus.small(data=tmp_path / "data") as address:
        store = server.store(address)
        made = publish(home, 60, store=store)
        query = np.asarray(made.vectors[4])
        live = LiveIndex(home / "index", NoFacts(), store)
        before = live.current().generation.index.nearest(query, 5, 100).tolist()
    with pytest.raises(StoreError, match=f"Milvus at {address} cannot be used: .*Check that the"):
        made.index.nearest(query, 5, 100)
    with pytest.raises(StoreError):
        publish(home, 60, 1, store=store)
    with pytest.raises(StoreError):
        LiveIndex(home / "index", NoFacts(), server.another(store)).current()
    with milvus.small(int(address.rpartition(":")[2]), tmp_path / "data"):
        wait_until(lambda: milvus.answers(address), "the server answers again")
        reopened = LiveIndex(home / "index", NoFacts(), server.another(store)).current().generation
        assert reopened.index.nearest(query, 5, 100).tolist() == before
        assert made.index.nearest(query, 5, 100).tolist() == before


def test_what_is_lost_or_changed_there_is_named(server, store, home):
    made = publish(home, 30, store=store)
    name = store._milvus().collection(made.name)
    with store._milvus().client() as client:
        client.delete(name, ids=[7])
    with pytest.raises(BrokenGeneration, match=r"missing in Milvus. Run `lookalike reindex"):
        made.vectors[np.arange(30)]
    store._milvus().drop(made.name)
    with store._milvus().client() as client:  # those of facets, too
        assert not [one for one in client.list_collections() if one.startswith(name)]
    with pytest.raises(BrokenGeneration, match="not in Milvus"):
        made.index.nearest(np.ones(39, np.float32), 5, 100)
    with pytest.raises(BrokenGeneration):
        open_merged(home / "index", store=server.another(store))
    again = publish(home, 30, store=store)
    longer = milvus_rows.MilvusRows(store._milvus(), again.name, (30, 40), {})
    with pytest.raises(BrokenGeneration, match=r"is \(30, 39\) rows and numbers"):
        longer.check()


def test_indexes_of_two_databases_do_not_meet_on_one_server(server, store, home, tmp_path):
    made = publish(home, 30, store=store)
    address = server.postgres.create()
    other = replace(server, address=address).another(store)
    publish(tmp_path / "other", 30, 1, store=other)
    other.prune(1)
    assert made.name in store._milvus().generations()
    assert made.name not in other._milvus().generations()
    assert made.index.nearest(np.asarray(made.vectors[3]), 2, 50)[0] == 3
    server.postgres.drop(address)


def test_settings_name_what_is_missing(new_shop, monkeypatch):
    shop = new_shop(2)
    settings = EngineSettings(home=shop.settings.home, store="milvus")
    monkeypatch.setitem(sys.modules, "engine.index.stores.milvus", None)
    monkeypatch.setattr(choose.PostgresServer, "is_postgres", lambda _: True)
    with pytest.raises(SettingsError, match=r"pip install 'lookalike\[milvus\]'"):
        choose.open_store(settings, shop.catalogue)
    monkeypatch.undo()
    if not choose.PostgresServer.is_postgres(shop.db):
        with pytest.raises(SettingsError, match="keeps which index is live beside the catalogue"):
            choose.open_store(settings, shop.catalogue)
    with pytest.raises(ValueError, match="milvus_address"):
        EngineSettings(milvus_address="milvus:19530")
