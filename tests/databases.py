"""Databases for tests: whatever asks for one here runs on SQLite and on a real PostgreSQL.

Every test has one of its own: a copy of an empty catalogue, since copying is far quicker than
migrating. What it opened and left open is closed after it.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from catalog.database.connections import sqlite_path, url_of
from catalog.database.database import Database
from catalog.events.queue import QUEUES
from catalog.settings import CatalogSettings
from tests.postgres import NoServer, Postgres, start

VARIABLE = "LOOKALIKE_DATABASE_URL"

# For a test of what only one kind has or does.
only_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")
only_postgresql = pytest.mark.parametrize(
    "databases", ["postgresql"], indirect=True, scope="session"
)


class Databases:
    """Makes, copies and removes databases of one kind. They are told by their addresses."""

    def __init__(self, server: Postgres | None) -> None:
        self.server = server

    def new(self, home: Path) -> str:
        """One for a home, without any tables yet."""
        return f"sqlite:///{home / 'catalog.db'}" if self.server is None else self.server.create()

    def copy(self, address: str, home: Path) -> str:
        """One for a home that holds what another one does, which nobody may be connected to."""
        if self.server is not None:
            return self.server.create(template=address)
        made = self.new(home)
        for path in file_of(address).parent.glob(f"{file_of(address).name}*"):  # the log as well
            shutil.copy(path, home / path.name)
        return made

    def drop(self, address: str) -> None:
        """Remove one."""
        if self.server is not None:
            self.server.drop(address)

    def cut(self, address: str) -> int:
        """End every connection to one, as a server that restarts does; how many there were."""
        assert self.server is not None
        return self.server.cut(address)

    @contextmanager
    def closed(self, address: str) -> Iterator[None]:
        """End every connection to one, and let nobody in meanwhile."""
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


def named(address: str) -> dict[str, str]:
    """The environment that leads commands to a database, beside their LOOKALIKE_HOME.

    SQLite needs none: its file is where commands look for it.
    """
    return {} if address.startswith("sqlite") else {VARIABLE: address}


def use(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Make a database the one that settings and commands name, for the rest of the test."""
    monkeypatch.delenv(VARIABLE, raising=False)
    for name, value in named(address).items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server; what needs it is skipped where there is none."""
    try:
        server = start()
    except NoServer as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Both kinds, one after the other."""
    if request.param == "sqlite":
        return Databases(None)
    return Databases(request.getfixturevalue("postgres"))


@pytest.fixture(scope="session")
def empty_catalogue(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a catalogue at the newest schema that nobody opens: it is only copied."""
    home = tmp_path_factory.mktemp("empty")
    address = databases.new(home)
    Database.migrate(CatalogSettings(home=home, database_url=address))
    yield address
    databases.drop(address)


@pytest.fixture
def database_url(
    home: Path,
    databases: Databases,
    empty_catalogue: str,
    close_all: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """An empty catalogue at the newest schema, which settings and commands find by themselves."""
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
    """The same without any tables: a shop's first day."""
    address = databases.new(home)
    use(monkeypatch, address)
    yield address
    close_all()
    databases.drop(address)


@pytest.fixture
def close_all(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Closes every database that the test opened, event logs first; called at its end too."""
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
    """The settings that commands would read: an empty catalogue, everything else under `home`."""
    return CatalogSettings()


@pytest.fixture
def db(catalog_settings: CatalogSettings) -> Iterator[Database]:
    """That catalogue, open."""
    with closing(Database.open(catalog_settings)) as database:
        yield database
