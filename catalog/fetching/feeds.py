"""A feed at an address: downloaded whole, on condition that it changed since it was last read."""

import hashlib
import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, delete, insert, select, update

from catalog.database.models import FeedRow, SourceRow
from catalog.errors import FetchError, SourceError
from catalog.fetching.addresses import Address, Allowed, Guard
from catalog.fetching.client import NOTHING_KNOWN, Answer, Client, Limits, Validators
from catalog.settings import CatalogSettings

FOLDER = "feeds"
DRAFT = ".download-"
FORGOTTEN = 6 * 3600.0  # seconds after which a download is nobody's any more


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A feed on this disk; ``path`` is None where the server says that it did not change."""

    path: Path | None
    root: Path
    validators: Validators


@dataclass(frozen=True, slots=True)
class Reading:
    """What decides what reading a feed comes to, beside its bytes."""

    address: str
    format: str
    columns: Mapping[str, str]
    encoding: str | None
    sync: bool

    def digest(self, settings: CatalogSettings) -> str:
        """Differs where another reading of the same bytes might come to something else."""
        words = settings.words.expanduser() if settings.words else None
        said = [
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
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def name_of(address: Address) -> str:
    """What a feed is called: host and path, without the query, which may hold a secret."""
    path = address.target.partition("?")[0].rstrip("/")
    return f"{address.netloc}{path}"


@contextmanager
def downloaded(
    address: Address,
    name: str,
    settings: CatalogSettings,
    known: Validators,
    guard: Guard | None = None,
) -> Iterator[Downloaded]:
    """The feed as a file that is there inside of the block.

    Raises:
        SourceError: it cannot be had, is cut off, or is larger than the limit.
    """
    folder = settings.resolved_home / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        scratch = tempfile.TemporaryDirectory(dir=folder, prefix=DRAFT, ignore_cleanup_errors=True)
    except OSError as error:
        raise SourceError(f"Feeds cannot be stored in {folder}: {error.strerror}.") from error
    guard = guard or Guard(Allowed.of(settings.fetch_hosts))
    with scratch as here, Client(guard, 1) as client:
        path = Path(here) / _file_name(address)
        answer = _download(client, address, path, settings, known)
        # Paths in a feed are meant from a folder of its own, where there is nothing.
        root = folder / re.sub(r"[^\w.-]+|^\.+", "_", name)[:80]
        yield Downloaded(path if answer.modified else None, root, answer.validators)


def _download(
    client: Client, address: Address, path: Path, settings: CatalogSettings, known: Validators
) -> Answer:
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


def validators_of(connection: Connection, name: str, asked: str, now: datetime) -> Validators:
    """Those of the last whole reading, if the same bytes would come to the same now."""
    row = connection.execute(
        select(FeedRow.asked, FeedRow.etag, FeedRow.last_modified, FeedRow.fresh_until).where(
            FeedRow.name == name
        )
    ).first()
    if row is None or row.asked != asked:
        return NOTHING_KNOWN
    until = row.fresh_until
    if until is not None and (until if until.tzinfo else until.replace(tzinfo=UTC)) <= now:
        return NOTHING_KNOWN
    return Validators(row.etag, row.last_modified)


def forget(connection: Connection, name: str) -> None:
    """Before a reading, which may be killed: a half one must not count as the last."""
    connection.execute(delete(FeedRow).where(FeedRow.name == name))


def remember(
    connection: Connection,
    name: str,
    asked: str,
    validators: Validators,
    fresh_until: datetime | None,
) -> None:
    """After a whole reading."""
    forget(connection, name)
    connection.execute(
        insert(FeedRow).values(
            name=name,
            asked=asked,
            etag=validators.etag,
            last_modified=validators.last_modified,
            read_at=datetime.now(UTC),
            fresh_until=fresh_until,
        )
    )


def confirm(connection: Connection, name: str) -> str:
    """Note that a source is still as it was read; its format."""
    connection.execute(
        update(SourceRow).where(SourceRow.name == name).values(completed_at=datetime.now(UTC))
    )
    found = connection.scalar(select(SourceRow.format).where(SourceRow.name == name))
    return found or ""


def _file_name(address: Address) -> str:
    """A name whose suffix tells the format, as far as the address does."""
    name = PurePosixPath(address.target.partition("?")[0]).name
    return re.sub(r"[^\w.-]+|^\.+", "_", name)[-80:] or "feed"


def _sweep(folder: Path) -> None:
    """Remove the downloads of processes that were killed."""
    for old in folder.glob(f"{DRAFT}*"):
        try:
            if time.time() - old.stat().st_mtime > FORGOTTEN:
                shutil.rmtree(old, ignore_errors=True)
        except OSError:  # its owner was quicker
            continue
