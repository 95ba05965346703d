"""One tiny shop for all web tests, ingested and indexed once with the fake encoder."""

import shutil

import pytest

from catalog.db import Database
from catalog.ingest import ingest
from catalog.queries import Catalogue
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from engine.recommend import Recommender
from engine.reindex import reindex
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.web.drawing import draw_shop
from tests.web.logged import logging_app
from web import WebSettings, create_app

KEY = "only for the tests, and long enough"


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """The folder of the drawn shop."""
    return draw_shop(tmp_path_factory.mktemp("source") / "shop")


@pytest.fixture(scope="session")
def bare_home(source, tmp_path_factory):
    """A home with a catalogue and no index."""
    home = tmp_path_factory.mktemp("bare")
    fill(home, source)
    return home


@pytest.fixture(scope="session")
def untouched_home(source, tmp_path_factory):
    """A home with a catalogue and an index, which no app ever writes its log to."""
    home = tmp_path_factory.mktemp("untouched")
    fill(home, source)
    settings = EngineSettings(home=home, workers=1, min_recall=0)
    with Database.open(CatalogSettings(home=home)) as db:
        reindex(Catalogue(db), FakeEncoder(), settings)
    return home


@pytest.fixture(scope="session")
def shop_home(untouched_home, tmp_path_factory):
    """The same for all tests that do not look into the log."""
    return shutil.copytree(untouched_home, tmp_path_factory.mktemp("shop") / "home")


def fill(home, source):
    settings = CatalogSettings(home=home)
    Database.migrate(settings)
    with Database.open(settings) as db:
        report = ingest(db, open_source(source), settings=settings)
    assert (report.inserted, report.rejected) == (24, 0)


@pytest.fixture
def app(shop_home):
    """The shop, with an encoder that needs no weights."""
    catalogue = Catalogue(Database.open(CatalogSettings(home=shop_home)))
    settings = EngineSettings(home=shop_home)
    recommender = Recommender(settings, catalogue, load_encoder=lambda *_: FakeEncoder())
    return create_app(
        WebSettings(home=shop_home, secret_key=KEY), catalogue=catalogue, recommender=recommender
    )


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def bare_client(bare_home):
    return create_app(WebSettings(home=bare_home, secret_key=KEY)).test_client()


@pytest.fixture
def own_home(untouched_home, tmp_path):
    """A copy of the shop's home, for a test that looks into its log."""
    return shutil.copytree(untouched_home, tmp_path / "own")


@pytest.fixture
def logged(own_home):
    """The shop with a log of its own."""
    with logging_app(own_home) as app:
        yield app
