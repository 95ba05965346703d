"""The table of addresses, written: what came of asking, shown by every product at once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from catalog.database.models import FetchRow, PhotoRow, ProductRow, StateRow
from catalog.database.statements import chunks
from catalog.fetching.book import Entry, entries_of
from catalog.fetching.client import NOTHING_KNOWN, Validators
from catalog.fetching.facts import ready, waiting
from catalog.fetching.schedule import next_look, next_try
from catalog.fetching.store import PhotoStore, StoredPhoto
from catalog.photos.check import PhotoFacts
from catalog.settings import CatalogSettings


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking for an entry: a photo, the same one as before, or a failure."""

    entry: Entry
    photo: StoredPhoto | None = None
    validators: Validators = NOTHING_KNOWN
    code: str | None = None
    reason: str | None = None
    wait: float | None = None
    asked: bool = True  # False: its host was not to be asked, so this counts as no try


def save(
    connection: Connection, outcomes: Sequence[Outcome], settings: CatalogSettings, now: datetime
) -> set[int]:
    """Note what came of some entries, and show it in every product that has these addresses.

    Inside of a write transaction.

    Returns:
        The numbers of the products that show something else than before.
    """
    rows = {one.entry.key: _row(one, settings, now) for one in outcomes}
    _lock(connection)
    for keys in chunks(list(rows)):
        connection.execute(delete(FetchRow).where(FetchRow.fetch_key.in_(keys)))
    connection.execute(insert(FetchRow), list(rows.values()))
    return show(connection, {key: _facts(row, settings) for key, row in rows.items()})


def settle(
    connection: Connection, keys: Sequence[str], store: PhotoStore, settings: CatalogSettings
) -> set[int]:
    """Show what is stored for some addresses; what is not stored any more is forgotten, and due.

    Inside of a write transaction.

    Returns:
        The numbers of the products that show something else than before.
    """
    _lock(connection)
    wanted, lost = {}, []
    for entry in entries_of(connection, keys).values():
        if entry.photo and store.has(entry.photo.path, entry.photo.bytes):
            wanted[entry.key] = _ready(entry.address, entry.photo, settings)
        else:
            lost.append(entry.key)
    for some in chunks(lost):
        connection.execute(delete(FetchRow).where(FetchRow.fetch_key.in_(some)))
    return show(connection, wanted)


def show(connection: Connection, wanted: Mapping[str, PhotoFacts]) -> set[int]:
    """Write the facts of addresses, by their keys, into every photo row that has one of them.

    Returns:
        The numbers of the products that show something else than before.
    """
    columns = ("state", "path", "content_hash", "width", "height", "bytes", "code", "reason")
    rows: list[dict[str, Any]] = []
    products: set[int] = set()
    for keys in chunks(list(wanted)):
        found = connection.execute(
            select(
                PhotoRow.id,
                PhotoRow.product_number,
                PhotoRow.fetch_key,
                *(getattr(PhotoRow, name) for name in columns),
            ).where(PhotoRow.fetch_key.in_(keys))
        )
        for photo_id, product, key, *has in found:
            facts = asdict(wanted[str(key)])
            if has != [facts[name] for name in columns]:
                rows.append({"at": photo_id} | {name: facts[name] for name in columns})
                products.add(product)
    if not rows:
        return set()
    connection.execute(
        update(PhotoRow.__table__)  # type: ignore[arg-type]  # typed as any FromClause
        .where(PhotoRow.id == bindparam("at"))
        .values({name: bindparam(name) for name in columns}),
        rows,
    )
    version = connection.execute(
        update(StateRow).values(version=StateRow.version + 1).returning(StateRow.version)
    ).scalar_one()
    for numbers in chunks(list(products)):
        connection.execute(
            update(ProductRow).where(ProductRow.number.in_(numbers)).values(changed=version)
        )
    return products


def _lock(connection: Connection) -> None:
    """Wait for other writers, ingests among them. SQLite has done so at BEGIN IMMEDIATE."""
    connection.execute(select(StateRow.version).with_for_update()).scalar_one()


def _row(one: Outcome, settings: CatalogSettings, now: datetime) -> dict[str, Any]:
    """The row of an entry after what came of it; a failure keeps the photo that was there."""
    entry = one.entry
    failed = one.code is not None
    photo, validators = (entry.photo, entry.validators) if failed else (one.photo, one.validators)
    content = {"path": None, "content_hash": None, "width": None, "height": None, "bytes": None}
    tries = max(1, entry.tries + one.asked) if failed else 0
    return {
        "fetch_key": entry.key,
        "address": entry.address,
        **(content if photo is None else asdict(photo)),
        "etag": validators.etag,
        "last_modified": validators.last_modified,
        "fetched_at": entry.fetched_at if failed else now,
        "tried_at": now,
        "tries": tries,
        "next_try": (
            next_look(now, settings.fetch_age, entry.key)
            if one.code is None
            else next_try(now, one.code, tries, one.wait, entry.key)
        ),
        "code": one.code,
        "reason": one.reason,
    }


def _facts(row: Mapping[str, Any], settings: CatalogSettings) -> PhotoFacts:
    if row["content_hash"] is None:
        return waiting(row["address"])
    photo = StoredPhoto(*(row[name] for name in StoredPhoto.__dataclass_fields__))
    return _ready(row["address"], photo, settings)


def _ready(address: str, photo: StoredPhoto, settings: CatalogSettings) -> PhotoFacts:
    return ready(
        address,
        photo.path,
        photo.content_hash,
        photo.width,
        photo.height,
        photo.bytes,
        settings=settings,
    )
