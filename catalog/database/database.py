"""The connection to the catalogue: SQLite by default, PostgreSQL by address."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select

import catalog.database.desk_models
import catalog.database.event_models
import catalog.database.server_models
import catalog.database.webhook_models  # noqa: F401 - all so that the metadata has every table
import migrations
from catalog.database.changes import Changes, Stamp
from catalog.database.connections import (
    BUSY_SECONDS,
    engine_for,
    follow_file,
    sqlite_path,
    translate_errors,
    url_of,
)
from catalog.errors import DatabaseError, MigrationNeeded, SchemaAhead, SchemaBehind
from catalog.settings import CatalogSettings

T = TypeVar("T")
MIGRATING = 0x6C6F6F6B  # key of the advisory lock that a migration holds on PostgreSQL


class Database:
    """An open catalogue database with the current schema. Safe to share between threads.

    Processes that fork must open it after the fork.

    Example:
        >>> from catalog.db import Database
        >>> from catalog.products.catalogue import Catalogue
        >>> with Database.open() as db:
        ...     product = Catalogue(db).product("LK000002")
        >>> product.title
        'Delacroix Sud Straight Wool Trousers, Navy'
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        path = sqlite_path(engine.url)
        self._changes = None if path is None else Changes(path)
        self._latest: dict[str, tuple[Stamp, Any]] = {}
        self._moment = threading.local()

    @classmethod
    def open(
        cls, settings: CatalogSettings | None = None, busy_seconds: float = BUSY_SECONDS
    ) -> "Database":
        """Connects and checks the schema.

        Args:
            settings: the database and the home; those of the environment unless given.
            busy_seconds: how long a writer waits for another one.


        Raises:
            MigrationNeeded: the schema is missing, older or newer than this code.
            DatabaseError: it cannot be reached, or is not a database.
        """
        settings = settings or CatalogSettings()
        url = url_of(settings)
        path = sqlite_path(url)
        if path is not None and not path.exists():
            raise MigrationNeeded(
                f"There is no catalogue at {path} yet. Create one with `lookalike ingest SOURCE`, "
                "or set LOOKALIKE_HOME to the folder that has one."
            )
        # Paths of downloaded photos are stored relative to the home, which may move.
        engine = engine_for(url, busy_seconds).execution_options(
            home=settings.resolved_home, words=settings.words
        )
        if path is not None:
            follow_file(engine, path)
        try:
            with translate_errors(url), engine.connect() as connection:
                _check_schema(connection)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    @classmethod
    def migrate(cls, settings: CatalogSettings | None = None) -> None:
        """Creates the database or migrates it to the current schema, if it is older.

        Raises:
            DatabaseError: it cannot be reached or written, or is newer than this code.
        """
        settings = settings or CatalogSettings()
        url = url_of(settings)
        if (path := sqlite_path(url)) is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise DatabaseError(
                    f"The folder {path.parent} cannot be created: {error.strerror}. "
                    "Set LOOKALIKE_HOME to a folder that can be written."
                ) from error
        with translate_errors(url):
            engine = engine_for(url)
            try:
                _upgrade(engine)
            finally:
                engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one snapshot of the catalogue, taken at its first query."""
        with translate_errors(self.engine.url), self.engine.connect() as connection:
            if self.engine.dialect.name != "sqlite":  # whose reads are snapshots already
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection for write transactions; on SQLite, ``begin()`` waits for other writers."""
        with translate_errors(self.engine.url), self.engine.connect() as connection:
            yield connection.execution_options(write=True)

    def latest(self, name: str, query: Callable[[Connection], T]) -> T:
        """The result of a query now. On SQLite it runs again only if anything was written since.

        Args:
            name: of the query.
            query: reads from a connection; what it returns must not be changed.
        """
        # Before the query, which may see more.
        stamp = self._stamp()
        known = self._latest.get(name)
        if known is not None and known[0] == stamp:
            found: T = known[1]
            return found
        with self.read() as connection:
            found = query(connection)
        if stamp is not None:
            self._latest[name] = (stamp, found)
        return found

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Within it, what `latest` says in this thread is as of its beginning, or newer.

        So whether anything was written is looked up once, not for each query.
        """
        held = getattr(self._moment, "stamp", None)
        self._moment.stamp = self._stamp()
        try:
            yield
        finally:
            self._moment.stamp = held

    def _stamp(self) -> Stamp | None:
        if (held := getattr(self._moment, "stamp", None)) is not None:
            found: Stamp = held
            return found
        return None if self._changes is None else self._changes.stamp()

    def close(self) -> None:
        """Closes all connections."""
        if self._changes is not None:
            self._changes.close()
        self.engine.dispose()

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def alembic_config() -> Config:
    """Alembic's configuration, independent of the working folder."""
    config = Config()
    folder = str(Path(migrations.__file__).parent)
    config.set_main_option("script_location", folder.replace("%", "%%"))  # for configparser
    return config


def _upgrade(engine: Engine) -> None:
    with engine.connect() as connection:
        try:
            return _check_schema(connection)
        except SchemaBehind:
            pass
    # One write transaction reads the version of the schema and changes it, so that two processes
    # that start at the same time do not both create the tables.
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":  # SQLite has locked at BEGIN
            connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _check_schema(connection: Connection) -> None:
    script = ScriptDirectory.from_config(alembic_config())
    head = script.get_current_head()
    current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return
    if current is None:
        raise SchemaBehind(
            "The database has no catalogue yet. Create one with `lookalike ingest SOURCE`."
        )
    if current not in {revision.revision for revision in script.walk_revisions()}:
        raise SchemaAhead(
            f"The database has schema {current}, which this version of Lookalike does not know; it "
            f"needs {head}. Upgrade Lookalike."
        )
    raise SchemaBehind(
        f"The database has schema {current}; this version of Lookalike needs {head}. "
        "Run `lookalike ingest SOURCE` to migrate it."
    )
