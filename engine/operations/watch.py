"""The catalogue kept true: cycles of ingest, webhooks, photos and index, whatever fails between.

Start reading at `Watch.cycle`. A stage that fails is told and tried again, at growing intervals,
while the others go on; what one of them did stays done.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catalog.database.database import Database
from catalog.errors import CatalogError, DatabaseError
from catalog.fetching.run import fetch
from catalog.hooks.apply import apply_pending
from catalog.ingest.open_and_ingest import open_and_ingest
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.utc import utc_now
from engine.encoders.encoder import Encoder
from engine.errors import EngineError
from engine.index.reports import ReindexReport
from engine.index.update import Updater
from engine.operations.watch_state import (
    StageState,
    WatchState,
    clean_drafts,
    load_state,
    save_state,
)
from engine.settings import EngineSettings

log = logging.getLogger(__name__)

CATALOGUE = "catalogue"
LONGEST = 3600.0  # seconds between two tries of what fails again and again, at most
PHOTOS = 5_000  # addresses a cycle, so that what was fetched is indexed before the rest is
SLACK = 1.0  # seconds that a try may come early: a cycle's start is not to the millisecond


class Stopped(BaseException):
    """Somebody asked the watch to end; what was done is kept."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What a watch reads, as `catalog.ingest.open_and_ingest.open_and_ingest` takes it."""

    where: str
    sync: bool = True
    format: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Cycle:
    """What a cycle came to: a line for people, whether all went well, whether more waits."""

    told: str
    well: bool
    more: bool = False


