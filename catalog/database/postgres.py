"""Plain connections to a catalogue's PostgreSQL, for what is kept there beside the catalogue."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from catalog.database.connections import CONNECT_SECONDS, SET_KEEPALIVES, translate_errors
from catalog.database.database import Database

if TYPE_CHECKING:  # the driver is optional
    import psycopg

    Connection = psycopg.Connection[Any]


class PostgresServer:
    """Connections of the driver, psycopg; safe to share between threads.

    Args:
        database: a catalogue; see `is_postgres`.
    """

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    @staticmethod
    def is_postgres(database: Database) -> bool:
        """Whether a catalogue is in PostgreSQL."""
        return database.engine.dialect.name == "postgresql"

    @property
    def address(self) -> str:
        """The database's address without its password."""
        return self._engine.url.render_as_string(hide_password=True)

    @contextmanager
    def pooled(self) -> Iterator["Connection"]:
        """A connection of the catalogue's pool in a transaction, committed after the block.

        Raises:
            DatabaseError: the server cannot be reached.
            psycopg.Error: it refuses a statement.
        """
        with translate_errors(self._engine.url):
            pooled = self._engine.raw_connection()
        try:
            connection = cast("Connection", pooled.driver_connection)
            with connection.transaction():
                yield connection
        finally:
            pooled.close()

    @contextmanager
    def own(self) -> Iterator["Connection"]:
        """A connection beside the pool, which commits each statement; closed after the block.

        If its machine is gone, the server notices within a minute and frees its locks.

        Raises:
            psycopg.Error: the server cannot be reached, or refuses a statement.
        """
        import psycopg

        arguments, options = self._engine.dialect.create_connect_args(self._engine.url)
        options.setdefault("connect_timeout", CONNECT_SECONDS)
        with psycopg.connect(*arguments, **options, autocommit=True) as connection:
            connection.execute(SET_KEEPALIVES)
            yield connection
