"""Pieces that SQL statements of every room share: who is on sale, and long lists in chunks."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from catalog.database.models import Base, PhotoRow, ProductRow, StateRow
from catalog.records import Availability, PhotoState

T = TypeVar("T")
CHUNK = 5_000  # values a query: SQLite takes 32,766, PostgreSQL 65,535

READY = PhotoRow.state == PhotoState.READY.value
ON_SALE = ProductRow.retired.is_(False)
SOLD_OUT = Availability.OUT_OF_STOCK.value

# Statements are built once: building one takes longer than running it.


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Pieces of at most ``size`` values."""
    return (values[at : at + size] for at in range(0, len(values), size))


def valid_ids(product_ids: Iterable[str]) -> list[str]:
    """Each id once, without those that no product can have and a database may choke on."""
    return [product_id for product_id in dict.fromkeys(product_ids) if product_id.isprintable()]


def lock_catalogue(connection: Connection) -> int:
    """Waits until no other transaction writes the catalogue; SQLite has done so at BEGIN IMMEDIATE.

    Returns:
        The catalogue's version, which is one higher after this transaction's change.
    """
    return connection.execute(select(StateRow.version).with_for_update()).scalar_one()


def insert_for(connection: Connection, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT of the connection's dialect, which can have an ON CONFLICT clause."""
    build = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return build(model)
