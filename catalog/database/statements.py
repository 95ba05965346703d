"""Parts that SQL statements share: common conditions, chunks of ids, the lock, upserts."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from catalog.database.desk_models import MergedRow
from catalog.database.models import Base, PhotoRow, ProductRow, StateRow
from catalog.records import Availability, PhotoState
from catalog.utc import in_utc

T = TypeVar("T")
MomentColumn = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
CHUNK = 5_000  # parameters of a query; the limits are 32,766 (SQLite) and 65,535 (PostgreSQL)

READY = PhotoRow.state == PhotoState.READY.value
ACTIVE = ProductRow.retired.is_(False)
# The variant group of a product: that of its source, or that of the products it was merged with.
GROUP = func.coalesce(
    select(MergedRow.group_key)
    .where(MergedRow.product_id == ProductRow.product_id)
    .correlate(ProductRow)
    .scalar_subquery(),
    ProductRow.group_id,
).label("group_id")
SOLD_OUT = Availability.OUT_OF_STOCK.value
REFUSED = "not_public"  # code of downloads whose host `catalog.fetching.addresses` refuses


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Slices of at most ``size`` values."""
    return (values[at : at + size] for at in range(0, len(values), size))


def valid_ids(product_ids: Iterable[str]) -> list[str]:
    """The distinct ids without unprintable ones, which no product has and databases may refuse."""
    return [product_id for product_id in dict.fromkeys(product_ids) if product_id.isprintable()]


def lock_catalogue(connection: Connection) -> int:
    """Waits until no other transaction writes the catalogue; SQLite has done so at BEGIN IMMEDIATE.

    Returns:
        The catalogue's version, which is one higher after this transaction's change.
    """
    return connection.execute(select(StateRow.version).with_for_update()).scalar_one()


def bump_version(connection: Connection) -> int:
    """Increases the catalogue's version and returns the new one."""
    return connection.execute(
        update(StateRow).values(version=StateRow.version + 1).returning(StateRow.version)
    ).scalar_one()


def time_passed(connection: Connection, column: MomentColumn, before: datetime) -> bool:
    """Whether a table itself shows that what is older than a moment may be deleted.

    A clock that is a year ahead makes everything look old. So the table must have a row from the
    first half of the time between ``before`` and its newest row.
    """
    newest = in_utc(connection.scalar(select(func.max(column))))
    if newest is None or newest <= before:
        return False
    middle = before + (newest - before) / 2
    between = select(column).where(column >= before, column <= middle).limit(1)
    return connection.execute(between).first() is not None


def insert_for(connection: Connection, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT of the connection's dialect, which can have an ON CONFLICT clause."""
    build = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return build(model)
