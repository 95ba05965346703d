"""The recipes for shop systems, followed on pages that imitate theirs, of another origin."""

import json
import re
import shutil
import subprocess
from html import unescape

import pytest
from liquid import Environment

from tests.web.kit.panel_page import BROWSER, ITEM, PHONE, RECORD, WIDE, products, seen
from tests.web.kit.test_routes import SOURCES, npm
from web.kit.routes import BUILT, SCRIPT

SHOPS = SOURCES / "shops"
php = shutil.which("php")


def in_browser(test):
    """Marks a test that needs a browser."""
    for mark in BROWSER:
        test = mark(test)
    return test


# As the page of a product of Shopify's Online Store 2.0, and of WooCommerce.
SHOPIFY_PAGE = """<main id="MainContent" class="content-for-layout">
<section id="shopify-section-main" class="shopify-section"><h2>{title}</h2></section>
<section id="shopify-section-apps" class="shopify-section shopify-section--apps">
<div class="page-width"><div class="shopify-block shopify-app-block">{block}</div></div></section>
</main><script src="/cdn/shop/lookalike-panel.js" defer></script>"""
WOO_PAGE = """<div id="primary" class="content-area"><div id="product-1" class="product">
<div class="summary entry-summary"><h2 class="product_title">T-shirt</h2></div>{panel}</div></div>
<script src="{script}" async></script>"""


def shown(visit, address, **options):
    """The page, once it shows cards."""
    page = visit(address, script=RECORD, **{"viewport": WIDE, **options})
    page.locator("lookalike-panel .card .title").first.wait_for()
    return page


@in_browser
def test_a_plain_page(visit, other, api):
    text = (SHOPS / "html/product.html").read_text()
    other.pages["/"] = (
        text.replace("https://looks.example", api)
        .replace("10001", ITEM)
        .replace("<title>", '<link rel="icon" href="data:,"><title>')
    )
    page = shown(visit, f"{other.origin}/", viewport=PHONE)
    assert len(products(page)) > 2
    assert page.evaluate("window.shifts") == 0


def block():
    """The Liquid and the schema of Shopify's block."""
    text = (SHOPS / "shopify/blocks/similar-items.liquid").read_text()
    schema = re.search(r"\{% schema %\}(.*?)\{% endschema %\}", text, re.S)
    return text.replace(schema.group(0), ""), json.loads(schema.group(1))


def test_the_block_for_shopify_has_the_settings_that_it_uses():
    liquid, schema = block()
    ids = {setting["id"]: setting for setting in schema["settings"]}
    assert set(re.findall(r"block\.settings\.(\w+)", liquid)) == set(ids)
    assert schema["target"] == "section" and schema["javascript"] == SCRIPT
    assert len(schema["name"]) <= 25  # Shopify's limit
    assert ids["layout"]["default"] in [one["value"] for one in ids["layout"]["options"]]
    assert ids["items"]["min"] <= ids["items"]["default"] <= ids["items"]["max"]


@in_browser
def test_the_block_for_shopify_finds_the_product_by_its_handle(visit, other, api):
    liquid, schema = block()
    settings = {one["id"]: one.get("default") for one in schema["settings"]}
    context = {
        "block": {"settings": settings | {"api": api}, "shopify_attributes": 'data-block="1"'},
        "product": {"handle": "the-trousers"},  # its colours are products of ours
        "cart": {"currency": {"iso_code": "EUR"}},
        "request": {"locale": {"iso_code": "de"}},
    }
    html = Environment().from_string(liquid).render(**context)
    other.pages["/cdn/shop/lookalike-panel.js"] = (BUILT / SCRIPT).read_text()
    page = shown(visit, other.page(SHOPIFY_PAGE.format(title="Trousers", block=html)))
    found = products(page)
    assert found and not {f"trousers-{colour}-1" for colour in ("red", "green", "mustard")} & set(
        found
    )
    price = page.locator("lookalike-panel .price").first.inner_text()
    assert re.fullmatch(r"\d+,\d\d\s€", price)
    assert page.evaluate("window.shifts") == 0


