"""Filters in SQL match the same products as filters in Python."""

from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given, settings

from catalog.filters.filter import Filter
from tests.databases import Databases
from tests.engine import random_shop
from tests.engine.recommendation.test_panel_property import filters
from tests.engine.twin.eligible import matches

IDS = random_shop.ids(300)


@pytest.fixture(scope="module")
def shop(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimpleNamespace]:
    home = tmp_path_factory.mktemp("matching")
    address = databases.new(home)
    opened = random_shop.open_random_shop(home, 300, address)
    random_shop.fill(opened, 0)
    opened.products = opened.catalogue.products(IDS)
    yield opened
    opened.db.close()
    databases.drop(address)


@given(wanted=filters())
@settings(max_examples=200)
def test_sql_and_definition_agree(shop, wanted):
    expected = {one for one, product in shop.products.items() if matches(product, wanted)}
    assert shop.catalogue.matching(wanted) == expected
    some = IDS[::3]
    assert shop.catalogue.matching(wanted, some) == expected & set(some)
    assert {one for one, product in shop.products.items() if wanted.matches(product)} == expected


@pytest.mark.parametrize("name", ["price_from", "price_to"])
def test_a_bound_finer_than_stored_prices_is_exact(shop, name):
    price = next(
        product.effective_price for product in shop.products.values() if product.effective_price
    )
    for shift in (Decimal(0), Decimal("0.00001"), Decimal("-0.00001")):
        wanted = Filter.of({name: price + shift})
        expected = {one for one, product in shop.products.items() if matches(product, wanted)}
        assert shop.catalogue.matching(wanted) == expected and expected


def test_strange_values_match_nothing(shop):
    for value in ("' OR 1=1 --", "%", "\x00", "\ud800", '"', "💃" * 100):
        assert shop.catalogue.matching(Filter.of({"brand": ["none such", value]})) == set()
        wanted = Filter.of({"attributes": {f"a{value}": value + "x"}})
        assert shop.catalogue.matching(wanted) == set()
    assert shop.catalogue.matching(Filter(), ["nobody", "\x00", "r0001"]) == {"r0001"}


def test_changes_since_a_watermark(shop):
    before = shop.catalogue.watermark()
    assert shop.catalogue.changes(before) == (before, [])
    random_shop.change(shop, seed=1, share=0.02)
    after, changed = shop.catalogue.changes(before)
    assert after == shop.catalogue.watermark() != before and 0 < len(changed) < 30
    assert shop.catalogue.changes("another-3") == (after, None)
    assert shop.catalogue.changes("") == (after, None)
    random_shop.fill(shop, 0)
    assert len(shop.catalogue.changes(before)[1]) == 300
