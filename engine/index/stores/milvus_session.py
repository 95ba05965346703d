"""The connection to Milvus, and its errors; the first of the files that need pymilvus."""

import hashlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from pymilvus import MilvusClient, MilvusException

from engine.errors import BrokenGeneration, StoreError
from engine.index.manifest import REBUILD

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 5.0  # of a request for some rows
BUILD_SECONDS = 600.0  # of one step of a build, which a server that lives ends far sooner
GONE = 100  # the error that there is no such collection

logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it logs what it raises, with a trace


class MilvusServer:
    """A server, connected to when it is first needed; safe to share between threads.

    Args:
        address: such as ``http://milvus:19530``.
        token: ``user:password`` or a key; empty: none.
        index: names the index whose collections these are; see `collection`.
    """

    def __init__(self, address: str, token: str, index: str) -> None:
        self.address = address
        self._token = token
        self._prefix = f"lookalike_{hashlib.sha256(index.encode()).hexdigest()[:10]}_"
        self._client: Any = None
        self._lock = threading.Lock()

    @contextmanager
    def client(self) -> Iterator[Any]:
        """The client of pymilvus.

        Raises:
            BrokenGeneration: a collection is gone.
            StoreError: the server cannot be reached, or refuses what was asked for.
        """
        try:
            with self._lock:
                if self._client is None:
                    self._client = MilvusClient(
                        uri=self.address, token=self._token, timeout=CONNECT_SECONDS
                    )
            yield self._client
        except (MilvusException, grpc.RpcError, ValueError) as error:
            reason = str(getattr(error, "message", "") or error).strip().partition("\n")[0]
            if getattr(error, "code", None) == GONE:
                raise BrokenGeneration(
                    f"A generation is not in Milvus at {self.address} any more. {REBUILD}"
                ) from error
            raise StoreError(
                f"The index in Milvus at {self.address} cannot be used: {reason}. Check that the "
                "server can be reached (LOOKALIKE_MILVUS_ADDRESS, LOOKALIKE_MILVUS_TOKEN); "
                "`lookalike reindex` builds an index that is gone."
            ) from error

    def collection(self, generation: str, columns: tuple[int, int] | None = None) -> str:
        """The collection of a generation; names of another index have another prefix.

        Args:
            generation: its name.
            columns: of the facet whose blocks are in a collection of their own; None: whole rows.
        """
        block = "" if columns is None else f"_{columns[0]}_{columns[1]}"
        return self._prefix + generation.replace("-", "_") + block

    def generations(self) -> list[str]:
        """The generations of this index that have collections, ascending."""
        mine = (name.removeprefix(self._prefix) for name in self._collections())
        return sorted({"-".join(name.split("_")[:2]) for name in mine})

    def drop(self, generation: str) -> None:
        """Drop the collections of a generation, if there are any."""
        whole = self.collection(generation)
        for name in self._collections():
            if name == whole or name.startswith(f"{whole}_"):
                with self.client() as client:
                    client.drop_collection(name, timeout=BUILD_SECONDS)

    def _collections(self) -> list[str]:
        with self.client() as client:
            found = client.list_collections(timeout=ANSWER_SECONDS)
        return [name for name in found if name.startswith(self._prefix)]
