"""The rows of a generation in Milvus: written, indexed, fetched, and their neighbours found.

A collection has ``row``, its key, and ``embedding``, the float32 numbers as they are, so exact
scores are the same as from a file. Its index is HNSW by inner product. Facets that have an index of
their own have their blocks in another collection. A collection never changes once it was loaded, so
reads ask for no consistency, which waits for the server's clock (0.2 s).
"""

from typing import Any, Final

import numpy as np
from pymilvus import DataType, MilvusClient

from engine.arrays import Float32, Float64, Int64
from engine.encoders.facets import Slices, weighed_alone
from engine.errors import BrokenGeneration, GenerationError, StoreError
from engine.index.manifest import REBUILD
from engine.index.stacked_rows import check_query
from engine.index.stores.fetched_rows import FetchedRows
from engine.index.stores.milvus_session import ANSWER_SECONDS, BUILD_SECONDS, MilvusServer

MOST_DIMENSIONS = 32_768
INDEX: dict[str, Any] = {
    "index_type": "HNSW",
    "metric_type": "IP",
    "params": {"M": 16, "efConstruction": 128},
}
MOST_ANSWERED = 16_384  # rows of one answer of the server
MOST_INSPECTED = 20_000  # the largest search_k, HNSW's ef; the server takes 32,768
PIECE_BYTES = 8_000_000  # of rows that are sent or fetched at once
READ: Final = {"consistency_level": "Eventually", "timeout": ANSWER_SECONDS}


def write_rows(server: MilvusServer, generation: str, vectors: Float32, own: Slices) -> None:
    """Create the collections of a generation with its rows ``(N, D)``, index and load them.

    Args:
        server: that holds them.
        generation: its name.
        vectors: the rows.
        own: facet -> its block, of those that get a collection of their own.

    Raises:
        GenerationError: rows are too long.
        StoreError: the server does not answer, or lost rows.
    """
    if (dim := vectors.shape[1]) > MOST_DIMENSIONS:
        raise GenerationError(
            f"Rows of this encoder have {dim:,} numbers, and Milvus holds {MOST_DIMENSIONS:,} at "
            "most. Leave LOOKALIKE_STORE out, or choose another encoder."
        )
    for columns in own.values():
        _write(server, server.collection(generation, columns), vectors[:, slice(*columns)])
    _write(server, server.collection(generation), vectors)


def _write(server: MilvusServer, name: str, vectors: Float32) -> None:
    count, dim = vectors.shape
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("row", DataType.INT64, is_primary=True)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dim)
    indexes = MilvusClient.prepare_index_params()
    indexes.add_index("embedding", **INDEX)
    piece = _piece(dim)
    with server.client() as client:
        client.create_collection(name, schema=schema, timeout=BUILD_SECONDS)
        for start in range(0, count, piece):
            rows = enumerate(vectors[start : start + piece], start)
            data = [{"row": row, "embedding": vector} for row, vector in rows]
            client.insert(name, data, timeout=BUILD_SECONDS)
        client.flush(name, timeout=BUILD_SECONDS)
        client.create_index(name, indexes)  # waits until it is built, which takes hours of many
        client.load_collection(name)
        found = client.query(
            name, output_fields=["count(*)"], consistency_level="Strong", timeout=BUILD_SECONDS
        )
    if (stored := int(found[0]["count(*)"])) != count:
        raise StoreError(
            f"Milvus at {server.address} holds {stored:,} of {count:,} rows that were sent; "
            "nothing was published. See the server's log, and run it again."
        )


def _piece(dim: int) -> int:
    """How many rows are sent or fetched at once."""
    return max(1, min(MOST_ANSWERED, PIECE_BYTES // (4 * dim)))


class MilvusRows:
    """The rows of one generation and their index; safe to share between threads.

    Args:
        server: of the collection.
        generation: its name.
        shape: ``(N, D)``.
        own: facet -> its block, of those that have a collection of their own.
        kept: where rows that `nearest` finds are kept, as they will be scored; None: nowhere.
    """

    growth = 1.5  # of a graph

    def __init__(
        self,
        server: MilvusServer,
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
        self._name = server.collection(generation)

    def check(self) -> None:
        """Look whether all rows are there, and have them loaded if they are not.

        Raises:
            BrokenGeneration: they are not, or are of another length.
            StoreError: the server does not answer.
        """
        self._check(self._name, self._shape)
        for columns in self._own.values():
            name = self._server.collection(self._generation, columns)
            self._check(name, (self._shape[0], columns[1] - columns[0]))

    def _check(self, name: str, shape: tuple[int, int]) -> None:
        with self._server.client() as client:
            facts = client.describe_collection(name, timeout=ANSWER_SECONDS)
            count = client.get_collection_stats(name, timeout=ANSWER_SECONDS)["row_count"]
            client.load_collection(name, timeout=BUILD_SECONDS)
        fields = {field["name"]: field.get("params", {}) for field in facts["fields"]}
        found = (int(count), int(fields.get("embedding", {}).get("dim", 0)))
        if found != shape:
            raise BrokenGeneration(
                f"Generation {self._generation} is {found} rows and numbers in Milvus, and should "
                f"be {shape}. {REBUILD}"
            )

    def fetch(self, rows: Int64) -> Float32:
        """Rows ``(n,)``, without repetitions, as ``(n, D)``.

        Raises:
            BrokenGeneration: some are missing.
            StoreError: the server does not answer.
        """
        piece = _piece(self._shape[1])
        vectors = np.empty((len(rows), self._shape[1]), dtype=np.float32)
        with self._server.client() as client:
            for start in range(0, len(rows), piece):
                wanted = rows[start : start + piece].tolist()
                found = client.query(
                    self._name,
                    filter=f"row in {wanted}",
                    output_fields=["row", "embedding"],
                    **READ,
                )
                by_row = {one["row"]: one["embedding"] for one in found}
                if len(by_row) < len(wanted):
                    raise BrokenGeneration(
                        f"Rows of generation {self._generation} are missing in Milvus. Run "
                        "`lookalike reindex --force`."
                    )
                vectors[start : start + piece] = [by_row[row] for row in wanted]
        return vectors

    def nearest(self, query: Float32 | Float64, n: int, search_k: int) -> Int64:
        """See `engine.index.stores.store.NearestRows`; ``search_k`` is HNSW's ``ef``."""
        check_query(query, self._shape[1], n, search_k)
        limit = min(n, self._shape[0], MOST_ANSWERED)
        name, kept = self._name, self._kept
        if (facet := weighed_alone(query, self._own)) is not None:  # its blocks are no rows to keep
            columns, kept = self._own[facet], None
            name, query = self._server.collection(self._generation, columns), query[slice(*columns)]
        with self._server.client() as client:
            found = client.search(
                name,
                [query.astype(np.float32)],
                limit=limit,
                search_params={"params": {"ef": max(limit, min(search_k, MOST_INSPECTED))}},
                output_fields=None if kept is None else ["embedding"],
                **READ,
            )[0]
            rows = np.array([hit.id for hit in found], dtype=np.int64)
            if kept is not None:
                vectors = [hit["entity"]["embedding"] for hit in found]
                kept.keep(rows, np.array(vectors, dtype=np.float32))
        return rows
