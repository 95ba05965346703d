"""An app opens what it needs late, recovers by itself, and shares nothing with other apps."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.databases import named
from tests.web.conftest import fill
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
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