def test_recommendations_have_the_shape_of_shopify_s(ours):
    client = ours.test_client()
    answer = client.get(f"/api/v1/recommendations/products.json?product_id={ITEM}&limit=3")
    body = answer.get_json()
    assert body["intent"] == "related" and len(body["products"]) == 3
    similar = client.get(f"/api/v1/products/{ITEM}/similar?k=3&page=product").get_json()
    assert [one["id"] for one in body["products"]] == [
        one["product_id"] for one in similar["results"]
    ]
    first = body["products"][0]
    assert (first["price"], first["vendor"], first["available"]) == (3090, "Fern & Field", True)
    assert first["url"].startswith("https://shop.example/")
    assert first["featured_image"] == first["images"][0]
    assert first["featured_image"].startswith("http://localhost/media/")
    sale = [one for one in body["products"] if one["compare_at_price"]]
    assert all(one["compare_at_price"] > one["price"] for one in sale)
    path = "/api/v1/recommendations/products.json"
    none = client.get(f"{path}?product_id={ITEM}&intent=complementary").get_json()
    assert none["products"] == []
    assert client.get(f"{path}?product_id=nobody").status_code == 404
    for limit in ("11", "0", "1_0", "٣", "true"):
        assert client.get(f"{path}?product_id={ITEM}&limit={limit}").status_code == 400
    assert client.get(path).status_code == 400


@pytest.fixture
def wordpress(api):
    """What the plugin shows: a function of the product's id and a shortcode's attributes."""
    if php is None:
        pytest.skip("php is not installed (apt: php-cli)")

    def run(product_id, attributes=None):
        plugin = SHOPS / "woocommerce/lookalike.php"
        stub = SOURCES.parents[1] / "tests/web/kit/wordpress.php"
        strict = ("-d", "error_reporting=-1", "-d", "display_errors=stderr")
        done = subprocess.run(
            [php, *strict, str(stub), str(plugin), api, product_id, json.dumps(attributes or {})],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return json.loads(done.stdout)

    return run


@in_browser
def test_the_plugin_for_woocommerce_shows_the_panel_below_a_product(visit, other, api, wordpress):
    found = wordpress(ITEM)
    assert found["scripts"] == {"lookalike-panel": f"{api}/lookalike-panel.js"}
    assert found["removed"] == ["woocommerce_output_related_products"]
    body = WOO_PAGE.format(panel=found["page"], script=found["scripts"]["lookalike-panel"])
    page = shown(visit, other.page(body))
    assert products(page)
    assert page.locator("lookalike-panel b").count() == 0  # the key's text stayed text
    assert page.evaluate("window.shifts") == 0


@in_browser
def test_the_shortcode_takes_the_element_s_attributes_and_nothing_else(
    visit, other, api, wordpress
):
    given = {
        "surface": "wishlist",
        "product_ids": f"{ITEM},dress-red-1",
        "limit": "4",
        "onclick": "alert(1)",
        "heading": '"><script>alert(1)</script>',
        "0": "ga4",
    }
    found = wordpress("", given)
    assert "onclick" not in found["shortcode"] and "<script" not in found["shortcode"]
    assert ' ga4=""' in found["shortcode"]
    assert 'heading="A &quot;block&quot;"' in found["block"] or found["block"] == ""
    body = WOO_PAGE.format(panel=found["shortcode"], script=f"{api}/lookalike-panel.js")
    page = shown(visit, other.page(body))
    assert len(products(page)) == 4
    heading = page.locator("lookalike-panel .heading").inner_text()
    assert heading == unescape("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;")


@in_browser
@pytest.mark.skipif(npm is None, reason="npm is not installed (apt: npm)")
def test_the_wrapper_for_react(visit, other, api, workshop):
    app = workshop / "app.jsx"
    app.write_text(
        """import { createElement as h, useState } from "react";
        import { createRoot } from "react-dom/client";
        import { LookalikePanel } from "./shops/react/LookalikePanel.jsx";
        function App() {
          const [product, open] = useState("t-shirt-blue-1");
          const select = (event) => { event.preventDefault(); open(event.detail.product_id); };
          return h("div", null, h("output", null, product),
            h(LookalikePanel, { productId: product, layout: "carousel", onSelect: select }));
        }
        createRoot(document.getElementById("root")).render(h(App));"""
    )
    bundle = subprocess.run(
        ["npx", "esbuild", "app.jsx", "--bundle", "--minify", "--define:process.env.NODE_ENV='x'"],
        cwd=workshop,
        capture_output=True,
        text=True,
        check=True,
    )
    other.pages["/app.js"] = bundle.stdout
    body = f"""<div id="root"></div><script src="/app.js" defer></script>
    <script async src="{api}/lookalike-panel.js"></script>"""
    page = shown(visit, other.page(body))
    first = products(page)[0]
    page.locator("lookalike-panel a.link").first.click()
    page.locator("output", has_text=first).wait_for()
    page.wait_for_function("() => window.seen.filter((one) => one.name === 'load').length === 2")
    assert first not in products(page)
    assert [one["product_id"] for one in seen(page, "select")] == [first]


def test_the_wrapper_for_react_is_a_dozen_lines():
    lines = (SHOPS / "react/LookalikePanel.jsx").read_text().splitlines()
    assert len([line for line in lines if line.strip() and not line.startswith("//")]) <= 17
