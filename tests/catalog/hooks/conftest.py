import pytest

from tests.catalog.hooks.shopify import Shopify


@pytest.fixture
def shopify(db, catalog_settings):
    """A Shopify shop that sends webhooks to an empty catalogue."""
    return Shopify(db, catalog_settings)
