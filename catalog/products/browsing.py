"""The conditions of a listing of products."""

from collections.abc import Iterator

from sqlalchemy import and_, or_
from sqlalchemy.sql.elements import ColumnElement

from catalog.database.models import ProductRow
from catalog.filters.sql import below, coloured
from catalog.text import one_line, search_form

MAX_WORDS = 8  # of a search text; the others are ignored


def browse_conditions(
    category: str | None, colour: str | None, gender: str | None, text: str | None
) -> Iterator[ColumnElement[bool]]:
    """One condition for each given argument; see `Catalogue.browse`."""
    if category:
        yield below(category)
    if colour:
        yield coloured([one_line(colour)])
    if gender:
        yield ProductRow.gender == one_line(gender)
    if text and (text := one_line(text)):
        words = search_form(text).split()[:MAX_WORDS]
        holds = (ProductRow.search_text.contains(word, autoescape=True) for word in words)
        yield or_(and_(*holds), ProductRow.product_id == text)
