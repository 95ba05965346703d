"""Downloads one photo, checks it, and stores it."""

from catalog.errors import FetchError, PhotoError
from catalog.fetching.addresses import parse_address
from catalog.fetching.client import Client, Limits, Validators
from catalog.fetching.download_results import DownloadResult
from catalog.fetching.download_status import DownloadStatus
from catalog.fetching.photo_store import PhotoStore
from catalog.settings import CatalogSettings

# The formats that we decode, so that a host which could send AVIF does not.
ACCEPT = "image/webp,image/jpeg,image/png,image/*;q=0.5,*/*;q=0.1"
MAX_VALIDATOR_LENGTH = 1_000  # characters


class PhotoFetcher:
    """Downloads photos into the store. Safe to share between threads."""

    def __init__(self, client: Client, store: PhotoStore, settings: CatalogSettings) -> None:
        self._client = client
        self._store = store
        self._limits = Limits(
            settings.max_photo_bytes, settings.fetch_seconds, "LOOKALIKE_MAX_PHOTO_BYTES"
        )

    def fetch(self, status: DownloadStatus) -> DownloadResult:
        """Downloads the photo of an address; if we have one, only if it has changed since.

        Raises:
            OSError: the store cannot be written.
        """
        stored = status.photo
        if stored and not self._store.has(stored.path, stored.bytes):
            stored = None
        known = status.validators if stored else None
        try:
            address = parse_address(status.address)
            with self._store.draft() as draft:
                response = self._client.download(
                    address, draft, self._limits, accept=ACCEPT, known=known
                )
                photo = self._store.keep(draft, address.shown) if response.modified else stored
        except FetchError as error:
            return DownloadResult(status, code=error.code, reason=str(error), wait=error.wait)
        except PhotoError as error:
            return DownloadResult(status, code=error.code, reason=str(error))
        return DownloadResult(status, photo, _storable(response.validators))


def _storable(found: Validators) -> Validators:
    """The validators, without values that are too long or unprintable."""
    etag, last_modified = (
        value if value and len(value) <= MAX_VALIDATOR_LENGTH and value.isprintable() else None
        for value in (found.etag, found.last_modified)
    )
    return Validators(etag, last_modified)
