"""The state of the Shopify shop as received so far, in SQL: products, ids and stock levels.

Stored are the newest payload of each product, which of our products it became, and the newest stock
level of each inventory item. Every function is one step of a transaction that holds the catalogue's
lock.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from catalog.database.models import Base, ProductRow, SourceRow
from catalog.database.statements import chunks, insert_for
from catalog.database.webhook_models import (
    ShopifyIdRow,
    ShopifyItemRow,
    ShopifyLevelRow,
    ShopifyProductRow,
)
from catalog.hooks.payload import Product, ProductUpdate, StockLevel
from catalog.utc import in_utc


@dataclass(frozen=True, slots=True)
class ShopifyProduct:
    """The newest stored state of a product; times are UTC. ``product`` is None if it is deleted."""

    updated_at: datetime
    triggered_at: datetime | None
    deleted: bool
    product: Product | None


def newest(connection: Connection, shopify_id: int) -> ShopifyProduct | None:
    """The newest stored state of a product, if any."""
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
    return ShopifyProduct(in_utc(updated), in_utc(triggered), deleted, product)


def is_older(update: ProductUpdate, triggered_at: datetime | None, stored: ShopifyProduct) -> bool:
    """Whether a delivery is older than the stored state.

    ``updated_at`` decides, which is signed. It has whole seconds: within one second, the header
    ``triggered_at`` decides, if both deliveries have it.
    """
    if update.updated_at != stored.updated_at:
        return update.updated_at < stored.updated_at
    if triggered_at is None or stored.triggered_at is None:
        return False
    return triggered_at < stored.triggered_at


def keep_product(
    connection: Connection, update: ProductUpdate, triggered_at: datetime | None
) -> None:
    """Stores a product's payload as the newest, and replaces its inventory items."""
    values = {
        "shopify_id": update.shopify_id,
        "updated_at": update.updated_at,
        "triggered_at": triggered_at,
        "deleted": False,
        "payload": json.dumps(update.product),
    }
    _upsert(connection, ShopifyProductRow, [values])
    connection.execute(delete(ShopifyItemRow).where(ShopifyItemRow.shopify_id == update.shopify_id))
    items = [
        {"item_id": item, "variant_id": variant, "shopify_id": update.shopify_id}
        for item, variant in sorted(update.items.items())
    ]
    _upsert(connection, ShopifyItemRow, items)


def keep_deleted(connection: Connection, shopify_id: int, stored: ShopifyProduct) -> None:
    """Stores that a product is deleted for good."""
    values = {
        "shopify_id": shopify_id,
        "updated_at": stored.updated_at,
        "triggered_at": stored.triggered_at,
        "deleted": True,
        "payload": None,
    }
    _upsert(connection, ShopifyProductRow, [values])
    for table in (ShopifyItemRow, ShopifyIdRow):
        connection.execute(delete(table).where(table.shopify_id == shopify_id))


def keep_ids(connection: Connection, shopify_id: int, product_ids: Iterable[str]) -> None:
    """Stores which of our products a Shopify product has become."""
    connection.execute(delete(ShopifyIdRow).where(ShopifyIdRow.shopify_id == shopify_id))
    rows = [{"product_id": one, "shopify_id": shopify_id} for one in sorted(product_ids)]
    _upsert(connection, ShopifyIdRow, rows)


def ids_of(connection: Connection, shopify_id: int) -> set[str]:
    """The ids of our products that a Shopify product has last become."""
    query = select(ShopifyIdRow.product_id).where(ShopifyIdRow.shopify_id == shopify_id)
    return set(connection.scalars(query))


def ids_of_handle(connection: Connection, handle: str, shopify_id: int) -> set[str]:
    """Our products from Shopify feeds with this handle that belong to no other Shopify product."""
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
    """The Shopify product that an inventory item belongs to, if known."""
    query = select(ShopifyItemRow.shopify_id).where(ShopifyItemRow.item_id == item_id)
    return connection.scalar(query)


def keep_level(connection: Connection, level: StockLevel) -> bool:
    """Stores a stock level at one location; False if the stored one is newer."""
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
    _upsert(connection, row, [values])
    return True


def pieces_since(connection: Connection, items: Collection[int], since: datetime) -> dict[int, int]:
    """The stock of items at all locations together, if a level is newer than ``since``.

    A location without a stored level counts as empty; the product's next payload corrects that.
    """
    row = ShopifyLevelRow
    found: dict[int, int] = {}
    for some in chunks(sorted(items)):
        query = (
            select(row.item_id, func.sum(row.pieces))
            .where(row.item_id.in_(some))
            .group_by(row.item_id)
            .having(func.max(row.updated_at) > since)
        )
        found |= {item: int(total) for item, total in connection.execute(query)}
    return found


def _upsert(connection: Connection, model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Inserts rows, or replaces those with the same primary key."""
    if not rows:
        return
    keys = [column.name for column in model.__table__.primary_key]
    statement = insert_for(connection, model)
    changed = {
        column.name: statement.excluded[column.name]
        for column in model.__table__.columns
        if column.name not in keys
    }
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)
