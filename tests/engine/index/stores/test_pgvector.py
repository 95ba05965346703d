"""The store in PostgreSQL: many homes, a server that goes away, and processes that are killed."""

import errno
import multiprocessing
import re

import numpy as np
import pytest

from catalog.database.postgres import PostgresServer
from catalog.lock import exclusive_lock
from engine.commands.index import vectors_command
from engine.encoders.facets import FacetLayout
from engine.errors import BrokenGeneration, Busy, GenerationError, SettingsError, StoreError
from engine.index.generation import open_live
from engine.index.merged import open_merged
from engine.index.pointer import current_name
from engine.index.stores import fetched_rows, pgvector_rows, postgres_copies
from engine.index.stores.choose import open_store
from engine.index.stores.pgvector_rows import tables
from engine.index.stores.postgres_session import connected
from engine.index.stores.recall import ExactNeighbours
from engine.index.stores.shared import COPY_LOCK
from engine.index.update import Updater
from engine.operations.status import take_status
from engine.search.live_index import LiveIndex
from engine.search.row_values import AllRows
from engine.search.search import search
from engine.search.search_query import SearchQuery
from engine.settings import EngineSettings
from tests.databases import only_postgresql
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.generations import publish, publish_delta, random_rows
from tests.engine.index import run_reindex
from tests.engine.index.test_kill import kill
from tests.engine.search.test_live_index import NoFacts


def known_tables(server) -> set[str]:
    store = server.store()
    with connected(store._server) as connection:
        return set(tables(connection))


@pytest.fixture
def store(server):
    """A store with connections of its own."""
    return server.store()


