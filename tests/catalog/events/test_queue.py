"""No failure of the log reaches the callers of the queue, and no entry is lost silently."""

import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DataError

from catalog.database.database import Database
from catalog.database.event_models import AnswerRow, EventRow, LossRow
from catalog.errors import DatabaseError, MigrationNeeded
from catalog.events import queue as eventqueue
from catalog.events.event import DroppedCounts
from catalog.events.log import EventLog
from catalog.events.queue import BATCH, EventQueue
from catalog.settings import CatalogSettings
from tests.catalog.events.event_rows import NOON, answer, event
from tests.databases import VARIABLE, only_sqlite
from tests.waiting import LONG, wait_until

ROOT = Path(__file__).parents[3]


class FakeLog:
    """Keeps what is written; its gate can be shut, and some entries are poison."""

    def __init__(self):
        self.batches, self.pruned = [], []
        self.gate, self.started = threading.Event(), threading.Event()
        self.gate.set()
        self.poison, self.more = (), 0
        self.db = self

    def write(self, entries):
        self.started.set()
        assert self.gate.wait(LONG)
        if any(entry in self.poison for entry in entries):
            raise DatabaseError("a value is wrong") from DataError("", {}, Exception())
        self.batches.append(list(entries))
        return 0

    def prune(self, before):
        self.pruned.append(before)
        self.more -= 1
        return self.more > 0

    def prune_unmatched(self, now):
        return False

    def close(self):
        pass

    @property
    def kept(self):
        return [entry for batch in self.batches for entry in batch]


@pytest.fixture
def fake():
    return FakeLog()


@pytest.fixture
def queue_of():
    """Makes queues, and ends their threads."""
    made = []

    def make(log, **options):
        open_log = log if callable(log) else lambda: log
        queue = EventQueue(open_log, **{"keep_days": 90, "now": lambda: NOON, **options})
        made.append(queue)
        return queue

    yield make
    for queue in made:
        queue.close(0.1)


def in_sql(settings, table):
    with Database.open(settings) as db, db.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_entries_are_written_in_order_and_in_batches(fake, queue_of):
    queue = queue_of(fake)
    fake.gate.clear()
    entries = [event("view", number, "a") for number in range(3 * BATCH + 7)]
    assert all(queue.put(entry) for entry in entries)
    fake.gate.set()
    assert queue.flush(LONG)
    assert fake.kept == entries
    assert max(map(len, fake.batches)) == BATCH
    assert len(fake.batches) <= 5
    counts = queue.counts()
    assert (counts.taken, counts.written, counts.dropped, counts.waiting) == (607, 607, 0, 0)


def test_a_full_queue_drops_entries_and_records_their_number(fake, queue_of, caplog):
    queue = queue_of(fake, size=5)
    fake.gate.clear()
    queue.put(event("view", 0, "a"))
    assert queue.flush(0) is False
    assert fake.started.wait(LONG)  # one is being written; none waits
    taken = [queue.put(event("view", number, "a")) for number in range(1, 9)]
    taken += [queue.put(answer(number, "a")) for number in range(9, 12)]
    assert taken == [True] * 5 + [False] * 6
    assert queue.counts().dropped == 6
    assert "dropped" in caplog.text
    fake.gate.set()
    assert queue.flush(LONG)
    losses = [entry for entry in fake.kept if isinstance(entry, DroppedCounts)]
    assert losses == [DroppedCounts(NOON, answers=3, events=3)]
    assert queue.put(event("view", 99, "a"))
    assert queue.flush(LONG)
    assert len([entry for entry in fake.kept if isinstance(entry, DroppedCounts)]) == 1


def test_entries_of_strangers_take_no_place_from_the_others(fake, queue_of):
    queue = queue_of(fake, size=8)
    fake.gate.clear()
    queue.put(event("view", 0, "a"))
    assert queue.flush(0) is False
    assert fake.started.wait(LONG)  # one is being written; none waits
    taken = [queue.put(event("view", number, "a"), trusted=False) for number in range(1, 100)]
    assert taken == [True] * 2 + [False] * 97
    real = [queue.put(event("click", number, "a")) for number in range(6)]
    assert all(real)
    assert not queue.put(event("click", 7, "a"))
    fake.gate.set()
    assert queue.flush(LONG)
    assert queue.put(event("view", 200, "a"), trusted=False)


def test_nothing_is_opened_before_something_is_put_in(queue_of):
    def opened():
        raise AssertionError("opened")

    before = set(threading.enumerate())
    queue = queue_of(opened)
    assert queue.flush(0)
    queue.close()
    assert set(threading.enumerate()) <= before


@only_sqlite  # PostgreSQL locks no whole database
def test_a_locked_database_delays_entries_and_fails_nothing(
    db, catalog_settings, queue_of, monkeypatch
):
    monkeypatch.setattr(eventqueue, "RETRY_SECONDS", (0.01,))
    queue = queue_of(lambda: EventLog(Database.open(catalog_settings, 0.01)))
    with db.write() as connection, connection.begin():
        assert queue.put(answer(1, "a"))
        assert queue.put(event("click", 1, "a"))
        wait_until(lambda: "locked" in queue.counts().last_error, "nothing was tried")
        assert not queue.flush(0)
    assert queue.flush(LONG)
    assert queue.counts().last_error == ""
    assert (in_sql(catalog_settings, AnswerRow), in_sql(catalog_settings, EventRow)) == (1, 1)


