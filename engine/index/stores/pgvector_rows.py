"""The rows of generations in PostgreSQL: written, indexed, fetched, and their neighbours found.

A table has ``row integer`` and ``embedding vector(D)``, the float32 numbers as they are, so exact
scores are the same as from a file. Its index is HNSW by inner product, and so are those of the
blocks of facets that have one of their own.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from catalog.database.postgres import PostgresServer
from engine.arrays import Float32, Float64, Int64
from engine.encoders.facets import Slices, weighed_alone
from engine.errors import BrokenGeneration, GenerationError, StoreError
from engine.index.manifest import REBUILD
from engine.index.stacked_rows import check_query
from engine.index.stores.fetched_rows import FetchedRows
from engine.index.stores.postgres_session import SCHEMA, Connection, connected

LEAST_VERSION = (0, 8)  # of pgvector: the first with iterative scans
MOST_DIMENSIONS = 2_000  # of an HNSW index of vectors
LINKS, BUILD_CANDIDATES = 16, 128  # of a row in the graph, and looked at to find its links
MOST_CANDIDATES = 1_000  # hnsw.ef_search can be no larger
MOST_INSPECTED = 20_000  # the largest search_k: beyond the candidates, the scan is continued
MOST_SCANNED = 20_000  # rows that an index scan visits, unless far more are asked for
SCAN_MEMORY = 16  # hnsw.scan_mem_multiplier: of work_mem, 4 MB by default
COPY_ROWS = 20_000  # rows that are sent at once
BUILD_MEMORY = 2_000_000  # kB of the server's memory for an index, at most; less for few rows
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # of PostgreSQL's binary format, without flags
TRAILER = b"\xff\xff"
WHOLE = sql.SQL("embedding")


def create_extension(connection: Connection) -> None:
    """Create the extension, where it is missing.

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


