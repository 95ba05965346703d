"""A product is found by what the shop calls it."""

import json

import pytest

from catalog.ingest.run import ingest
from catalog.products.shop_ids import products_named
from catalog.sources import open_source
from tests.catalog.hooks.shopify import Shopify, product, variant

SHIRT = {
    "title": "Linen shirt",
    "handle": "linen-shirt",
    "id": 632910392,
    "options": [{"name": "Color"}, {"name": "Size"}],
    "images": [],
    "variants": [
        {"id": 1, "option1": "Red", "option2": "M", "sku": "LS-R-M", "available": False},
        {"id": 2, "option1": "Blue", "option2": "M", "sku": "LS-B-M", "available": True},
        {"id": 3, "option1": "Blue", "option2": "L", "sku": 'L"S, x', "available": True},
    ],
}


def product_named(db, given):
    return products_named(db, [given]).get(given)


@pytest.fixture
def feed(tmp_path, db, catalog_settings):
    """Ingests a Shopify file of products."""

    def run(*products):
        path = tmp_path / "products.json"
        path.write_text(json.dumps({"products": products}))
        return ingest(db, open_source(path), settings=catalog_settings)

    return run


def test_a_handle_finds_its_product_that_is_in_stock(db, feed):
    feed(SHIRT)
    assert product_named(db, "linen-shirt") == "linen-shirt~blue"
    assert product_named(db, "linen") is None


def test_a_sku_finds_the_colour_that_has_it(db, feed):
    feed(SHIRT)
    assert product_named(db, "LS-R-M") == "linen-shirt~red"
    assert product_named(db, "LS-B-M") == "linen-shirt~blue"
    assert product_named(db, "ls-b") is None


@pytest.mark.parametrize(
    "sku", ["x' OR 1=1 --", '","', "a\\", "ü", "x" * 300, "{}", "%", "  padded  "]
)
def test_skus_are_words_only_and_follow_their_product(db, feed, sku):
    variant = {"id": 9, "title": "Default Title", "price": "1", "available": True}
    feed(SHIRT, {"title": "Hat", "handle": "hat", "variants": [variant | {"sku": sku}]})
    found = product_named(db, sku.strip())
    assert found == (None if len(sku) > 200 else "hat")
    feed(SHIRT, {"title": "Hat", "handle": "hat", "variants": [variant | {"sku": "other"}]})
    assert product_named(db, sku.strip()) is None
    assert product_named(db, "other") == "hat"
    assert product_named(db, "LS-R-M") == "linen-shirt~red"


def test_the_shop_s_own_ids_of_product_and_variant_find_it(db, feed):
    feed(SHIRT)
    assert product_named(db, "632910392") == "linen-shirt~blue"  # of all colours, what is in stock
    assert product_named(db, "1") == "linen-shirt~red"
    assert product_named(db, "3") == "linen-shirt~blue"
    assert product_named(db, "4") is None


def test_retired_products_are_not_found(db, feed, tmp_path, catalog_settings):
    feed(SHIRT)
    path = tmp_path / "products.json"
    renamed = SHIRT | {"handle": "new", "variants": [SHIRT["variants"][1] | {"sku": "NEW"}]}
    path.write_text(json.dumps({"products": [renamed]}))
    ingest(db, open_source(path), sync=True, settings=catalog_settings)
    assert product_named(db, "linen-shirt") is None
    assert product_named(db, "LS-R-M") is None
    assert product_named(db, "NEW") is not None


@pytest.mark.parametrize("given", ["", "0", "9" * 30, "\x00", "٣", "-1", "1e3"])
def test_what_nobody_is_called_finds_nothing(db, given):
    assert product_named(db, given) is None


def test_ids_of_shopify_find_what_its_webhooks_brought(db, catalog_settings):
    shop = Shopify(db, catalog_settings)
    shop.deliver("products/create", product(0))
    assert product_named(db, "7") == "tee~red"  # Shopify's id of the product
    assert product_named(db, "1") == "tee~red"  # and of a variant
    assert product_named(db, "sku-2") == "tee~blue"
    shop.deliver(
        "products/update", product(10, variant(1, "Red", "S", 0), variant(2, "Blue", "S", 2))
    )
    assert product_named(db, "7") == "tee~blue"  # what is in stock comes first


def test_many_are_found_at_once(db, feed):
    feed(SHIRT)
    given = ["linen-shirt", "LS-R-M", *(f"nobody-{number}" for number in range(300)), "77"]
    assert products_named(db, given) == {
        "linen-shirt": "linen-shirt~blue",
        "LS-R-M": "linen-shirt~red",
    }
