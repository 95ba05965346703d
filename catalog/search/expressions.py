"""Queries in the languages of SQLite's FTS5 and of PostgreSQL's tsquery, and ranked matches.

Every word is letters and digits only, see `catalog.search.documents`, so none can be syntax.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    TextClause,
    column,
    func,
    literal_column,
    select,
    table,
    text,
)

from catalog.database.models import ProductRow
from catalog.search.synonyms import Phrase

TITLE_WEIGHT, MORE_WEIGHT = 4.0, 1.0
CONFIGURATION = "lookalike"  # of PostgreSQL's text search; a migration creates it
INDEX = table("product_search", column("number", Integer), column("document"))  # PostgreSQL's
FTS5 = table("product_search", column("rowid", Integer))  # SQLite's
FOUND = text("product_search MATCH :expression")
MAX_RANKED = 50_000  # matches that are ranked or counted: time is limited whatever is asked


def of_group(phrases: Sequence[Phrase], dialect: str, *, prefix: bool = False) -> str:
    """Any of these phrases, the given one first; with ``prefix``, words that begin with one."""
    if dialect == "sqlite":
        # The given phrase stands there twice: it counts more than its synonyms do.
        return f"({' OR '.join(_fts5_phrase(one, prefix) for one in (phrases[0], *phrases))})"
    return f"({' | '.join(_tsquery_phrase(one, prefix) for one in phrases)})"


def all_of(groups: Sequence[str], dialect: str) -> str:
    """All of these groups."""
    return (" AND " if dialect == "sqlite" else " & ").join(groups)


def any_of(groups: Sequence[str], dialect: str) -> str:
    """Any of these groups."""
    return (" OR " if dialect == "sqlite" else " | ").join(groups)


def ranked(expression: str, given: str, dialect: str, wanted: ColumnElement[bool]) -> Subquery:
    """The matches of an expression among some products: ``number`` and ``score``, higher is better.

    Args:
        expression: made by this module.
        given: the given words without synonyms, which count more; likewise.
        dialect: of the database.
        wanted: a condition on `ProductRow`.
    """
    found = matches(expression, dialect, wanted)
    if dialect == "sqlite":
        rank = func.bm25(literal_column("product_search"), TITLE_WEIGHT, MORE_WEIGHT)
        found = found.add_columns((-rank).label("score"))
    else:
        as_given = func.ts_rank(INDEX.c.document, _tsquery(given), 1)
        score = func.ts_rank(INDEX.c.document, _tsquery(expression), 1) + as_given
        found = found.add_columns(score.label("score"))
    return found.subquery()


def matches(expression: str, dialect: str, wanted: ColumnElement[bool]) -> Select[Any]:
    """The numbers of the products that match an expression among some, at most `MAX_RANKED`.

    Args are those of `ranked`.
    """
    index, number = (FTS5, FTS5.c.rowid) if dialect == "sqlite" else (INDEX, INDEX.c.number)
    joined = index.join(ProductRow, ProductRow.number == number)
    found = select(ProductRow.number).select_from(joined)
    return found.where(_matching(expression, dialect), wanted).limit(MAX_RANKED)


def numbers(expression: str, dialect: str) -> Select[Any]:
    """The numbers of all products that match an expression."""
    number = FTS5.c.rowid if dialect == "sqlite" else INDEX.c.number
    return select(number).where(_matching(expression, dialect))


def _matching(expression: str, dialect: str) -> ColumnElement[bool] | TextClause:
    if dialect == "sqlite":
        return FOUND.bindparams(expression=expression)
    return INDEX.c.document.op("@@")(_tsquery(expression))


def _tsquery(expression: str) -> ColumnElement[object]:
    return func.to_tsquery(literal_column(f"'{CONFIGURATION}'::regconfig"), expression)


def _fts5_phrase(phrase: Phrase, prefix: bool) -> str:
    return f'"{" ".join(phrase)}"' + ("*" if prefix else "")


def _tsquery_phrase(phrase: Phrase, prefix: bool) -> str:
    words = [f"'{word}'" for word in phrase]
    return f"({' <-> '.join(words)}{':*' if prefix else ''})"
