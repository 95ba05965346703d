"""Keeps catalogue and index up to date in cycles, with retries and back-off for each stage.

Start reading at `Watch.cycle`. A stage that fails is reported and retried at growing intervals,
while the others go on; what the failed stage did before is kept.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.errors import CatalogError, DatabaseError
from catalog.settings import CatalogSettings
from catalog.utc import utc_now
from engine.encoders.encoder import Encoder
from engine.errors import EngineError
from engine.operations.leading import Leading, has_leases
from engine.operations.watch_stages import Feed, Stages, Stopped
from engine.operations.watch_state import (
    StageState,
    WatchState,
    load_state,
    remove_state_drafts,
    save_state,
)
from engine.settings import EngineSettings

log = logging.getLogger(__name__)

CATALOGUE = "catalogue"
STYLES = "styles"
MAX_BACKOFF = 3600.0  # seconds between two tries of a stage that fails again and again
EARLY = 1.0  # seconds that a retry may come early: cycles do not start to the millisecond


@dataclass(frozen=True, slots=True)
class Cycle:
    """What a cycle did: one line for people, whether every stage succeeded, whether more waits."""

    summary: str
    ok: bool
    more: bool = False


class Watch:
    """Runs cycles, one after another.

    Args:
        feed: what is read; None: products change by webhooks only.
        load_encoder: loads the encoder; called once, when a photo must be embedded.
        every: seconds from one cycle's start to the next.
        settings: of the engine.
        caps: settings of the catalogue.
        report: called with each line for people.
        tidy: also remove what is no longer needed.
        stopping: set it to end the watch; it is checked between batches.
    """

    def __init__(
        self,
        feed: Feed | None,
        load_encoder: Callable[[], Encoder],
        *,
        every: float = 300.0,
        settings: EngineSettings | None = None,
        caps: CatalogSettings | None = None,
        report: Callable[[str], None] = print,
        stopping: threading.Event | None = None,
        tidy: bool = True,
    ) -> None:
        self._every = every
        self._report = report
        self._stopping = stopping or threading.Event()
        caps = caps or CatalogSettings()
        settings = settings or EngineSettings()
        self._home = caps.resolved_home
        self._leading: Leading | None = None
        if settings.index_is_shared and has_leases(caps):
            self._leading = Leading(caps, feed.where if feed else None, settings.lease_seconds)
        self._standby = settings.lease_seconds / 2  # seconds from one look to the next
        self._reported = ""
        self._stages = Stages(feed, load_encoder, settings, caps, self._must_stop, tidy)
        with suppress(OSError):
            remove_state_drafts(self._home)
        before = load_state(self._home)
        self._state = WatchState(
            source=feed.where if feed else None,
            every=every,
            process=os.getpid(),
            stages=before.stages if before else {},
        )

    def run(self) -> None:
        """Run cycles until ``stopping`` is set."""
        while not self._stopping.is_set():
            if self._stands_by():
                self._stopping.wait(self._standby)
                continue
            started = time.monotonic()
            cycle = self.cycle()
            self._report(cycle.summary)
            pause = 0.0 if cycle.more else self._every - (time.monotonic() - started)
            self._stopping.wait(max(0.0, pause))
        self.close()

    def once(self) -> Cycle:
        """Run one cycle, whatever failed before; none if another watch leads."""
        try:
            if leader := self._other_leader():
                return Cycle(f"{_clock(utc_now())} {leader}", ok=True)
        except DatabaseError as error:
            return Cycle(f"{_clock(utc_now())} {CATALOGUE}: failed: {error}", ok=False)
        cycle = self.cycle(back_off=False)
        if not self._stages.finds_styles:
            return cycle
        found = self._try(STYLES, utc_now(), self._stages.finish_styles)
        end = f"{cycle.summary}; then {STYLES}: {found or 'failed'}"
        return Cycle(end, cycle.ok and found is not None, cycle.more)

    def _stands_by(self) -> bool:
        """Whether another watch leads, or nobody can tell; that is reported when it changes."""
        try:
            reason = self._other_leader()
        except DatabaseError as error:
            reason = f"stands by: {' '.join(str(error).split())}"
        if reason and reason != self._reported:
            self._report(f"{_clock(utc_now())} {reason}")
        self._reported = reason
        return bool(reason)

    def _other_leader(self) -> str:
        """Which watch of a home that shares the index leads; empty if this one does."""
        if self._leading is None or self._leading.lead():
            return ""
        return f"stands by: {self._leading.leader()} leads"

    def _must_stop(self) -> bool:
        lost = self._leading is not None and not self._leading.leads
        return lost or self._stopping.is_set()

    def cycle(self, *, back_off: bool = True) -> Cycle:
        """Run every stage once.

        Args:
            back_off: skip stages that failed until their next try is due.
        """
        started, clock = utc_now(), time.monotonic()
        self._update(started=started, ended=None)
        self._stages.more_photos = False
        parts, ok = [], True
        try:
            for name, stage in self._stages.by_name.items():
                self._stages.check_stop()
                if not self._stages.connected and not self._connect(started):
                    ok = False
                    parts.append(f"{CATALOGUE}: failed")
                    break  # every stage needs it
                due = self._stage_state(name).next_try
                if back_off and due and self._is_later(due, started):
                    parts.append(f"{name}: waits until {_clock(due)}")
                    continue
                began = time.monotonic()
                summary = self._try(name, started, stage)
                ok = ok and summary is not None
                parts.append(f"{name}: {summary or 'failed'} ({time.monotonic() - began:.1f} s)")
        except Stopped:
            parts.append("stopped")
        self._update(ended=utc_now())
        line = f"{_clock(started)} {'; '.join(parts)}; in all {time.monotonic() - clock:.1f} s"
        return Cycle(line, ok, self._stages.more_photos and ok)

    def close(self) -> None:
        """Close the connection to the catalogue, and let another watch lead."""
        self._stages.end()
        if self._leading is not None:
            self._leading.close()

    def _connect(self, started: datetime) -> bool:
        return self._try(CATALOGUE, started, self._stages.connect) is not None

    def _stage_state(self, name: str) -> StageState:
        return self._state.stages.get(name, StageState())

    def _try(self, name: str, started: datetime, stage: Callable[[], str]) -> str | None:
        """A stage's summary, or None if it failed, which is reported."""
        try:
            summary = stage()
        except Exception as error:
            if isinstance(error, CatalogError | EngineError | OSError):
                message = " ".join(str(error).split())
            else:  # a bug must not end the watch either
                message = f"{type(error).__name__}: {error}"
                log.error("%s failed unexpectedly", name, exc_info=error)
            if isinstance(error, DatabaseError):
                self._stages.close()  # and reconnect
            self._failed(name, started, message)
            return None
        self._update_stage(name, StageState(last_success=utc_now()))
        return summary

    def _is_later(self, due: datetime, now: datetime) -> bool:
        """Whether a try is not due yet. One beyond the longest pause is: a clock was ahead."""
        return timedelta(seconds=EARLY) < due - now <= timedelta(seconds=self._longest_pause)

    @property
    def _longest_pause(self) -> float:
        return max(self._every, MAX_BACKOFF)

    def _failed(self, name: str, started: datetime, message: str) -> None:
        state = self._stage_state(name)
        failures = state.failures + 1
        wait = min(self._every * 2 ** min(failures - 1, 20), self._longest_pause)
        due = started + timedelta(seconds=wait)
        again = "" if failures == 1 else f", {failures} times in a row"
        self._report(
            f"{_clock(utc_now())} {name} failed{again}: {message} Next try: {_clock(due)}."
        )
        update = {"failures": failures, "error": message, "next_try": due}
        self._update_stage(name, state.model_copy(update=update))

    def _update_stage(self, name: str, stage: StageState) -> None:
        self._update(stages=self._state.stages | {name: stage})

    def _update(self, **values: object) -> None:
        self._state = self._state.model_copy(update=values)
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            save_state(self._home, self._state)
        except OSError as error:
            log.warning("The state of the watch could not be saved in %s: %s", self._home, error)


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M:%S}"
