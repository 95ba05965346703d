"""Opens and ingests a source: a file, a folder, standard input, or an http(s) address."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from catalog.database.database import Database
from catalog.errors import FetchError, SourceError
from catalog.fetching.addresses import Address, SafeResolver, is_address, parse_address
from catalog.fetching.feed_download import (
    FeedOptions,
    confirm_unchanged,
    download_feed,
    feed_name,
    forget_feed,
    remember_feed,
    stored_validators,
)
from catalog.ingest.run import ingest
from catalog.records import IngestProgress, IngestReport, ProductRecord, Rejection
from catalog.settings import CatalogSettings
from catalog.sources import Source, open_source
from catalog.sources.rows.row_digests import SourceEntry, entries_of, parse_all, with_change
from catalog.utc import utc_now
from catalog.vocabulary.sale_dates import SALE_DATES, next_sale_change


def open_and_ingest(
    db: Database,
    where: str | Path | Source,
    *,
    format: str = "auto",
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    name: str | None = None,
    sync: bool = False,
    settings: CatalogSettings | None = None,
    on_opened: Callable[[Source], None] | None = None,
    on_progress: Callable[[IngestProgress], None] | None = None,
    resolver: SafeResolver | None = None,
) -> IngestReport:
    """Opens a source and ingests it. A feed at an address is only read if it has changed.

    Args:
        db: the catalogue.
        where: a path, "-", an address, or an open source.
        format: see `catalog.sources.open_source`, as for ``columns``, ``encoding`` and ``name``.
        columns: see there.
        encoding: see there.
        name: see there; of a feed at an address, its host and path unless given.
        sync: see `catalog.ingest.run.ingest`, as for the rest.
        settings: see there.
        on_opened: called with the source before it is read.
        on_progress: see there.
        resolver: decides which hosts may be requested; by the settings unless given.

    Raises:
        SourceError: it cannot be downloaded, opened, or read to its end. Nothing is retired then.
        DatabaseError: the database cannot be written.
    """
    settings = settings or CatalogSettings()
    opened = on_opened or (lambda _: None)
    if not isinstance(where, str) or not is_address(where):
        source = where
        if isinstance(source, str | Path):
            source = open_source(source, format, columns, encoding=encoding, name=name)
        opened(source)
        return ingest(db, source, sync=sync, settings=settings, on_progress=on_progress)
    started = time.monotonic()
    address = address_of(where)
    name = name or feed_name(address)
    options = FeedOptions(str(address), format, columns or {}, encoding, sync).digest(settings)
    with db.read() as connection:
        known = stored_validators(connection, name, options, utc_now())
    with download_feed(address, name, settings, known, resolver) as feed:
        if feed.path is None:
            with db.write() as connection, connection.begin():
                found = confirm_unchanged(connection, name)
            return _unchanged(name, found, time.monotonic() - started)
        source = open_source(
            feed.path,
            format,
            columns,
            encoding=encoding,
            name=name,
            shown=address.shown,
            root=feed.root,
        )
        opened(source)
        with db.write() as connection, connection.begin():
            forget_feed(connection, name)
        watched = _SaleWatcher(source)
        report = ingest(db, watched, sync=sync, settings=settings, on_progress=on_progress)
        if report.sync_note is None:
            with db.write() as connection, connection.begin():
                remember_feed(connection, name, options, feed.validators, watched.next_moment)
    return report


def address_of(text: str) -> Address:
    """The address of a feed.

    Raises:
        SourceError: it is not an address that may be requested.
    """
    try:
        return parse_address(text)
    except FetchError as error:
        raise SourceError(str(error)) from error


class _SaleWatcher:
    """A source that records the next beginning or end of a sale while it is read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at = utc_now()
        self.next_moment: datetime | None = None
        self.name, self.format, self.root = source.name, source.format, source.root
        self.describe, self.size_hint = source.describe, source.size_hint

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`."""
        return parse_all(self.entries())

    def entries(self, context: tuple[str, ...] = ()) -> Iterator[SourceEntry]:
        """See `catalog.sources.rows.row_digests.LazySource`."""
        return with_change(entries_of(self._source, context), self._watched)

    def _watched(self, record: ProductRecord) -> ProductRecord:
        if dates := record.attributes.get(SALE_DATES):
            moment = next_sale_change(dates, self._at)
            if moment and (self.next_moment is None or moment < self.next_moment):
                self.next_moment = moment
        return record


def _unchanged(name: str, format: str, seconds: float) -> IngestReport:
    return IngestReport(
        source=name,
        format=format,
        inserted=0,
        updated=0,
        unchanged=0,
        retired=0,
        rejected=0,
        photos_ready=0,
        photos_rejected=0,
        rejects_file=None,
        seconds=seconds,
        not_modified=True,
    )
