"""A panel that a rule switches off leaves nothing behind, not even its heading."""

import pytest

from catalog.database.database import Database
from catalog.rules.book import RuleBook
from catalog.rules.rule import Rule
from catalog.settings import CatalogSettings
from tests.web.logged import logging_app
from tests.web.page_text import text_of, token
from tests.web.pages.test_photo_search import API, blue_shirt, send

ITEM, OTHER, SOLD_OUT = "t-shirt-blue-1", "dress-red-1", "t-shirt-red-2"


@pytest.fixture
def client_of(own_home):
    """A client of the shop under one off rule."""
    apps = []

    def client_of(**scope):
        with Database.open(CatalogSettings(home=own_home)) as db:
            RuleBook(db).add(Rule("closed", "off", **scope))
        context = logging_app(own_home)
        apps.append(context)
        return context.__enter__().test_client()

    yield client_of
    for context in apps:
        context.__exit__(None, None, None)


@pytest.mark.parametrize("product_id", [ITEM, SOLD_OUT])
def test_a_product_page_without_its_panel(client_of, product_id):
    page = text_of(client_of(seed=product_id).get(f"/products/{product_id}"))
    assert "similar-title" not in page and 'id="similar"' not in page
    assert page.count("<h1") == 1 and 'id="product"' in page


def test_another_product_s_page_keeps_its_panel(client_of):
    client = client_of(seed=ITEM)
    assert "similar-title" in text_of(client.get(f"/products/{OTHER}"))
    part = text_of(client.get(f"/panel/{ITEM}"))
    assert "card-link" not in part


def test_a_page_is_switched_off_and_no_other_one(client_of):
    client = client_of(page="wishlist")
    form = token(client.get("/"))
    client.post("/wishlist", data={"add": ITEM, "csrf_token": form})  # one seed, as a product has
    page = text_of(client.get("/wishlist"))
    assert "similar-title" not in page and "1 product" in page
    assert "similar-title" in text_of(client.get(f"/products/{ITEM}"))
    answers = {
        name: client.get(f"/api/v1/{name}/similar?ids={ITEM}").get_json()
        for name in ("wishlist", "history", "cart")
    }
    assert {name: one["switched_off"] for name, one in answers.items()} == {
        "wishlist": True,
        "history": False,
        "cart": False,
    }
    body = client.post("/api/v1/wishlist/similar", json={"ids": [ITEM]}).get_json()
    assert body["switched_off"] and body["results"] == []


def test_search_by_photo_can_be_switched_off(client_of):
    client = client_of(page="photo")
    form = token(client.get("/search/photo"))
    page = text_of(send(client, blue_shirt(), address="/search/photo", csrf_token=form))
    assert "not offered at the moment" in page and 'id="similar"' not in page
    assert send(client, blue_shirt(), address=API).get_json()["switched_off"]
