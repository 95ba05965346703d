"""Variant groups: the products with the same ``group_id``, in other colours or sizes."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, bindparam, distinct, func, or_, select

from catalog.database.desk_models import MergedRow
from catalog.database.models import ProductRow
from catalog.database.statements import ACTIVE, chunks
from catalog.products.rows import products_by_number
from catalog.records import Product

MAX_VARIANTS = 60  # shown of one group
MERGED = select(MergedRow.product_id)
IN_GROUP = or_(  # found by the index of either table
    ProductRow.product_id.in_(MERGED.where(MergedRow.group_key == bindparam("group"))),
    and_(ProductRow.group_id == bindparam("group"), ProductRow.product_id.not_in(MERGED)),
)
OF_GROUP = (
    select(ProductRow.number)
    .where(IN_GROUP, ACTIVE)
    .order_by(ProductRow.number)
    .limit(MAX_VARIANTS)
)
COLOURS = (
    select(ProductRow.group_id, func.count(distinct(ProductRow.colour)))
    .where(ProductRow.group_id.in_(bindparam("groups", expanding=True)), ACTIVE)
    .group_by(ProductRow.group_id)
)


def variants_of(connection: Connection, group_id: str) -> list[Product]:
    """The products of a group that are not retired, in the order of their ingest."""
    return products_by_number(connection, connection.scalars(OF_GROUP, {"group": group_id}).all())


def colours_of(connection: Connection, groups: Sequence[str]) -> dict[str, int]:
    """Group -> number of colours; groups without active products are left out."""
    found: dict[str, int] = {}
    for some in chunks(groups):
        rows = connection.execute(COLOURS, {"groups": some})
        found |= {group: count for group, count in rows if group}
    return found
