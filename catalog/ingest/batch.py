"""One batch of an ingest: its changed rows are parsed, and its photos are checked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from catalog.fetching.addresses import is_address
from catalog.fetching.photo_facts import known_photo_facts
from catalog.ingest.seen import SeenProducts
from catalog.ingest.stored import (
    Photos,
    StoredProduct,
    bind_row_digest,
    photos_by_number,
    stored_of,
)
from catalog.photos.check import PhotoChecker, PhotoFacts
from catalog.records import NOT_SOLD, ProductRecord, Rejection
from catalog.settings import CatalogSettings
from catalog.sources.rows.row_digests import DIGEST_LENGTH, SourceEntry, UnparsedRow


@dataclass(frozen=True, slots=True)
class UnchangedRow:
    """A row that was stored before and has not changed, and so is not parsed."""

    entry: UnparsedRow
    number: int


@dataclass(slots=True)
class Batch:
    """The contents of a batch before anything is written.

    Attributes:
        records: product id -> the parsed product.
        row_digests: product id -> the digest of its row, of ``records`` whose row has one.
        unchanged: product id -> the row that was not parsed.
        photos: product id -> photos, checked for ``records``, as stored for ``unchanged``.
        rejected_numbers: the numbers of stored products whose rows were rejected.
        rejections: the rejected rows in the order of the source.
    """

    records: dict[str, ProductRecord] = field(default_factory=dict)
    row_digests: dict[str, str] = field(default_factory=dict)
    unchanged: dict[str, UnchangedRow] = field(default_factory=dict)
    photos: dict[str, Photos] = field(default_factory=dict)
    rejected_numbers: list[int] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    def line(self, product_id: str) -> int:
        """The line of a product in this batch; 0 if the batch does not have it."""
        if product_id in self.unchanged:
            return self.unchanged[product_id].entry.line
        return self.records[product_id].line if product_id in self.records else 0


def read_batch(
    connection: Connection, entries: Sequence[SourceEntry], source_id: int, seen: SeenProducts
) -> tuple[Batch, Mapping[int, Photos]]:
    """Parses the rows of a batch that are new or changed.

    Args:
        connection: reads the catalogue.
        entries: the entries of the source.
        source_id: the source's id in the database.
        seen: the products of earlier batches.

    Returns:
        The batch, still without photos for ``records``, and the stored photos of its products by
        product number.
    """
    batch = Batch()
    stored = stored_of(connection, [entry.product_id for entry in entries if entry.product_id])
    stored_photos = photos_by_number(connection, [old.number for old in stored.values()])
    for given in entries:
        old = stored.get(given.product_id) if given.product_id else None
        entry, row_digest = given, None
        if isinstance(given, UnparsedRow):
            photos = stored_photos.get(old.number, ()) if old else ()
            if old is None or not _unchanged(given, old, photos, source_id):
                entry, row_digest = given.parse(), given.row_digest
        if isinstance(entry, Rejection):
            batch.rejections.append(entry)
            if old is not None and entry.code != NOT_SOLD:
                batch.rejected_numbers.append(old.number)
            continue
        product_id = entry.product_id
        if first := batch.line(product_id) or (seen.line(old.number) if old else 0):
            reason = f"the id {product_id!r} is already on line {first}; ids must be unique"
            batch.rejections.append(
                Rejection(entry.line, product_id, "row", "duplicate_id", reason)
            )
        elif isinstance(entry, ProductRecord):
            batch.records[product_id] = entry
            if row_digest is not None and not entry.notes:  # notes are shown after every reading
                batch.row_digests[product_id] = row_digest
        else:
            assert old is not None
            batch.unchanged[product_id] = UnchangedRow(entry, old.number)
            batch.photos[product_id] = stored_photos.get(old.number, ())
    return batch, stored_photos


def check_photos(
    connection: Connection,
    batch: Batch,
    stored_photos: Mapping[int, Photos],
    checker: PhotoChecker,
    settings: CatalogSettings,
) -> Callable[[], None]:
    """Looks up the download state of a batch's photos, and prepares the check of its files.

    Returns:
        A function that checks the files and parses unchanged rows whose photos have changed. It
        needs no connection, so that none is open while files are read.
    """
    listed = [photo.given for product_id in batch.unchanged for photo in batch.photos[product_id]]
    listed += [given for record in batch.records.values() for given in record.photos]
    fetched: Mapping[str, PhotoFacts] = {}
    if addresses := [given for given in listed if is_address(given)]:
        fetched = known_photo_facts(connection, addresses, settings)

    def check() -> None:
        known = {photo.given: photo for photos in stored_photos.values() for photo in photos}
        facts = checker.check((given for given in listed if given not in fetched), known)
        facts |= fetched
        for product_id, row in list(batch.unchanged.items()):
            stored = batch.photos[product_id]
            if tuple(facts[photo.given] for photo in stored) != stored:
                _parse_unchanged(batch, product_id, row.entry)
        for product_id, record in batch.records.items():
            batch.photos[product_id] = tuple(facts[given] for given in record.photos)

    return check if listed else lambda: batch.photos.update(dict.fromkeys(batch.records, ()))


def _parse_unchanged(batch: Batch, product_id: str, entry: UnparsedRow) -> None:
    record = entry.parse()
    if isinstance(record, ProductRecord):  # always, as its digest is that of a valid row
        del batch.unchanged[product_id]
        batch.records[product_id] = record
        batch.row_digests[product_id] = entry.row_digest


def _unchanged(entry: UnparsedRow, old: StoredProduct, photos: Photos, source_id: int) -> bool:
    if old.row_digest is None or old.retired or old.source_id != source_id:
        return False
    if old.row_digest[:DIGEST_LENGTH] != entry.row_digest:
        return False
    return old.row_digest == bind_row_digest(
        entry.row_digest, old.digest, [photo.given for photo in photos]
    )
