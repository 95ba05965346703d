"""What search engines and link previews read of a product page."""

import json
import re

from tests.web.page_text import text_of

URL = "http://localhost/products/t-shirt-green-1"


def json_ld(page) -> dict:
    found = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', page.get_data(as_text=True), re.S
    )
    assert found
    return json.loads(found[1])


def test_a_product_is_described_in_json_ld(client):
    data = json_ld(client.get("/products/t-shirt-green-1"))
    assert data["@type"] == "Product" and data["url"] == data["@id"] == URL
    assert data["sku"] == "t-shirt-green-1" and data["brand"]["name"] == "Fern & Field"
    assert data["offers"] == {
        "@type": "Offer",
        "url": URL,
        "price": "19.90",  # the sale price
        "priceCurrency": "EUR",
        "availability": "https://schema.org/InStock",
    }
    assert data["image"][0].startswith("http://localhost/media/")


def test_sold_out_is_said(client):
    offers = json_ld(client.get("/products/t-shirt-red-2"))["offers"]
    assert offers["availability"] == "https://schema.org/OutOfStock"


def test_the_canonical_address_has_no_tuning(client):
    page = text_of(client.get("/products/t-shirt-green-1?mix.colour=4&from=dress-red-1"))
    assert f'<link rel="canonical" href="{URL}">' in page
    assert f'<meta property="og:url" content="{URL}">' in page
    assert '<meta property="og:title" content="Green T-shirt no. 1">' in page
    assert 'property="product:price:amount" content="19.90"' in page


def test_a_title_cannot_end_the_script(client):
    page = client.get("/").get_data(as_text=True)
    name = re.search(r'href="/products/([^"]+)"[^>]*>(?:(?!</article>).)*Dress &lt;3', page, re.S)
    raw = client.get(f"/products/{name[1]}").get_data(as_text=True)
    assert json_ld(client.get(f"/products/{name[1]}"))["name"].startswith("Dress <3")
    assert "<3" not in raw


def test_the_grid_s_canonical_address_has_no_order_and_no_filters(client):
    page = text_of(client.get("/?category=Dresses&colour=red&sort=price&page=1"))
    assert '<link rel="canonical" href="http://localhost/?category=Dresses">' in page
