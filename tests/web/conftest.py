"""One tiny shop for all web tests, ingested and indexed once with the fake encoder."""

import shutil

import pytest

from catalog.database.database import Database
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from engine.index.reindex import reindex
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings
from tests.databases import use
from tests.engine.fake_encoder import FakeEncoder
from tests.web.drawing import draw_shop
from tests.web.live import browsing, visiting
from tests.web.logged import TOKEN, logging_app
from web import WebSettings, create_app

KEY = "only for the tests, and long enough"


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """The folder of the drawn shop."""
    return draw_shop(tmp_path_factory.mktemp("source") / "shop")


@pytest.fixture(scope="session")
def addresses(databases):
    """The database of each home that tests share."""
    return databases.once("addresses", dict)


@pytest.fixture(scope="session")
def shared_bare_home(source, databases, addresses, tmp_path_factory):
    """A home with a catalogue and no index."""

    def make():
        home = tmp_path_factory.mktemp("bare")
        addresses[home] = databases.new(home)
        fill(home, source, addresses[home])
        return home

    return databases.once("bare home", make)


@pytest.fixture(scope="session")
def untouched_home(shared_bare_home, databases, addresses, tmp_path_factory):
    """A home with a catalogue and an index, which no app ever writes its log to."""

    def make():
        home = tmp_path_factory.mktemp("untouched")
        addresses[home] = copied(shared_bare_home, home, databases, addresses)
        settings = EngineSettings(home=home, workers=1, min_recall=0)
        with Database.open(CatalogSettings(home=home, database_url=addresses[home])) as db:
            reindex(Catalogue(db), FakeEncoder(), settings)
        return home

    return databases.once("untouched home", make)


@pytest.fixture(scope="session")
def shared_home(untouched_home, databases, addresses, tmp_path_factory):
    """The same for all tests that do not look into the log."""

    def make():
        home = tmp_path_factory.mktemp("shop")
        addresses[home] = copied(untouched_home, home, databases, addresses)
        return home

    return databases.once("shared home", make)


def fill(home, source, address):
    settings = CatalogSettings(home=home, database_url=address)
    Database.migrate(settings)
    with Database.open(settings) as db:
        report = ingest(db, open_source(source), settings=settings)
    assert (report.inserted, report.rejected) == (24, 0)


def copied(home, to, databases, addresses):
    """Copy a home and its database; the new one's address."""
    others = shutil.ignore_patterns("catalog.db*")
    shutil.copytree(home, to, ignore=others, dirs_exist_ok=True)
    return databases.copy(addresses[home], to)


@pytest.fixture(autouse=True)
def closing(close_all):
    """Nothing that a test opened stays open."""


@pytest.fixture
def bare_home(shared_bare_home, addresses, monkeypatch):
    """A home with a catalogue and no index, which settings and commands find by themselves."""
    use(monkeypatch, addresses[shared_bare_home])
    return shared_bare_home


@pytest.fixture
def shop_home(shared_home, addresses, monkeypatch):
    """A home with both, for tests that do not look into the log."""
    use(monkeypatch, addresses[shared_home])
    return shared_home


@pytest.fixture
def app(shop_home):
    """The shop, with an encoder that needs no weights."""
    catalogue = Catalogue(Database.open(CatalogSettings(home=shop_home)))
    settings = EngineSettings(home=shop_home)
    recommender = Recommender(settings, catalogue, load_encoder=lambda *_: FakeEncoder())
    return create_app(
        WebSettings(home=shop_home, secret_key=KEY, report_token=TOKEN),
        catalogue=catalogue,
        recommender=recommender,
    )


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def bare_client(bare_home):
    return create_app(WebSettings(home=bare_home, secret_key=KEY)).test_client()


@pytest.fixture
def own_home(untouched_home, databases, addresses, tmp_path, monkeypatch, close_all):
    """A copy of the shop's home, for a test that looks into its log."""
    home = tmp_path / "own"
    home.mkdir()
    address = copied(untouched_home, home, databases, addresses)
    use(monkeypatch, address)
    yield home
    close_all()
    databases.drop(address)


@pytest.fixture
def logged(own_home):
    """The shop with a log of its own."""
    with logging_app(own_home) as app:
        yield app


@pytest.fixture(scope="module")
def browser():
    """For tests that are marked with it."""
    with browsing() as browser:
        yield browser


@pytest.fixture
def visit(browser, address):
    """Open a page of the shop at the room's `address`, see `visiting`."""
    with visiting(browser, base_url=address) as visit:
        yield visit
