"""How a database is reached: addresses, drivers, what each connection is told first."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError

from catalog.errors import DatabaseError
from catalog.settings import CatalogSettings

BUSY_SECONDS = 60


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

    ``busy_seconds`` is how long a writer of SQLite waits for another one.

    Raises:
        DatabaseError: there is no driver for it.
    """
    try:
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
        raise DatabaseError(
            f"The catalogue database {shown} cannot be used: {error.orig}. "
            "Check that it can be reached and written, and that no other program holds it."
        ) from error
    except (SQLAlchemyError, CommandError) as error:
        cause = getattr(error, "orig", None) or error
        raise DatabaseError(f"The catalogue database {shown} failed: {cause}.") from error
