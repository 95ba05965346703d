"""Rows of answers are made once, while their products and links are the same."""

from sqlalchemy import update

from catalog.database.models import ProductRow
from catalog.database.statements import bump_version
from web.api import schemas
from web.app.context import EXTENSION

SIMILAR = "/api/v1/products/t-shirt-blue-1/similar?k=5"


def rows(client, question: str) -> dict[str, dict]:
    found = client.get(f"{SIMILAR}&{question}").get_json()["results"]
    return {one["product_id"]: one["product"] for one in found}


def test_a_row_is_made_once_while_product_and_links_are_the_same(logged, monkeypatch):
    client, shop, made = logged.test_client(), logged.extensions[EXTENSION], []
    real = schemas.product_url
    monkeypatch.setattr(schemas, "product_url", lambda item: made.append(item) or real(item))
    first = rows(client, "exclude=none-1")
    count = len(first)
    assert len(made) == count > 1
    assert rows(client, "exclude=none-2") == first
    assert len(made) == count
    absolute = rows(client, "absolute=true")
    assert all(one["url"].startswith("http://localhost/products/") for one in absolute.values())
    assert rows(client, "exclude=none-3") == first
    best = next(iter(first))
    with shop.catalogue.db.write() as connection, connection.begin():
        changed = bump_version(connection)
        row = update(ProductRow).where(ProductRow.product_id == best)
        connection.execute(row.values(title="Another title", changed=changed))
    assert rows(client, "exclude=none-4")[best]["title"] == "Another title"
    assert client.get(f"/api/v1/products/{best}").get_json()["title"] == "Another title"