def test_a_missing_catalogue_is_waited_for(new_database_url, queue_of, monkeypatch):
    monkeypatch.setattr(eventqueue, "RETRY_SECONDS", (0.01,))
    settings = CatalogSettings()
    queue = queue_of(lambda: EventLog(Database.open(settings)))
    assert queue.put(answer(1, "a"))
    assert not queue.flush(0.1)
    Database.migrate(settings)
    assert queue.flush(LONG)
    assert in_sql(settings, AnswerRow) == 1


@pytest.mark.parametrize(
    "error", [MigrationNeeded("no catalogue"), OSError("no disk"), RuntimeError("a bug")]
)
def test_a_log_that_never_opens_costs_only_its_entries(error, queue_of, caplog):
    def fail():
        raise error

    queue = queue_of(fail, size=10)
    for number in range(30):
        queue.put(event("view", number, "a"))
    queue.close(LONG)
    counts = queue.counts()
    assert (counts.written, counts.dropped, counts.waiting) == (0, 30, 0)
    assert str(error) in caplog.text


def test_an_entry_that_cannot_be_written_is_dropped_alone(fake, queue_of):
    good, bad = [event("view", number, "a") for number in range(20)], event("cart", 3, "bad")
    fake.poison = (bad,)
    queue = queue_of(fake)
    for entry in [*good[:7], bad, *good[7:]]:
        queue.put(entry)
    assert queue.flush(LONG)
    assert [entry for entry in fake.kept if not isinstance(entry, DroppedCounts)] == good
    assert DroppedCounts(NOON, 0, 1) in fake.kept or queue.counts().dropped == 1


def test_closing_writes_waiting_entries_and_takes_no_more(fake, queue_of):
    queue = queue_of(fake)
    for number in range(5):
        queue.put(event("view", number, "a"))
    queue.close(LONG)
    assert len(fake.kept) == 5
    assert not queue.put(event("view", 6, "a"))
    assert queue.counts().dropped == 1


def test_old_entries_are_pruned_until_none_is_left(fake, queue_of, monkeypatch):
    monkeypatch.setattr(eventqueue, "PRUNE_PAUSE", 0.0)
    fake.more = 3
    queue = queue_of(fake, keep_days=10)
    queue.put(event("view", 1, "a"))
    assert queue.flush(LONG)
    queue.close(LONG)
    assert fake.pruned == [NOON - timedelta(days=10)] * 3


def test_a_log_that_cannot_be_pruned_is_still_written(fake, queue_of, monkeypatch):
    def fail(before):
        raise DatabaseError("not now")

    monkeypatch.setattr(fake, "prune", fail)
    queue = queue_of(fake)
    queue.put(event("view", 1, "a"))
    assert queue.flush(LONG)
    assert len(fake.kept) == 1


def process(code, home):
    environment = {"LOOKALIKE_HOME": str(home), "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    if VARIABLE in os.environ:
        environment[VARIABLE] = os.environ[VARIABLE]
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + code], env=environment,
        capture_output=True, text=True, timeout=LONG,
    )  # fmt: skip


PROGRAM = """
import os, signal
from catalog.database.database import Database
from catalog.events.log import EventLog
from catalog.events.queue import EventQueue
from tests.catalog.events.event_rows import answer
EventQueue.close.__defaults__ = (300.0,)  # a busy machine may take longer than a stop should
queue = EventQueue(lambda: EventLog(Database.open()), keep_days=1e4)
"""


def test_a_process_that_ends_writes_all_entries(db, home, catalog_settings):
    done = process("for n in range(1_000): queue.put(answer(n, 'a'))", home)
    assert (done.returncode, done.stderr) == (0, "")
    assert in_sql(catalog_settings, AnswerRow) == 1_000
    assert in_sql(catalog_settings, LossRow) == 0


def test_a_killed_process_loses_its_last_batch_only(db, home, catalog_settings):
    done = process(
        "for n in range(500): queue.put(answer(n, 'a'))\n"
        "assert queue.flush(60)\n"
        "queue.put(answer(500, 'a'))\n"
        "os.kill(os.getpid(), signal.SIGKILL)",
        home,
    )
    assert done.returncode == -9
    assert 500 <= in_sql(catalog_settings, AnswerRow) <= 501


def test_each_process_of_a_fork_has_a_writer_of_its_own(db, home, catalog_settings):
    done = process(
        "queue.put(answer(1, 'a'))\n"
        "child = os.fork()\n"
        "queue.put(answer(2 + bool(child), 'a'))\n"
        "assert queue.flush(60)\n"
        "if child: assert os.waitpid(child, 0)[1] == 0",
        home,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert in_sql(catalog_settings, AnswerRow) == 3
