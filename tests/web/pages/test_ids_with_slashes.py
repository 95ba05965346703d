"""Products whose ids have slashes are found by the links that the shop itself makes."""

from urllib.parse import quote

import pytest

from catalog.database.database import Database
from catalog.ingest.run import ingest
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from web.app.settings import WebSettings
from web.factory import create_app

IDS = ("/lead", "//two", "a//b", "a/b", "trailing/")


@pytest.fixture
def client(own_home, tmp_path):
    path = tmp_path / "slashes.csv"
    path.write_text("id,title\n" + "".join(f"{one},Shirt\n" for one in IDS))
    settings = CatalogSettings(home=own_home)
    with Database.open(settings) as db:
        ingest(db, open_source(path), settings=settings)
    return create_app(WebSettings(home=own_home, secret_key="k" * 40)).test_client()


def test_ids_with_slashes(client):
    for one in IDS:
        for quoted in (quote(one, safe=""), quote(one)):
            answer = client.get(f"/api/v1/products/{quoted}")
            assert (answer.status_code, answer.get_json()["product_id"]) == (200, one)
        assert client.get(answer.get_json()["url"]).status_code == 200
