"""The bounded queue in front of the event log, and the thread of each process that writes batches.

`EventQueue.put` takes a lock and never waits for a database, a disk or another process. Entries
that find the queue full are dropped and counted. If the database is locked, full or gone, writes
are retried with growing delays while the queue fills; no answer fails or waits for it.

Entries of about the last second are not written yet: a process that is killed loses them, one that
ends normally writes them first.
"""

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError

from catalog.errors import DatabaseError, MigrationNeeded
from catalog.events.event import Answer, DroppedCounts, LogEntry
from catalog.events.log import EventLog
from catalog.utc import utc_now

log = logging.getLogger(__name__)

MAX_WAITING = 10_000  # entries
BATCH = 200
BATCH_SECONDS = 1.0  # that an entry waits for a full batch
RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0, 15.0)  # between attempts; the last one from then on
CLOSE_SECONDS = 5.0  # that an ending process waits for its last batches
UNTRUSTED_PART = 4  # of the queue, as a divisor, for entries that anyone may send
PRUNE_SECONDS = 900.0  # between two rounds of pruning
PRUNE_PAUSE = 0.2  # seconds between two batches of one round, so that others can write too


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """The state of a queue.

    Attributes:
        taken: entries that were put in.
        written: entries that were written to the log.
        dropped: entries that found the queue full, or could not be written at all.
        waiting: entries that are not written yet.
        last_error: why writing fails at the moment; "" if it does not.
    """

    taken: int
    written: int
    dropped: int
    waiting: int
    last_error: str


