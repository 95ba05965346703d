"""A listing of products: its conditions, its order, and one page of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    Select,
    and_,
    case,
    cast,
    or_,
    select,
    type_coerce,
)

from catalog.database.models import ProductRow
from catalog.database.statements import ACTIVE
from catalog.errors import FilterError
from catalog.filters.filter import Filter
from catalog.filters.sql import EFFECTIVE_PRICE, REDUCED, below, coloured, conditions, sized
from catalog.search.expressions import MAX_RANKED, matches, numbers, ranked
from catalog.search.query import ParsedQuery
from catalog.text import LAST_LATIN, one_line

NUMBER = ProductRow.number
NOW = cast(type_coerce(ProductRow.sale_price, BigInteger), Float)
BEFORE = cast(type_coerce(ProductRow.price, BigInteger), Float)
REDUCTION = case((REDUCED, NOW / BEFORE), else_=1.0)
# What a listing may be sorted by; a product without a price comes last.
ORDERS: dict[str, tuple[Any, ...]] = {
    "newest": (NUMBER.desc(),),
    "price": (EFFECTIVE_PRICE.is_(None), EFFECTIVE_PRICE, NUMBER),
    "price-down": (EFFECTIVE_PRICE.is_(None), EFFECTIVE_PRICE.desc(), NUMBER),
    "sale": (REDUCTION, NUMBER),
}


def browse_conditions(
    category: str | None,
    colour: str | None,
    gender: str | None,
    where: Filter | None,
    sizes: Sequence[str],
    dialect: str,
) -> Iterator[ColumnElement[bool]]:
    """One condition for each given argument; see `Catalogue.browse`."""
    yield ACTIVE
    if category:
        yield below(category)
    if colour:
        yield coloured([one_line(colour)])
    if gender:
        yield ProductRow.gender == one_line(gender)
    if where:
        yield from conditions(where, dialect)
    if sizes:
        yield sized(sizes, dialect)


@dataclass(frozen=True, slots=True)
class TextSearch:
    """A search text: itself, how it is understood, and whether it is a product's id."""

    text: str
    parsed: ParsedQuery
    is_id: bool

    def condition(self, dialect: str) -> ColumnElement[bool]:
        """Which products it finds.

        Where the database knows none of its words, those of scripts without blanks between words
        are looked for inside of words.
        """
        parsed, own_id = self.parsed, ProductRow.product_id == self.text
        if parsed.expression is not None:
            return or_(own_id, NUMBER.in_(numbers(parsed.expression, dialect)))
        if not parsed.words:
            return or_(own_id, ProductRow.title.contains(self.text, autoescape=True))
        if all(max(word) <= LAST_LATIN for word in parsed.words):
            return own_id  # without a search of the whole table
        inside = (ProductRow.search_text.contains(word, autoescape=True) for word in parsed.words)
        return or_(own_id, and_(*inside))


def page_query(
    wanted: ColumnElement[bool], search: TextSearch | None, sort: str, dialect: str
) -> Select[Any]:
    """The numbers of all products of a listing, in its order.

    Raises:
        FilterError: there is no such order.
    """
    if sort and sort not in ORDERS:
        raise FilterError(
            "bad-type", f"sort {sort[:60]!r} is unknown. Use {', '.join(ORDERS)}, or leave it out."
        )
    order: tuple[Any, ...] = ORDERS.get(sort, (NUMBER,))
    if search is None:
        return select(NUMBER).where(wanted).order_by(*order)
    if sort or search.is_id or search.parsed.expression is None:
        order = order if sort else (ProductRow.product_id != search.text, NUMBER)
        return select(NUMBER).where(wanted, search.condition(dialect)).order_by(*order)
    found = ranked(search.parsed.expression, search.parsed.given, dialect, wanted)
    return select(found.c.number).order_by(found.c.score.desc(), found.c.number)


def to_count(wanted: ColumnElement[bool], search: TextSearch | None, dialect: str) -> Select[Any]:
    """The numbers of the products of a listing, to be counted: of a search, at most `MAX_RANKED`.

    All matches of a few common words may be nearly all products, which takes seconds to count.
    """
    if search is None:
        return select(NUMBER).where(wanted)
    if search.is_id or search.parsed.expression is None:
        return select(NUMBER).where(wanted, search.condition(dialect)).limit(MAX_RANKED)
    return matches(search.parsed.expression, dialect, wanted)


def has_product(connection: Connection, product_id: str) -> bool:
    """Whether a product has this id."""
    query = select(NUMBER).where(ProductRow.product_id == product_id)
    return connection.scalar(query) is not None


def ids_of(connection: Connection, query: Select[Any], most: int) -> list[str]:
    """The ids of the first products of a `page_query`, in its order."""
    numbers = connection.scalars(query.limit(most)).all()
    by_number = select(NUMBER, ProductRow.product_id).where(NUMBER.in_(numbers))
    ids = {number: product_id for number, product_id in connection.execute(by_number)}
    return [ids[number] for number in numbers]
