"""Fetch the photos that are due: many at once, kept in small batches, so that a kill costs little.

Start reading at `fetch`. The thread that calls it hands out turns and writes; others download.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime

from catalog.database.database import Database
from catalog.errors import FetchError
from catalog.fetching.addresses import Allowed, Guard, parse_address
from catalog.fetching.book import Entry, count_due, count_waiting, due, misshown
from catalog.fetching.client import Client
from catalog.fetching.host_queue import IN_VAIN, HostQueue, Task
from catalog.fetching.photos import PhotoFetcher
from catalog.fetching.results import FetchProgress, FetchReport
from catalog.fetching.saving import Outcome, save, settle
from catalog.fetching.schedule import PATIENCE, again_at_once
from catalog.fetching.store import PhotoStore, explain_full_disk
from catalog.lock import only_one
from catalog.settings import CatalogSettings

BATCH = 100  # results a transaction
SECONDS = 2.0  # that a result waits at most to be written
AHEAD = 500  # addresses that are held ready
TICK = 0.25  # seconds until the next look at who may go on
UNREACHED = frozenset({"connection", "dns", "timeout"})


def fetch(
    db: Database,
    settings: CatalogSettings | None = None,
    *,
    limit: int | None = None,
    again: bool = False,
    on_progress: Callable[[FetchProgress], None] | None = None,
    guard: Guard | None = None,
) -> FetchReport:
    """Fetch the photos that were never fetched, that failed and are due, or that are old.

    A photo that cannot be had is noted with its reason and tried again by a later run, at growing
    intervals; its product stays. Killed at any moment, the next run goes on from there.

    Args:
        db: the catalogue.
        settings: the home that photos go to, the caps, and who may be asked.
        limit: at most so many addresses.
        again: also try what failed and is not due yet.
        on_progress: called at the start and after every address.
        guard: who may be asked; of the settings unless given.

    Raises:
        Busy: another process fetches into this home.
        CatalogError: photos cannot be stored. What was fetched before is kept.
        DatabaseError: the database cannot be written.
        SettingsError: LOOKALIKE_FETCH_HOSTS makes no sense.
    """
    settings = settings or CatalogSettings()
    guard = guard or Guard(Allowed.of(settings.fetch_hosts))
    started = time.monotonic()
    store = PhotoStore(settings)
    try:
        with only_one(settings.resolved_home / "fetch.lock", "fetch"):
            store.clean()
            run = _Run(db, store, settings, on_progress or (lambda _: None))
            run.settle()
            with Client(guard, settings.fetch_workers) as client:
                run.fetch_all(PhotoFetcher(client, store, settings), limit, again)
    except OSError as error:
        raise explain_full_disk(error, store.home) from error
    with db.read() as connection:
        waiting = count_waiting(connection)
    return FetchReport(
        fetched=run.fetched,
        unchanged=run.unchanged,
        failed=run.codes.total(),
        waiting=waiting,
        by_code=dict(run.codes.most_common()),
        seconds=time.monotonic() - started,
        changed=len(run.changed),
    )


class _Run:
    """The counts of one run, its turns, and what waits to be written."""

    def __init__(
        self,
        db: Database,
        store: PhotoStore,
        settings: CatalogSettings,
        on_progress: Callable[[FetchProgress], None],
    ) -> None:
        self.fetched = self.unchanged = 0
        self.changed: set[int] = set()
        self.codes: Counter[str] = Counter()
        self._db, self._store, self._settings = db, store, settings
        self._on_progress = on_progress
        self._turns = HostQueue(settings.fetch_per_host)
        self._results: list[Outcome] = []
        self._written = time.monotonic()
        self._total = 0

    def settle(self) -> None:
        """Put right what an ingest beside the last run overtook."""
        after = ""
        while True:
            with self._db.read() as connection:
                keys = misshown(connection, after)
            if not keys:
                return
            with self._db.write() as connection, connection.begin():
                self.changed |= settle(connection, keys, self._store, self._settings)
            after = keys[-1]

    def fetch_all(self, fetcher: PhotoFetcher, limit: int | None, again: bool) -> None:
        """Ask for everything that is due now, each once but for what `again_at_once` says."""
        entries = self._due(limit, again)
        going: dict[Future[Outcome], Task] = {}
        workers = self._settings.fetch_workers
        try:
            with ThreadPoolExecutor(workers, "fetch") as pool:
                while True:
                    self._read_ahead(entries)
                    while len(going) < workers and (task := self._turns.take(time.monotonic())):
                        going[pool.submit(fetcher.get, task.entry)] = task
                    if not going and not self._turns:
                        return
                    self._await(going)
        finally:
            self._write()

    def _due(self, limit: int | None, again: bool) -> Iterator[Entry]:
        now, after, given = datetime.now(UTC), "", 0
        with self._db.read() as connection:
            due_now = count_due(connection, now, again=again)
        self._total = due_now if limit is None else min(limit, due_now)
        self._tell()
        while True:
            with self._db.read() as connection:
                page = due(connection, now, again=again, after=after)
            for entry in page:
                if limit is not None and given >= limit:
                    return
                given += 1
                yield entry
            if not page:
                return
            after = page[-1].key

    def _read_ahead(self, entries: Iterator[Entry]) -> None:
        while len(self._turns) < AHEAD and (entry := next(entries, None)) is not None:
            try:
                address = parse_address(entry.address)
            except FetchError as error:  # the rules were others when it was recorded
                self._note(Outcome(entry, code=error.code, reason=str(error)))
                continue
            task = Task(entry, address.netloc)
            if not self._given_up(task):
                self._turns.add(task)

    def _await(self, going: dict[Future[Outcome], Task]) -> None:
        if going:
            ended = wait(going, TICK, FIRST_COMPLETED).done
        else:
            ended = set()
            time.sleep(min(TICK, max(0.0, (self._turns.next_turn() or 0.0) - time.monotonic())))
        for future in ended:
            self._ended(going.pop(future), future.result())
        if len(self._results) >= BATCH or time.monotonic() - self._written > SECONDS:
            self._write()

    def _ended(self, task: Task, outcome: Outcome) -> None:
        now = time.monotonic()
        task.tries += 1
        self._turns.done(task, outcome.code not in UNREACHED)
        seconds = None
        if outcome.code is not None:
            if outcome.wait is not None and outcome.code in ("http_429", "http_503"):
                self._turns.pause(task.host, now + outcome.wait)
            seconds = again_at_once(outcome.code, task.tries, outcome.wait, task.entry.key)
        if seconds is not None and not self._turns.is_down(task.host):
            self._turns.add(task, now + seconds)
        else:
            self._note(outcome)
        if self._turns.is_down(task.host) or self._turns.paused_until(task.host) > now + PATIENCE:
            for waiting in list(self._turns.drop(task.host)):
                self._given_up(waiting)

    def _given_up(self, task: Task) -> bool:
        """Whether a host is not to be asked any more by this run; if so, that is noted."""
        if self._turns.is_down(task.host):
            reason = f"{task.host} could not be reached {IN_VAIN} times in a row."
            self._note(Outcome(task.entry, code="host_down", reason=reason, asked=False))
            return True
        pause = self._turns.paused_until(task.host) - time.monotonic()
        if pause > PATIENCE:
            reason = f"{task.host} asks to come back in {pause:,.0f} s."
            self._note(Outcome(task.entry, code="http_429", reason=reason, wait=pause, asked=False))
            return True
        return False

    def _note(self, outcome: Outcome) -> None:
        self._results.append(outcome)
        if outcome.code is not None:
            self.codes[outcome.code] += 1
        elif outcome.photo == outcome.entry.photo:
            self.unchanged += 1
        else:
            self.fetched += 1
        self._tell()

    def _write(self) -> None:
        results, self._results = self._results, []
        self._written = time.monotonic()
        if not results:
            return
        self._store.sync()
        with self._db.write() as connection, connection.begin():
            self.changed |= save(connection, results, self._settings, datetime.now(UTC))

    def _tell(self) -> None:
        done = self.fetched + self.unchanged + self.codes.total()
        self._on_progress(FetchProgress(done, max(self._total, done), self.codes.total()))
