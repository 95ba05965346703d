"""Watches of shops."""

import pytest

from catalog.settings import CatalogSettings
from engine.operations.watch import Watch
from engine.operations.watch_stages import Feed
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.shop import Shop


@pytest.fixture
def watch_of():
    """Opens watches of a shop, and closes them."""
    opened: list[Watch] = []

    def make(shop: Shop, load=FakeEncoder, source: str | None = "", **options) -> Watch:
        feed = None if source is None else Feed(source or str(shop.source))
        caps = CatalogSettings(home=shop.settings.home)
        watch = Watch(feed, load, settings=shop.settings, caps=caps, **options)
        opened.append(watch)
        return watch

    yield make
    for one in opened:
        one.close()
