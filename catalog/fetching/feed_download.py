"""Downloads a feed from an address, whole, and only if it changed since it was last ingested."""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, delete, insert, select, update

from catalog.database.models import FeedRow, SourceRow
from catalog.errors import FetchError, SourceError
from catalog.fetching.addresses import Address, AllowedHosts, SafeResolver
from catalog.fetching.client import NO_VALIDATORS, Client, Limits, Response, Validators
from catalog.files import distinct_name, safe_name
from catalog.settings import CatalogSettings
from catalog.utc import in_utc

FOLDER = "feeds"
DRAFT_PREFIX = ".download-"
CLOCKS_DIFFER = timedelta(minutes=10)  # of two sane machines
MAX_DRAFT_AGE = 6 * 3600.0  # seconds after which a download counts as abandoned


@dataclass(frozen=True, slots=True)
class DownloadedFeed:
    """A feed as a local file.

    Attributes:
        path: the file; None if the server answered that the feed has not changed.
        root: the folder that relative photo paths of the feed start from; it holds nothing.
        validators: those of the response.
    """

    path: Path | None
    root: Path
    validators: Validators


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """Everything that decides the result of an ingest of a feed, beside its bytes."""

    address: str
    format: str
    columns: Mapping[str, str]
    encoding: str | None
    sync: bool

    def digest(self, settings: CatalogSettings) -> str:
        """Changes whenever an ingest of the same bytes might have another result."""
        words = settings.words.expanduser() if settings.words else None
        values = [
            version("lookalike"),
            self.address,
            self.format,
            sorted(self.columns.items()),
            self.encoding,
            self.sync,
            settings.max_photo_pixels,
            settings.max_photo_bytes,
            words.read_text("utf-8", "replace") if words and words.is_file() else None,
        ]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def feed_name(address: Address) -> str:
    """The default name of a feed: host and path, without the query, which may hold a secret."""
    path = address.target.partition("?")[0].rstrip("/")
    return f"{address.netloc}{path}"


@contextmanager
def download_feed(
    address: Address,
    name: str,
    settings: CatalogSettings,
    known: Validators,
    resolver: SafeResolver | None = None,
) -> Iterator[DownloadedFeed]:
    """Downloads a feed to a file that exists inside of the block.

    Args:
        address: where it is.
        name: of its source.
        settings: the home, and the limits.
        known: the validators of the last ingest, for a conditional request.
        resolver: decides which hosts may be requested; by the settings unless given.

    Raises:
        SourceError: it could not be downloaded, is cut off, or is larger than the limit.
    """
    folder = settings.resolved_home / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_old_drafts(folder)
        scratch = tempfile.TemporaryDirectory(
            dir=folder, prefix=DRAFT_PREFIX, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise SourceError(f"Feeds cannot be stored in {folder}: {error.strerror}.") from error
    resolver = resolver or SafeResolver(AllowedHosts.parse(settings.fetch_hosts))
    with scratch as here, closing(Client(resolver, 1)) as client:
        path = Path(here) / _file_name(address)
        response = _download(client, address, path, settings, known)
        root = folder / distinct_name(name)
        yield DownloadedFeed(path if response.modified else None, root, response.validators)


def _download(
    client: Client, address: Address, path: Path, settings: CatalogSettings, known: Validators
) -> Response:
    limits = Limits(settings.max_feed_bytes, settings.feed_seconds, "LOOKALIKE_MAX_FEED_BYTES")
    try:
        with path.open("wb") as stream:
            return client.download(address, stream, limits, known=known or None)
    except FetchError as error:
        raise SourceError(f"{error} Nothing was changed.") from error
    except OSError as error:
        raise SourceError(
            f"{address.shown} cannot be stored in {path.parent}: {error.strerror}. "
            "Nothing was changed."
        ) from error


def stored_validators(
    connection: Connection, name: str, options_digest: str, now: datetime
) -> Validators:
    """The validators of the last complete ingest, if it would have the same result now.

    Args:
        connection: reads the catalogue.
        name: of the source.
        options_digest: see `FeedOptions.digest`.
        now: UTC; at ``fresh_until``, when a sale begins or ends, the result changes.
    """
    row = connection.execute(
        select(
            FeedRow.asked,
            FeedRow.etag,
            FeedRow.last_modified,
            FeedRow.read_at,
            FeedRow.fresh_until,
        ).where(FeedRow.name == name)
    ).first()
    if row is None or row.asked != options_digest:
        return NO_VALIDATORS
    if in_utc(row.read_at) > now + CLOCKS_DIFFER:  # its sales were those of another time
        return NO_VALIDATORS
    if row.fresh_until is not None and in_utc(row.fresh_until) <= now:
        return NO_VALIDATORS
    return Validators(row.etag, row.last_modified)


def forget_feed(connection: Connection, name: str) -> None:
    """Deletes the validators before an ingest, since one that is killed must not count."""
    connection.execute(delete(FeedRow).where(FeedRow.name == name))


def remember_feed(
    connection: Connection,
    name: str,
    options_digest: str,
    validators: Validators,
    fresh_until: datetime | None,
) -> None:
    """Stores the validators after a complete ingest; see `stored_validators`."""
    forget_feed(connection, name)
    connection.execute(
        insert(FeedRow).values(
            name=name,
            asked=options_digest,
            etag=validators.etag,
            last_modified=validators.last_modified,
            read_at=datetime.now(UTC),
            fresh_until=fresh_until,
        )
    )


def confirm_unchanged(connection: Connection, name: str) -> str:
    """Records that a source is unchanged since its last ingest; returns its format."""
    connection.execute(
        update(SourceRow).where(SourceRow.name == name).values(completed_at=datetime.now(UTC))
    )
    found = connection.scalar(select(SourceRow.format).where(SourceRow.name == name))
    return found or ""


def _file_name(address: Address) -> str:
    """A file name with the suffix of the address, which may tell the format."""
    name = PurePosixPath(address.target.partition("?")[0]).name
    return safe_name(name)[-80:] or "feed"


def _remove_old_drafts(folder: Path) -> None:
    """Removes the downloads of processes that were killed."""
    for old in folder.glob(f"{DRAFT_PREFIX}*"):
        try:
            if time.time() - old.stat().st_mtime > MAX_DRAFT_AGE:
                shutil.rmtree(old, ignore_errors=True)
        except OSError:  # its owner removed it meanwhile
            continue
