"""What Shopify told so far, in SQL: the newest of each product, whose ids are whose, and pieces.

Every function is one step of a transaction that holds the catalogue's lock.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from catalog.database.models import ProductRow, SourceRow
from catalog.database.webhook_models import (
    Base,
    ShopifyIdRow,
    ShopifyItemRow,
    ShopifyLevelRow,
    ShopifyProductRow,
)
from catalog.hooks.payload import LevelTold, Product, ProductTold
from catalog.utc import in_utc

ROWS = 1_000  # at once: SQLite takes 32,766 values


@dataclass(frozen=True, slots=True)
class Known:
    """The newest that was told of a product; moments are UTC."""

    updated_at: datetime
    triggered_at: datetime | None
    deleted: bool
    product: Product | None


def newest(connection: Connection, shopify_id: int) -> Known | None:
    """The newest of a product, if there is any."""
    row = ShopifyProductRow
    found = connection.execute(
        select(row.updated_at, row.triggered_at, row.deleted, row.payload).where(
            row.shopify_id == shopify_id
        )
    ).first()
    if found is None:
        return None
    updated, triggered, deleted, payload = found
    product = json.loads(payload) if payload is not None else None
    return Known(in_utc(updated), in_utc(triggered), deleted, product)


def is_older(told: ProductTold, triggered_at: datetime | None, known: Known) -> bool:
    """Whether a delivery tells less than what is known.

    What counts is ``updated_at``, which is signed. It has whole seconds: of two deliveries of one
    second, the header tells which was sent first, if both have it.
    """
    if told.updated_at != known.updated_at:
        return told.updated_at < known.updated_at
    return None not in (triggered_at, known.triggered_at) and triggered_at < known.triggered_at  # type: ignore[operator]  # both are there


def keep_product(connection: Connection, told: ProductTold, triggered_at: datetime | None) -> None:
    """Make a product's payload the newest, and its inventory items those that count."""
    values = {
        "shopify_id": told.shopify_id,
        "updated_at": told.updated_at,
        "triggered_at": triggered_at,
        "deleted": False,
        "payload": json.dumps(told.product),
    }
    _put(connection, ShopifyProductRow, [values])
    connection.execute(delete(ShopifyItemRow).where(ShopifyItemRow.shopify_id == told.shopify_id))
    items = [
        {"item_id": item, "variant_id": variant, "shopify_id": told.shopify_id}
        for item, variant in sorted(told.items.items())
    ]
    _put(connection, ShopifyItemRow, items)


def keep_deleted(connection: Connection, shopify_id: int, known: Known) -> None:
    """Remember that a product is gone for good."""
    values = {
        "shopify_id": shopify_id,
        "updated_at": known.updated_at,
        "triggered_at": known.triggered_at,
        "deleted": True,
        "payload": None,
    }
    _put(connection, ShopifyProductRow, [values])
    for table in (ShopifyItemRow, ShopifyIdRow):
        connection.execute(delete(table).where(table.shopify_id == shopify_id))


def keep_ids(connection: Connection, shopify_id: int, product_ids: Iterable[str]) -> None:
    """Note which products of ours a product of Shopify's is now."""
    connection.execute(delete(ShopifyIdRow).where(ShopifyIdRow.shopify_id == shopify_id))
    rows = [{"product_id": one, "shopify_id": shopify_id} for one in sorted(product_ids)]
    _put(connection, ShopifyIdRow, rows)


def ids_of(connection: Connection, shopify_id: int) -> set[str]:
    """The products of ours that a product of Shopify's was last made into."""
    query = select(ShopifyIdRow.product_id).where(ShopifyIdRow.shopify_id == shopify_id)
    return set(connection.scalars(query))


def ids_of_handle(connection: Connection, handle: str, shopify_id: int) -> set[str]:
    """Products with the ids that a feed of Shopify's gives this handle, if no other has them."""
    row = ProductRow
    named = row.product_id == handle
    coloured = row.product_id.startswith(f"{handle}~", autoescape=True)
    others = select(ShopifyIdRow.product_id).where(ShopifyIdRow.shopify_id != shopify_id)
    query = (
        select(row.product_id)
        .join(SourceRow, SourceRow.id == row.source_id)
        .where(row.retired.is_(False), named | ((row.group_id == handle) & coloured))
        .where(SourceRow.format.startswith("shopify-"), row.product_id.not_in(others))
    )
    return set(connection.scalars(query))


def product_of(connection: Connection, item_id: int) -> int | None:
    """Which of Shopify's products an inventory item belongs to."""
    query = select(ShopifyItemRow.shopify_id).where(ShopifyItemRow.item_id == item_id)
    return connection.scalar(query)


def keep_level(connection: Connection, level: LevelTold) -> bool:
    """Note how many pieces there are at a location; False if something newer is known."""
    row = ShopifyLevelRow
    before = connection.scalar(
        select(row.updated_at).where(
            row.item_id == level.item_id, row.location_id == level.location_id
        )
    )
    if before is not None and level.updated_at < in_utc(before):
        return False
    values = {
        "item_id": level.item_id,
        "location_id": level.location_id,
        "pieces": level.pieces,
        "updated_at": level.updated_at,
    }
    _put(connection, row, [values])
    return True


def pieces_since(connection: Connection, items: Collection[int], since: datetime) -> dict[int, int]:
    """The pieces of those items that some location told of after a moment: of all locations.

    Locations that never told of an item count none; the product's next payload corrects that.
    """
    row = ShopifyLevelRow
    found: dict[int, int] = {}
    listed = sorted(items)
    for start in range(0, len(listed), ROWS):
        query = (
            select(row.item_id, func.sum(row.pieces))
            .where(row.item_id.in_(listed[start : start + ROWS]))
            .group_by(row.item_id)
            .having(func.max(row.updated_at) > since)
        )
        found |= {item: int(total) for item, total in connection.execute(query)}
    return found


def _put(connection: Connection, model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert rows, or replace those whose key is taken."""
    table: Any = model.__table__
    keys = [column.name for column in table.primary_key]
    build: Any = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = build(table)
    changed: Mapping[str, Any] = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in keys
    }
    statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    if rows:
        connection.execute(statement, rows)
