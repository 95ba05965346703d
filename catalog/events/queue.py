"""Between answers and their log: a bounded queue, and one thread a process that writes batches.

Putting something in takes a lock and no more: never a database, a disk or another process. What
finds the queue full is dropped and counted. A database that is locked, full or gone is tried
again, ever more slowly, while the queue fills; no answer fails or waits for it.

What was put in within about the last second is not written yet: a killed process loses it, one
that ends by itself writes it first.
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
from catalog.events.event import Answer, Entry, Losses
from catalog.events.log import EventLog
from catalog.utc import utc_now

log = logging.getLogger(__name__)

SIZE = 10_000
BATCH = 200
EVERY = 1.0  # seconds that an entry waits for others
PATIENCE = (0.5, 1.0, 2.0, 5.0, 15.0)  # seconds between attempts; the last one from then on
LAST_WORDS = 5.0  # seconds that an ending process gives its last batches
PRUNE_EVERY = 3_600.0
PRUNE_AGAIN = 0.2  # between two batches of it, so that others may write too


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of all that was put in. ``dropped`` found the queue full or could not be
    written at all; ``trouble`` says why writing fails just now."""

    taken: int
    written: int
    dropped: int
    waiting: int
    trouble: str


class EventQueue:
    """Takes answers and events from any thread, and writes them in its own.

    Nothing is opened and no thread runs until something is put in; both are then this process's
    own, also after a fork.

    Args:
        open_log: opens the log; called by the thread, until it works.
        keep_days: what is older is deleted, in batches, once an hour.
        size: how many entries may wait.
        now: tells the time.
    """

    def __init__(
        self,
        open_log: Callable[[], EventLog],
        *,
        keep_days: float,
        size: int = SIZE,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._open_log = open_log
        self._keep = timedelta(days=keep_days)
        self._size = size
        self._now = now
        self._start_anew()
        _QUEUES.add(self)

    def _start_anew(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Entry] = deque()
        self._in_hand = 0
        self._taken = self._written = self._dropped = 0
        self._lost_answers = self._lost_events = 0  # dropped, and not told to the log yet
        self._trouble = ""
        self._thread: threading.Thread | None = None
        self._log: EventLog | None = None
        self._hurried = self._closing = False
        self._prune_at = 0.0

    def put(self, entry: Entry) -> bool:
        """Have an entry written soon; False if there is no room, and it is dropped."""
        with self._changed:
            if len(self._waiting) >= self._size or self._closing:
                self._lose([entry])
                return False
            self._waiting.append(entry)
            self._taken += 1
            if self._thread is None:
                self._start()
            if len(self._waiting) in (1, BATCH):
                self._changed.notify_all()
            return True

    def flush(self, timeout: float = LAST_WORDS) -> bool:
        """Write what waits now without waiting for more; False if ``timeout`` seconds passed."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()
            done = self._changed.wait_for(
                lambda: not self._waiting and not self._in_hand, timeout=timeout
            )
            self._hurried = False
            return done

    def close(self, timeout: float = LAST_WORDS) -> None:
        """Take nothing more, write what waits, and end the thread; say so if that fails."""
        atexit.unregister(self.close)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        with self._changed:
            if left := len(self._waiting) + self._in_hand:
                log.warning("%d answers and events were not written: %s", left, self._trouble)
            if thread is not None and not thread.is_alive() and self._log is not None:
                self._log.db.close()
                self._log = None

    def counts(self) -> Counts:
        """How it goes."""
        with self._changed:
            waiting = len(self._waiting) + self._in_hand
            return Counts(self._taken, self._written, self._dropped, waiting, self._trouble)

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="event-log", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no thread can be had just now: the next entry tries again
            self._note(error)
            return
        self._thread = thread
        atexit.register(self.close)

    def _lose(self, entries: Sequence[Entry]) -> None:
        """Count what is dropped; say it at the first and then at every thousandth."""
        for entry in entries:
            self._dropped += 1
            self._lost_answers += isinstance(entry, Answer)
            self._lost_events += not isinstance(entry, Answer | Losses)
            if self._dropped % 1_000 == 1:
                why = self._trouble or "more come than can be written"
                log.warning("The event log dropped %d answers and events: %s", self._dropped, why)

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            if batch:
                self._persist(batch)
            self._prune()

    def _next_batch(self) -> list[Entry] | None:
        """Some entries; none when it is time to prune; None at the end."""
        with self._changed:
            while not self._waiting:
                left = self._prune_at - time.monotonic()
                if self._closing:
                    return None
                if left <= 0:
                    return []
                self._changed.wait(left)
            ready = time.monotonic() + EVERY
            while len(self._waiting) < BATCH and not self._hurried and not self._closing:
                if (left := ready - time.monotonic()) <= 0:
                    break
                self._changed.wait(left)
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._in_hand = len(batch)
            return batch

    def _persist(self, batch: list[Entry]) -> None:
        """Write a batch, as often as it takes; what can never be written is dropped."""
        attempt = 0
        while not self._write(batch):
            pause = PATIENCE[min(attempt, len(PATIENCE) - 1)]
            attempt += 1
            with self._changed:
                if self._closing:  # that was the last attempt
                    self._lose([*batch, *self._waiting])
                    self._waiting.clear()
                    break
                self._changed.wait_for(lambda: self._closing, timeout=pause)
        with self._changed:
            self._in_hand = 0
            self._changed.notify_all()

    def _write(self, batch: list[Entry]) -> bool:
        """Write a batch; False if it may work later."""
        with self._changed:
            answers, events = self._lost_answers, self._lost_events
        losses = [Losses(self._now(), answers, events)] if answers or events else []
        try:
            self._opened().write([*batch, *losses])
        except Exception as error:  # whatever it is: the thread must go on
            self._note(error)
            if may_pass(error):
                return False
            if len(batch) > 1:  # only what is wrong itself is dropped
                return all([self._write([entry]) for entry in batch])
            with self._changed:
                self._lose(batch)
            return True
        with self._changed:
            self._written += len(batch)
            self._lost_answers -= answers
            self._lost_events -= events
            self._trouble = ""
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
        except Exception as error:  # as above
            self._note(error)
        self._prune_at = time.monotonic() + (PRUNE_AGAIN if more else PRUNE_EVERY)

    def _note(self, error: Exception) -> None:
        """Remember why writing fails, and log it once."""
        if str(error) != self._trouble:
            self._trouble = str(error)
            log.warning("The event log cannot be written: %s", error)


def may_pass(error: Exception) -> bool:
    """Whether a failure may be over later: a lock, a full disk, a server that restarts."""
    if isinstance(error, MigrationNeeded):
        return True
    return isinstance(error, DatabaseError) and isinstance(error.__cause__, OperationalError)


_QUEUES: "weakref.WeakSet[EventQueue]" = weakref.WeakSet()


def _after_fork() -> None:
    # A thread does not survive a fork, and the parent writes what it took: the child starts anew.
    for queue in _QUEUES:
        queue._start_anew()


os.register_at_fork(after_in_child=_after_fork)
