"""The store in PostgreSQL, by its extension pgvector: for many web servers, or many products.

A generation is a table, and the pointer to the live one is a row. Web servers hold no rows in
memory but those that they used last, and need no copy of the index: each has its own home with the
small files of a generation (`engine.index.stores.pgvector_copies`).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np

from catalog import errors
from catalog.database.postgres import PostgresServer
from catalog.lock import exclusive_lock, waiting_lock
from engine.arrays import Float32
from engine.errors import Busy
from engine.index.manifest import Manifest
from engine.index.pointer import CURRENT, Pointer, write_pointer
from engine.index.stacked_rows import Matrix
from engine.index.stores.annoy import VECTORS
from engine.index.stores.fetched_rows import FetchedRows
from engine.index.stores.pgvector_copies import copy_live, is_copied, read_live, write_live
from engine.index.stores.pgvector_rows import MOST_INSPECTED, PgVectorRows, write_rows
from engine.index.stores.pgvector_session import (
    SCHEMA,
    Connection,
    connected,
    drop_table,
    own_connection,
    prepare,
    tables,
)
from engine.index.stores.store import Built
from engine.settings import EngineSettings
from engine.storage import storage_errors

FIRST_CANDIDATES = 100  # hnsw.ef_search of the first measurement of recall
WHOLE = 3_000_000  # numbers of a generation that is read into memory whole, 12 MB
REINDEXING = 0x6C6F6F6C  # key of the advisory lock that a reindex holds
COPY_LOCK = "COPY_LOCK"  # of an index folder
NEXT_STEP = "Free some space: the next request or command copies it."
KEPT = 2  # generations at least: a request may still be answered from the last one


class PgVectorStore:
    """See `engine.index.stores.store.VectorStore`.

    Args:
        server: of the catalogue's database.
    """

    name: Final = "pgvector"
    metric: Final = "inner product"
    files: Final[tuple[str, ...]] = ()

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._held: Connection | None = None  # while a reindex holds the lock

    def build(
        self, generation: str, folder: Path, vectors: Float32, settings: EngineSettings
    ) -> Built:
        """Write the rows into a table and index it; the folder's file of rows is removed."""
        with own_connection(self._server) as connection:
            prepare(connection)
            self._drop_unpublished(connection)
            write_rows(connection, generation, vectors)
        (folder / VECTORS).unlink(missing_ok=True)  # it stays mapped
        return Built(
            index=PgVectorRows(self._server, generation, vectors.shape),
            files=self.files,
            trees=1,
            search_k=min(MOST_INSPECTED, settings.search_k or FIRST_CANDIDATES),
            most=MOST_INSPECTED,
            all_rows=None,
            advice="Lower LOOKALIKE_MIN_RECALL, or leave LOOKALIKE_STORE out.",
            faster="That is the ef_search of pgvector, to 1,000; beyond, the scan is continued.",
        )

    def vectors(self, folder: Path, manifest: Manifest) -> Matrix:
        """The rows: few are read into memory whole, of others those that are needed."""
        shape = (manifest.count, manifest.dim)
        rows = PgVectorRows(self._server, manifest.name, shape)
        if manifest.count * manifest.dim > WHOLE:
            rows.check()
            return FetchedRows(rows.fetch, shape)
        return rows.fetch(np.arange(manifest.count))

    def index(self, folder: Path, manifest: Manifest, vectors: Matrix) -> PgVectorRows:
        """The index; rows that it reads are kept with those that were fetched."""
        kept = vectors if isinstance(vectors, FetchedRows) else None
        return PgVectorRows(self._server, manifest.name, (manifest.count, manifest.dim), kept)

    def fits(self, manifest: Manifest, settings: EngineSettings) -> bool:
        """Whether the generation is in this store, and search_k is that of the settings."""
        return (manifest.store, manifest.asked_search_k) == (self.name, settings.search_k)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock of all homes; it ends with its connection.

        Raises:
            Busy: another process holds it.
        """
        with own_connection(self._server) as connection:
            taken = connection.execute("SELECT pg_try_advisory_lock(%s)", [REINDEXING]).fetchone()
            if taken is None or not taken[0]:
                raise Busy(
                    "Another reindex is running on this database, from another home. Wait for it "
                    "to end, then run this one again."
                )
            self._held = connection
            try:
                yield
            finally:
                self._held = None

    def publish(self, index_dir: Path, to: Pointer) -> None:
        """Store the small files, and move the pointer of all homes."""
        if self._held is not None:  # so nothing is published once the lock is lost
            write_live(self._held, index_dir, to)
        else:
            with own_connection(self._server) as connection:
                write_live(connection, index_dir, to)
        write_pointer(index_dir, to)

    def follow(self, index_dir: Path) -> None:
        """Copy what was published since to a home.

        One thread of all processes copies; others go on with what is there, and wait only if
        nothing is, or for a reindex.
        """
        with connected(self._server) as connection:
            live = read_live(connection)
        if live is None or is_copied(index_dir, live):
            return
        wait = self._held is not None or not (index_dir / CURRENT).exists()
        hold = waiting_lock if wait else exclusive_lock
        with (
            storage_errors(index_dir, "The copy of the index", NEXT_STEP),
            suppress(errors.Busy),
            hold(index_dir / COPY_LOCK, "copies the index"),
            connected(self._server) as connection,
        ):
            # One snapshot: a pointer and the files that it needs.
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            live = read_live(connection)
            if live is not None and not is_copied(index_dir, live):
                copy_live(connection, index_dir, live)

    def prune(self, keep: int) -> None:
        """Drop the tables and files of all but the generations published last."""
        with own_connection(self._server) as connection:
            names = f"SELECT name FROM {SCHEMA}.generations ORDER BY number DESC OFFSET %s"
            old = [name for (name,) in connection.execute(names, [max(keep, KEPT)])]
            for name in old:
                with connection.transaction():
                    connection.execute(f"DELETE FROM {SCHEMA}.generations WHERE name = %s", [name])
                    connection.execute(f"DELETE FROM {SCHEMA}.files WHERE folder = %s", [name])
            self._drop_unpublished(connection)

    def _drop_unpublished(self, connection: Connection) -> None:
        """Drop tables of pruned generations and of runs that were killed."""
        found = connection.execute(f"SELECT name FROM {SCHEMA}.generations").fetchall()
        for name in set(tables(connection)) - {name for (name,) in found}:
            drop_table(connection, name)