def write_rows(connection: Connection, generation: str, vectors: Float32, own: Slices) -> None:
    """Create the table of a generation with its rows ``(N, D)``, and index it.

    Args:
        connection: to the database.
        generation: its name.
        vectors: the rows.
        own: facet -> its block, of those that get an index of their own.

    Raises:
        GenerationError: rows are too long for an index.
    """
    count, dim = vectors.shape
    if dim > MOST_DIMENSIONS:
        raise GenerationError(
            f"Rows of this encoder have {dim:,} numbers, and pgvector indexes {MOST_DIMENSIONS:,} "
            "at most. Leave LOOKALIKE_STORE out, or choose another encoder."
        )
    table = table_of(generation)
    create = "CREATE TABLE {} (row integer NOT NULL, embedding vector({}) STORAGE PLAIN NOT NULL)"
    connection.execute(sql.SQL(create).format(table, sql.Literal(dim)))
    copy_in = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(table)
    with connection.cursor() as cursor, cursor.copy(copy_in) as copy:
        copy.write(SIGNATURE)
        for start in range(0, count, COPY_ROWS):
            copy.write(_tuples(start, vectors[start : start + COPY_ROWS]))
        copy.write(TRAILER)
    needed = 2 * count * (4 * dim + 8 * LINKS) // 1_000
    memory = max(BUILD_MEMORY // 20, min(needed, BUILD_MEMORY))
    connection.execute("SELECT set_config('maintenance_work_mem', %s, false)", [f"{memory}kB"])
    connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (row)").format(table))
    create_index = sql.SQL(
        "CREATE INDEX ON {} USING hnsw (({}) vector_ip_ops) WITH (m = {}, ef_construction = {})"
    )
    for numbers in (WHOLE, *map(_block, own.values())):
        values = (table, numbers, sql.Literal(LINKS), sql.Literal(BUILD_CANDIDATES))
        connection.execute(create_index.format(*values))
    connection.execute(sql.SQL("ANALYZE {}").format(table))


def _block(columns: tuple[int, int]) -> sql.Composed:
    """The numbers of one facet, as its index has them and a query must write them."""
    start, end = columns
    length = sql.Literal(end - start)
    return sql.SQL("subvector(embedding, {}, {})::vector({})").format(
        sql.Literal(start + 1), length, length
    )


def _tuples(start: int, vectors: Float32) -> bytes:
    """Rows in the binary format of COPY, all at once: a driver would take one at a time."""
    dim = vectors.shape[1]
    layout = [("fields", ">i2"), ("row_bytes", ">i4"), ("row", ">i4"), ("bytes", ">i4")]
    layout += [("dim", ">i2"), ("unused", ">i2")]
    made = np.zeros(len(vectors), dtype=[*layout, ("values", ">f4", (dim,))])
    made["fields"], made["row_bytes"], made["bytes"], made["dim"] = 2, 4, 4 + 4 * dim, dim
    made["row"] = np.arange(start, start + len(vectors))
    made["values"] = vectors
    return made.tobytes()


class PgVectorRows:
    """The rows of one generation and their index; safe to share between threads.

    Args:
        server: of the database.
        generation: its name.
        shape: ``(N, D)``.
        own: facet -> its block, of those that have an index of their own.
        kept: where rows that `nearest` finds are kept, as they will be scored; None: nowhere.
    """

    growth = 2.0  # of a graph: late

    def __init__(
        self,
        server: PostgresServer,
        generation: str,
        shape: tuple[int, int],
        own: Slices,
        kept: FetchedRows | None = None,
    ) -> None:
        self._server = server
        self._generation = generation
        self._shape = shape
        self._own = own
        self._kept = kept
        self._table = table_of(generation)

    def check(self) -> None:
        """Look whether the table is there.

        Raises:
            BrokenGeneration: it is not.
            StoreError: the server does not answer.
        """
        with self._connected() as connection:
            connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(self._table))

    def fetch(self, rows: Int64) -> Float32:
        """Rows ``(n,)``, without repetitions, as ``(n, D)``; all of them where n is N.

        Raises:
            BrokenGeneration: some are missing.
            StoreError: the server does not answer.
        """
        select = sql.SQL("SELECT row, embedding FROM {}").format(self._table)
        wanted: list[Any] = []
        if len(rows) < self._shape[0]:
            select += sql.SQL(" WHERE row = ANY(%s)")
            wanted = [rows.tolist()]
        with self._connected() as connection:
            found, vectors = self._read(connection, select, wanted)
        order, at = np.argsort(found), np.argsort(rows)
        if not np.array_equal(found[order], rows[at]):
            raise BrokenGeneration(
                f"Rows of generation {self._generation} are missing in PostgreSQL. Run `lookalike "
                "reindex --force`."
            )
        ordered = np.empty_like(vectors)
        ordered[at] = vectors[order]
        return ordered

    def nearest(self, query: Float32 | Float64, n: int, search_k: int) -> Int64:
        """See `engine.index.stores.store.NearestRows`; ``search_k`` is HNSW's ``ef_search``."""
        check_query(query, self._shape[1], n, search_k)
        columns = sql.SQL("row" if self._kept is None else "row, embedding")
        numbers: sql.Composable = WHOLE
        if (facet := weighed_alone(query, self._own)) is not None:
            numbers, query = _block(self._own[facet]), query[slice(*self._own[facet])]
        # A scan goes on in relaxed order until it has so many rows, of which the nearest are sent.
        wide = max(n, search_k) if search_k > MOST_CANDIDATES else n
        select = sql.SQL(
            "WITH found AS MATERIALIZED (SELECT {}, {} <#> %s::vector AS distance"
            " FROM {} ORDER BY distance LIMIT %s)"
            # A sum, since the planner takes what the scan returns for sorted.
            " SELECT {} FROM found ORDER BY distance + 0, row LIMIT %s"
        )
        with self._connected() as connection:
            connection.execute(
                "SELECT set_config('hnsw.ef_search', %s, true),"
                " set_config('hnsw.iterative_scan', 'relaxed_order', true),"
                " set_config('hnsw.scan_mem_multiplier', %s, true),"
                " set_config('hnsw.max_scan_tuples', %s, true)",
                [
                    str(min(MOST_CANDIDATES, search_k)),
                    str(SCAN_MEMORY),
                    str(max(MOST_SCANNED, 4 * wide)),
                ],
            )
            wanted = [json.dumps(query.tolist()), wide, n]
            rows, vectors = self._read(
                connection,
                select.format(columns, numbers, self._table, columns),
                wanted,
                self._kept is not None,
            )
        if self._kept is not None:
            self._kept.keep(rows, vectors)
        return rows

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with connected(self._server) as connection:
            try:
                yield connection
            except psycopg.errors.UndefinedTable as error:
                raise BrokenGeneration(
                    f"Generation {self._generation} is not in PostgreSQL any more. {REBUILD}"
                ) from error

    def _read(
        self,
        connection: Connection,
        select: sql.Composed,
        values: list[Any],
        embeddings: bool = True,
    ) -> tuple[Int64, Float32]:
        """Numbers ``(n,)`` and embeddings ``(n, D)`` of rows, in their order."""
        # In the binary format; the driver leaves a type that it does not know as bytes.
        with psycopg.Cursor(connection) as cursor:
            cursor.execute(select, values, binary=True)
            found = cursor.fetchall()
        rows = np.array([one[0] for one in found], dtype=np.int64)
        if not embeddings:
            return rows, np.empty((0, self._shape[1]), dtype=np.float32)
        cells = np.frombuffer(
            b"".join(one[1] for one in found),
            dtype=[("head", ">i4"), ("values", ">f4", (self._shape[1],))],
        )
        return rows, cells["values"].astype(np.float32)
