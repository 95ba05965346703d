"""Filters as SQL conditions, and the query for matching products."""

import re
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from sqlalchemy import and_, func, not_, or_, select
from sqlalchemy.sql.elements import ColumnElement

from catalog.database.models import ProductRow
from catalog.filters.filter import Filter
from catalog.text import one_line
from catalog.vocabulary import category_path

EXACT = ("brand", "gender", "age_group", "colour", "pattern", "availability")
PLACES = Decimal("0.0001")  # the precision of stored prices
EFFECTIVE_PRICE = func.coalesce(ProductRow.sale_price, ProductRow.price)
REDUCED = and_(
    ProductRow.sale_price.is_not(None),
    ProductRow.price.is_not(None),
    ProductRow.sale_price < ProductRow.price,
)
SIZE_SEPARATORS = (", ", ",", "; ", ";", " | ", "|", "/ ")
PLAIN = re.compile(r"[A-Za-z0-9_ -]+")


def conditions(wanted: Filter, dialect: str) -> Iterator[ColumnElement[bool]]:
    """The SQL conditions of a filter, one for each filtered field."""
    if wanted.category:
        yield or_(*(below(path) for path in wanted.category))
    for name in EXACT:
        if values := getattr(wanted, name):
            column = getattr(ProductRow, name)
            yield coloured(values) if name == "colour" else column.in_(values)
    # A bound between two storable prices is rounded to the one inside the range.
    if wanted.price_from is not None:
        yield wanted.price_from.quantize(PLACES, ROUND_CEILING) <= EFFECTIVE_PRICE
    if wanted.price_to is not None:
        yield wanted.price_to.quantize(PLACES, ROUND_FLOOR) >= EFFECTIVE_PRICE
    if wanted.on_sale is not None:
        yield REDUCED if wanted.on_sale else not_(REDUCED)
    for name, values in wanted.attributes.items():
        yield _attribute(name, values, dialect)


def below(path: str) -> ColumnElement[bool]:
    """The SQL condition for products in a category or in one below it."""
    path = one_line(path)
    start = path + category_path.SEPARATOR
    # Not LIKE, which ignores case on SQLite.
    return or_(
        ProductRow.category == path,
        func.substr(ProductRow.category, 1, len(start)) == start,
    )


def coloured(colours: Sequence[str]) -> ColumnElement[bool]:
    """The SQL condition for products of a colour, or of several such as "red/blue"."""
    listed = "/" + ProductRow.colour + "/"
    # Not LIKE, which ignores case on SQLite.
    among = (func.replace(listed, f"/{colour}/", "") != listed for colour in colours)
    return or_(ProductRow.colour.in_(colours), *among)


def size_text(dialect: str) -> ColumnElement[Any]:
    """The SQL of a product's sizes, from its attribute "size": several have slashes between."""
    if dialect == "sqlite":
        given = func.json_extract(ProductRow.attributes, "$.size")
    else:
        given = ProductRow.attributes["size"].as_string()
    for sign in SIZE_SEPARATORS:
        given = func.replace(given, sign, "/")
    return given


def sized(sizes: Sequence[str], dialect: str) -> ColumnElement[bool]:
    """The SQL condition for products that come in one of these sizes."""
    listed = "/" + func.replace(size_text(dialect), " /", "/") + "/"
    return or_(*(func.replace(listed, f"/{size}/", "") != listed for size in sizes))


def _attribute(name: str, values: Sequence[str], dialect: str) -> ColumnElement[bool]:
    if dialect == "sqlite":
        if PLAIN.fullmatch(name):
            return func.json_extract(ProductRow.attributes, f'$."{name}"').in_(values)
        # Not a JSON path: SQLite does not support quotes and escapes in names.
        each = func.json_each(ProductRow.attributes).table_valued("key", "value")
        return (
            select(each.c.key)
            .where(each.c.key == name, each.c.value.in_(values))
            .correlate(ProductRow)
            .exists()
        )
    condition: ColumnElement[bool] = ProductRow.attributes[name].as_string().in_(values)
    return condition
