"""What stores on servers have in common: an index that many homes share.

PostgreSQL, beside the catalogue, has the pointer to the live generation, its small files, and the
lock that lets one reindex run at a time. Web servers hold no rows in memory but those that they
used last, and need no copy of the index: each has its own home with the small files of a generation
(`engine.index.stores.postgres_copies`). Where the rows are is up to each store.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import psycopg

from catalog import errors
from catalog.database.postgres import PostgresServer
from catalog.lock import exclusive_lock, waiting_lock
from engine.arrays import Float32, Int64
from engine.encoders.facets import FacetLayout, Slices
from engine.errors import Busy
from engine.index.manifest import Manifest
from engine.index.pointer import CURRENT, Pointer, is_followed, write_pointer
from engine.index.stacked_rows import Matrix
from engine.index.stores.annoy import VECTORS
from engine.index.stores.fetched_rows import FetchedRows
from engine.index.stores.homes import check_publisher
from engine.index.stores.postgres_copies import (
    copy_live,
    publisher,
    read_live,
    write_live,
)
from engine.index.stores.postgres_session import (
    SCHEMA,
    Connection,
    connected,
    create_tables,
    own_connection,
)
from engine.index.stores.store import Built, NearestRows
from engine.index.stores.tuning import own_facets
from engine.settings import EngineSettings
from engine.storage import storage_errors

WHOLE = 3_000_000  # numbers of a generation that is read into memory whole, 12 MB
REINDEXING = 0x6C6F6F6C  # key of the advisory lock that a reindex holds
COPY_LOCK = "COPY_LOCK"  # of an index folder
NEXT_STEP = "Free some space: the next request or command copies it."
KEPT = 2  # generations at least: a request may still be answered from the last one
FIRST_CANDIDATES = 100  # of a graph, in the first measurement of recall


class StoredRows(NearestRows, Protocol):
    """The rows of one generation on a server, and their index; safe to share between threads."""

    def check(self) -> None:
        """Look whether they are there.

        Raises:
            BrokenGeneration: they are not.
            StoreError: the server does not answer.
        """
        ...

    def fetch(self, rows: Int64) -> Float32:
        """Rows ``(n,)``, without repetitions, as ``(n, D)``; all of them where n is N.

        Raises:
            BrokenGeneration: some are missing.
            StoreError: the server does not answer.
        """
        ...


class SharedStore(ABC):
    """See `engine.index.stores.store.VectorStore`.

    Args:
        server: of the catalogue's database.
    """

    metric: Final = "inner product"
    files: Final[tuple[str, ...]] = ()

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._held: Connection | None = None  # while a reindex holds the lock

    @property
    @abstractmethod
    def name(self) -> str:
        """As in settings and manifests."""

    @property
    @abstractmethod
    def most_inspected(self) -> int:
        """The largest ``search_k``."""

    @property
    @abstractmethod
    def faster(self) -> str:
        """What ``search_k`` is there, for a note."""

    @abstractmethod
    def write(self, generation: str, vectors: Float32, own: Slices, connection: Connection) -> None:
        """Store and index the rows ``(N, D)`` of a generation, and the blocks of some facets.

        Raises:
            GenerationError: the store cannot hold such rows.
        """

    @abstractmethod
    def rows(
        self,
        generation: str,
        shape: tuple[int, int],
        own: Slices,
        kept: FetchedRows | None = None,
    ) -> StoredRows:
        """The stored rows of a generation.

        Args:
            generation: its name.
            shape: ``(N, D)``.
            own: facet -> its block, of facets that have an index of their own.
            kept: where rows that a search reads are kept; None: nowhere.
        """

    @abstractmethod
    def stored(self, connection: Connection) -> list[str]:
        """The generations that have rows, published or not."""

    @abstractmethod
    def drop(self, connection: Connection, generation: str) -> None:
        """Drop the rows of a generation; those that are in use stay until the next time."""

    def build(
        self,
        generation: str,
        folder: Path,
        vectors: Float32,
        layout: FacetLayout,
        settings: EngineSettings,
    ) -> Built:
        """Store the rows and index them; the folder's file of rows is removed."""
        own = own_facets(layout)
        with own_connection(self._server) as connection:
            create_tables(connection)
            self._drop_unpublished(connection)
            self.write(generation, vectors, own, connection)
        (folder / VECTORS).unlink(missing_ok=True)  # it stays mapped
        return Built(
            index=self.rows(generation, vectors.shape, own),
            files=self.files,
            trees=1,
            search_k=min(self.most_inspected, settings.search_k or FIRST_CANDIDATES),
            most=self.most_inspected,
            all_rows=None,
            advice="Lower that, or leave LOOKALIKE_STORE out.",
            faster=self.faster,
            own=tuple(own),
        )

    def vectors(self, folder: Path, manifest: Manifest) -> Matrix:
        """The rows: few are read into memory whole, of others those that are needed."""
        shape = (manifest.count, manifest.dim)
        rows = self.rows(manifest.name, shape, _own(manifest))
        rows.check()
        if manifest.count * manifest.dim > WHOLE:
            return FetchedRows(rows.fetch, shape)
        return rows.fetch(np.arange(manifest.count))

    def index(self, folder: Path, manifest: Manifest, vectors: Matrix) -> StoredRows:
        """The index; rows that it reads are kept with those that were fetched."""
        kept = vectors if isinstance(vectors, FetchedRows) else None
        shape = (manifest.count, manifest.dim)
        return self.rows(manifest.name, shape, _own(manifest), kept)

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
                with suppress(psycopg.Error):  # at once: the server sees a closed connection later
                    connection.execute("SELECT pg_advisory_unlock(%s)", [REINDEXING])

    def check_home(self, index_dir: Path, encoder: str, fingerprint: str) -> None:
        """Check that a home may replace what is published: not another encoder's of another home.

        Raises:
            SettingsError: it may not.
        """
        with own_connection(self._server) as connection:
            create_tables(connection)
            found = publisher(connection)
        instead = "set LOOKALIKE_STORE=annoy in this home"
        check_publisher(found, index_dir, encoder, fingerprint, instead)

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
        if live is None or is_followed(index_dir, live):
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
            if live is not None and not is_followed(index_dir, live):
                copy_live(connection, index_dir, live)

    def prune(self, keep: int) -> None:
        """Drop the rows and files of all but the generations published last."""
        with own_connection(self._server) as connection:
            names = f"SELECT name FROM {SCHEMA}.generations ORDER BY number DESC OFFSET %s"
            old = [name for (name,) in connection.execute(names, [max(keep, KEPT)])]
            for name in old:
                with connection.transaction():
                    connection.execute(f"DELETE FROM {SCHEMA}.generations WHERE name = %s", [name])
                    connection.execute(f"DELETE FROM {SCHEMA}.files WHERE folder = %s", [name])
            self._drop_unpublished(connection)

    def _drop_unpublished(self, connection: Connection) -> None:
        """Drop rows of pruned generations and of runs that were killed."""
        found = connection.execute(f"SELECT name FROM {SCHEMA}.generations").fetchall()
        for name in set(self.stored(connection)) - {name for (name,) in found}:
            self.drop(connection, name)


def _own(manifest: Manifest) -> Slices:
    """The facets that have an index of their own in a generation; none in earlier versions."""
    return {name: manifest.facets[name] for name in manifest.search_k_by_own}
