"""One batch of an ingest: read as far as it must be, each id once, with its photos checked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from catalog.fetching.addresses import is_address
from catalog.fetching.photo_facts import known_photo_facts
from catalog.ingest.seen import SeenProducts
from catalog.ingest.stored import Photos, Stored, bound, photos_by_number, stored_of
from catalog.photos.check import PhotoChecker, PhotoFacts
from catalog.records import NOT_SOLD, ProductRecord, Rejection
from catalog.settings import CatalogSettings
from catalog.sources.rows.row_digests import DIGEST_LENGTH, SourceEntry, UnparsedRow


@dataclass(frozen=True, slots=True)
class Same:
    """A row that says what is stored, and so is not read."""

    entry: UnparsedRow
    number: int


@dataclass(slots=True)
class Batch:
    """What a batch comes to before anything is written.

    Attributes:
        records: the products that were read, by their ids.
        marks: the marks of their rows, where these have one.
        same: those that were not read, by their ids.
        photos: the photos of each, of ``records`` checked, of ``same`` as they are stored.
        kept: the numbers of products whose rows were rejected.
        rejections: what is left out, in the order of the source.
    """

    records: dict[str, ProductRecord] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    same: dict[str, Same] = field(default_factory=dict)
    photos: dict[str, Photos] = field(default_factory=dict)
    kept: list[int] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    def line(self, product_id: str) -> int:
        """The line of a product in this batch; 0 if it is not in it (yet)."""
        if product_id in self.same:
            return self.same[product_id].entry.line
        return self.records[product_id].line if product_id in self.records else 0


def read_batch(
    connection: Connection, entries: Sequence[SourceEntry], source_id: int, seen: SeenProducts
) -> tuple[Batch, Mapping[int, Photos]]:
    """Read the rows of a batch that say something new.

    Args:
        connection: reads the catalogue.
        entries: what the source gave.
        source_id: the source's number.
        seen: the products that earlier batches had.

    Returns:
        The batch, with no photos of ``records`` yet, and the photos that are stored, by number.
    """
    batch = Batch()
    stored = stored_of(connection, [entry.product_id for entry in entries if entry.product_id])
    had = photos_by_number(connection, [old.number for old in stored.values()])
    for given in entries:
        old = stored.get(given.product_id) if given.product_id else None
        entry, mark = given, None
        if isinstance(given, UnparsedRow):
            photos = had.get(old.number, ()) if old else ()
            if old is None or not _unchanged(given, old, photos, source_id):
                entry, mark = given.parse(), given.row_digest
        if isinstance(entry, Rejection):
            batch.rejections.append(entry)
            if old is not None and entry.code != NOT_SOLD:
                batch.kept.append(old.number)
            continue
        product_id = entry.product_id
        if first := batch.line(product_id) or (seen.line(old.number) if old else 0):
            reason = f"the id {product_id!r} was on line {first} already; ids are unique"
            batch.rejections.append(
                Rejection(entry.line, product_id, "row", "duplicate_id", reason)
            )
        elif isinstance(entry, ProductRecord):
            batch.records[product_id] = entry
            if mark is not None:
                batch.marks[product_id] = mark
        else:
            assert old is not None
            batch.same[product_id] = Same(entry, old.number)
            batch.photos[product_id] = had.get(old.number, ())
    return batch, had


def check_photos(
    connection: Connection,
    batch: Batch,
    had: Mapping[int, Photos],
    checker: PhotoChecker,
    settings: CatalogSettings,
) -> Callable[[], None]:
    """Look up what is known of the photos of a batch.

    Returns:
        What checks the files among them, and reads the rows whose photos are others now; it needs
        no connection any more.
    """
    listed = [photo.given for product_id in batch.same for photo in batch.photos[product_id]]
    listed += [given for record in batch.records.values() for given in record.photos]
    fetched: Mapping[str, PhotoFacts] = {}
    if addresses := [given for given in listed if is_address(given)]:
        fetched = known_photo_facts(connection, addresses, settings)

    def check() -> None:
        have = {photo.given: photo for photos in had.values() for photo in photos}
        facts = checker.check((given for given in listed if given not in fetched), have)
        facts |= fetched
        for product_id, same in list(batch.same.items()):
            stored = batch.photos[product_id]
            now = tuple(facts[photo.given] for photo in stored)
            if now != stored:
                _read_after_all(batch, product_id, same.entry)
        for product_id, record in batch.records.items():
            batch.photos[product_id] = tuple(facts[given] for given in record.photos)

    return check if listed else lambda: batch.photos.update(dict.fromkeys(batch.records, ()))


def _read_after_all(batch: Batch, product_id: str, entry: UnparsedRow) -> None:
    record = entry.parse()
    if isinstance(record, ProductRecord):  # its mark says that it was one
        del batch.same[product_id]
        batch.records[product_id] = record
        batch.marks[product_id] = entry.row_digest


def _unchanged(entry: UnparsedRow, old: Stored, photos: Photos, source_id: int) -> bool:
    if old.row_digest is None or old.retired or old.source_id != source_id:
        return False
    if old.row_digest[:DIGEST_LENGTH] != entry.row_digest:
        return False
    return old.row_digest == bound(entry.row_digest, old.digest, [photo.given for photo in photos])
