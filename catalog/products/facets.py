"""Counts of the values that a listing may be narrowed to: colours, brands, sizes and others."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, and_, func, select

from catalog.database.models import ProductRow
from catalog.database.statements import ACTIVE
from catalog.filters.filter import Filter
from catalog.filters.sql import EFFECTIVE_PRICE, REDUCED, conditions, size_text, sized
from catalog.products.browsing import TextSearch, to_count

MAX_COUNTED = 50_000  # products of a listing; beyond it, numbers are left out
MAX_VALUES = 100  # of a field, those with most products
Counted = tuple[str, int]
FIELDS = ("colour", "brand", "gender", "age_group")
SIZES = (
    "one size", "xxxs", "xxs", "xs", "s", "m", "l", "xl", "xxl", "2xl", "xxxl", "3xl", "4xl", "5xl",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choices:
    """What a listing may be narrowed to; each field is counted without its own filter.

    Attributes:
        colour, brand, gender, age_group: values with their numbers of products, most first.
        size: the same, from small to large.
        on_sale: the number of products on sale.
        lowest, highest: the range of prices; None if no product has one.
        exact: whether the counts are of all products, and not of the first `MAX_COUNTED`.
    """

    colour: tuple[Counted, ...] = ()
    brand: tuple[Counted, ...] = ()
    gender: tuple[Counted, ...] = ()
    age_group: tuple[Counted, ...] = ()
    size: tuple[Counted, ...] = ()
    on_sale: int = 0
    lowest: Decimal | None = None
    highest: Decimal | None = None
    exact: bool = True


def count_choices(
    connection: Connection,
    where: Filter,
    sizes: Sequence[str],
    search: TextSearch | None,
) -> Choices:
    """Counts the choices of a listing.

    Args:
        connection: reads the catalogue.
        where: the filter of the listing.
        sizes: the sizes that it is narrowed to.
        search: its search text, if any.
    """
    dialect = connection.dialect.name

    def first(field: str, value: ColumnElement[Any], *more: ColumnElement[bool]) -> Subquery:
        """The values of the first products of the listing without the filter of one field."""
        others = where.without({"price_from", "price_to"} if field == "price" else {field})
        narrowed = [ACTIVE, *conditions(others, dialect), value.is_not(None), *more]
        if sizes and field != "size":
            narrowed.append(sized(sizes, dialect))
        query = to_count(and_(*narrowed), search, dialect).with_only_columns(value.label("value"))
        return query.limit(MAX_COUNTED).subquery()

    counts = {
        field: _counted(connection, first(field, getattr(ProductRow, field))) for field in FIELDS
    }
    seen = max(sum(values.values()) for values in counts.values())
    of_size = _counted(connection, first("size", size_text(dialect)))
    on_sale, _, _ = _range(connection, first("on_sale", EFFECTIVE_PRICE, REDUCED))
    _, lowest, highest = _range(connection, first("price", EFFECTIVE_PRICE))
    return Choices(
        colour=_most(_split(counts["colour"])),
        brand=_most(counts["brand"]),
        gender=_most(counts["gender"]),
        age_group=_most(counts["age_group"]),
        size=tuple(sorted(_most(_split(of_size)), key=lambda one: size_order(one[0]))),
        on_sale=on_sale,
        lowest=lowest,
        highest=highest,
        exact=seen < MAX_COUNTED,
    )


def size_order(size: str) -> tuple[int, float, str]:
    """Letters from small to large, then numbers, then other names."""
    name = size.casefold()
    if name in SIZES:
        return 0, SIZES.index(name), name
    number = name.replace(",", ".").split(" ")[0]
    try:
        return 1, float(number), name
    except ValueError:
        return 2, 0.0, name


def _counted(connection: Connection, values: Subquery) -> Counter[str]:
    query = select(values.c.value, func.count()).group_by(values.c.value)
    return Counter({name: count for name, count in connection.execute(query) if name})


def _range(connection: Connection, values: Subquery) -> tuple[int, Decimal | None, Decimal | None]:
    query = select(func.count(), func.min(values.c.value), func.max(values.c.value))
    count, lowest, highest = connection.execute(query).one()
    return count, lowest, highest


def _split(counts: Counter[str]) -> Counter[str]:
    """Values such as "red/blue" count for each of their parts."""
    each: Counter[str] = Counter()
    for value, count in counts.items():
        for part in {part.strip() for part in value.split("/")} - {""}:
            each[part] += count
    return each


def _most(counts: Counter[str]) -> tuple[Counted, ...]:
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MAX_VALUES])
