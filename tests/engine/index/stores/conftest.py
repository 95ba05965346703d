"""Stores of each kind, for tests that all of them must pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalog.database.connections import engine_for, url_of
from catalog.database.database import Database
from catalog.database.postgres import PostgresServer
from catalog.settings import CatalogSettings
from engine.index.stores import fetched_rows, pgvector, tuning
from engine.index.stores.annoy import ANNOY
from engine.index.stores.pgvector import PgVectorStore
from engine.index.stores.recall import sample_rows
from engine.index.stores.store import VectorStore
from engine.search import search
from tests.postgres import Postgres


@dataclass
class Server:
    """A database of a test and the stores on it."""

    postgres: Postgres
    address: str

    def store(self) -> PgVectorStore:
        """A store with connections of its own, as another process has it."""
        settings = CatalogSettings(database_url=self.address)
        return PgVectorStore(PostgresServer(Database(engine_for(url_of(settings)))))


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


@pytest.fixture(scope="module", params=["annoy", "pgvector"])
def store(request: pytest.FixtureRequest) -> VectorStore:
    """Each store in turn."""
    if request.param == "annoy":
        return ANNOY
    server: Server = request.getfixturevalue("server")
    return server.store()


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
    monkeypatch.setattr(pgvector, "WHOLE", 0)
    monkeypatch.setattr(fetched_rows, "CACHE_BYTES", 20_000)  # 128 rows of 39 numbers


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own."""
    return tmp_path / "home"
