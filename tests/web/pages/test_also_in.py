"""The other colours of a design, on a product's page, on the cards of panels and in the API."""

import re
from dataclasses import replace
from itertools import product

import pytest

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.recommendation.recommender import Recommender
from engine.recommendation.results import Colourway
from engine.settings import EngineSettings
from tests.web.conftest import KEY
from tests.web.drawing import COLOURS
from tests.web.page_text import text_of
from web import WebSettings, create_app

SEED = (
    Colourway("t-shirt-red-1", "red", grouped=True),
    Colourway("t-shirt-green-1", "green"),
    Colourway("gone since", "white"),
)
RESULT = tuple(
    Colourway(f"{kind}-{colour}-1", f"{colour} no. {number}")
    for number, (kind, colour) in enumerate(product(("dress", "trousers"), COLOURS))
)


class Offering(Recommender):
    """Answers in which the seed, and the first result, come in other colours."""

    def answer(self, request):
        panel = super().answer(request)
        first, *others = panel.results
        return replace(panel, also_in=SEED, results=(replace(first, also_in=RESULT), *others))


@pytest.fixture
def client(shop_home):
    catalogue = Catalogue(Database.open(CatalogSettings(home=shop_home)))
    recommender = Offering(EngineSettings(home=shop_home), catalogue)
    settings = WebSettings(home=shop_home, secret_key=KEY)
    return create_app(settings, catalogue=catalogue, recommender=recommender).test_client()


def test_a_product_page_offers_colours_that_are_not_its_variants(client):
    page = text_of(client.get("/products/t-shirt-blue-1"))
    offered = page[page.index('id="also-title"') : page.index('<dl class="details"')]
    assert re.findall(r'href="/products/([^"]+)"', offered) == ["t-shirt-green-1"]
    assert "Green" in offered


def test_a_card_names_a_few_colours_and_counts_the_others(client):
    page = text_of(client.get("/products/t-shirt-blue-1"))
    [card] = re.findall(r'<p class="also">(.*?)</p>', page, re.S)
    links = re.findall(r'href="/products/([^"]+)" title="([^"]+)"', card)
    assert [link for link, _ in links] == [one.product_id for one in RESULT[:6]]
    assert links[0][1] == "Red no. 0"
    assert "red no. 0: Dress" in card  # what a screen reader says
    assert "+2" in card


def test_the_api_has_them_all(client):
    panel = client.get("/api/v1/products/t-shirt-blue-1/similar?k=2").get_json()
    assert panel["also_in"][0] == {"product_id": "t-shirt-red-1", "colour": "red", "grouped": True}
    assert len(panel["also_in"]) == 3
    assert [len(result["also_in"]) for result in panel["results"]] == [8, 0]
