"""A running server and a feed that changes: what a cycle of `lookalike watch` brings is shown."""

import csv
import shutil
from pathlib import Path

import pytest

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.operations.watch import Watch
from engine.operations.watch_stages import Feed
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.web.conftest import KEY
from tests.web.drawing import COLOURS, SHAPES, draw, product, write
from web import WebSettings, create_app


def rows_of(folder: Path) -> list[dict[str, str]]:
    [path] = folder.glob("*.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def running(source, tmp_path):
    """A feed, a watch over it after its first cycle, and a client of a server of that home."""
    folder = tmp_path / "feed"
    shutil.copytree(source, folder)
    write(folder, rows_of(folder)[:16])  # so few photos are decoded without worker processes
    caps = CatalogSettings(home=tmp_path / "home")
    settings = EngineSettings(home=caps.home, workers=1, min_recall=0)
    watch = Watch(Feed(str(folder)), FakeEncoder, settings=settings, caps=caps)
    assert watch.cycle().ok
    catalogue = Catalogue(Database.open(caps))
    recommender = Recommender(settings, catalogue, load_encoder=lambda *_: FakeEncoder())
    app = create_app(
        WebSettings(home=caps.home, secret_key=KEY), catalogue=catalogue, recommender=recommender
    )
    yield folder, watch, app.test_client()
    watch.close()


def similar(client, product_id: str, **headers: str):
    return client.get(f"/api/v1/products/{product_id}/similar?k=50&variants=true", headers=headers)


def test_a_new_product_is_shown_one_cycle_after_it_came(running):
    folder, watch, client = running
    before = similar(client, "t-shirt-red-1")
    assert before.status_code == 200 and similar(client, "t-shirt-red-9").status_code == 404
    rows = rows_of(folder)
    fresh = product(folder, "T-shirt", "red", 1) | {
        "id": "t-shirt-red-9",
        "title": "New arrival",
        "photos": "photos/new.jpg",
    }
    draw(SHAPES["Dress"], COLOURS["mustard"], 40).save(folder / "photos" / "new.jpg")
    write(folder, [*rows, fresh])
    summary = watch.cycle().summary
    assert "1 new" in summary and "delta of 1 product" in summary
    after = similar(client, "t-shirt-red-1", **{"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200  # not what was kept
    assert "t-shirt-red-9" in [one["product_id"] for one in after.json["results"]]
    assert after.json["generation"] == f"{before.json['generation']}+1"
    seeded = similar(client, "t-shirt-red-9")
    assert seeded.status_code == 200 and seeded.json["results"]
    assert client.get("/products/t-shirt-red-9").status_code == 200
    assert client.get("/healthz").json["generation"] == after.json["generation"]


def test_prices_and_stock_count_without_a_delta(running):
    folder, watch, client = running
    first = similar(client, "t-shirt-red-1").json["results"][0]["product_id"]
    rows = rows_of(folder)
    for row in rows:
        if row["id"] == first:
            row["availability"] = "out_of_stock"
    write(folder, rows)
    assert "index: up to date" in watch.cycle().summary
    shown = [one["product_id"] for one in similar(client, "t-shirt-red-1").json["results"]]
    assert shown and first not in shown
