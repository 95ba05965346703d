import pytest

from tests.catalog.hooks.shopify import Shopify


@pytest.fixture
def shopify(db, catalog_settings):
    """Shopify, as an empty catalogue hears of it."""
    return Shopify(db, catalog_settings)
