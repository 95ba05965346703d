"""Ingests a source: streams its rows, checks photos and writes what changed."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice

from catalog.database.database import Database
from catalog.fetching.shared_leftovers import claim_shared
from catalog.ingest.batch import check_photos, read_batch
from catalog.ingest.rejects import RejectsFile
from catalog.ingest.seen import SeenProducts
from catalog.ingest.stored import Photos
from catalog.ingest.writer import BatchResult, Writer
from catalog.photos.check import PhotoChecker
from catalog.records import (
    FieldNote,
    IngestProgress,
    IngestReport,
    PhotoState,
    ProductRecord,
    Rejection,
)
from catalog.settings import CatalogSettings
from catalog.sources import Source
from catalog.sources.rows.row_digests import SourceEntry, entries_of

MAX_UNKNOWN_WORDS = 1_000  # that are counted each
OTHER_WORDS = "other words"
BATCH = 500  # rows per transaction: fast, and little is lost in a kill


def ingest(
    db: Database,
    source: Source,
    *,
    sync: bool = False,
    settings: CatalogSettings | None = None,
    on_progress: Callable[[IngestProgress], None] | None = None,
) -> IngestReport:
    """Writes the products of a source to the catalogue. A second run changes nothing.

    Args:
        db: the catalogue.
        source: see `catalog.sources.open_source`.
        sync: also retire products of this source that it no longer has.
        settings: the limits on photos, and the home for rejects files.
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
    claim_shared(db, settings)
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
            retired, missing = writer.retire_unseen(run.seen, settings.sync_share)
            note = too_many_missing(missing) if missing else None
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
        left_out=run.left_out,
        unknown_words=dict(run.unknown_words.most_common()),
    )


def too_many_missing(missing: int) -> str:
    """The note of a sync that retired nothing as ``missing`` products are too many."""
    return (
        f"nothing was retired: {missing:,} products are missing, so the source may be cut off. If "
        "it is whole, ingest it with LOOKALIKE_SYNC_SHARE=1"
    )


class _Run:
    """The state of one ingest: its counts and seen products."""

    def __init__(
        self,
        source: Source,
        settings: CatalogSettings,
        on_progress: Callable[[IngestProgress], None],
    ) -> None:
        self.total = BatchResult()
        self.seen = SeenProducts()
        self.rejected = self.photos_ready = self.photos_rejected = self.photos_waiting = 0
        self.left_out = 0
        self.unknown_words: Counter[str] = Counter()
        self._settings = settings
        self._source = source
        self._on_progress = on_progress
        self._hint = source.size_hint()
        self._rows = self._photos = self._nameless = 0
        self._cut_off = False

    def photo_done(self) -> None:
        self._photos += 1
        self._report_progress()

    def save(
        self,
        entries: Sequence[SourceEntry],
        db: Database,
        writer: Writer,
        checker: PhotoChecker,
        rejects: RejectsFile,
    ) -> None:
        """Reads a batch and checks its photos outside of transactions, then writes it in one."""
        with db.read() as connection:
            batch, had = read_batch(connection, entries, writer.source_id, self.seen)
            check = check_photos(connection, batch, had, checker, self._settings)
        check()
        if batch.records:
            result = writer.save(batch.records, batch.photos, batch.row_digests)
            self._add(result)
            for product_id, number in result.numbers.items():
                self.seen.mark(number, batch.records[product_id].line)
        for row in batch.unchanged.values():
            self.seen.mark(row.number, row.entry.line)
        self.total.unchanged += len(batch.unchanged)
        for number in batch.rejected_numbers:
            self.seen.mark_rejected(number)
        for rejection in batch.rejections:
            self._reject(rejection, rejects)
        for record in batch.records.values():
            for left_out in record.notes:
                self._note(record, left_out, rejects)
        for product_id, photos in batch.photos.items():
            if photos:
                self._count_photos(batch.line(product_id), product_id, photos, rejects)
        self._rows += len(entries)
        self._report_progress()

    def why_not_retire(self) -> str | None:
        """Why a sync must not retire products after this reading; None if it may."""
        if self._cut_off:
            return "nothing was retired: the source ends in the middle of a row"
        if self._nameless:
            return f"nothing was retired: {self._nameless:,} rejected rows have no id"
        if self._rows == 0:
            return "nothing was retired: the source has no rows at all"
        return None

    def _reject(self, rejection: Rejection, rejects: RejectsFile) -> None:
        self.rejected += 1
        self._nameless += rejection.product_id is None
        self._cut_off = self._cut_off or rejection.code == "cut_off"
        rejects.write(rejection)

    def _note(self, record: ProductRecord, note: FieldNote, rejects: RejectsFile) -> None:
        self.left_out += 1
        if note.code == "availability" and (
            note.value in self.unknown_words or len(self.unknown_words) < MAX_UNKNOWN_WORDS
        ):
            self.unknown_words[note.value] += 1
        elif note.code == "availability":
            self.unknown_words[OTHER_WORDS] += 1
        rejects.write(Rejection(record.line, record.product_id, "field", note.code, note.reason))

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

    def _add(self, result: BatchResult) -> None:
        self.total.inserted += result.inserted
        self.total.updated += result.updated
        self.total.unchanged += result.unchanged
        self.total.moved += result.moved

    def _report_progress(self) -> None:
        self._on_progress(IngestProgress(self._rows, self._photos, self._hint))
