"""Filters in SQL, and on columns of facts, match the same products as filters in Python."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings

from catalog.filters.filter import Filter
from catalog.products import fact_rows
from catalog.products.catalogue import Catalogue
from engine.facts.builder import read_columns
from engine.facts.guard_columns import Coder
from engine.facts.keys import terms_of
from engine.facts.selection import Selector
from tests.catalog.matching import matching
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
    opened.by_columns = by_columns(opened.catalogue)
    yield opened
    opened.db.close()
    databases.drop(address)


def by_columns(catalogue: Catalogue) -> Callable[[Filter], set[str]]:
    """Which ids match a filter by columns of facts, read some products at a time."""

    def find(some: Sequence[str]) -> np.ndarray:
        return np.array([IDS.index(one) if one in IDS else -1 for one in some], dtype=np.int64)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fact_rows, "NEXT", fact_rows.NEXT.limit(70))
        chunks = list(catalogue.fact_rows())
    assert [len(chunk) for chunk in chunks] == [70, 70, 70, 70, 20]
    selector = Selector(read_columns(chunks, find, len(IDS), Coder()))
    return lambda wanted: {IDS[row] for row in selector.select(terms_of(wanted))}


@given(wanted=filters())
@settings(max_examples=200)
def test_sql_and_definition_agree(shop, wanted):
    expected = {one for one, product in shop.products.items() if matches(product, wanted)}
    assert matching(shop.catalogue, wanted) == shop.by_columns(wanted) == expected
    some = IDS[::3]
    assert matching(shop.catalogue, wanted, some) == expected & set(some)
    assert {one for one, product in shop.products.items() if wanted.matches(product)} == expected


@pytest.mark.parametrize("name", ["price_from", "price_to"])
def test_a_bound_finer_than_stored_prices_is_exact(shop, name):
    price = next(
        product.effective_price for product in shop.products.values() if product.effective_price
    )
    for shift in (Decimal(0), Decimal("0.00001"), Decimal("-0.00001")):
        wanted = Filter.of({name: price + shift})
        expected = {one for one, product in shop.products.items() if matches(product, wanted)}
        assert matching(shop.catalogue, wanted) == shop.by_columns(wanted) == expected != set()


def test_strange_values_match_nothing(shop):
    for value in ("' OR 1=1 --", "%", "\x00", "\ud800", '"', "💃" * 100):
        assert matching(shop.catalogue, Filter.of({"brand": ["none such", value]})) == set()
        wanted = Filter.of({"attributes": {f"a{value}": value + "x"}})
        assert matching(shop.catalogue, wanted) == set()
    assert matching(shop.catalogue, Filter(), ["nobody", "\x00", "r0001"]) == {"r0001"}


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
