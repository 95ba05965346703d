import pytest

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings
from tests.engine.applications.words.text_shop import TextEncoder
from tests.web.conftest import KEY
from web import WebSettings, create_app


@pytest.fixture
def text_app(shop_home):
    """The shop, with an encoder that embeds texts and is loaded."""
    catalogue = Catalogue(Database.open(CatalogSettings(home=shop_home)))
    settings = EngineSettings(home=shop_home)
    recommender = Recommender(settings, catalogue, lambda *_: TextEncoder(weights=None))
    return create_app(
        WebSettings(home=shop_home, secret_key=KEY), catalogue=catalogue, recommender=recommender
    )


@pytest.fixture
def texts(text_app):
    return text_app.test_client()
