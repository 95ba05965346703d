"""What filters and guards read of products, row by row, for the columns that the engine keeps."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, Text, bindparam, cast, select, type_coerce

from catalog.database.models import ProductRow
from catalog.database.statements import chunks, valid_ids
from catalog.products.rows import GUARDED

PAGE = 20_000  # products read at a time


class FactRow(NamedTuple):
    """A product as it is stored: prices in ten-thousandths, attributes as the text of JSON."""

    product_id: str
    retired: bool
    availability: str
    gender: str | None
    age_group: str | None
    group_id: str | None
    category: str | None
    colour: str | None
    pattern: str | None
    brand: str | None
    price: int | None
    sale_price: int | None
    attributes: str
    title: str


ROWS = select(
    *GUARDED,
    ProductRow.brand,
    type_coerce(ProductRow.price, BigInteger),
    type_coerce(ProductRow.sale_price, BigInteger),
    cast(ProductRow.attributes, Text),
    ProductRow.title,
)
BY_ID = ROWS.where(ProductRow.product_id.in_(bindparam("ids", expanding=True)))
NEXT = (
    ROWS.add_columns(ProductRow.number)
    .where(ProductRow.number > bindparam("after"))
    .order_by(ProductRow.number)
    .limit(PAGE)
)


def some_fact_rows(connection: Connection, product_ids: Sequence[str]) -> Iterator[list[FactRow]]:
    """The rows of these products, retired or not, in any order; unknown ids are left out."""
    for ids in chunks(valid_ids(product_ids)):
        yield [FactRow._make(row) for row in connection.execute(BY_ID, {"ids": ids})]


def next_fact_rows(connection: Connection, after: int) -> tuple[list[FactRow], int]:
    """The next products by number, retired or not, and the number of the last one of them."""
    found = connection.execute(NEXT, {"after": after}).all()
    rows = [FactRow._make(row[:-1]) for row in found]
    return rows, found[-1][-1] if found else after
