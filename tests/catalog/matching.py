"""Which products match a filter, as SQL finds it."""

from collections.abc import Sequence

from sqlalchemy import select

from catalog.database.models import ProductRow
from catalog.database.statements import valid_ids
from catalog.filters.filter import Filter
from catalog.filters.sql import conditions
from catalog.products.catalogue import Catalogue


def matching(
    catalogue: Catalogue, wanted: Filter, product_ids: Sequence[str] | None = None
) -> set[str]:
    """The ids of the products that match, retired or not; of all products, or of some."""
    query = select(ProductRow.product_id)
    query = query.where(*conditions(wanted, catalogue.db.engine.dialect.name))
    if product_ids is not None:
        query = query.where(ProductRow.product_id.in_(valid_ids(product_ids)))
    with catalogue.db.read() as connection:
        return set(connection.scalars(query))
