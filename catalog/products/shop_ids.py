"""Finds products by what a shop calls them: a handle, a parent's id, a SKU, ids of Shopify."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, bindparam, select

from catalog.database.database import Database
from catalog.database.models import ProductRow, SkuRow
from catalog.database.statements import ACTIVE, chunks, valid_ids
from catalog.database.webhook_models import ShopifyIdRow, ShopifyItemRow
from catalog.records import Availability

MOST_DIGITS = 18  # of Shopify's ids

_GIVEN: BindParameter[Any] = bindparam("given", expanding=True)
_IN_STOCK_FIRST = (
    ProductRow.availability == str(Availability.OUT_OF_STOCK),
    ProductRow.number,
)
# Statements are built once: building one takes longer than running it.
BY_TEXT = (
    select(ProductRow.group_id, ProductRow.product_id)
    .where(ACTIVE, ProductRow.group_id.in_(_GIVEN))
    .order_by(*_IN_STOCK_FIRST),
    select(SkuRow.sku, ProductRow.product_id)
    .join(ProductRow, ProductRow.number == SkuRow.number)
    .where(ACTIVE, SkuRow.sku.in_(_GIVEN))
    .order_by(*_IN_STOCK_FIRST),
)
BY_NUMBER = (
    select(ShopifyIdRow.shopify_id, ProductRow.product_id)
    .join(ProductRow, ProductRow.product_id == ShopifyIdRow.product_id)
    .where(ACTIVE, ShopifyIdRow.shopify_id.in_(_GIVEN))
    .order_by(*_IN_STOCK_FIRST),
    select(ShopifyItemRow.variant_id, ProductRow.product_id)
    .join(ShopifyIdRow, ShopifyIdRow.shopify_id == ShopifyItemRow.shopify_id)
    .join(ProductRow, ProductRow.product_id == ShopifyIdRow.product_id)
    .where(ACTIVE, ShopifyItemRow.variant_id.in_(_GIVEN))
    .order_by(*_IN_STOCK_FIRST),
)


def products_named(db: Database, given: Sequence[str]) -> dict[str, str]:
    """What a shop calls products -> their ids; what names none is left out.

    In this order: the id of a variant group, such as a handle; a SKU, or the shop's own id of a
    product or a variant, as its feed has it; the same as Shopify's webhooks have it. Of several
    products, the first one in stock.

    Args:
        db: the catalogue's.
        given: what the shop calls them.
    """
    found: dict[str, str] = {}
    with db.read() as connection:
        for some in chunks(valid_ids(given)):
            for query in BY_TEXT:
                if missing := [one for one in some if one not in found]:
                    for name, product_id in connection.execute(query, {"given": missing}):
                        found.setdefault(str(name), product_id)
            for by_number in BY_NUMBER:
                if numbers := [int(one) for one in some if one not in found and _is_number(one)]:
                    for number, product_id in connection.execute(by_number, {"given": numbers}):
                        found.setdefault(str(number), product_id)
    return found


def _is_number(text: str) -> bool:
    """Whether a text is a number as Shopify writes its ids."""
    plain = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return plain and not text.startswith("0")
