"""A match in per cent is for staff, unless the shop wants it shown."""

import base64
from dataclasses import replace

import pytest

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings
from tests.web.conftest import KEY
from tests.web.page_text import text_of
from web import WebSettings, create_app

PAGE = "/products/t-shirt-blue-1"
SHOPPER = {"REMOTE_ADDR": "203.0.113.9"}
TOKEN = "a token that is long enough"


class Calibrated(Recommender):
    """Answers with a match of 88% everywhere."""

    def answer(self, request):
        panel = super().answer(request)
        results = tuple(replace(one, match=87.6) for one in panel.results)
        return replace(panel, results=results)


@pytest.fixture
def page(shop_home):
    """The similar items of a product, as a visitor sees them under some settings."""

    def page(settings, environ, headers=()):
        catalogue = Catalogue(Database.open(CatalogSettings(home=shop_home)))
        recommender = Calibrated(EngineSettings(home=shop_home), catalogue)
        app = create_app(
            WebSettings(home=shop_home, secret_key=KEY, **settings),
            catalogue=catalogue,
            recommender=recommender,
        )
        answer = app.test_client().get(PAGE, environ_base=environ, headers=dict(headers))
        return text_of(answer)

    return page


def test_a_shopper_sees_reasons_and_no_match(page):
    text = page({}, SHOPPER)
    assert "88% match" not in text and "Match:" not in text
    assert "same colour" in text


def test_a_shopper_sees_it_where_the_shop_wants_it(page):
    text = page({"show_match": True}, SHOPPER)
    assert "88% match" in text and "Match: how likely" in text


def test_staff_see_it_anyway(page):
    assert "88% match" not in page({}, {"REMOTE_ADDR": "127.0.0.1"})  # maybe a proxy
    credentials = base64.b64encode(f"x:{TOKEN}".encode()).decode()
    known = {"Authorization": f"Basic {credentials}"}
    assert "88% match" in page({"report_token": TOKEN}, SHOPPER, known)
    assert "88% match" not in page({"report_token": TOKEN}, {"REMOTE_ADDR": "127.0.0.1"})
