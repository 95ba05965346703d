"""Read a source into the catalogue: stream, check photos, write what changed."""

import time
from collections.abc import Callable
from itertools import islice

from catalog.db import Database
from catalog.photo_checks import PhotoChecker, PhotoFacts
from catalog.records import (
    IngestProgress,
    IngestReport,
    PhotoState,
    ProductRecord,
    Rejection,
)
from catalog.rejects import RejectsFile
from catalog.rows import photos_of
from catalog.settings import CatalogSettings
from catalog.sources import Source
from catalog.writer import Outcome, Writer

NOT_SOLD = "not_sold"  # the source says that a product is not for sale: to a sync it is gone
BATCH = 500  # rows a transaction: few enough for a kill to lose little, many enough to be quick


def ingest(
    db: Database,
    source: Source,
    *,
    sync: bool = False,
    settings: CatalogSettings | None = None,
    on_progress: Callable[[IngestProgress], None] | None = None,
) -> IngestReport:
    """Bring the catalogue in line with a source. Doing it twice changes nothing more.

    Args:
        db: the catalogue.
        source: see `catalog.sources.open_source`.
        sync: also retire the products of this source that it has no longer.
        settings: the caps on photos, and the home that rejects files go to.
        on_progress: called after every photo and batch.

    Raises:
        SourceError: the source cannot be read to its end. What was read is kept, and nothing is
            retired.
        DatabaseError: the database cannot be written.
    """
    settings = settings or CatalogSettings()
    run = _Run(source, settings, on_progress or (lambda _: None))
    started = time.monotonic()
    with (
        db.write() as connection,
        RejectsFile(settings.resolved_home / "rejects", source.name) as rejects,
        PhotoChecker(source.root, settings, run.photo_done) as checker,
    ):
        writer = Writer(connection, source.name, source.format, source.root)
        records = source.records()
        while batch := list(islice(records, BATCH)):
            run.save(batch, db, writer, checker, rejects)
        note = run.why_not_retire() if sync else None
        retired = writer.retire_unseen() if sync and note is None else 0
        writer.complete()
    return IngestReport(
        source=source.name,
        format=source.format,
        inserted=run.total.inserted,
        updated=run.total.updated,
        unchanged=run.total.unchanged,
        retired=retired,
        rejected=run.rejected,
        photos_ready=run.photos_ready,
        photos_rejected=run.photos_rejected,
        rejects_file=rejects.path,
        seconds=time.monotonic() - started,
        moved=run.total.moved,
        sync_note=note,
    )


class _Run:
    """The counts of one ingest, and what is done to each batch."""

    def __init__(
        self,
        source: Source,
        settings: CatalogSettings,
        on_progress: Callable[[IngestProgress], None],
    ) -> None:
        self.total = Outcome()
        self.rejected = self.photos_ready = self.photos_rejected = 0
        self._source = source
        self._on_progress = on_progress
        self._hint = source.size_hint()
        self._rows = self._photos = self._nameless = 0
        self._cut_off = False

    def photo_done(self) -> None:
        self._photos += 1
        self._tell()

    def save(
        self,
        batch: list[ProductRecord | Rejection],
        db: Database,
        writer: Writer,
        checker: PhotoChecker,
        rejects: RejectsFile,
    ) -> None:
        """Check the photos of a batch outside of any transaction, then write it in one."""
        products = [entry for entry in batch if isinstance(entry, ProductRecord)]
        for entry in batch:
            if isinstance(entry, Rejection):
                self._reject(entry, rejects)
        photos = self._checked(products, db, checker)
        outcome = writer.save(products, photos)
        rejected = [entry for entry in batch if isinstance(entry, Rejection)]
        writer.keep([e.product_id for e in rejected if e.product_id and e.code != NOT_SOLD])
        for duplicate in outcome.duplicates:
            self._reject(duplicate, rejects)
        again = {(d.product_id, d.line) for d in outcome.duplicates}
        for record in products:
            if (record.product_id, record.line) not in again:
                self._count_photos(record, photos[record.product_id], rejects)
        self._add(outcome)
        self._rows += len(batch)
        self._tell()

    def why_not_retire(self) -> str | None:
        """What speaks against taking this reading for the whole source, or None."""
        if self._cut_off:
            return "nothing was retired: the source ends in the middle of a row"
        if self._nameless:
            return (
                f"nothing was retired: {self._nameless:,} rejected rows have no id to know them by"
            )
        if self._rows == 0:
            return "nothing was retired: the source has no rows at all"
        return None

    def _checked(
        self, products: list[ProductRecord], db: Database, checker: PhotoChecker
    ) -> dict[str, tuple[PhotoFacts, ...]]:
        with db.read() as connection:
            known = photos_of(connection, [record.product_id for record in products])
        have = {photo.given: photo for photos in known.values() for photo in photos}
        facts = checker.check((given for record in products for given in record.photos), have)
        checked: dict[str, tuple[PhotoFacts, ...]] = {}
        for record in products:  # of two with one id, the first counts
            checked.setdefault(record.product_id, tuple(facts[given] for given in record.photos))
        return checked

    def _reject(self, rejection: Rejection, rejects: RejectsFile) -> None:
        self.rejected += 1
        self._nameless += rejection.product_id is None
        self._cut_off = self._cut_off or rejection.code == "cut_off"
        rejects.write(rejection)

    def _count_photos(
        self, record: ProductRecord, photos: tuple[PhotoFacts, ...], rejects: RejectsFile
    ) -> None:
        for photo in photos:
            if photo.state == PhotoState.READY:
                self.photos_ready += 1
                continue
            self.photos_rejected += 1
            rejects.write(
                Rejection(
                    record.line,
                    record.product_id,
                    "photo",
                    photo.code or "",
                    photo.reason or "",
                    photo.given,
                )
            )

    def _add(self, outcome: Outcome) -> None:
        self.total.inserted += outcome.inserted
        self.total.updated += outcome.updated
        self.total.unchanged += outcome.unchanged
        self.total.moved += outcome.moved

    def _tell(self) -> None:
        self._on_progress(IngestProgress(self._rows, self._photos, self._hint))
