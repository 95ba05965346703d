"""Stores of each kind, for tests that all of them must pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalog.database.connections import engine_for, url_of
from catalog.database.database import Database
from catalog.database.postgres import PostgresServer
from catalog.settings import CatalogSettings
from engine.index.stores import fetched_rows, milvus_rows, shared, tuning
from engine.index.stores.annoy import ANNOY
from engine.index.stores.milvus import MilvusStore
from engine.index.stores.pgvector import PgVectorStore
from engine.index.stores.recall import sample_rows
from engine.index.stores.store import VectorStore
from engine.search import search
from engine.settings import EngineSettings
from tests import milvus
from tests.postgres import Postgres


@dataclass
class Server:
    """A database of a test and the stores on it."""

    postgres: Postgres
    address: str

    def store(self, milvus: str | None = None) -> PgVectorStore | MilvusStore:
        """A store with connections of its own, as another process has it.

        Args:
            milvus: the address of the server that has its rows; None: they are in pgvector.
        """
        settings = CatalogSettings(database_url=self.address)
        server = PostgresServer(Database(engine_for(url_of(settings))))
        if milvus is None:
            return PgVectorStore(server)
        return MilvusStore(server, EngineSettings(store="milvus", milvus_address=milvus))

    def another(self, store: VectorStore) -> VectorStore:
        """The same store, as another process has it."""
        return self.store(
            store._settings.milvus_address if isinstance(store, MilvusStore) else None
        )


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """An empty database on a server with pgvector."""
    postgres = request.getfixturevalue("postgres")
    address = postgres.create()
    settings = CatalogSettings(database_url=address)
    engine = engine_for(url_of(settings))
    with engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"
        ).scalar()
    engine.dispose()
    if not found:
        pytest.skip("the PostgreSQL server of the tests has no pgvector")
    yield Server(postgres, address)
    postgres.drop(address)


@pytest.fixture(scope="session")
def small_milvus() -> Iterator[str]:
    """The address of a small Milvus, which scores all rows."""
    with milvus.small() as address, pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            milvus_rows, "INDEX", {"index_type": "FLAT", "metric_type": "IP", "params": {}}
        )
        yield address


@pytest.fixture(scope="module")
def real_milvus() -> Iterator[str]:
    """The address of a real Milvus."""
    with milvus.real() as address:
        yield address


REAL = pytest.param("real_milvus", marks=pytest.mark.soak)


@pytest.fixture(scope="module", params=["annoy", "pgvector", "small_milvus", REAL])
def store(request: pytest.FixtureRequest) -> VectorStore:
    """Each store in turn."""
    if request.param == "annoy":
        return ANNOY
    server: Server = request.getfixturevalue("server")
    if request.param == "pgvector":
        return server.store()
    return server.store(request.getfixturevalue(request.param))


@pytest.fixture(scope="module", autouse=True)
def few_seeds() -> Iterator[None]:
    """Recall is measured over few seeds, as that takes most of the time of a small build."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuning, "sample_rows", lambda count, seed, *_: sample_rows(count, seed, 25))
        yield


@pytest.fixture(autouse=True)
def by_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small generations are searched as large ones: by the index, rows fetched as needed."""
    monkeypatch.setattr(search, "SCAN_CELLS", 0)
    monkeypatch.setattr(shared, "WHOLE", 0)
    monkeypatch.setattr(fetched_rows, "CACHE_BYTES", 20_000)  # 128 rows of 39 numbers


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own."""
    return tmp_path / "home"
