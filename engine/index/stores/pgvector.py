"""The store in PostgreSQL, by its extension pgvector: for many web servers, or many products.

A generation is a table, beside what all stores on servers keep there: `SharedStore`.
"""

from typing import Final

from engine.arrays import Float32
from engine.encoders.facets import Slices
from engine.index.stores.fetched_rows import FetchedRows
from engine.index.stores.pgvector_rows import (
    MOST_INSPECTED,
    PgVectorRows,
    create_extension,
    drop_table,
    tables,
    write_rows,
)
from engine.index.stores.postgres_session import Connection
from engine.index.stores.shared import SharedStore


class PgVectorStore(SharedStore):
    """See `SharedStore`."""

    name: Final = "pgvector"
    most_inspected: Final = MOST_INSPECTED
    faster: Final = "That is the ef_search of pgvector, to 1,000; beyond, the scan is continued."

    def write(self, generation: str, vectors: Float32, own: Slices, connection: Connection) -> None:
        """Write a table of rows, and index it."""
        create_extension(connection)
        write_rows(connection, generation, vectors, own)

    def rows(
        self,
        generation: str,
        shape: tuple[int, int],
        own: Slices,
        kept: FetchedRows | None = None,
    ) -> PgVectorRows:
        """The rows of a table."""
        return PgVectorRows(self._server, generation, shape, own, kept)

    def stored(self, connection: Connection) -> list[str]:
        """The generations that have a table."""
        return tables(connection)

    def drop(self, connection: Connection, generation: str) -> None:
        """Drop the table of a generation."""
        drop_table(connection, generation)