def test_a_home_follows_what_another_home_publishes(server, store, tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs" / "index"
    live = LiveIndex(theirs, NoFacts(), server.store())
    first = publish(ours, 80, store=store)
    found = live.current().generation
    assert found.name == first.name == current_name(theirs)
    assert found.ids[:].tolist() == first.ids[:].tolist()
    assert np.array_equal(found.vectors[[3, 70]], first.vectors[[3, 70]])
    delta = publish_delta(ours, ["new"], random_rows(first.layout, 1), store=store)
    assert live.current().generation.name == delta.name and "new" in live.current().generation.ids
    for seed in (1, 2):
        newer = publish(ours, 60, seed, store=store)
        store.prune(1)
        assert live.current().generation.name == newer.name
    assert sorted(path.name for path in theirs.glob("2*")) == sorted(
        path.name for path in (ours / "index").glob("2*") if path.name != first.name
    )
    assert not list(theirs.glob("delta-*")) and not list(theirs.glob(".copying-*"))
    assert known_tables(server) == {path.name for path in theirs.glob("2*")}


def test_one_reindex_runs_on_a_database_at_a_time(server, store):
    with store.exclusive():
        with pytest.raises(Busy, match="from another home"), server.store().exclusive():
            pass
        assert store._held is not None
    with server.store().exclusive():
        pass


def test_the_lock_of_a_machine_that_lost_its_power_ends_soon(store):
    of_session = (
        "SELECT name FROM pg_settings WHERE name ~ '^tcp_keepalives' AND source = 'session'"
    )
    with store.exclusive():
        assert len(store._held.execute(of_session).fetchall()) == 3


def test_a_server_that_goes_away_is_named_and_one_that_is_back_answers(server, store, home):
    made = publish(home, 90, store=store)
    live = LiveIndex(home / "index", NoFacts(), store)
    query = np.asarray(made.vectors[4])
    before = live.current().generation.index.nearest(query, 5, 100).tolist()
    server.postgres.cut(server.address)  # a restart
    assert live.current().generation.index.nearest(query, 5, 100).tolist() == before
    server.postgres.let_in(server.address, False)
    server.postgres.cut(server.address)
    try:
        with pytest.raises(StoreError, match=r"cannot be used: .*Check that the server"):
            live.current().generation.index.nearest(query, 5, 100)
        with pytest.raises(StoreError):
            LiveIndex(home / "index", NoFacts(), server.store()).current()
        with pytest.raises(StoreError), store.exclusive():
            pass
    finally:
        server.postgres.let_in(server.address, True)
    assert live.current().generation.index.nearest(query, 5, 100).tolist() == before


def test_a_pointer_that_names_another_folder_is_refused(server, store, home, tmp_path):
    publish(home, 20, store=store)
    with connected(store._server) as connection:
        connection.execute("UPDATE lookalike_index.live SET delta = '../outside'")
    with pytest.raises(BrokenGeneration, match="names no generation"):
        LiveIndex(tmp_path / "other" / "index", NoFacts(), server.store()).current()
    assert not (tmp_path / "other").exists()
    publish(home, 20, 1, store=store)


def test_one_process_copies_at_a_time_and_removes_what_a_killed_one_left(
    server, store, home, tmp_path
):
    first = publish(home, 20, store=store)
    theirs = tmp_path / "other" / "index"
    live = LiveIndex(theirs, NoFacts(), server.store())
    live.current()
    newer = publish(home, 20, 1, store=store)
    (theirs / ".copying-0123").mkdir()
    (theirs / newer.name).mkdir()  # without its files
    with exclusive_lock(theirs / COPY_LOCK, "copies the index"):
        assert live.current().generation.name == first.name
    assert live.current().generation.name == newer.name
    assert not list(theirs.glob(".copying-*"))


def test_a_home_that_cannot_be_written_serves_what_it_has(
    server, store, home, tmp_path, monkeypatch, caplog
):
    first = publish(home, 20, store=store)
    live = LiveIndex(tmp_path / "other" / "index", NoFacts(), server.store())
    live.current()
    newer = publish(home, 20, 1, store=store)
    with monkeypatch.context() as patch:
        full = OSError(errno.ENOSPC, "No space left on device")
        patch.setattr(postgres_copies, "sync", lambda _: (_ for _ in ()).throw(full))
        assert live.current().generation.name == first.name
        assert "No space left" in caplog.messages[-1]
    assert live.current().generation.name == newer.name


def test_rows_that_pgvector_cannot_index_are_refused(store, tmp_path):
    rows = np.ones((1, 2_001), dtype=np.float32)
    layout, settings = FacetLayout.of({"looks": 2_001}), EngineSettings(home=tmp_path)
    with pytest.raises(GenerationError, match="2,001 numbers, and pgvector indexes 2,000"):
        store.build("20261127T000000-00000000", tmp_path, rows, layout, settings)


def test_a_scan_goes_on_beyond_the_most_candidates(store, home, monkeypatch):
    generation = publish(home, 1_500, store=store)
    monkeypatch.setattr(pgvector_rows, "MOST_CANDIDATES", 10)
    rows = np.asarray(generation.vectors)
    ones = np.ones(generation.layout.dim, dtype=np.float32)
    mostly = generation.layout.reweigh(ones, {"shape": 0.01, "colour": 0.01, "pattern": 1.0})
    exact = ExactNeighbours.of(rows, np.arange(0, 1_500, 30), scale=mostly)
    few, many = (exact.recall(generation.index, search_k) for search_k in (10, 600))
    assert few < many and many > 0.99
    nearest = generation.index.nearest(rows[7], 50, 600)
    assert len(nearest) == 50 and (np.diff(rows[nearest] @ rows[7]) < 1e-6).all()


def test_a_pgvector_that_is_too_old_is_named(store, home, monkeypatch):
    monkeypatch.setattr(pgvector_rows, "LEAST_VERSION", (99, 0))
    with pytest.raises(StoreError, match=r"pgvector 0\.8 or newer. Install it"):
        publish(home, 20, store=store)


def test_a_search_reads_a_bounded_number_of_rows(store, home, monkeypatch):
    """Where guards leave too few of them, the answer is the best of those that were read."""
    generation = publish(home, 1_500, store=store, search_k=1_000)
    monkeypatch.setattr(fetched_rows, "MOST", 400)
    query = np.asarray(generation.vectors[5])
    order = np.argsort(-(np.asarray(generation.vectors) @ query))
    fits = np.zeros((1, 1_500), dtype=bool)
    fits[0, order[395:]] = True
    wanted = SearchQuery(query[np.newaxis], 12, (AllRows(fits),), near_duplicates=True)
    assert [hit.row for hit in search(generation, wanted)[0]] == order[395:400].tolist()


def test_a_catalogue_in_sqlite_has_no_such_store(new_shop):
    shop = new_shop(2)
    settings = EngineSettings(home=shop.settings.home, store="pgvector")
    with pytest.raises(SettingsError, match="Set LOOKALIKE_DATABASE_URL"):
        open_store(settings, shop.catalogue)
    assert "Set LOOKALIKE_DATABASE_URL" in take_status(settings).stale[0]


@pytest.fixture
def shop(server, database_url, new_shop, monkeypatch):
    """A shop whose catalogue is in PostgreSQL and whose index is beside it."""
    monkeypatch.setenv("LOOKALIKE_STORE", "pgvector")
    # A server of forks may be older than these variables.
    monkeypatch.setattr(run_reindex, "CONTEXT", multiprocessing.get_context("spawn"))
    return new_shop(24, store="pgvector")


def reindex_blocked_at_its_end(shop, version: int):
    """A reindex in another process, whose index is built and which cannot publish it."""
    engine = shop.db.engine
    with engine.connect() as blocker:
        blocker.exec_driver_sql("LOCK TABLE lookalike_index.generations IN SHARE MODE")
        process = run_reindex.start(shop.settings.home, version)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'"
        while not blocker.exec_driver_sql(waiting).scalar():
            assert process.exitcode is None
        return kill(process)


@only_postgresql
def test_a_shop_is_indexed_served_updated_and_left_again(shop, tmp_path):
    first = shop.reindex()
    assert (first.published, shop.reindex().published) == (True, False)
    recommender = shop.recommender()
    expected = recommender.similar_to("p001", min_match=0)
    assert expected and recommender.generation == first.generation
    shop.change("p005", photos=shop.rows()[6]["photos"])
    updater = Updater(shop.catalogue, FakeEncoder, shop.settings)
    assert updater.update(delta_only=True).published
    assert recommender.generation == f"{first.generation}+1"
    assert shop.reindex(FakeEncoder(2)).published
    assert recommender.generation not in (first.generation, f"{first.generation}+1")
    status = take_status(shop.settings)
    assert (status.stale, status.indexed_products) == ((), 24)
    assert vectors_command.main([str(tmp_path / "out.npz")], standalone_mode=False) is None
    assert np.load(tmp_path / "out.npz")["vectors"].shape == (24, 39)

    in_files = EngineSettings(home=shop.settings.home, workers=1, trees=10, store="annoy")
    assert "LOOKALIKE_STORE=pgvector" in take_status(in_files).stale[0]
    moved = shop.reindex(FakeEncoder(2), settings=in_files)
    assert moved.published and moved.notes == ("The index moves to annoy, from another store.",)
    assert open_live(in_files.index_dir).manifest.store == "annoy"


@only_postgresql
def test_the_home_of_an_experiment_does_not_replace_the_index_of_the_shop(shop, tmp_path):
    settings = shop.settings.model_copy(update={"home": tmp_path / "experiment"})
    live = shop.reindex().generation
    where = re.escape(str(shop.settings.index_dir.parent))
    with pytest.raises(SettingsError, match=f"by .*:{where}, .*LOOKALIKE_STORE=annoy in this home"):
        shop.reindex(FakeEncoder(2), settings=settings)
    assert shop.recommender().generation == live
    assert not shop.reindex(settings=settings).published  # with the encoder of the shop
    assert shop.reindex(FakeEncoder(2), settings=settings, force=True).published
    with pytest.raises(SettingsError, match="experiment"):
        shop.reindex()


@only_postgresql
@pytest.mark.parametrize(
    "loss",
    [
        "DROP SCHEMA lookalike_index CASCADE",
        'DROP TABLE lookalike_index."rows_{}"',
        "DELETE FROM lookalike_index.files; DELETE FROM lookalike_index.live;"
        " INSERT INTO lookalike_index.live (generation, delta) VALUES ('{}', 'delta-{}-1')",
        "UPDATE lookalike_index.live SET delta = '../outside'",
    ],
)
def test_an_index_that_is_lost_is_built_again(shop, loss):
    lost = shop.reindex().generation
    updater = Updater(shop.catalogue, FakeEncoder, shop.settings)
    for again in (shop.reindex, updater.update):
        with connected(PostgresServer(shop.db)) as connection:
            connection.execute(loss.format(lost, lost))
        report = again()
        assert report.published
        assert take_status(shop.settings).stale == ()
        assert shop.recommender().similar_to("p001", min_match=0)
        lost = report.generation


@only_postgresql
def test_a_reindex_that_is_killed_leaves_the_live_generation_and_no_table(shop):
    shop.reindex()
    before = shop.recommender().similar_to("p001", min_match=0)
    live = current_name(shop.settings.index_dir)
    orphans = reindex_blocked_at_its_end(shop, version=2)
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    with shop.db.engine.connect() as connection:
        while connection.exec_driver_sql(held).scalar():  # the server has not noticed yet
            connection.rollback()
    assert shop.recommender().similar_to("p001", min_match=0) == before
    assert current_name(shop.settings.index_dir) == live
    report = shop.reindex(FakeEncoder(2))
    store = open_store(shop.settings, shop.catalogue)
    with connected(PostgresServer(shop.db)) as connection:
        assert set(tables(connection)) == {live, report.generation}
    assert open_merged(shop.settings.index_dir, store=store).name == report.generation
    for orphan in orphans:
        orphan.wait(20)
