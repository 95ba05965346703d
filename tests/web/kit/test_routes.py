"""The script's route and the panel that the server renders for pages elsewhere."""

import gzip
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.web.page_text import text_of
from web import WebSettings, create_app
from web.kit.routes import BUILT, SCRIPT

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "web/kit"
ITEM = "t-shirt-blue-1"
npm = shutil.which("npm")


@pytest.fixture
def opened(shop_home):
    settings = WebSettings(
        home=shop_home,
        secret_key="long enough for a test",
        origins="https://shop.example",
        api_key="a secret key of the shop",
        public_key="pk_public",
    )
    return create_app(settings).test_client()


def test_the_script_is_for_every_page_and_is_renewed_within_the_hour(opened):
    answer = opened.get(f"/{SCRIPT}", headers={"Origin": "https://anybody.example"}, buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert answer.headers["Cache-Control"] == ("public, max-age=3600, stale-while-revalidate=86400")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    known = {"If-None-Match": answer.headers["ETag"]}
    assert opened.get(f"/{SCRIPT}", headers=known, buffered=True).status_code == 304


def test_the_script_is_small():
    assert len(gzip.compress((BUILT / SCRIPT).read_bytes(), 9)) < 15_000


def test_the_built_files_are_those_of_the_sources():
    """Also without npm: their first line has a digest of the sources."""
    digest = hashlib.sha256()
    for paths in ((SOURCES / "src").iterdir(), (ROOT / "web/words").glob("*.json")):
        for path in sorted(paths, key=lambda path: path.name):
            digest.update(f"{path.name}\n".encode() + path.read_bytes())
    for name in (SCRIPT, "lookalike-panel.css"):
        first = (BUILT / name).read_text().partition("\n")[0]
        assert f"sources {digest.hexdigest()[:16]}" in first, "run: make kit"


@pytest.mark.skipif(npm is None, reason="npm is not installed (apt: npm)")
def test_a_build_of_the_sources_gives_the_built_files(workshop, tmp_path):
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=workshop, check=True)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (BUILT / path.name).read_bytes(), "run: make kit"


@pytest.mark.skipif(npm is None, reason="npm is not installed (apt: npm)")
def test_the_script_s_own_tests_pass():
    done = subprocess.run(["npm", "test"], cwd=SOURCES, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_server_s_panel_is_the_same_whatever_the_cookies(opened):
    answer = opened.get(f"/panel/{ITEM}?embed=1&k=3")
    assert "Cookie" not in answer.headers["Vary"] and "Set-Cookie" not in answer.headers


def test_the_server_s_panel_is_whole_and_from_here(opened):
    page = text_of(opened.get(f"/panel/{ITEM}?embed=1&k=3"))
    assert page.startswith("<lookalike-panel embedded")
    assert page.count('<li part="item"') == 3
    assert '<template shadowrootmode="open">' in page
    assert 'src="http://localhost/media/' in page
    assert 'href="https://shop.example/' in page  # the product's page in the shop
    assert page.count("<script") == 1
    assert 'data-key="pk_public"' in page and "a secret key" not in page
    assert "<script" not in text_of(opened.get(f"/panel/{ITEM}?embed=1&script=0"))


def test_the_server_s_panel_writes_prices_as_its_page_asks(opened):
    usual = text_of(opened.get(f"/panel/{ITEM}?embed=1&k=1"))
    assert re.search(r'part="price">€30\.90<', usual) and "locale=" not in usual
    page = text_of(opened.get(f"/panel/{ITEM}?embed=1&k=1&locale=de-AT&currency=SEK"))
    assert re.search(r'part="price">€\s30,90<', page)  # the product's own currency stays
    assert 'currency="SEK" locale="de-AT"' in page
    for query, says in (("locale=nowhere", "de_DE"), ("currency=EURO", "three letters")):
        answer = opened.get(f"/panel/{ITEM}?embed=1&{query}")
        assert answer.status_code == 400 and says in text_of(answer)


def test_a_frame_gets_a_whole_page_whose_policy_allows_its_style(opened):
    answer = opened.get(f"/panel/{ITEM}?embed=page")
    page, policy = text_of(answer), answer.headers["Content-Security-Policy"]
    assert page.startswith("<!doctype html>") and '<base target="_top">' in page
    style = re.search(r"<style>(.*?)</style>", page, re.S).group(1)
    from base64 import b64encode

    hashed = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{hashed}'" in policy and "unsafe" not in policy
    assert policy.endswith("frame-ancestors https://shop.example")


def test_nothing_to_show_is_nothing(opened):
    assert text_of(opened.get(f"/panel/{ITEM}?embed=1&brand=Nobody&fallback=false")).strip() == ""
    assert text_of(opened.get("/panel/dress-green-2?embed=1")).strip() == ""  # it has no photo
    assert opened.get("/panel/nowhere?embed=1").status_code == 404
    assert opened.get(f"/panel/{ITEM}?embed=1&layout=pile").status_code == 400


def test_words_of_others_are_text_in_the_server_s_panel(opened):
    answer = opened.get(f"/panel/{ITEM}?embed=1&heading=<script>alert(1)</script>")
    assert "<script>alert" not in answer.get_data(as_text=True)


def test_products_are_found_by_what_the_shop_calls_them(client):
    """By the id of a variant group here; SKUs and ids of Shopify are the catalogue's tests."""
    answer = client.get("/api/v1/products/the-trousers/similar").get_json()
    (seed,) = answer["seeds"]
    assert seed in {f"trousers-{colour}-1" for colour in ("red", "green", "mustard")}
    ids = "the-trousers,t-shirt-blue-1,nobody"
    many = client.get(f"/api/v1/cart/similar?ids={ids}&weights=the-trousers:2").get_json()
    assert many["seeds"] == [seed, "t-shirt-blue-1"]
    assert client.get("/api/v1/products/the-trousers").get_json()["product_id"] == seed
    assert client.get("/panel/the-trousers?embed=1").status_code == 200
    assert client.get("/api/v1/products/nobody/similar").get_json()["code"] == "unknown-product"
