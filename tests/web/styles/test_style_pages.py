"""The pages of styles, and the links that lead to them."""

import re
from dataclasses import replace
from html import unescape

import pytest
from sqlalchemy import update

from catalog.database.database import Database
from catalog.database.models import ProductRow, StateRow
from catalog.settings import CatalogSettings
from engine.applications.styles.home import styles_file
from engine.settings import EngineSettings
from tests.web.live import chromium
from tests.web.pages.test_axe import SIZES, violations


@pytest.fixture
def client(logged):
    return logged.test_client()


def products_of(html: str) -> list[str]:
    cards = re.findall(r'class="card-link" href="/products/([^"]+)"', html)
    return [unescape(one) for one in cards]


def test_styles_are_listed_with_photos_and_numbers(styles, client):
    html = client.get("/styles").text
    for style in styles.listed:
        assert f'href="/styles/{style.number}"' in html and style.name in unescape(html)
    assert f"{len(styles)} styles" in html and html.count("/media/") > len(styles)


def test_a_style_lists_its_products_the_most_typical_first(styles, client):
    style = styles.listed[0]
    html = client.get(f"/styles/{style.number}").text
    assert products_of(html) == styles.members(style)
    assert f"<h1>{style.name}</h1>" in unescape(html) and f"{style.size} products" in html
    for other in styles.like(style, 3):
        assert f'href="/styles/{other.number}"' in html


def test_pages_of_a_style_and_of_all_styles(styles, client, monkeypatch):
    monkeypatch.setattr("web.styles.style_pages.PER_PAGE", 2)
    style = styles.listed[0]
    second = client.get(f"/styles/{style.number}?page=2").text
    assert products_of(second) == styles.members(style, start=2, most=2)
    assert f'href="/styles/{style.number}?page=3"' in second
    assert f'rel="prev" href="/styles/{style.number}"' in second
    assert 'href="/styles?page=3"' in client.get("/styles?page=2").text
    assert "not so many pages" in client.get(f"/styles/{style.number}?page=900").text
    assert "not so many pages" in client.get("/styles?page=900").text


def test_what_is_no_longer_sold_is_left_out(styles, client, own_home):
    style = styles.listed[0]
    gone = styles.members(style)[0]
    put(own_home, [gone], retired=True)
    html = client.get(f"/styles/{style.number}").text
    assert products_of(html) == styles.members(style)[1:]
    assert f"{style.size - 1} products" in html


def put(own_home, product_ids, **values):
    """Change products in the catalogue of a home."""
    with (
        Database.open(CatalogSettings(home=own_home)) as database,
        database.write() as connection,
        connection.begin(),
    ):
        row = ProductRow.product_id.in_(product_ids)
        connection.execute(update(ProductRow).where(row).values(**values))
        connection.execute(update(StateRow).values(version=StateRow.version + 1))


def test_a_style_that_is_sold_out_is_shown_and_one_that_is_gone_says_so(styles, client, own_home):
    style = styles.listed[0]
    put(own_home, styles.members(style), availability="out_of_stock")
    html = client.get(f"/styles/{style.number}").text
    assert products_of(html) == styles.members(style) and "Sold out" in html
    put(own_home, styles.members(style), retired=True)
    html = client.get(f"/styles/{style.number}").text
    assert "Nothing of this style is sold any more" in html and products_of(html) == []
    answer = client.get(f"/api/v1/styles/{style.number}").get_json()
    assert (answer["products"], answer["total"]) == ([], 0)
    assert client.get("/styles").status_code == 200
    assert client.get(f"/api/v1/products/{style.medoid}/style").status_code == 404


def test_an_old_address_after_a_regrouping_leads_to_all_styles(styles, client, own_home):
    old = styles.listed[0].number
    fewer = replace(
        styles,
        listed=(replace(styles.listed[0], number=styles.next_number), *styles.listed[1:]),
        next_number=styles.next_number + 1,
    )
    fewer.save(styles_file(EngineSettings(home=own_home)))
    answer = client.get(f"/styles/{old}")
    assert (answer.status_code, answer.location) == (302, "/styles")
    assert "no longer there" in client.get("/styles").text
    assert client.get(f"/styles/{styles.next_number + 1}").status_code == 404
    assert client.get("/styles/0").status_code == 404
    assert client.get(f"/api/v1/styles/{old}").status_code == 404
    assert client.get(f"/styles/{styles.next_number}").status_code == 200


def test_a_product_leads_to_its_style_and_the_grid_to_all(styles, client):
    style = styles.listed[2]
    html = client.get(f"/products/{style.medoid}").text
    assert "More of this style" in html and f'href="/styles/{style.number}"' in html
    assert 'href="/styles"' in client.get("/").text


def test_a_product_that_came_since_leads_to_the_nearest_style(styles, client, monkeypatch):
    style = styles.listed[1]
    monkeypatch.setattr(type(styles), "of_product", lambda self, product_id: None)
    assert f'href="/styles/{style.number}"' in client.get(f"/products/{style.medoid}").text


def test_without_styles_nothing_leads_to_them(client):
    assert "/styles" not in client.get("/").text.replace("css/styles", "")
    assert "More of this style" not in client.get("/products/t-shirt-blue-1").text
    assert "lookalike clusters" in client.get("/styles").text
    assert client.get("/styles/1").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/styles/999", 404),
        ("/styles/99999999999999999999999999", 404),
        ("/styles/x", 404),
        ("/styles/-1", 404),
        ("/styles?page=0", 400),
        ("/styles?page=x", 400),
    ],
)
def test_what_is_no_style_is_said(styles, client, path, status):
    assert client.get(path).status_code == status


@pytest.mark.browser
@pytest.mark.skipif(chromium() is None, reason="chromium is not installed (apt: chromium)")
def test_pages_of_styles_pass_axe(styles, visit):
    page = visit(viewport=SIZES["desktop"], bypass_csp=True)
    for size in SIZES.values():
        page.set_viewport_size(size)
        for path in ("/styles", f"/styles/{styles.listed[0].number}"):
            page.goto(path)
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
