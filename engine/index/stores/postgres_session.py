"""Connections to PostgreSQL for an index that homes share, and the schema of its tables.

All tables are in one schema, so that `DROP SCHEMA lookalike_index CASCADE` removes all of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from catalog.database.postgres import PostgresServer
from catalog.errors import DatabaseError
from engine.errors import StoreError

SCHEMA = "lookalike_index"
WATCHED = 140_000  # the first PostgreSQL that notices during a statement that its client is gone
TABLES = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {SCHEMA}.generations (
    name text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    home text,
    place text
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


def create_tables(connection: Connection) -> None:
    """Create the tables of what is published, where they are missing."""
    connection.execute(TABLES)
    # Only where it is missing: to alter a table waits for its readers, and makes others wait.
    known = (
        "SELECT 1 FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = 'generations' AND column_name = 'place'"
    )
    if connection.execute(known, [SCHEMA]).fetchone() is None:
        connection.execute(f"ALTER TABLE {SCHEMA}.generations ADD home text, ADD place text")
