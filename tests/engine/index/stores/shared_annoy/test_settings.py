"""A catalogue in SQLite serves one machine: an index for several is refused."""

import pytest

from engine.errors import SettingsError
from engine.settings import EngineSettings


def test_a_shared_index_needs_postgresql(new_shop, tmp_path):
    (tmp_path / "shared").mkdir()
    shop = new_shop(3, shared_index=str(tmp_path / "shared"))
    with pytest.raises(SettingsError, match="SQLite, which serves one machine"):
        shop.reindex()
    assert not list((tmp_path / "shared").iterdir())


@pytest.mark.parametrize("address", ["shared", "http://host/x"])
def test_a_place_that_is_none_is_refused(address):
    with pytest.raises(ValueError, match=r"s3://BUCKET/FOLDER"):
        EngineSettings(shared_index=address)