class Watch:
    """Runs cycles, one after another.

    Args:
        feed: what is read; None where webhooks alone tell what changed.
        load_encoder: gives the encoder; called once, when a photo must be embedded.
        every: seconds from one cycle's start to the next.
        tell: takes a line for people.
        stopping: set by whoever wants the watch to end; looked at between batches.
    """

    def __init__(
        self,
        feed: Feed | None,
        load_encoder: Callable[[], Encoder],
        *,
        every: float = 300.0,
        settings: EngineSettings | None = None,
        caps: CatalogSettings | None = None,
        tell: Callable[[str], None] = print,
        stopping: threading.Event | None = None,
    ) -> None:
        self._feed = feed
        self._load_encoder = load_encoder
        self._every = every
        self._settings = settings or EngineSettings()
        self._caps = caps or CatalogSettings()
        self._tell = tell
        self._stopping = stopping or threading.Event()
        self._database: Database | None = None
        self._updater: Updater | None = None
        self._loaded: Encoder | None = None
        self._more = False
        with suppress(OSError):
            clean_drafts(self._caps.resolved_home)
        before = load_state(self._caps.resolved_home)
        self._state = WatchState(
            source=feed.where if feed else None,
            every=every,
            process=os.getpid(),
            stages=before.stages if before else {},
        )

    def run(self) -> None:
        """Go on until somebody asks to stop."""
        while not self._stopping.is_set():
            started = time.monotonic()
            cycle = self.cycle()
            self._tell(cycle.told)
            pause = 0.0 if cycle.more else self._every - (time.monotonic() - started)
            self._stopping.wait(max(0.0, pause))
        self.close()

    def cycle(self, *, patient: bool = True) -> Cycle:
        """One cycle.

        Args:
            patient: leave out stages that failed until they are due again.
        """
        started, clock = utc_now(), time.monotonic()
        self._keep(started=started, ended=None)
        self._more = False
        parts, well = [], True
        jobs = {"webhooks": self._webhooks, "photos": self._photos, "index": self._index}
        if self._feed is not None:
            jobs = {"ingest": self._ingest} | jobs
        try:
            for name, job in jobs.items():
                self._heed()
                if self._database is None and self._try(CATALOGUE, started, self._connect) is None:
                    well = False
                    parts.append(f"{CATALOGUE}: failed")
                    break  # nothing goes without it
                due = self._stage(name).next_try
                if patient and due and started + timedelta(seconds=SLACK) < due:
                    parts.append(f"{name}: waits until {_clock(due)}")
                    continue
                began = time.monotonic()
                told = self._try(name, started, job)
                well = well and told is not None
                parts.append(f"{name}: {told or 'failed'} ({time.monotonic() - began:.1f} s)")
        except Stopped:
            parts.append("stopped")
        ended = utc_now()
        self._keep(ended=ended)
        line = f"{_clock(started)} {'; '.join(parts)}; in all {time.monotonic() - clock:.1f} s"
        return Cycle(line, well, self._more and well)

    def close(self) -> None:
        """Let go of the database."""
        if self._database is not None:
            self._database.close()
            self._database = self._updater = None

    def _stage(self, name: str) -> StageState:
        return self._state.stages.get(name, StageState())

    def _try(self, name: str, started: datetime, job: Callable[[], str]) -> str | None:
        """What a stage did, or None if it failed, which is told."""
        try:
            told = job()
        except Exception as error:
            if isinstance(error, CatalogError | EngineError | OSError):
                why = " ".join(str(error).split())
            else:  # a mistake of ours must not stop the shop either
                why = f"{type(error).__name__}: {error}"
                log.error("%s failed unexpectedly", name, exc_info=error)
            if isinstance(error, DatabaseError):
                self.close()  # and connect anew
            self._failed(name, started, why)
            return None
        stage = StageState(last_success=utc_now())
        self._keep(stages=self._state.stages | {name: stage})
        return told

    def _failed(self, name: str, started: datetime, why: str) -> None:
        state = self._stage(name)
        failures = state.failures + 1
        wait = min(self._every * 2 ** min(failures - 1, 20), max(self._every, LONGEST))
        due = started + timedelta(seconds=wait)
        again = "" if failures == 1 else f", {failures} times in a row"
        self._tell(f"{_clock(utc_now())} {name} failed{again}: {why} Next try: {_clock(due)}.")
        stage = state.model_copy(update={"failures": failures, "error": why, "next_try": due})
        self._keep(stages=self._state.stages | {name: stage})

    def _keep(self, **values: object) -> None:
        self._state = self._state.model_copy(update=values)
        home = self._caps.resolved_home
        try:
            home.mkdir(parents=True, exist_ok=True)
            save_state(home, self._state)
        except OSError as error:
            log.warning("The state of the watch cannot be kept in %s: %s", home, error)

    def _heed(self, *_: object) -> None:
        if self._stopping.is_set():
            raise Stopped

    def _connect(self) -> str:
        Database.migrate(self._caps)
        self._database = Database.open(self._caps)
        catalogue = Catalogue(self._database)
        self._updater = Updater(catalogue, self._encoder, self._settings, self._caps)
        return "connected"

    def _db(self) -> Database:
        assert self._database is not None
        return self._database

    def _ingest(self) -> str:
        feed = self._feed
        assert feed is not None
        report = open_and_ingest(
            self._db(),
            feed.where,
            format=feed.format,
            columns=feed.columns,
            encoding=feed.encoding,
            name=feed.name,
            sync=feed.sync,
            settings=self._caps,
            on_progress=self._heed,
        )
        if report.not_modified:
            return "not modified"
        told = (
            f"{report.inserted:,} new, {report.updated:,} changed, {report.retired:,} retired, "
            f"{report.unchanged:,} the same"
        )
        told += f", {report.rejected:,} rejected" if report.rejected else ""
        return told + (f", {report.sync_note}" if report.sync_note else "")

    def _webhooks(self) -> str:
        report = apply_pending(self._db(), self._caps)
        told = f"{report.applied:,} applied"
        told += f", {report.failed:,} failed" if report.failed else ""
        return told + (f", {report.parked:,} parked" if report.parked else "")

    def _photos(self) -> str:
        report = fetch(self._db(), self._caps, limit=PHOTOS, on_progress=self._heed)
        self._more = report.fetched + report.unchanged + report.failed >= PHOTOS
        told = f"{report.fetched:,} fetched"
        told += f", {report.failed:,} failed" if report.failed else ""
        return told + (f", {report.waiting:,} wait" if report.waiting else "")

    def _index(self) -> str:
        assert self._updater is not None
        return said(self._updater.update(on_progress=self._heed))

    def _encoder(self) -> Encoder:
        if self._loaded is None:
            self._loaded = self._load_encoder()
        return self._loaded


def said(report: ReindexReport) -> str:
    """What an update of the index came to, in a few words."""
    failed = f", {report.photos_failed:,} photos could not be read" if report.photos_failed else ""
    if not report.published:
        return f"up to date{failed}"
    if not report.delta:
        return f"rebuilt, {report.products:,} products{failed}"
    share = report.delta_products + report.delta_gone
    return (
        f"delta of {report.delta_products:,} products, {report.delta_gone:,} gone "
        f"({share / max(1, report.products):.1%}){failed}"
    )


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M:%S}"
