"""Styles of the API: all, one with its products, and more of a product's style."""

import pytest

from web.styles.schemas import StyleListing, StyleProducts


@pytest.fixture
def client(logged):
    return logged.test_client()


def ids_of(answer) -> list[str]:
    return [one["product_id"] for one in answer["products"]]


def test_styles_are_listed_page_by_page(styles, client):
    answer = client.get("/api/v1/styles?per_page=4")
    found = StyleListing.model_validate_json(answer.text)
    assert [one.style for one in found.styles] == [one.number for one in styles.listed[:4]]
    assert [one.size for one in found.styles] == [one.size for one in styles.listed[:4]]
    assert found.total == len(styles) and "page=2" in found.next
    rest = client.get(found.next).get_json()
    assert [one["medoid"] for one in rest["styles"]] == [one.medoid for one in styles.listed[4:]]
    assert rest["next"] is None
    assert client.get("/api/v1/styles?page=900").get_json()["styles"] == []


def test_a_style_has_its_products_the_most_typical_first(styles, client):
    style = styles.listed[0]
    answer = client.get(f"/api/v1/styles/{style.number}?per_page=3")
    found = StyleProducts.model_validate_json(answer.text)
    assert (found.style.style, found.style.name) == (style.number, style.name)
    assert [one.product_id for one in found.products] == styles.members(style, most=3)
    assert [one.style for one in found.like] == [one.number for one in styles.like(style, 8)]
    assert found.total == style.size
    assert ids_of(client.get(found.next).get_json()) == styles.members(style, start=3, most=3)
    assert client.get(found.style.url).status_code == 200


def test_more_of_a_products_style(styles, client):
    style = styles.listed[1]
    product = styles.members(style)[-1]
    found = client.get(f"/api/v1/products/{product}/style").get_json()
    assert found["style"]["style"] == style.number and ids_of(found) == styles.members(style)


def test_a_product_that_came_since_is_in_the_nearest(styles, client, monkeypatch):
    monkeypatch.setattr(type(styles), "of_product", lambda self, product_id: None)
    style = styles.listed[1]
    found = client.get(f"/api/v1/products/{style.medoid}/style").get_json()
    assert found["style"]["style"] == style.number


def test_a_client_that_has_the_answer_gets_304(styles, client):
    for path in ("styles", f"styles/{styles.listed[0].number}", "products/dress-red-1/style"):
        tag = client.get(f"/api/v1/{path}").headers["ETag"]
        again = client.get(f"/api/v1/{path}", headers={"If-None-Match": tag})
        assert again.status_code == 304, path


def test_what_there_is_not_is_said(styles, client):
    for path, status, words in (
        ("styles/999", 404, "GET /api/v1/styles lists"),
        ("styles/99999999999999999999999999", 404, "GET /api/v1/styles lists"),
        ("products/nobody/style", 404, "nobody"),
        ("styles/x", 404, ""),
        ("styles?page=0", 400, "page"),
        ("styles?per_page=9999", 400, "per_page"),
        ("styles/1?x=1", 400, "x"),
    ):
        answer = client.get(f"/api/v1/{path}")
        assert answer.status_code == status, path
        assert answer.mimetype == "application/problem+json" and words in answer.text


def test_without_styles_it_says_what_to_do(client):
    for path in ("styles", "styles/1", "products/dress-red-1/style"):
        answer = client.get(f"/api/v1/{path}")
        assert answer.status_code == 404 and "lookalike clusters" in answer.text
