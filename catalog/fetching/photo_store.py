"""Downloaded photos on disk: each content once, named by its SHA-256, whole or not at all."""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from catalog.errors import CatalogError, PhotoError
from catalog.files import sync
from catalog.photos.check import CheckedPhoto, check_photo
from catalog.photos.shared_photos import SharedPhotos
from catalog.photos.shared_pool import PROCESSES
from catalog.settings import CatalogSettings

FOLDER = "photos"
DRAFT_PREFIX = ".fetch-"


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo in the store; ``path`` is below the home, as in ``photos/ab/ab12….jpg``."""

    path: str
    content_hash: str
    width: int
    height: int
    bytes: int


class PhotoStore:
    """The folder ``photos`` of a home. Safe to share between threads."""

    def __init__(self, settings: CatalogSettings) -> None:
        self.home = settings.resolved_home
        self._settings = settings
        self._folder = self.home / FOLDER
        self._checking = threading.BoundedSemaphore(PROCESSES)  # each holds a photo in memory
        self._unsynced: set[Path] = set()
        self._lock = threading.Lock()

    @contextmanager
    def draft(self) -> Iterator[IO[bytes]]:
        """An empty file for a download, on the store's disk; it is removed after the block."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=self._folder, prefix=DRAFT_PREFIX, delete=False
        ) as stream:
            try:
                yield stream
            finally:
                Path(stream.name).unlink(missing_ok=True)

    def keep(self, draft: IO[bytes], shown: str) -> StoredPhoto:
        """Checks a draft as ingest checks photos, and renames it to its name in the store.

        Args:
            draft: from `draft`, with the whole download.
            shown: its address, for messages.

        Raises:
            PhotoError: it is not a photo that we accept.
            DecoderDied: no photo can be decoded.
            OSError: it cannot be written.
        """
        draft.flush()
        folder, name = self._folder.resolve(), Path(draft.name).name
        try:
            with self._checking:
                checked = check_photo(folder, name, self._settings)
        except PhotoError as error:
            raise PhotoError(error.code, str(error).replace(name, shown)) from error
        suffix = _suffix(draft)
        relative = f"{checked.content_hash[:2]}/{checked.content_hash}{suffix}"
        self._put(draft, self._folder / relative, checked)
        return StoredPhoto(
            f"{FOLDER}/{relative}",
            checked.content_hash,
            checked.width,
            checked.height,
            checked.bytes,
        )

    def has(self, path: str, size: int | None) -> bool:
        """Whether a stored photo is still there, with ``size`` bytes, or kept for all servers."""
        if self._is_here(path, size):
            return True
        shared = SharedPhotos.of(self._settings)
        return shared is not None and shared.has(Path(path).stem, size)

    def _is_here(self, path: str, size: int | None) -> bool:
        try:
            return (self.home / path).stat().st_size == size
        except OSError:
            return False

    def sync(self) -> None:
        """Flushes the names of the photos stored since the last call to the disk."""
        with self._lock:
            folders, self._unsynced = self._unsynced, set()
        for folder in folders:
            sync(folder)

    def remove_drafts(self) -> None:
        """Removes the drafts of a run that was killed. No other run may be active."""
        for draft in self._folder.glob(f"{DRAFT_PREFIX}*"):
            draft.unlink(missing_ok=True)

    def _put(self, draft: IO[bytes], to: Path, checked: CheckedPhoto) -> None:
        if self._is_here(str(to), checked.bytes):
            return
        to.parent.mkdir(exist_ok=True)
        os.fsync(draft.fileno())
        Path(draft.name).chmod(0o644)  # like other files of the home; a draft is private
        Path(draft.name).replace(to)
        with self._lock:
            self._unsynced |= {self._folder, to.parent}


def storage_error(error: OSError, home: Path) -> CatalogError:
    """Our error for photos that cannot be written."""
    return CatalogError(
        f"Photos cannot be stored in {home / FOLDER}: {error.strerror}. The photos fetched so far "
        "are kept; run `lookalike fetch` again when there is space."
    )


def _suffix(draft: IO[bytes]) -> str:
    with Path(draft.name).open("rb") as stream:
        start = stream.read(12)
    if start.startswith(b"\x89PNG"):
        return ".png"
    return ".webp" if start[8:12] == b"WEBP" else ".jpg"
