"""A catalogue in SQLite serves one machine: an index for several is refused."""

import pytest

from catalog.settings import CatalogSettings
from engine.errors import SettingsError
from engine.operations.watch import Watch
from engine.operations.watch_stages import Feed
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder


def test_a_shared_index_needs_postgresql(new_shop, tmp_path):
    (tmp_path / "shared").mkdir()
    shop = new_shop(3, shared_index=str(tmp_path / "shared"))
    with pytest.raises(SettingsError, match="SQLite, which serves one machine"):
        shop.reindex()
    assert not list((tmp_path / "shared").iterdir())


def test_a_watch_says_so(new_shop, tmp_path):
    (tmp_path / "shared").mkdir()
    shop = new_shop(3, shared_index=str(tmp_path / "shared"))
    caps = CatalogSettings(home=shop.settings.home)
    said: list[str] = []
    feed = Feed(str(shop.source))
    watch = Watch(feed, FakeEncoder, settings=shop.settings, caps=caps, report=said.append)
    assert not watch.once().ok
    watch.close()
    assert "SQLite, which serves one machine" in said[0]


@pytest.mark.parametrize("address", ["shared", "http://host/x"])
def test_a_place_that_is_none_is_refused(address):
    with pytest.raises(ValueError, match=r"s3://BUCKET/FOLDER"):
        EngineSettings(shared_index=address)
