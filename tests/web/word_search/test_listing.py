import re
from itertools import chain

import pytest

from catalog.filters.filter import Filter
from engine.errors import EncoderUnavailable
from tests.waiting import wait_until
from web.app.context import shop
from web.word_search import listing
from web.word_search.listing import word_page


def shown(page):
    return re.findall(r'href="/products/([\w-]+)["?#]', page)


@pytest.fixture
def ready(text_app):
    """Runs in the shop, whose encoder is loaded."""
    with text_app.app_context():
        shop().words.prepare()
        yield shop()


def test_the_box_finds_by_look_once_the_encoder_is_loaded(text_app, texts):
    by_words = texts.get("/?q=red+dress+under+30").get_data(as_text=True)
    assert "dress-red-1" in by_words  # the first search loads the encoder in the background
    with text_app.app_context():
        wait_until(lambda: shop().words.ready, "the encoder is loaded")
    page = texts.get("/?q=red+dress+under+30").get_data(as_text=True)
    assert shown(page)[0] == "dress-red-1"


def test_nothing_at_a_price_is_said(ready, texts):
    page = texts.get("/?q=dress+under+2").get_data(as_text=True)
    assert "Nothing costs that, so these are at any price." in page
    assert "dress-red-1" in page


@pytest.mark.parametrize("query", ["q=dress+under+20&price_from=30", "q=dress+over+30&price_to=20"])
def test_a_price_that_contradicts_the_filter_finds_nothing_and_leads_on(ready, texts, query):
    answer = texts.get(f"/?{query}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200 and shown(page) == []
    assert "with these filters" in page and "Search all products" in page


def test_pages_hold_each_product_once(ready, monkeypatch):
    one = word_page(ready, "red", Filter(), 1, 100)
    every = [product.product_id for product in one.page.products]
    assert one.page.total == len(every) == len(set(every)) >= 6
    parts = [word_page(ready, "red", Filter(), number, 4).page for number in range(1, 9)]
    assert [p.product_id for p in chain.from_iterable(part.products for part in parts)] == every
    assert {part.total for part in parts} == {one.page.total}


def test_of_very_many_matches_the_first_are_ranked_by_all_and_the_others_follow(ready, monkeypatch):
    monkeypatch.setattr(listing, "CANDIDATES", 9)
    parts = [word_page(ready, "tops or trousers", Filter(), number, 4) for number in range(1, 6)]
    found = [p.product_id for part in parts for p in part.page.products]
    assert len(found) == len(set(found)) == parts[0].page.total > 9


def test_without_the_encoder_the_box_works_by_words(ready, monkeypatch, caplog):
    def unavailable(*_args):
        raise EncoderUnavailable("gone")

    monkeypatch.setattr(type(ready.words), "search", unavailable)
    found = word_page(ready, "red dress", Filter(), 1, 10)
    assert found.answer is None and found.page.products and "gone" in caplog.text


def test_another_order_or_a_size_goes_by_words(ready, texts, monkeypatch):
    monkeypatch.setattr(type(ready.words), "search", None)  # not asked
    assert "dress-red-1" in texts.get("/?q=red&sort=price").get_data(as_text=True)
    assert texts.get("/?q=red&size=M").status_code == 200
