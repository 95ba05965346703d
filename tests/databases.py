"""Databases for tests: those that use one run on SQLite and on a real PostgreSQL.

Each test has its own: a copy of an empty catalogue, as copying is much faster than migrating.
Databases that a test leaves open are closed after it. Tests in a browser run on SQLite only: what
a page shows does not depend on the database, and each page has tests without a browser on both.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from catalog.database.connections import sqlite_path, url_of
from catalog.database.database import Database
from catalog.database.models import StateRow
from catalog.events.queue import QUEUES
from catalog.settings import CatalogSettings
from tests.postgres import NoServer, Postgres, start

VARIABLE = "LOOKALIKE_DATABASE_URL"

# For tests of one kind only, and for tests in a browser that run on both.
only_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")
on_both = pytest.mark.parametrize(
    "databases", ["sqlite", "postgresql"], indirect=True, scope="session"
)
only_postgresql = pytest.mark.parametrize(
    "databases", ["postgresql"], indirect=True, scope="session"
)


class Databases:
    """Creates, copies and drops databases of one kind, identified by their addresses."""

    def __init__(self, server: Postgres | None) -> None:
        self.server = server
        self._once: dict[str, Any] = {}

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What ``make`` returned first: for what all tests of a session share.

        A fixture cannot do that, as pytest ends the fixtures of one kind of database whenever a
        test of the other kind follows, so in each file.
        """
        if name not in self._once:
            self._once[name] = make()
        return self._once[name]

    def new(self, home: Path) -> str:
        """Creates one for a home, without tables."""
        return f"sqlite:///{home / 'catalog.db'}" if self.server is None else self.server.create()

    def copy(self, address: str, home: Path) -> str:
        """Creates a copy of another database, which must have no connections."""
        if self.server is not None:
            return self.server.create(template=address)
        made = self.new(home)
        for path in file_of(address).parent.glob(
            f"{file_of(address).name}*"
        ):  # with the write-ahead log
            shutil.copy(path, home / path.name)
        return made

    def drop(self, address: str) -> None:
        """Drops one."""
        if self.server is not None:
            self.server.drop(address)

    def cut(self, address: str) -> int:
        """Ends all connections to one, like a restart of the server; returns their number."""
        assert self.server is not None
        return self.server.cut(address)

    @contextmanager
    def closed(self, address: str) -> Iterator[None]:
        """Ends all connections to one and refuses new ones in the block."""
        assert self.server is not None
        self.server.let_in(address, False)
        self.server.cut(address)
        try:
            yield
        finally:
            self.server.let_in(address, True)


def file_of(address: str) -> Path:
    """The file of an SQLite database."""
    path = sqlite_path(url_of(CatalogSettings(database_url=address)))
    assert path is not None
    return path


def version_of(db: Database) -> int:
    """The version of a catalogue, which grows with every change of its contents."""
    with db.read() as connection:
        return connection.execute(select(StateRow.version)).scalar_one()


def named(address: str) -> dict[str, str]:
    """The environment variables for a database, besides LOOKALIKE_HOME.

    SQLite needs none: its file is at the default place in the home.
    """
    return {} if address.startswith("sqlite") else {VARIABLE: address}


def use(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Sets a database in the environment for the rest of the test."""
    monkeypatch.delenv(VARIABLE, raising=False)
    for name, value in named(address).items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server; tests that need it are skipped where none can be started."""
    try:
        server = start()
    except NoServer as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases_of_session() -> dict[str, Databases]:
    """The kinds of databases that were used so far."""
    return {"sqlite": Databases(None)}


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(
    request: pytest.FixtureRequest, databases_of_session: dict[str, Databases]
) -> Databases:
    """Each kind in turn."""
    if request.param not in databases_of_session:
        databases_of_session[request.param] = Databases(request.getfixturevalue("postgres"))
    return databases_of_session[request.param]


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests in a browser run on SQLite only, unless they say on what."""
    test = metafunc.definition
    given = {name for mark in test.iter_markers("parametrize") for name in mark.args[:1]}
    if test.get_closest_marker("browser") and "databases" in set(metafunc.fixturenames) - given:
        test.add_marker(only_sqlite)


@pytest.fixture(scope="session")
def empty_catalogue(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of an empty catalogue with the newest schema, which is only copied."""

    def make() -> str:
        home = tmp_path_factory.mktemp("empty")
        address = databases.new(home)
        Database.migrate(CatalogSettings(home=home, database_url=address))
        return address

    return databases.once("empty catalogue", make)


@pytest.fixture
def database_url(
    home: Path,
    databases: Databases,
    empty_catalogue: str,
    close_all: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """An empty catalogue with the newest schema, set in the environment."""
    address = databases.copy(empty_catalogue, home)
    use(monkeypatch, address)
    yield address
    close_all()
    databases.drop(address)


@pytest.fixture
def new_database_url(
    home: Path,
    databases: Databases,
    close_all: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """A database without tables, set in the environment."""
    address = databases.new(home)
    use(monkeypatch, address)
    yield address
    close_all()
    databases.drop(address)


@pytest.fixture
def close_all(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Closes all databases that the test opened, event logs first; also called at its end."""
    opened: list[Database] = []
    make = Database.__init__
    others = set(QUEUES)

    def remember(self: Database, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        opened.append(self)

    def close() -> None:
        for queue in set(QUEUES) - others:
            queue.close(10.0)
        for database in opened:
            database.close()

    monkeypatch.setattr(Database, "__init__", remember)
    yield close
    close()


@pytest.fixture
def catalog_settings(home: Path, database_url: str) -> CatalogSettings:
    """The settings of the environment: an empty catalogue, all files under `home`."""
    return CatalogSettings()


@pytest.fixture
def db(catalog_settings: CatalogSettings) -> Iterator[Database]:
    """The open catalogue."""
    with closing(Database.open(catalog_settings)) as database:
        yield database
