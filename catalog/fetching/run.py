"""Downloads the photos that are due, many at once, and saves results in small batches.

Start reading at `fetch`. The calling thread hands out tasks and writes to the database; worker
threads download. A run that is killed loses at most one batch.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing

from catalog.database.database import Database
from catalog.errors import FetchError
from catalog.fetching.addresses import AllowedHosts, SafeResolver, parse_address
from catalog.fetching.client import Client
from catalog.fetching.download_results import DownloadResult, save_results, show_stored_photos
from catalog.fetching.download_status import (
    DownloadStatus,
    Due,
    count_due,
    count_refused,
    count_waiting,
    due_downloads,
    outdated_keys,
)
from catalog.fetching.host_queue import MAX_CONSECUTIVE_FAILURES, HostQueue, Task
from catalog.fetching.photo_fetcher import PhotoFetcher
from catalog.fetching.photo_store import PhotoStore, storage_error
from catalog.fetching.report import FetchProgress, FetchReport
from catalog.fetching.schedule import MAX_WAIT_IN_RUN, longest_pause, retry_delay
from catalog.fetching.shared_leftovers import claim_shared
from catalog.lock import exclusive_lock
from catalog.settings import CatalogSettings
from catalog.utc import utc_now

BATCH = 100  # results a transaction
BATCH_SECONDS = 2.0  # after which a smaller batch is written, too
READ_AHEAD = 500  # tasks that are kept queued
POLL_SECONDS = 0.25  # between two looks at which hosts may be requested again
UNREACHABLE = frozenset({"connection", "dns", "timeout"})  # the host did not answer at all


def fetch(
    db: Database,
    settings: CatalogSettings | None = None,
    *,
    limit: int | None = None,
    again: bool = False,
    on_progress: Callable[[FetchProgress], None] | None = None,
    resolver: SafeResolver | None = None,
) -> FetchReport:
    """Downloads photos that are new, whose retry is due, or that are old enough for a refresh.

    A photo that could not be downloaded is recorded with the reason and retried by later runs, at
    growing intervals; its product stays. After a kill, the next run goes on from there.

    Args:
        db: the catalogue.
        settings: the home that photos are stored in, the limits, and the allowed hosts.
        limit: the most addresses to request.
        again: also retry what failed and is not due yet.
        on_progress: called at the start and after every address.
        resolver: decides which hosts may be requested; by the settings unless given.

    Raises:
        Busy: another process fetches into this home.
        CatalogError: photos cannot be stored. Those that were fetched before are kept.
        DatabaseError: the database cannot be written.
        SettingsError: LOOKALIKE_FETCH_HOSTS is invalid.
    """
    settings = settings or CatalogSettings()
    resolver = resolver or SafeResolver(AllowedHosts.parse(settings.fetch_hosts))
    started = time.monotonic()
    store = PhotoStore(settings)
    try:
        with fetch_lock(settings):
            store.remove_drafts()
            claim_shared(db, settings)
            run = _FetchRun(db, store, settings, on_progress or (lambda _: None))
            run.show_stored_photos()
            with closing(Client(resolver, settings.fetch_workers)) as client:
                run.fetch_all(PhotoFetcher(client, store, settings), limit, again)
    except OSError as error:
        raise storage_error(error, store.home) from error
    with db.read() as connection:
        waiting, refused = count_waiting(connection), count_refused(connection)
    return FetchReport(
        fetched=run.fetched,
        unchanged=run.unchanged,
        failed=run.errors.total(),
        waiting=waiting,
        refused=refused,
        by_code=dict(run.errors.most_common()),
        seconds=time.monotonic() - started,
        changed=len(run.changed),
        reasons=dict(run.reasons),
    )


def fetch_lock(settings: CatalogSettings) -> AbstractContextManager[None]:
    """The lock of a home's photos: whoever holds it is the only one who stores some.

    Raises:
        Busy: another process fetches into this home.
    """
    return exclusive_lock(settings.resolved_home / "fetch.lock", "fetch")


class _FetchRun:
    """The counts of one run, its queue, and the results that wait to be written."""

    def __init__(
        self,
        db: Database,
        store: PhotoStore,
        settings: CatalogSettings,
        on_progress: Callable[[FetchProgress], None],
    ) -> None:
        self.fetched = self.unchanged = 0
        self.changed: set[int] = set()  # numbers of products
        self.errors: Counter[str] = Counter()
        self.reasons: dict[str, str] = {}  # error code -> the first message
        self._db, self._store, self._settings = db, store, settings
        self._on_progress = on_progress
        self._queue = HostQueue(settings.fetch_per_host)
        self._results: list[DownloadResult] = []
        self._written_at = time.monotonic()
        self._total = 0

    def show_stored_photos(self) -> None:
        """Corrects photo rows that an ingest beside the last run wrote from older values."""
        after = ""
        while True:
            with self._db.read() as connection:
                keys = outdated_keys(connection, after)
            if not keys:
                return
            with self._db.write() as connection, connection.begin():
                self.changed |= show_stored_photos(connection, keys, self._store, self._settings)
            after = keys[-1]

    def fetch_all(self, fetcher: PhotoFetcher, limit: int | None, again: bool) -> None:
        """Requests everything that is due now, each address once, save for retries in the run."""
        statuses = self._due(limit, again)
        active: dict[Future[DownloadResult], Task] = {}
        workers = self._settings.fetch_workers
        try:
            with ThreadPoolExecutor(workers, "fetch") as pool:
                while True:
                    self._read_ahead(statuses)
                    while len(active) < workers and (task := self._queue.take(time.monotonic())):
                        active[pool.submit(fetcher.fetch, task.status)] = task
                    if not active and not self._queue:
                        return
                    self._wait(active)
        finally:
            self._write()

    def _due(self, limit: int | None, again: bool) -> Iterator[DownloadStatus]:
        after, count = "", 0
        refused = bool(self._settings.fetch_hosts)
        due = Due(utc_now(), longest_pause(self._settings.fetch_age), again, refused)
        with self._db.read() as connection:
            due_now = count_due(connection, due)
        self._total = due_now if limit is None else min(limit, due_now)
        self._report_progress()
        while True:
            with self._db.read() as connection:
                page = due_downloads(connection, due, after)
            for status in page:
                if limit is not None and count >= limit:
                    return
                count += 1
                yield status
            if not page:
                return
            after = page[-1].key

    def _read_ahead(self, statuses: Iterator[DownloadStatus]) -> None:
        while len(self._queue) < READ_AHEAD and (status := next(statuses, None)) is not None:
            try:
                address = parse_address(status.address)
            except FetchError as error:  # it was recorded by a version with other rules
                self._add(DownloadResult(status, code=error.code, reason=str(error)))
                continue
            task = Task(status, address.netloc)
            if not self._skip(task):
                self._queue.add(task)

    def _wait(self, active: dict[Future[DownloadResult], Task]) -> None:
        """Waits for downloads to end, and handles those that did."""
        if active:
            ended = wait(active, POLL_SECONDS, FIRST_COMPLETED).done
        else:
            ended = set()
            start = self._queue.next_start() or 0.0
            time.sleep(min(POLL_SECONDS, max(0.0, start - time.monotonic())))
        for future in ended:
            self._handle(active.pop(future), future.result())
        if len(self._results) >= BATCH or time.monotonic() - self._written_at > BATCH_SECONDS:
            self._write()

    def _handle(self, task: Task, result: DownloadResult) -> None:
        """Adds a result, or queues the task for a retry in this run."""
        now = time.monotonic()
        task.tries += 1
        self._queue.release(task, result.code not in UNREACHABLE)
        delay = None
        if result.code is not None:
            if result.wait is not None and result.code in ("http_429", "http_503"):
                self._queue.pause(task.host, now + result.wait)
            delay = retry_delay(result.code, task.tries, result.wait, task.status.key)
        if delay is not None and not self._queue.is_down(task.host):
            self._queue.add(task, now + delay)
        else:
            self._add(result)
        paused_until = self._queue.paused_until(task.host)
        if self._queue.is_down(task.host) or paused_until > now + MAX_WAIT_IN_RUN:
            for waiting in list(self._queue.drop(task.host)):
                self._skip(waiting)

    def _skip(self, task: Task) -> bool:
        """Whether this run requests a host no more; if so, the task's result is added."""
        if self._queue.is_down(task.host):
            reason = f"{task.host} could not be reached {MAX_CONSECUTIVE_FAILURES} times in a row."
            self._add(DownloadResult(task.status, code="host_down", reason=reason, requested=False))
            return True
        pause = self._queue.paused_until(task.host) - time.monotonic()
        if pause > MAX_WAIT_IN_RUN:
            reason = f"{task.host} says to retry in {pause:,.0f} s."
            self._add(
                DownloadResult(
                    task.status, code="http_429", reason=reason, wait=pause, requested=False
                )
            )
            return True
        return False

    def _add(self, result: DownloadResult) -> None:
        self._results.append(result)
        if result.code is not None:
            self.errors[result.code] += 1
            self.reasons.setdefault(result.code, result.reason or "")
        elif result.photo == result.status.photo:
            self.unchanged += 1
        else:
            self.fetched += 1
        self._report_progress()

    def _write(self) -> None:
        results, self._results = self._results, []
        self._written_at = time.monotonic()
        if not results:
            return
        self._store.sync()
        with self._db.write() as connection, connection.begin():
            self.changed |= save_results(connection, results, self._settings, utc_now())

    def _report_progress(self) -> None:
        failed = self.errors.total()
        done = self.fetched + self.unchanged + failed
        self._on_progress(FetchProgress(done, max(self._total, done), failed))
