"""An app opens what it needs late, recovers by itself, and shares nothing with other apps."""

import shutil
import subprocess
import sys
from pathlib import Path

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.encoders.checkpoint import save_appearance
from engine.encoders.loading import load
from engine.encoders.towers import PREPROCESS
from engine.index.reindex import reindex
from engine.settings import EngineSettings
from tests.databases import named, only_sqlite
from tests.engine.training.tiny import CONV, clip_config, tiny_model
from tests.waiting import LONG
from tests.web.conftest import copied, fill
from tests.web.drawing import COLOURS, SHAPES, draw
from tests.web.page_text import cards, text_of
from web import WebSettings, create_app

ROOT = Path(__file__).parents[3]


def test_two_apps_with_two_homes_live_in_one_process(shop_home, bare_home):
    whole = create_app(WebSettings(home=shop_home)).test_client()
    bare = create_app(WebSettings(home=bare_home)).test_client()
    assert whole.get("/healthz").status_code == 200
    assert bare.get("/healthz").status_code == 503
    assert whole.get("/healthz").status_code == 200


def test_an_app_starts_before_the_first_ingest_and_recovers(new_database_url, home, source):
    client = create_app(WebSettings(home=home)).test_client()
    assert client.get("/").status_code == 503
    assert client.get("/healthz").get_json()["products"] is None
    fill(home, source, new_database_url)
    assert len(cards(client.get("/"))) == 24


def test_an_app_starts_before_the_first_reindex_and_recovers(own_home, tmp_path):
    (own_home / "index").rename(tmp_path / "index")
    client = create_app(WebSettings(home=own_home)).test_client()
    assert "No similar items yet" in text_of(client.get("/products/t-shirt-blue-1"))
    shutil.copytree(tmp_path / "index", own_home / "index", dirs_exist_ok=True)
    assert 'class="reasons"' in text_of(client.get("/products/t-shirt-blue-1"))


def test_health_names_the_generation_and_counts_products(client):
    answer = client.get("/healthz")
    health = answer.get_json()
    assert answer.status_code == 200
    assert (health["status"], health["products"]) == ("ok", 24)
    assert health["generation"]


@only_sqlite  # what is imported does not depend on the database
def test_a_search_by_photo_loads_no_torch(shared_bare_home, databases, addresses, tmp_path):
    home = tmp_path / "home"
    model = tmp_path / "model"
    save_appearance(model, tiny_model(CONV), clip_config(CONV), PREPROCESS)
    address = copied(shared_bare_home, home, databases, addresses)
    options = {"encoder": f"local-dir:{model}", "runtime": "auto", "device": "cpu"}
    settings = EngineSettings(home=home, workers=1, min_recall=0, **options)
    with Database.open(CatalogSettings(home=home, database_url=address)) as db:
        reindex(Catalogue(db), load(settings), settings)
    draw(SHAPES["T-shirt"], COLOURS["blue"], 6).save(tmp_path / "photo.jpg")
    code = """
import sys
from web import WebSettings, create_app
client = create_app(WebSettings()).test_client()
with open(sys.argv[1], "rb") as photo:
    answer = client.post("/api/v1/search/photo", data={"photo": (photo, "photo.jpg")})
assert answer.status_code == 200 and answer.get_json()["results"], answer.data
heavy = {"torch", "torchvision", "open_clip", "timm", "transformers", "onnx"} & set(sys.modules)
assert not heavy, heavy
"""
    environment = {
        "LOOKALIKE_HOME": str(home),
        "LOOKALIKE_SECRET_KEY": "only for the tests, and long enough",
        "PYTHONPATH": str(ROOT),
        "PATH": "/usr/bin:/bin",
        **{f"LOOKALIKE_{name.upper()}": value for name, value in options.items()},
        **named(address),
    }
    command = [sys.executable, "-c", code, str(tmp_path / "photo.jpg")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, done.stderr


@only_sqlite
def test_pages_load_no_torch(shop_home, addresses):
    code = """
import sys
from web import WebSettings, create_app
client = create_app(WebSettings()).test_client()
for address in ("/", "/products/t-shirt-blue-1", "/wishlist", "/search/photo", "/healthz",
                "/api/v1/products/t-shirt-blue-1/similar"):
    assert client.get(address).status_code == 200, address
assert b'class="reasons"' in client.get("/products/t-shirt-blue-1").data
heavy = {"torch", "torchvision", "open_clip", "timm", "transformers"} & set(sys.modules)
assert not heavy, heavy
"""
    environment = {
        "LOOKALIKE_HOME": str(shop_home),
        "PYTHONPATH": str(ROOT),
        "PATH": "/usr/bin:/bin",
        **named(addresses[shop_home]),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=LONG
    )
    assert done.returncode == 0, done.stderr
