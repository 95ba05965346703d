"""What a query says is remembered until anything is written, by whomever."""

import sqlite3
import threading

import pytest
from sqlalchemy import select, update

from catalog.database.changes import Changes
from catalog.database.models import StateRow
from catalog.database.statements import bump_version
from tests.databases import only_sqlite


@pytest.fixture
def file(tmp_path):
    """An SQLite file in WAL mode, held open as a catalogue's is; its path and a connection."""
    path = tmp_path / "a b%20?.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE numbers (n INTEGER)")
    yield path, connection
    connection.close()


def asked(db, name="version"):
    """What a query says, and whether the database was asked."""
    found = []

    def query(connection):
        found.append(connection)
        return connection.execute(select(StateRow.version)).scalar_one()

    return db.latest(name, query), bool(found)


@only_sqlite
def test_a_query_is_asked_again_only_after_a_write(db):
    version, _ = asked(db)
    assert asked(db) == (version, False)
    assert asked(db, "another") == (version, True)
    with db.write() as connection, connection.begin():
        bump_version(connection)
    assert asked(db) == (version + 1, True)
    assert asked(db) == (version + 1, False)


@only_sqlite
def test_within_one_moment_it_is_looked_up_once(db, monkeypatch):
    version, looked_up = asked(db)[0], []
    stamp = Changes.stamp
    monkeypatch.setattr(Changes, "stamp", lambda self: (looked_up.append(1), stamp(self))[1])
    with db.one_moment():
        assert asked(db) == (version, False) and asked(db) == (version, False)
        with db.one_moment():
            asked(db)
        with db.write() as connection, connection.begin():
            bump_version(connection)
        assert asked(db) == (version, False)
    assert len(looked_up) == 1
    assert asked(db) == (version + 1, True)


def test_every_write_is_seen_at_once(db):
    for _ in range(20):
        before, _ = asked(db)
        with db.write() as connection, connection.begin():
            connection.execute(update(StateRow).values(version=StateRow.version + 1))
        assert asked(db)[0] == before + 1


@only_sqlite
def test_what_is_written_while_a_query_runs_is_asked_for_again(db):
    def query(connection):
        found = connection.execute(select(StateRow.version)).scalar_one()
        with db.write() as other, other.begin():
            bump_version(other)
        return found

    old = db.latest("version", query)
    assert asked(db) == (old + 1, True)


def test_a_stamp_changes_with_writes_of_others_and_only_then(file):
    path, other = file
    changes = Changes(path)
    first = changes.stamp()
    assert first is not None and changes.stamp() == first
    other.execute("SELECT count(*) FROM numbers").fetchall()
    assert changes.stamp() == first
    other.execute("INSERT INTO numbers VALUES (1)")
    second = changes.stamp()
    assert second not in (None, first)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO numbers VALUES (2)")
    assert changes.stamp() == second  # not written yet
    other.execute("COMMIT")
    assert changes.stamp() not in (None, first, second)
    changes.close()


def test_another_file_in_its_place_is_another_stamp(file, tmp_path):
    path, other = file
    changes = Changes(path)
    first = changes.stamp()
    other.close()
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    copy.replace(path)
    assert changes.stamp() is None
    again = sqlite3.connect(path)
    again.execute("SELECT * FROM numbers").fetchall()
    assert changes.stamp() not in (None, first)
    again.close()
    changes.close()


def test_a_missing_file_is_not_created(tmp_path):
    path = tmp_path / "none.db"
    assert Changes(path).stamp() is None
    assert not path.exists()


def test_threads_share_it(file):
    path, _ = file
    changes, found = Changes(path), []
    threads = [
        threading.Thread(target=lambda: found.extend(changes.stamp() for _ in range(50)))
        for _ in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 200 and len(set(found)) == 1 and None not in found
    changes.close()
