"""The table of addresses, read: which are due, which wait, and which cannot be had."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from catalog.database.models import FetchRow, PhotoRow, ProductRow
from catalog.database.statements import ON_SALE, chunks
from catalog.fetching.client import NOTHING_KNOWN, Validators
from catalog.fetching.store import StoredPhoto
from catalog.records import PhotoState

PAGE = 1_000
WAITS = PhotoRow.state == PhotoState.WAITING.value


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of an address; ``photo`` is the one that we have, if any."""

    key: str
    address: str
    photo: StoredPhoto | None = None
    validators: Validators = NOTHING_KNOWN
    fetched_at: datetime | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """A photo that could not be had, of a product that is not retired."""

    product_id: str
    address: str
    code: str
    reason: str
    tries: int
    tried_at: datetime
    next_try: datetime
    shown: bool  # an earlier photo from this address is still shown


def due(
    connection: Connection, now: datetime, *, again: bool = False, after: str = ""
) -> list[Entry]:
    """The next addresses that are to be asked, by their keys after one.

    Args:
        connection: to read on.
        now: what is due by then.
        again: also whatever failed the last time, due or not.
        after: the key to start behind.
    """
    page = connection.execute(
        select(PhotoRow.fetch_key, func.min(PhotoRow.given))
        .where(PhotoRow.fetch_key > after, *_due(now, again))
        .join(ProductRow, ProductRow.number == PhotoRow.product_number)
        .outerjoin(FetchRow, FetchRow.fetch_key == PhotoRow.fetch_key)
        .group_by(PhotoRow.fetch_key)
        .order_by(PhotoRow.fetch_key)
        .limit(PAGE)
    ).all()
    known = entries_of(connection, [key for key, _ in page if key])
    return [known.get(key) or Entry(key, given) for key, given in page if key]


def count_due(connection: Connection, now: datetime, *, again: bool = False) -> int:
    """How many addresses `due` gives in all."""
    return connection.execute(
        select(func.count(PhotoRow.fetch_key.distinct()))
        .where(PhotoRow.fetch_key.is_not(None), *_due(now, again))
        .join(ProductRow, ProductRow.number == PhotoRow.product_number)
        .outerjoin(FetchRow, FetchRow.fetch_key == PhotoRow.fetch_key)
    ).scalar_one()


def count_waiting(connection: Connection) -> int:
    """How many addresses of products that are not retired have no photo (yet)."""
    return connection.execute(
        select(func.count(PhotoRow.fetch_key.distinct()))
        .join(ProductRow, ProductRow.number == PhotoRow.product_number)
        .where(WAITS, ON_SALE)
    ).scalar_one()


def failures(connection: Connection) -> Iterator[Failure]:
    """The photos that cannot be had, by product and place."""
    found = connection.execute(
        select(
            ProductRow.product_id,
            PhotoRow.given,
            FetchRow.code,
            FetchRow.reason,
            FetchRow.tries,
            FetchRow.tried_at,
            FetchRow.next_try,
            PhotoRow.content_hash,
        )
        .join(ProductRow, ProductRow.number == PhotoRow.product_number)
        .join(FetchRow, FetchRow.fetch_key == PhotoRow.fetch_key)
        .where(FetchRow.code.is_not(None), ON_SALE)
        .order_by(ProductRow.number, PhotoRow.position)
    )
    for product_id, given, code, reason, tries, tried, again, content in found:
        yield Failure(
            product_id,
            given,
            code or "",
            reason or "",
            tries,
            _utc(tried),
            _utc(again),
            content is not None,
        )


def _due(now: datetime, again: bool) -> Iterable[ColumnElement[bool]]:
    wanted = or_(FetchRow.fetch_key.is_(None), FetchRow.next_try <= now)
    return ON_SALE, or_(wanted, FetchRow.code.is_not(None)) if again else wanted


def entries_of(connection: Connection, keys: Sequence[str]) -> dict[str, Entry]:
    """What is known of addresses, by their keys; those never asked for are left out."""
    entries = {}
    for some in chunks(keys):
        query = select(FetchRow.__table__).where(FetchRow.fetch_key.in_(some))
        for row in connection.execute(query):
            entries[row.fetch_key] = _entry(row)
    return entries


def misshown(connection: Connection, after: str = "") -> list[str]:
    """The next keys whose photo is stored and not shown by every product that has the address.

    An ingest beside a fetch may have overtaken it.
    """
    found = connection.scalars(
        select(PhotoRow.fetch_key)
        .distinct()
        .join(FetchRow, FetchRow.fetch_key == PhotoRow.fetch_key)
        .where(
            PhotoRow.fetch_key > after,
            FetchRow.content_hash.is_not(None),
            func.coalesce(PhotoRow.content_hash, "") != FetchRow.content_hash,
        )
        .order_by(PhotoRow.fetch_key)
        .limit(PAGE)
    )
    return [key for key in found if key]


def _entry(row: Any) -> Entry:  # noqa: ANN401 - a row of `FetchRow`
    photo = None
    if row.content_hash and row.path and row.width and row.height and row.bytes:
        photo = StoredPhoto(row.path, row.content_hash, row.width, row.height, row.bytes)
    validators = Validators(row.etag, row.last_modified)
    fetched = None if row.fetched_at is None else _utc(row.fetched_at)
    return Entry(row.fetch_key, row.address, photo, validators, fetched, row.tries)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # SQLite keeps no zone
