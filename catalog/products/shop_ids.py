"""Finds products by what a shop calls them: a handle, a parent's id, a SKU, ids of Shopify."""

from sqlalchemy import bindparam, select

from catalog.database.database import Database
from catalog.database.models import ProductRow, SkuRow
from catalog.database.statements import ACTIVE
from catalog.database.webhook_models import ShopifyIdRow, ShopifyItemRow
from catalog.records import Availability

MOST_DIGITS = 18  # of Shopify's ids

_IN_STOCK_FIRST = (
    (ProductRow.availability == str(Availability.OUT_OF_STOCK)),
    ProductRow.number,
)
_PRODUCT = select(ProductRow.product_id).where(ACTIVE).order_by(*_IN_STOCK_FIRST).limit(1)
# Statements are built once: building one takes longer than running it.
BY_TEXT = (
    _PRODUCT.where(ProductRow.group_id == bindparam("given")),
    _PRODUCT.join(SkuRow, SkuRow.number == ProductRow.number).where(
        SkuRow.sku == bindparam("given")
    ),
)
BY_NUMBER = (
    _PRODUCT.join(ShopifyIdRow, ShopifyIdRow.product_id == ProductRow.product_id).where(
        ShopifyIdRow.shopify_id == bindparam("given")
    ),
    _PRODUCT.join(ShopifyIdRow, ShopifyIdRow.product_id == ProductRow.product_id)
    .join(ShopifyItemRow, ShopifyItemRow.shopify_id == ShopifyIdRow.shopify_id)
    .where(ShopifyItemRow.variant_id == bindparam("given")),
)


def product_named(db: Database, given: str) -> str | None:
    """The id of the product that a shop calls by another id; None if there is none.

    In this order: the id of a variant group, such as a handle; a SKU; Shopify's own id of a product
    or a variant, as its webhooks have it. Of several products, the first one in stock.

    Args:
        db: the catalogue's.
        given: what the shop calls it.
    """
    if not given.isprintable():
        return None
    with db.read() as connection:
        for query in BY_TEXT:
            if found := connection.scalar(query, {"given": given}):
                return str(found)
        if given.isascii() and given.isdigit() and len(given) <= MOST_DIGITS:
            for query in BY_NUMBER:
                if found := connection.scalar(query, {"given": int(given)}):
                    return str(found)
    return None
