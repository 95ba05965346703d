"""How a database is reached: addresses, drivers, what each connection is told first."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DisconnectionError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from catalog.errors import DatabaseError
from catalog.settings import CatalogSettings

BUSY_SECONDS = 60
FULL = ("disk is full", "disk I/O", "No space left")  # as SQLite and PostgreSQL tell it
CONNECT_SECONDS = 10  # that a server may take to answer


def url_of(settings: CatalogSettings) -> URL:
    """The address in the settings, with the driver that we use.

    Raises:
        DatabaseError: it is no address.
    """
    try:
        url = make_url(settings.url)
    except ArgumentError as error:
        raise DatabaseError(
            "LOOKALIKE_DATABASE_URL is no database address. It looks like "
            "postgresql://USER:PASSWORD@HOST/NAME; leave it out to use SQLite."
        ) from error
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    return url


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite database, or None for any other."""
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        return Path(str(url.database))
    return None


def engine_for(url: URL, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """An engine whose connections are set up as we need them; connects to nothing yet.

    ``busy_seconds`` is how long a writer waits for another one.

    Raises:
        DatabaseError: there is no driver for it.
    """
    try:
        if url.get_backend_name() == "postgresql":
            return _postgresql(url, busy_seconds)
        if url.get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True)
        engine = create_engine(url, connect_args={"timeout": busy_seconds})
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise DatabaseError(
            f"No driver for {url.drivername}: {error}. "
            "For PostgreSQL, install it with `pip install 'lookalike[postgres]'`."
        ) from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def follow_file(engine: Engine, path: Path) -> None:
    """Have an engine notice that SQLite's file was removed or replaced.

    Open connections would go on seeing the old one, and a new one would make an empty file.
    """

    def found() -> tuple[int, int]:
        try:
            facts = path.stat()
        except OSError as error:
            raise DatabaseError(
                f"The catalogue database {path} is gone. Put it back, or make a new one with "
                "`lookalike ingest SOURCE`."
            ) from error
        return facts.st_dev, facts.st_ino

    @event.listens_for(engine, "do_connect")
    def look(*_: object) -> None:
        found()

    @event.listens_for(engine, "connect")
    def remember(_: object, record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        record.info["file"] = found()

    @event.listens_for(engine, "checkout")
    def check(_: object, record: Any, proxy: object) -> None:  # noqa: ANN401 - untyped
        if found() != record.info["file"]:
            raise DisconnectionError(f"{path} was replaced")


def _postgresql(url: URL, busy_seconds: float) -> Engine:
    # Each connection is tried before it is used again: a server that restarted is not noticed.
    waits = {"connect_timeout": CONNECT_SECONDS} if "connect_timeout" not in url.query else {}
    engine = create_engine(url, pool_pre_ping=True, connect_args=waits)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own
        # Moments come back in UTC, as they do from SQLite, wherever the server stands.
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute(f"SET lock_timeout = {max(1, round(busy_seconds * 1000))}")
        connection.commit()

    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock first: one that reads and then asks for it may be refused at once.
    writes = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn a driver's errors into ours, with the address but without its password."""
    shown = sqlite_path(url) or url.render_as_string(hide_password=True)
    try:
        yield
    except OperationalError as error:
        hint = "Check that it can be reached and written, and that no other program holds it."
        if any(sign in str(error.orig) for sign in FULL):
            hint = "Free some space on its disk and run it again; what was written before is kept."
        raise DatabaseError(
            f"The catalogue database {shown} cannot be used: {error.orig}. {hint}"
        ) from error
    except (SQLAlchemyError, CommandError) as error:
        cause = getattr(error, "orig", None) or error
        raise DatabaseError(f"The catalogue database {shown} failed: {cause}.") from error
