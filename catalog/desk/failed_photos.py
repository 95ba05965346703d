"""Photos that cannot be shown or embedded, and why."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from catalog.database.database import Database
from catalog.database.models import FetchRow, PhotoRow, ProductRow
from catalog.database.statements import ACTIVE
from catalog.records import PhotoState
from catalog.utc import in_utc


@dataclass(frozen=True, slots=True)
class FailedPhoto:
    """A photo that failed: of which product, what was given, and why.

    ``next_try`` is when a download is tried again; None: only when the feed changes.
    """

    product_id: str
    title: str
    given: str
    code: str
    reason: str
    next_try: datetime | None


@dataclass(frozen=True, slots=True)
class FailedPage:
    """One page of them, the number of all, and their number by code, most first."""

    photos: tuple[FailedPhoto, ...]
    total: int
    by_code: tuple[tuple[str, int], ...]


REJECTED = PhotoRow.state == PhotoState.REJECTED.value
MISSING = and_(PhotoRow.state == PhotoState.WAITING.value, FetchRow.code.is_not(None))
CODE = func.coalesce(PhotoRow.code, FetchRow.code, "unknown")


def failed_photos(db: Database, page: int, per_page: int) -> FailedPage:
    """The photos of products that are not retired which were rejected or not downloaded.

    Args:
        db: the catalogue.
        page: from 1.
        per_page: photos a page.
    """
    source = PhotoRow.__table__.join(ProductRow, ProductRow.number == PhotoRow.product_number)
    source = source.outerjoin(FetchRow, FetchRow.fetch_key == PhotoRow.fetch_key)
    failed = and_(ACTIVE, or_(REJECTED, MISSING))
    columns = (
        ProductRow.product_id,
        ProductRow.title,
        PhotoRow.given,
        CODE,
        func.coalesce(PhotoRow.reason, FetchRow.reason, ""),
        FetchRow.next_try,
    )
    listed = select(*columns).select_from(source).where(failed).order_by(PhotoRow.id)
    counted = select(CODE, func.count()).select_from(source).where(failed).group_by(CODE)
    with db.read() as connection:
        codes = sorted(connection.execute(counted), key=lambda one: (-one[1], one[0]))
        rows = connection.execute(listed.limit(per_page).offset((page - 1) * per_page))
        photos = tuple(FailedPhoto(*row[:5], in_utc(row[5])) for row in rows)
    by_code = tuple((code, count) for code, count in codes)
    return FailedPage(photos, sum(count for _, count in by_code), by_code)