class EventQueue:
    """Takes answers and events from any thread, and writes them in a thread of its own.

    The log is opened and the thread started by the first entry; after a fork, the child process
    opens and starts its own.

    Args:
        open_log: opens the log; called by the thread, until it works.
        keep_days: older entries are deleted, in batches, once an hour.
        size: the most entries that wait.
        now: the clock.
    """

    def __init__(
        self,
        open_log: Callable[[], EventLog],
        *,
        keep_days: float,
        size: int = MAX_WAITING,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._open_log = open_log
        self._keep = timedelta(days=keep_days)
        self._size = size
        self._now = now
        self.reset()
        QUEUES.add(self)

    def reset(self) -> None:
        """Empties the queue, without a thread and a log, as in a new process."""
        self._changed = threading.Condition()
        self._waiting: deque[LogEntry] = deque()
        self._untrusted: set[int] = set()  # ids of objects among those that wait
        self._in_progress = 0
        self._taken = self._written = self._dropped = 0
        self._dropped_answers = self._dropped_events = 0  # not recorded in the log yet
        self._last_error = ""
        self._thread: threading.Thread | None = None
        self._log: EventLog | None = None
        self._flushing = self._closing = False
        self._prune_at = 0.0

    def put(self, entry: LogEntry, *, trusted: bool = True) -> bool:
        """Queues an entry; False if the queue is full or closed, and the entry dropped.

        Entries that are not ``trusted``, which anyone may send, get a part of the queue only, so
        that they take no place from the others.
        """
        with self._changed:
            full = len(self._waiting) >= self._size
            if not trusted:
                full |= len(self._untrusted) >= max(1, self._size // UNTRUSTED_PART)
            if full or self._closing:
                self._drop([entry])
                return False
            self._waiting.append(entry)
            if not trusted:
                self._untrusted.add(id(entry))
            self._taken += 1
            if self._thread is None:
                self._start()
            if len(self._waiting) in (1, BATCH):
                self._changed.notify_all()
            return True

    def flush(self, timeout: float = CLOSE_SECONDS) -> bool:
        """Writes all waiting entries now; False if that takes longer than ``timeout`` seconds."""
        with self._changed:
            self._flushing = True
            self._changed.notify_all()
            done = self._changed.wait_for(
                lambda: not self._waiting and not self._in_progress, timeout=timeout
            )
            self._flushing = False
            return done

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Takes no more entries, writes those that wait, and ends the thread; logs a failure."""
        atexit.unregister(self.close)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        with self._changed:
            counts = self.counts()
            log.info("The event log is closed: %s", counts)
            if counts.waiting:
                why = counts.last_error
                log.warning("%d answers and events were not written: %s", counts.waiting, why)
            if thread is not None and not thread.is_alive() and self._log is not None:
                self._log.db.close()
                self._log = None

    def counts(self) -> QueueCounts:
        """The state of the queue."""
        with self._changed:
            waiting = len(self._waiting) + self._in_progress
            return QueueCounts(self._taken, self._written, self._dropped, waiting, self._last_error)

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="event-log", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # too many threads; the next entry tries again
            self._log_error(error)
            return
        self._thread = thread
        atexit.register(self.close)

    def _drop(self, entries: Sequence[LogEntry]) -> None:
        """Counts dropped entries; logs the first, and then every thousandth."""
        for entry in entries:
            self._dropped += 1
            self._dropped_answers += isinstance(entry, Answer)
            self._dropped_events += not isinstance(entry, Answer | DroppedCounts)
            if self._dropped % 1_000 == 1:
                why = self._last_error or "they come faster than they can be written"
                log.warning("The event log dropped %d answers and events: %s", self._dropped, why)

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            if batch:
                self._persist(batch)
            self._prune()

    def _next_batch(self) -> list[LogEntry] | None:
        """Waits for a batch of entries; an empty one when pruning is due; None at the end."""
        with self._changed:
            while not self._waiting:
                left = self._prune_at - time.monotonic()
                if self._closing:
                    return None
                if left <= 0:
                    return []
                self._changed.wait(left)
            ready = time.monotonic() + BATCH_SECONDS
            while len(self._waiting) < BATCH and not self._flushing and not self._closing:
                if (left := ready - time.monotonic()) <= 0:
                    break
                self._changed.wait(left)
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._untrusted.difference_update(map(id, batch))
            self._in_progress = len(batch)
            return batch

    def _persist(self, batch: list[LogEntry]) -> None:
        """Writes a batch, with retries; entries that can never be written are dropped."""
        attempt = 0
        while not self._write(batch):
            pause = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
            attempt += 1
            with self._changed:
                if self._closing:  # that was the last attempt
                    self._drop([*batch, *self._waiting])
                    self._waiting.clear()
                    self._untrusted.clear()
                    break
                self._changed.wait_for(lambda: self._closing, timeout=pause)
        with self._changed:
            self._in_progress = 0
            self._changed.notify_all()

    def _write(self, batch: list[LogEntry]) -> bool:
        """Writes a batch; False if it failed and may work later."""
        with self._changed:
            answers, events = self._dropped_answers, self._dropped_events
        dropped = [DroppedCounts(self._now(), answers, events)] if answers or events else []
        try:
            refused = self._opened().write([*batch, *dropped])
        except Exception as error:  # any error: the thread must go on
            self._log_error(error)
            if is_transient(error):
                return False
            if len(batch) > 1:  # drop only the entries that cause the error
                return all([self._write([entry]) for entry in batch])
            with self._changed:
                self._drop(batch)
            return True
        with self._changed:
            self._written += len(batch) - refused
            self._dropped += refused
            self._dropped_answers -= answers
            self._dropped_events += refused - events
            self._last_error = ""
        return True

    def _opened(self) -> EventLog:
        if self._log is None:
            self._log = self._open_log()
        return self._log

    def _prune(self) -> None:
        if time.monotonic() < self._prune_at:
            return
        more = False
        try:
            more = self._opened().prune(self._now() - self._keep)
            more |= self._opened().prune_unmatched(self._now())
        except Exception as error:  # as above
            self._log_error(error)
        self._prune_at = time.monotonic() + (PRUNE_PAUSE if more else PRUNE_SECONDS)

    def _log_error(self, error: Exception) -> None:
        """Keeps the reason why writing fails, and logs it once."""
        if str(error) != self._last_error:
            self._last_error = str(error)
            log.warning("The event log cannot be written: %s", error)


def is_transient(error: Exception) -> bool:
    """Whether an error may go away by itself: a lock, a full disk, a server that restarts."""
    if isinstance(error, MigrationNeeded):
        return True
    return isinstance(error, DatabaseError) and isinstance(error.__cause__, OperationalError)


QUEUES: "weakref.WeakSet[EventQueue]" = weakref.WeakSet()


def _after_fork() -> None:
    # A thread does not survive a fork, and the parent writes its entries: the child starts empty.
    for queue in QUEUES:
        queue.reset()


os.register_at_fork(after_in_child=_after_fork)
