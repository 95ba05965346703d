"""Reads the status of photo downloads from SQL: which are due, which wait, and which failed."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from catalog.database.models import FetchRow, PhotoRow, ProductRow
from catalog.database.statements import ACTIVE, REFUSED, chunks
from catalog.fetching.client import NO_VALIDATORS, Validators
from catalog.fetching.photo_store import StoredPhoto
from catalog.records import PhotoState
from catalog.utc import in_utc

PAGE = 1_000
WAITS = PhotoRow.state == PhotoState.WAITING.value


@dataclass(frozen=True, slots=True)
class DownloadStatus:
    """What is known about one photo address.

    Attributes:
        key: the SHA-256 of the address.
        address: as the source wrote it.
        photo: the stored photo, if it was ever downloaded.
        validators: those of the stored photo, for a conditional request.
        fetched_at: when the photo was last confirmed (UTC).
        tries: how many runs failed in a row since.
    """

    key: str
    address: str
    photo: StoredPhoto | None = None
    validators: Validators = NO_VALIDATORS
    fetched_at: datetime | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class FailedDownload:
    """A photo that could not be downloaded, of a product that is not retired; times are UTC."""

    product_id: str
    address: str
    code: str
    reason: str
    tries: int
    tried_at: datetime
    next_try: datetime
    shown: bool  # an earlier photo from this address is still shown


@dataclass(frozen=True, slots=True)
class Due:
    """What is due.

    Attributes:
        now: the clock.
        longest: from a request to the next one; a later moment was set while a clock was ahead.
        again: also all that failed the last time, due or not.
        refused: also those whose hosts were refused as not public: the setting that allows a host
            may have changed.
    """

    now: datetime
    longest: timedelta
    again: bool = False
    refused: bool = False

    def conditions(self) -> Iterable[ColumnElement[bool]]:
        """The SQL conditions of due addresses."""
        moment = FetchRow.next_try
        due = or_(
            FetchRow.fetch_key.is_(None), moment <= self.now, moment > self.now + self.longest
        )
        if self.refused:
            due = or_(due, FetchRow.code == REFUSED)
        return ACTIVE, or_(due, FetchRow.code.is_not(None)) if self.again else due


def due_downloads(connection: Connection, due: Due, after: str = "") -> list[DownloadStatus]:
    """The next page of addresses that are due, in the order of their keys.

    Args:
        connection: reads the catalogue.
        due: which are due.
        after: the key to start behind.
    """
    page = connection.execute(
        select(PhotoRow.fetch_key, func.min(PhotoRow.given))
        .where(PhotoRow.fetch_key > after, *due.conditions())
        .join(ProductRow, ProductRow.number == PhotoRow.product_number)
        .outerjoin(FetchRow, FetchRow.fetch_key == PhotoRow.fetch_key)
        .group_by(PhotoRow.fetch_key)
        .order_by(PhotoRow.fetch_key)
        .limit(PAGE)
    ).all()
    known = statuses_of(connection, [key for key, _ in page if key])
    return [known.get(key) or DownloadStatus(key, given) for key, given in page if key]


def count_due(connection: Connection, due: Due) -> int:
    """How many addresses `due_downloads` yields on all its pages."""
    return connection.execute(
        select(func.count(PhotoRow.fetch_key.distinct()))
        .where(PhotoRow.fetch_key.is_not(None), *due.conditions())
        .join(ProductRow, ProductRow.number == PhotoRow.product_number)
        .outerjoin(FetchRow, FetchRow.fetch_key == PhotoRow.fetch_key)
    ).scalar_one()


def count_waiting(connection: Connection) -> int:
    """How many addresses of products that are not retired have no photo (yet)."""
    return connection.execute(
        select(func.count(PhotoRow.fetch_key.distinct()))
        .join(ProductRow, ProductRow.number == PhotoRow.product_number)
        .where(WAITS, ACTIVE)
    ).scalar_one()


def count_refused(connection: Connection) -> int:
    """How many of these have a host that was refused as not public."""
    return connection.execute(
        select(func.count(PhotoRow.fetch_key.distinct()))
        .join(ProductRow, ProductRow.number == PhotoRow.product_number)
        .join(FetchRow, FetchRow.fetch_key == PhotoRow.fetch_key)
        .where(WAITS, ACTIVE, FetchRow.code == REFUSED)
    ).scalar_one()


def failed_downloads(connection: Connection) -> Iterator[FailedDownload]:
    """The photos that could not be downloaded, by product and position."""
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
        .where(FetchRow.code.is_not(None), ACTIVE)
        .order_by(ProductRow.number, PhotoRow.position)
    )
    for product_id, given, code, reason, tries, tried_at, next_try, content_hash in found:
        yield FailedDownload(
            product_id,
            given,
            code or "",
            reason or "",
            tries,
            in_utc(tried_at),
            in_utc(next_try),
            content_hash is not None,
        )


def statuses_of(connection: Connection, keys: Sequence[str]) -> dict[str, DownloadStatus]:
    """The status of addresses by their keys; those that were never requested are left out."""
    statuses = {}
    for some in chunks(keys):
        query = select(FetchRow.__table__).where(FetchRow.fetch_key.in_(some))
        for row in connection.execute(query):
            statuses[row.fetch_key] = _status(row)
    return statuses


def outdated_keys(connection: Connection, after: str = "") -> list[str]:
    """The next page of addresses whose stored photo some of their products do not show.

    This happens when an ingest that runs beside a fetch writes older values after it.
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


def known_hashes(connection: Connection, hashes: Collection[str]) -> set[str]:
    """Those of some contents that a product's photo has, retired products included."""
    found: set[str] = set()
    used = FetchRow.fetch_key.in_(select(PhotoRow.fetch_key))
    for some in chunks(sorted(hashes)):
        shown = select(PhotoRow.content_hash).where(PhotoRow.content_hash.in_(some))
        stored = select(FetchRow.content_hash).where(FetchRow.content_hash.in_(some), used)
        found.update(one for one in connection.scalars(shown.union(stored)) if one)
    return found


def forget_unused(connection: Connection) -> None:
    """Deletes the downloads of addresses that no product has any more."""
    used = select(PhotoRow.fetch_key).where(PhotoRow.fetch_key.is_not(None))
    connection.execute(delete(FetchRow).where(FetchRow.fetch_key.not_in(used)))


def _status(row: Row[Any]) -> DownloadStatus:
    photo = None
    if row.content_hash and row.path and row.width and row.height and row.bytes:
        photo = StoredPhoto(row.path, row.content_hash, row.width, row.height, row.bytes)
    validators = Validators(row.etag, row.last_modified)
    fetched_at = in_utc(row.fetched_at)
    return DownloadStatus(row.fetch_key, row.address, photo, validators, fetched_at, row.tries)
