"""The store in Milvus: for more rows than one machine should hold.

A generation is a collection, and one more for each facet that has an index of its own. The pointer
to the live one, its small files and the lock of reindexes are beside the catalogue in PostgreSQL
(`engine.index.stores.shared`): Milvus's own aliases switch in each of its proxies at
another moment.
"""

from typing import Final

from catalog.database.postgres import PostgresServer
from engine.arrays import Float32
from engine.encoders.facets import Slices
from engine.index.stores.fetched_rows import FetchedRows
from engine.index.stores.milvus_rows import MOST_INSPECTED, MilvusRows, write_rows
from engine.index.stores.milvus_session import MilvusServer
from engine.index.stores.postgres_session import Connection, connected
from engine.index.stores.shared import SharedStore
from engine.settings import EngineSettings


class MilvusStore(SharedStore):
    """See `SharedStore`.

    Args:
        server: of the catalogue's database.
        settings: have the address and the token of Milvus.
    """

    name: Final = "milvus"
    most_inspected: Final = MOST_INSPECTED
    faster: Final = "That is the ef of Milvus."

    def __init__(self, server: PostgresServer, settings: EngineSettings) -> None:
        super().__init__(server)
        self._settings = settings
        self._connected: MilvusServer | None = None

    def _milvus(self) -> MilvusServer:
        """Milvus, with the names of this database's index.

        Another database, such as a copy of this one for tests, has other collections there, and
        drops none of these.
        """
        if self._connected is None:
            which = "SELECT system_identifier, current_database() FROM pg_control_system()"
            with connected(self._server) as connection:
                found = connection.execute(which).fetchone()
            token = self._settings.milvus_token
            self._connected = MilvusServer(
                self._settings.milvus_address,
                "" if token is None else token.get_secret_value(),
                index=f"{found}",
            )
        return self._connected

    def write(self, generation: str, vectors: Float32, own: Slices, connection: Connection) -> None:
        """Write a collection of rows, and those of facets, and index them."""
        write_rows(self._milvus(), generation, vectors, own)

    def rows(
        self,
        generation: str,
        shape: tuple[int, int],
        own: Slices,
        kept: FetchedRows | None = None,
    ) -> MilvusRows:
        """The rows of a collection."""
        return MilvusRows(self._milvus(), generation, shape, own, kept)

    def stored(self, connection: Connection) -> list[str]:
        """The generations that have collections."""
        return self._milvus().generations()

    def drop(self, connection: Connection, generation: str) -> None:
        """Drop the collections of a generation."""
        self._milvus().drop(generation)
