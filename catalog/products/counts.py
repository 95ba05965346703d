"""Counts of products and photos."""

from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import ColumnElement

from catalog.database.models import FetchRow, PhotoRow, ProductRow
from catalog.database.statements import ACTIVE, READY, REFUSED, SOLD_OUT
from catalog.records import PhotoState


def count_products(connection: Connection, wanted: ColumnElement[bool]) -> int:
    """The number of products that match a condition."""
    return count_rows(connection, select(ProductRow.number).where(wanted))


def count_rows(connection: Connection, query: Select[Any]) -> int:
    """The number of rows that a query returns."""
    return connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def counts_by(
    connection: Connection, column: InstrumentedAttribute[str | None]
) -> list[tuple[str, int]]:
    """The values of a column with their numbers of products, the most frequent first."""
    query = (
        select(column, func.count())
        .where(ACTIVE, column.is_not(None))
        .group_by(column)
        .order_by(func.count().desc(), column)
    )
    return [(name, count) for name, count in connection.execute(query) if name]


def status_counts(connection: Connection) -> dict[str, int]:
    """See `catalog.products.catalogue.Catalogue.counts`."""
    photos = _photos_by_state(connection)
    failed, refused = _failed_downloads(connection)
    has_photo = select(PhotoRow.id).where(PhotoRow.product_number == ProductRow.number, READY)
    sold_out = and_(ACTIVE, ProductRow.availability == SOLD_OUT)
    return {
        "products": count_products(connection, ACTIVE),
        "retired": count_products(connection, ProductRow.retired.is_(True)),
        "sold_out": count_products(connection, sold_out),
        "without_photo": count_products(connection, and_(ACTIVE, ~has_photo.exists())),
        "photos": photos.get(PhotoState.READY, 0),
        "photos_rejected": photos.get(PhotoState.REJECTED, 0),
        "photos_waiting": photos.get(PhotoState.WAITING, 0) - failed,
        "photos_missing": failed,
        "photos_refused": refused,
    }


def _photos_by_state(connection: Connection) -> dict[str, int]:
    query = (
        select(PhotoRow.state, func.count())
        .join(ProductRow, ProductRow.number == PhotoRow.product_number)
        .where(ACTIVE)
        .group_by(PhotoRow.state)
    )
    return {state: count for state, count in connection.execute(query)}


def _failed_downloads(connection: Connection) -> tuple[int, int]:
    """All, and those whose host was refused."""
    refused = case((FetchRow.code == REFUSED, PhotoRow.id))
    query = (
        select(func.count(PhotoRow.id), func.count(refused))
        .join(ProductRow, ProductRow.number == PhotoRow.product_number)
        .join(FetchRow, FetchRow.fetch_key == PhotoRow.fetch_key)
        .where(ACTIVE, PhotoRow.state == PhotoState.WAITING.value, FetchRow.code.is_not(None))
    )
    failed, of_refused_hosts = connection.execute(query).one()
    return failed, of_refused_hosts
