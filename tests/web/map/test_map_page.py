"""The page of the map, its files, and the links that lead to it."""

import json
import re
from base64 import b64decode
from html import unescape

import pytest
from sqlalchemy import select, update

from catalog.database.database import Database
from catalog.database.models import ProductRow, StateRow
from catalog.settings import CatalogSettings
from engine.applications.map.page import english
from tests.web.live import chromium
from tests.web.pages.test_axe import SIZES, violations
from web.pages.swatches import swatch
from web.words.languages import words_of

PRODUCT = "t-shirt-blue-1"
SHOWN = 23  # products: one has no photo, so it is in no index


@pytest.fixture
def client(logged):
    return logged.test_client()


def config_of(html: str):
    return json.loads(re.search(r'id="map-config">(.*?)</script>', html, re.DOTALL)[1])


def retire(home, product_id):
    with (
        Database.open(CatalogSettings(home=home)) as database,
        database.write() as connection,
        connection.begin(),
    ):
        connection.execute(update(StateRow).values(version=StateRow.version + 1))
        version = connection.scalar(select(StateRow.version))
        row = ProductRow.product_id == product_id
        connection.execute(update(ProductRow).where(row).values(retired=True, changed=version))


def test_the_page_has_what_its_script_needs(made, client):
    answer = client.get("/map")
    config = config_of(answer.text)
    assert answer.status_code == 200 and config["count"] == len(made) == SHOWN
    assert config["layouts"] == ["default", "shape", "colour", "pattern"]
    assert (config["gone"], config["product"]) == ("", -1)
    assert f"{SHOWN} products" in answer.text and "style=" not in answer.text
    tones = next(one for one in config["attributes"] if one["name"] == "colour")
    assert tones["tones"] == [swatch(one) for one in tones["values"]]
    for address in re.findall(r'(?:src|href)="(/map/scripts/[^"]+)"', answer.text):
        with client.get(address) as script:
            assert script.status_code == 200


def test_files_of_the_map_are_kept_for_ever_and_nothing_else_is_served(made, client):
    root = config_of(client.get("/map").text)["files"]
    for part in ("places-0.bin", "colours.bin", "codes-0.bin", "texts-0.json", "sprites-3-0.webp"):
        with client.get(root + part) as answer:
            assert answer.status_code == 200, part
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for other in ("", "head.json", "ids.npz", "../CURRENT", "%2e%2e/CURRENT", "sprites-0-9.webp"):
        assert client.get(root + other).status_code == 404, other
    for name in ("..", "%2e%2e", "20200101T000000-00000000"):
        assert client.get(f"/map/files/{name}/colours.bin").status_code == 404, name
    for other in ("abc/words.json", "deadbeef/map.css", "%22/map.css", "a%0ab/map.css"):
        assert client.get(f"/map/scripts/{other}").status_code == 404, other


def test_the_map_opens_at_a_product(made, client):
    answer = client.get(f"/map?product={PRODUCT}")
    assert config_of(answer.text)["product"] == made.row_of(PRODUCT) >= 0
    assert "map-missing" not in answer.text


def test_what_is_not_on_the_map_is_said(made, client, monkeypatch):
    answer = client.get("/map?product=<nobody>")
    assert answer.status_code == 404 and config_of(answer.text)["count"] == SHOWN
    assert "There is no product “<nobody>” on this map." in unescape(answer.text)
    monkeypatch.setattr(type(made), "row_of", lambda self, product_id: None)
    answer = client.get(f"/map?product={PRODUCT}")
    assert answer.status_code == 200 and "came after the map was made" in answer.text


@pytest.mark.parametrize("query", ["product=%00", f"product={'x' * 3000}", "locale=%0a"])
def test_what_no_product_is_called_is_refused(made, client, query):
    assert client.get(f"/map?{query}").status_code in (400, 200 if "0a" in query else 400)


def test_products_that_are_gone_are_not_shown(made, client, own_home):
    retire(own_home, PRODUCT)
    bits = b64decode(config_of(client.get("/map").text)["gone"])
    gone = [row for row in range(SHOWN) if bits[row >> 3] >> (row & 7) & 1]
    assert gone == [made.row_of(PRODUCT)]
    assert client.get(f"/map/card?product={PRODUCT}").status_code == 404


