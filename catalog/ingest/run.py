"""Read a source into the catalogue: stream, check photos, write what changed."""

import time
from collections.abc import Callable, Sequence
from itertools import islice

from catalog.database.database import Database
from catalog.ingest.batch import check_photos, read_batch
from catalog.ingest.rejects import RejectsFile
from catalog.ingest.seen import SeenProducts
from catalog.ingest.stored import Photos
from catalog.ingest.writer import Outcome, Writer
from catalog.photos.check import PhotoChecker
from catalog.records import IngestProgress, IngestReport, PhotoState, Rejection
from catalog.settings import CatalogSettings
from catalog.sources import Source
from catalog.sources.rows.row_digests import SourceEntry, entries_of

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

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> import pandas as pd
        >>> from catalog.db import Database
        >>> from catalog.ingest import ingest
        >>> from catalog.settings import CatalogSettings
        >>> from catalog.sources.frame import open_frame
        >>> frame = pd.DataFrame({"id": ["10001"], "title": ["Red dress"], "price": ["59.90 EUR"]})
        >>> with TemporaryDirectory() as home:
        ...     settings = CatalogSettings(home=home)
        ...     Database.migrate(settings)
        ...     with Database.open(settings) as db:
        ...         report = ingest(db, open_frame(frame, "spring"), settings=settings)
        >>> report.inserted, report.rejected
        (1, 0)
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
        entries = entries_of(source)
        while batch := list(islice(entries, BATCH)):
            run.save(batch, db, writer, checker, rejects)
        note = run.why_not_retire() if sync else None
        retired = 0
        if sync and note is None:
            retired, kept = writer.retire_unseen(run.seen, settings.sync_share)
            note = too_many(kept) if kept else None
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
        photos_waiting=run.photos_waiting,
    )


def too_many(kept: int) -> str:
    """Why so many products were not retired."""
    return (
        f"nothing was retired: {kept:,} products are missing, so the source may be cut off. If it "
        "is whole, ingest it with LOOKALIKE_SYNC_SHARE=1"
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
        self.seen = SeenProducts()
        self.rejected = self.photos_ready = self.photos_rejected = self.photos_waiting = 0
        self._settings = settings
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
        entries: Sequence[SourceEntry],
        db: Database,
        writer: Writer,
        checker: PhotoChecker,
        rejects: RejectsFile,
    ) -> None:
        """Read a batch and check its photos outside of any transaction, then write it in one."""
        with db.read() as connection:
            batch, had = read_batch(connection, entries, writer.source_id, self.seen)
            check = check_photos(connection, batch, had, checker, self._settings)
        check()
        if batch.records:
            outcome = writer.save(batch.records, batch.photos, batch.marks)
            self._add(outcome)
            for product_id, number in outcome.numbers.items():
                self.seen.mark(number, batch.records[product_id].line)
        for same in batch.same.values():
            self.seen.mark(same.number, same.entry.line)
        self.total.unchanged += len(batch.same)
        for number in batch.kept:
            self.seen.keep(number)
        for rejection in batch.rejections:
            self._reject(rejection, rejects)
        for product_id, photos in batch.photos.items():
            if photos:
                self._count_photos(batch.line(product_id), product_id, photos, rejects)
        self._rows += len(entries)
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

    def _reject(self, rejection: Rejection, rejects: RejectsFile) -> None:
        self.rejected += 1
        self._nameless += rejection.product_id is None
        self._cut_off = self._cut_off or rejection.code == "cut_off"
        rejects.write(rejection)

    def _count_photos(
        self, line: int, product_id: str, photos: Photos, rejects: RejectsFile
    ) -> None:
        for photo in photos:
            if photo.state == PhotoState.READY:
                self.photos_ready += 1
                continue
            if photo.state == PhotoState.WAITING:
                self.photos_waiting += 1
                continue
            self.photos_rejected += 1
            rejects.write(
                Rejection(
                    line,
                    product_id,
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
