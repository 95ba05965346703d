"""Connections to PostgreSQL for the rows of generations, and the schema that holds these.

All tables are in one schema, so that `DROP SCHEMA lookalike_index CASCADE` removes all of it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from catalog.database.postgres import PostgresServer
from catalog.errors import DatabaseError
from engine.errors import StoreError

SCHEMA = "lookalike_index"
LEAST_VERSION = (0, 8)  # of pgvector: the first with iterative scans
WATCHED = 140_000  # the first PostgreSQL that notices during a statement that its client is gone
TABLES = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {SCHEMA}.generations (
    name text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY
);
CREATE TABLE IF NOT EXISTS {SCHEMA}.files (
    folder text NOT NULL,
    name text NOT NULL,
    piece integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (folder, name, piece)
);
CREATE TABLE IF NOT EXISTS {SCHEMA}.live (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    generation text NOT NULL REFERENCES {SCHEMA}.generations (name),
    delta text
);
"""
Connection = psycopg.Connection[Any]


@contextmanager
def store_errors(server: PostgresServer) -> Iterator[None]:
    """Raise errors of the server or its driver as `StoreError`, without the password.

    Raises:
        StoreError: see there.
    """
    try:
        yield
    except (psycopg.Error, DatabaseError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise StoreError(
            f"The index in {server.address} cannot be used: {reason}. Check that the server can be "
            "reached; `lookalike reindex` builds an index that is gone."
        ) from error


@contextmanager
def connected(server: PostgresServer) -> Iterator[Connection]:
    """A connection of the pool and a transaction on it, committed after the block.

    Raises:
        StoreError: the server cannot be reached, or refuses a statement.
    """
    with store_errors(server), server.pooled() as connection:
        yield connection


@contextmanager
def own_connection(server: PostgresServer) -> Iterator[Connection]:
    """A connection beside the pool, which commits each statement and is closed after the block.

    Its statements end soon after the process was killed.
    """
    with store_errors(server), server.own() as connection:
        if connection.info.server_version >= WATCHED:
            connection.execute("SET client_connection_check_interval = '2s'")
        yield connection


def prepare(connection: Connection) -> None:
    """Create the extension and the tables, where they are missing.

    Raises:
        StoreError: the server has no pgvector, or one that is too old.
    """
    row = connection.execute(
        "SELECT installed_version, default_version FROM pg_available_extensions"
        " WHERE name = 'vector'"
    ).fetchone()
    version = None if row is None else row[0] or row[1]
    if version is None or tuple(map(int, re.findall(r"\d+", version)[:2])) < LEAST_VERSION:
        raise StoreError(
            f"The PostgreSQL server has {'no pgvector' if version is None else version}, and the "
            "index needs pgvector 0.8 or newer. Install it on the server (such as Debian's "
            "postgresql-17-pgvector; then ALTER EXTENSION vector UPDATE), or leave LOOKALIKE_STORE "
            "out."
        )
    if row is not None and row[0] is None:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    connection.execute(TABLES)


def table_of(generation: str) -> sql.Identifier:
    """The table of a generation's rows."""
    return sql.Identifier(SCHEMA, f"rows_{generation}")


def tables(connection: Connection) -> list[str]:
    """The generations that have a table of rows, published or not."""
    found = connection.execute(
        "SELECT substr(tablename, 6) FROM pg_tables"
        " WHERE schemaname = %s AND tablename LIKE 'rows\\_%%'",
        [SCHEMA],
    )
    return [name for (name,) in found]


def drop_table(connection: Connection, generation: str) -> None:
    """Drop the table of a generation's rows; one that is in use stays until the next time."""
    connection.execute("SET lock_timeout = '5s'")
    try:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table_of(generation)))
    except psycopg.errors.LockNotAvailable:
        pass
    finally:
        connection.execute("RESET lock_timeout")
