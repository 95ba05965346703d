"""Fetch one photo: ask for it, check it, store it, and say what came of it."""

from catalog.errors import FetchError, PhotoError
from catalog.fetching.addresses import parse_address
from catalog.fetching.book import Entry
from catalog.fetching.client import Client, Limits, Validators
from catalog.fetching.saving import Outcome
from catalog.fetching.store import PhotoStore
from catalog.settings import CatalogSettings

# What we read, so that a host which could send AVIF does not.
ACCEPT = "image/webp,image/jpeg,image/png,image/*;q=0.5,*/*;q=0.1"


class PhotoFetcher:
    """Gets photos into the store. Safe to share between threads."""

    def __init__(self, client: Client, store: PhotoStore, settings: CatalogSettings) -> None:
        self._client = client
        self._store = store
        self._limits = Limits(
            settings.max_photo_bytes, settings.fetch_seconds, "LOOKALIKE_MAX_PHOTO_BYTES"
        )

    def get(self, entry: Entry) -> Outcome:
        """Ask for the photo of an entry, on condition that it changed if we have one.

        Raises:
            OSError: the store cannot be written.
        """
        had = entry.photo if entry.photo and self._has(entry) else None
        known = entry.validators if had else None
        try:
            address = parse_address(entry.address)
            with self._store.draft() as draft:
                answer = self._client.download(
                    address, draft, self._limits, accept=ACCEPT, known=known
                )
                photo = self._store.keep(draft, address.shown) if answer.modified else had
        except FetchError as error:
            return Outcome(entry, code=error.code, reason=str(error), wait=error.wait)
        except PhotoError as error:
            return Outcome(entry, code=error.code, reason=str(error))
        return Outcome(entry, photo, Validators(*_bounded(answer.validators)))

    def _has(self, entry: Entry) -> bool:
        return entry.photo is not None and self._store.has(entry.photo.path, entry.photo.bytes)


def _bounded(found: Validators) -> tuple[str | None, str | None]:
    """What is worth to be kept: a server may send anything."""
    etag, modified = (
        value if value and len(value) <= 1_000 and value.isprintable() else None
        for value in (found.etag, found.last_modified)
    )
    return etag, modified
