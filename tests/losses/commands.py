"""The commands under test, run as the command line does, with the fake encoder.

Batches are small, so that a small shop has many.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Self
from unittest import mock

import alembic.command  # noqa: F401 - imported before the fork, like the next ones
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite  # noqa: F401

import catalog.fetching.run
import catalog.ingest.run
import engine.index.build
from catalog.database.database import Database
from catalog.errors import CatalogError
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from engine.index.reindex import reindex as run_reindex
from engine.operations.watch import Watch
from engine.operations.watch_stages import Feed
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder

BATCH = 5
SETTINGS: dict[str, Any] = {"workers": 1, "trees": 3, "batch_size": BATCH}


def prepare() -> None:
    """Makes batches small and migrations quiet in this process."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # mypy takes names in capitals for constants.
    catalog.ingest.run.BATCH = BATCH  # type: ignore[misc]
    catalog.fetching.run.BATCH = BATCH  # type: ignore[misc]


def caps_of(home: str) -> CatalogSettings:
    """Settings that allow downloads from this machine."""
    return CatalogSettings(home=Path(home), fetch_hosts="127.0.0.1", fetch_workers=3)


def ingest(home: str, source: str) -> dict[str, Any]:
    """``lookalike ingest SOURCE --sync``"""
    caps = caps_of(home)
    Database.migrate(caps)
    with Database.open(caps) as db:
        report = catalog.ingest.run.ingest(db, open_source(source), sync=True, settings=caps)
    return {"updated": report.updated, "rejected": report.rejected, "note": report.sync_note}


@contextmanager
def clock_ahead(seconds: float) -> Iterator[None]:
    """Sets this process's clock ahead where the catalogue and the index read it."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(seconds=seconds)

    with (
        mock.patch.object(engine.index.build, "datetime", Ahead),
        mock.patch.object(catalog.fetching.run, "utc_now", lambda: Ahead.now(UTC)),
    ):
        yield


def reindex(home: str, version: int = 1, ahead: float = 0.0) -> dict[str, Any]:
    """``lookalike reindex``, with the clock some seconds ahead"""
    caps = caps_of(home)
    settings = EngineSettings(home=Path(home), **SETTINGS)
    with Database.open(caps) as db, clock_ahead(ahead):
        report = run_reindex(Catalogue(db), FakeEncoder(version), settings, caps=caps)
    return {
        "generation": report.generation,
        "embedded": report.photos_embedded,
        "notes": report.notes,
    }


def fetch(home: str, ahead: float = 0.0) -> dict[str, Any]:
    """``lookalike fetch``, with the clock some seconds ahead"""
    caps = caps_of(home)
    with Database.open(caps) as db, clock_ahead(ahead):
        report = catalog.fetching.run.fetch(db, caps)
    return {"fetched": report.fetched, "failed": report.failed, "waiting": report.waiting}


def watch(home: str, source: str) -> dict[str, Any]:
    """``lookalike watch SOURCE --once``"""
    lines: list[str] = []
    settings = EngineSettings(home=Path(home), **SETTINGS)
    watching = Watch(
        Feed(source), FakeEncoder, settings=settings, caps=caps_of(home), report=lines.append
    )
    cycle = watching.cycle(back_off=False)
    watching.close()
    if not cycle.ok:
        raise CatalogError(" ".join(lines))
    return {"summary": cycle.summary}
