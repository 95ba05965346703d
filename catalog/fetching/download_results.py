"""Writes the results of photo downloads to SQL, and shows the photos in every product at once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from catalog.database.bulk import update_rows
from catalog.database.models import FetchRow, PhotoRow, ProductRow
from catalog.database.statements import bump_version, chunks, lock_catalogue
from catalog.fetching.client import NO_VALIDATORS, Validators
from catalog.fetching.download_status import DownloadStatus, statuses_of
from catalog.fetching.photo_facts import ready_facts, waiting_facts
from catalog.fetching.photo_store import PhotoStore, StoredPhoto
from catalog.fetching.schedule import next_refresh, next_try
from catalog.photos.check import PhotoFacts
from catalog.settings import CatalogSettings

SHOWN_COLUMNS = ("state", "path", "content_hash", "width", "height", "bytes", "code", "reason")


@dataclass(frozen=True, slots=True)
class DownloadResult:
    """The result of one download: a photo, new or as before, or an error.

    Attributes:
        status: of the address before.
        photo: the stored photo; the one of ``status`` if it has not changed.
        validators: those of the photo.
        code: of the error, if any.
        reason: the error's message.
        wait: seconds that the server requested before the next try.
        requested: False where the host was not requested at all, which counts as no try.
    """

    status: DownloadStatus
    photo: StoredPhoto | None = None
    validators: Validators = NO_VALIDATORS
    code: str | None = None
    reason: str | None = None
    wait: float | None = None
    requested: bool = True


def save_results(
    connection: Connection,
    results: Sequence[DownloadResult],
    settings: CatalogSettings,
    now: datetime,
) -> set[int]:
    """Writes the results of some downloads, and updates all photo rows with these addresses.

    The caller holds a write transaction.

    Returns:
        The numbers of the products that show another photo than before.
    """
    rows = {result.status.key: _row(result, settings, now) for result in results}
    lock_catalogue(connection)
    for keys in chunks(list(rows)):
        connection.execute(delete(FetchRow).where(FetchRow.fetch_key.in_(keys)))
    connection.execute(insert(FetchRow), list(rows.values()))
    return update_photos(connection, {key: _facts(row, settings) for key, row in rows.items()})


def show_stored_photos(
    connection: Connection, keys: Sequence[str], store: PhotoStore, settings: CatalogSettings
) -> set[int]:
    """Updates the photo rows of some addresses from the store; addresses without a file are due.

    The caller holds a write transaction.

    Returns:
        The numbers of the products that show another photo than before.
    """
    lock_catalogue(connection)
    facts, lost = {}, []
    for status in statuses_of(connection, keys).values():
        if status.photo and store.has(status.photo.path, status.photo.bytes):
            facts[status.key] = ready_facts(status.address, status.photo, settings)
        else:
            lost.append(status.key)
    for some in chunks(lost):
        connection.execute(delete(FetchRow).where(FetchRow.fetch_key.in_(some)))
    return update_photos(connection, facts)


def update_photos(connection: Connection, facts_by_key: Mapping[str, PhotoFacts]) -> set[int]:
    """Writes the facts of addresses, by their keys, into every photo row with one of these keys.

    Returns:
        The numbers of the products that show another photo than before.
    """
    rows: list[dict[str, Any]] = []
    products: set[int] = set()
    for keys in chunks(list(facts_by_key)):
        found = connection.execute(
            select(
                PhotoRow.id,
                PhotoRow.product_number,
                PhotoRow.fetch_key,
                *(getattr(PhotoRow, name) for name in SHOWN_COLUMNS),
            ).where(PhotoRow.fetch_key.in_(keys))
        )
        for photo_id, product, key, *stored in found:
            facts = asdict(facts_by_key[str(key)])
            if stored != [facts[name] for name in SHOWN_COLUMNS]:
                rows.append({"at": photo_id} | {name: facts[name] for name in SHOWN_COLUMNS})
                products.add(product)
    if not rows:
        return set()
    update_rows(connection, PhotoRow, "id", rows)
    version = bump_version(connection)
    for numbers in chunks(list(products)):
        connection.execute(
            update(ProductRow).where(ProductRow.number.in_(numbers)).values(changed=version)
        )
    return products


def _row(result: DownloadResult, settings: CatalogSettings, now: datetime) -> dict[str, Any]:
    """The new row of an address; a failed download keeps the photo that was there."""
    status = result.status
    failed = result.code is not None
    kept = status if failed else result
    no_photo = {"path": None, "content_hash": None, "width": None, "height": None, "bytes": None}
    tries = max(1, status.tries + result.requested) if failed else 0
    return {
        "fetch_key": status.key,
        "address": status.address,
        **(no_photo if kept.photo is None else asdict(kept.photo)),
        "etag": kept.validators.etag,
        "last_modified": kept.validators.last_modified,
        "fetched_at": status.fetched_at if failed else now,
        "tried_at": now,
        "tries": tries,
        "next_try": (
            next_refresh(now, settings.fetch_age, status.key)
            if result.code is None
            else next_try(now, result.code, tries, result.wait, status.key)
        ),
        "code": result.code,
        "reason": result.reason,
    }


def _facts(row: Mapping[str, Any], settings: CatalogSettings) -> PhotoFacts:
    if row["content_hash"] is None:
        return waiting_facts(row["address"])
    photo = StoredPhoto(*(row[name] for name in StoredPhoto.__dataclass_fields__))
    return ready_facts(row["address"], photo, settings)
