"""Database addresses, drivers and the set-up of each connection."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DisconnectionError,
    InvalidatePoolError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from catalog.errors import DatabaseError
from catalog.settings import CatalogSettings

log = logging.getLogger(__name__)

BUSY_SECONDS = 60
FILE = "catalog.db"  # below the home
FULL = ("disk is full", "disk I/O", "No space left")  # in messages of SQLite and PostgreSQL
CONNECT_SECONDS = 10  # timeout of a connection to a server
# A machine that lost its power says no farewell; without these, its locks would stay for hours.
SET_KEEPALIVES = (
    "SELECT set_config('tcp_keepalives_idle', '15', false),"
    " set_config('tcp_keepalives_interval', '5', false),"
    " set_config('tcp_keepalives_count', '3', false)"
)


def url_of(settings: CatalogSettings) -> URL:
    """The database address in the settings, with the driver in use.

    Raises:
        DatabaseError: it is not a database address.
    """
    if not settings.database_url:
        # Not a text that is parsed: a home may have any character of an address in its name.
        return URL.create("sqlite", database=str(settings.resolved_home / FILE))
    try:
        url = make_url(settings.database_url)
    except ArgumentError as error:
        raise DatabaseError(
            "LOOKALIKE_DATABASE_URL is not a database address. Write "
            "postgresql://USER:PASSWORD@HOST/NAME, or leave it out to use SQLite."
        ) from error
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    return url


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite database; None for other databases."""
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        return Path(str(url.database))
    return None


def engine_for(url: URL, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """An engine whose connections are set up for the catalogue; it does not connect yet.

    Args:
        url: the database address.
        busy_seconds: how long a writer waits for another one.

    Raises:
        DatabaseError: its driver is missing.
    """
    try:
        if url.get_backend_name() == "postgresql":
            return _postgresql(url, busy_seconds)
        if url.get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True)
        engine = create_engine(url, connect_args={"timeout": busy_seconds})
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise DatabaseError(
            f"The driver for {url.drivername} is missing: {error}. "
            "For PostgreSQL, install it with `pip install 'lookalike[postgres]'`."
        ) from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def follow_file(engine: Engine, path: Path) -> None:
    """Makes an engine notice that SQLite's file, or its WAL file, was removed or replaced.

    Otherwise open connections would still see the old file, and a new connection would create an
    empty one. Without its WAL file, which SQLite keeps while a connection is open, what one
    process writes is not seen by others and is lost in the end. So all connections are closed,
    the last of which saves what it can, and opened again.
    """
    wal = path.with_name(f"{path.name}-wal")

    def identity() -> tuple[int, int]:
        try:
            return _identity(path)
        except OSError as error:
            raise DatabaseError(
                f"The catalogue database {path} is gone. Restore it, or create a new one with "
                "`lookalike ingest SOURCE`."
            ) from error

    @event.listens_for(engine, "do_connect")
    def check_exists(*_: object) -> None:
        identity()

    @event.listens_for(engine, "connect")
    def remember(connection: sqlite3.Connection, record: Any) -> None:  # noqa: ANN401 - untyped
        record.info["file"] = identity()
        with suppress(OSError):  # none on a disk that cannot be written
            record.info["wal"] = _identity(wal)

    @event.listens_for(engine, "checkout")
    def check(_: object, record: Any, proxy: object) -> None:  # noqa: ANN401 - untyped
        if identity() != record.info["file"]:
            raise DisconnectionError(f"{path} was replaced")
        if (known := record.info.get("wal")) is not None:
            try:
                same = _identity(wal) == known
            except OSError:
                same = False
            if not same:
                log.warning(
                    "%s was removed or replaced while the catalogue was in use. All connections "
                    "are opened again; writes of the last minutes may be lost. Leave the files "
                    "beside %s alone.",
                    wal,
                    path.name,
                )
                raise InvalidatePoolError(f"{wal} was removed")


def _identity(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_dev, facts.st_ino


def _postgresql(url: URL, busy_seconds: float) -> Engine:
    # Connections are tested before reuse, so a restart of the server does no harm.
    waits = {"connect_timeout": CONNECT_SECONDS} if "connect_timeout" not in url.query else {}
    engine = create_engine(url, pool_pre_ping=True, connect_args=waits)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own
        # Times are returned in UTC, as from SQLite, whatever the server's time zone.
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute(f"SET lock_timeout = {max(1, round(busy_seconds * 1000))}")
        connection.commit()

    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions implicitly
    try:
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").close()  # opens the WAL file
    except sqlite3.Error:
        connection.close()  # one that stays open would keep what SQLite knows of an old WAL file
        raise


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock first; a reader that tries to become a writer may fail at once.
    writes = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def translate_errors(url: URL) -> Iterator[None]:
    """Raises the driver's errors as `DatabaseError`, with the address but not the password."""
    shown = sqlite_path(url) or url.render_as_string(hide_password=True)
    try:
        yield
    except OperationalError as error:
        hint = "Check that it can be reached and written, and that no other program holds it."
        if any(sign in str(error.orig) for sign in FULL):
            hint = "Free some space on its disk and run it again; what was written before is kept."
        if "disk I/O" in str(error.orig):
            hint += " If its -wal file was removed while it was in use, restart all programs."
        raise DatabaseError(
            f"The catalogue database {shown} cannot be used: {error.orig}. {hint}"
        ) from error
    except (SQLAlchemyError, CommandError) as error:
        cause = getattr(error, "orig", None) or error
        raise DatabaseError(f"The catalogue database {shown} failed: {cause}.") from error