def test_the_card_is_that_of_the_shop(made, client):
    html = client.get(f"/map/card?product={PRODUCT}").text
    assert f'href="/products/{PRODUCT}"' in html and "data-heart" in html
    assert client.get("/map/card?product=nobody").status_code == 404
    assert client.get("/map/card").status_code == 404


def test_the_map_speaks_the_shop_s_languages(made, client):
    german = client.get("/map?locale=de").text
    assert "<h1>Karte</h1>" in german and 'lang="de"' in german
    assert config_of(german)["words"]["search"] == "Auf der Karte suchen"


def test_words_of_single_pages_are_those_of_the_shop():
    shop = words_of("en").map
    assert english().items() <= shop.items()
    assert shop.keys() - english().keys() == {"later", "unknown"}


def test_pages_lead_to_the_map_and_to_a_product_s_place(made, client):
    assert 'href="/map"' in client.get("/").text
    assert 'href="/map"' in client.get("/styles").text
    assert f'href="/map?product={PRODUCT}"' in client.get(f"/products/{PRODUCT}").text


def test_without_a_map_the_page_says_what_to_run_and_nothing_leads_to_it(client):
    answer = client.get("/map?product=nobody")
    assert answer.status_code == 200 and "<code>lookalike map</code>" in answer.text
    assert "/map" not in client.get("/").text
    assert "/map" not in client.get(f"/products/{PRODUCT}").text


def test_without_an_index_the_map_is_shown_as_it_was(made, client, own_home):
    (own_home / "index" / "CURRENT").unlink()
    assert config_of(client.get("/map").text)["gone"] == ""


@pytest.mark.browser
@pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)")
def test_the_map_is_walked_with_a_pointer_and_with_keys(made, visit, own_home):
    retire(own_home, "t-shirt-red-1")
    page = visit(f"/map?product={PRODUCT}", viewport=SIZES["desktop"])  # under our own policy
    page.wait_for_function("() => globalThis.LookalikeMap?.state?.().whole")
    page.locator("#map-card .card-link").wait_for()
    page.wait_for_function("() => !LookalikeMap.state().moving")
    page.locator("#map-card .heart").click()
    page.locator("#map-card .heart[aria-pressed=true]").wait_for()
    page.get_by_role("button", name="Close").click()
    page.wait_for_function("() => !new URL(location.href).searchParams.has('product')")

    page.locator("#map-whole").click()
    page.locator("#map-list li:nth-child(5)").wait_for()
    page.locator("#map-list button").first.focus()
    page.keyboard.press("ArrowDown")
    second = page.locator("#map-list button").nth(1)
    row = int(second.get_attribute("data-row"))
    page.wait_for_function(
        "(row) => LookalikeMap.state().pointed === row && !LookalikeMap.state().moving", arg=row
    )
    assert page.evaluate("() => document.activeElement.dataset.row") == str(row)
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.matches('#map-card .card-link')")
    page.keyboard.press("Escape")
    page.wait_for_function("(row) => document.activeElement.dataset.row === String(row)", arg=row)
    page.locator("#map").focus()
    before = page.evaluate("() => LookalikeMap.state().x")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(before) => LookalikeMap.state().x > before", arg=before)
    page.wait_for_function("() => document.getElementById('map-said').textContent")

    page.keyboard.press("0")
    page.wait_for_function("() => LookalikeMap.state().zoom === 1 && !LookalikeMap.state().moving")
    x, y = page.evaluate("(row) => LookalikeMap.screen(row)", made.row_of("t-shirt-red-1"))
    box = page.locator("#map").bounding_box()
    page.fill("#map-words", "t-shirt red")
    page.get_by_role("heading", name=re.compile("found")).wait_for()
    assert "t-shirt-red-1" not in page.locator("#map-list").inner_text()
    page.fill("#map-words", "")
    page.wait_for_function("() => LookalikeMap.state().found === null")
    other = made.row_of("t-shirt-red-2") if made.row_of("t-shirt-red-2") is not None else 0
    x, y = page.evaluate("(row) => LookalikeMap.screen(row)", other)
    page.mouse.click(box["x"] + x, box["y"] + y)
    page.wait_for_function("() => LookalikeMap.state().chosen >= 0")


@pytest.mark.browser
@pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)")
def test_the_map_passes_axe(made, visit):
    page = visit("/map", viewport=SIZES["desktop"], bypass_csp=True)
    for size in SIZES.values():
        page.set_viewport_size(size)
        page.wait_for_function("() => globalThis.LookalikeMap?.state?.().whole")
        assert violations(page) == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
