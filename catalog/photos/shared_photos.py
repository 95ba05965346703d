"""Photos that several servers share: in a folder or object store, each once, named by its SHA-256.

Whoever checks a photo, in an ingest or a fetch, keeps it there before the catalogue shows it.
A home that lacks the file of a photo, or has another one in its place, reads it from there, checks
its digest and keeps it: in a folder of limited size, from which those used longest ago go.
"""

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import IO

from catalog.errors import CatalogError, PhotoError
from catalog.files import replacing
from catalog.photos.decode_worker import Pixels, Request
from catalog.settings import CatalogSettings
from catalog.shared_files import open_shared

log = logging.getLogger(__name__)

FOLDER, REMOVED = "photos", "photos-removed"  # of the shared files
CATALOGUES = "photo-catalogues"  # of the shared files: one file for each
COPIES = "photo-copies"  # of a home
PAUSE = 10.0  # seconds until a store that did not answer, or a harmed photo, is read again
MOST_HARMED = 1_000  # that are remembered
LOOK_SHARE = 0.1  # of the limit: so much is added by one process until it looks for the oldest


class HarmedPhoto(Exception):
    """What is there under a photo's name is something else."""


class SharedPhotos:
    """The photos at one address, and the copies of them in a home. Safe to share between threads.

    Args:
        address: see `catalog.shared_files`.
        home: of the copies.
        max_bytes: of one photo.
        most: bytes of all copies.
    """

    def __init__(self, address: str, home: Path, max_bytes: int, most: int) -> None:
        self.files = open_shared(address)
        self._claimed: set[str] = set()
        self._copies = home / COPIES
        self._max_bytes, self._most = max_bytes, most
        self._lock = threading.Lock()
        self._added: float = most  # so that the first copy looks for the oldest
        self._next_try = 0.0
        self._harmed: dict[str, float] = {}  # content hash -> when it is read again

    @staticmethod
    def of(settings: CatalogSettings) -> "SharedPhotos | None":
        """Those of the settings; None if there are none."""
        if settings.photos is None:
            return None
        most = settings.photo_copies_mb * 1_000_000
        return _opened(settings.photos, settings.resolved_home, settings.max_photo_bytes, most)

    def has(self, content_hash: str, size: int | None) -> bool:
        """Whether a photo of this many bytes is there.

        Raises:
            CatalogError: the folder or store cannot be used.
        """
        return size is not None and size in self._sizes(content_hash)

    def has_any(self, content_hash: str) -> bool:
        """Whether a photo is there.

        Raises:
            CatalogError: the folder or store cannot be used.
        """
        return any(size is not None for size in self._sizes(content_hash))

    def put(self, content_hash: str, data: bytes) -> bool:
        """Keep a photo; False if it is there already.

        Raises:
            CatalogError: the folder or store cannot be used.
        """
        try:
            if self.files.size(key_of(content_hash)) == len(data):
                return False
            self.files.write(key_of(content_hash), data)
        except OSError as error:
            raise self.error("written", error) from error
        return True

    def claim(self, catalogue: str) -> None:
        """Leave the name of a catalogue that keeps photos here; once a process.

        Raises:
            CatalogError: the folder or store cannot be used.
        """
        if catalogue in self._claimed:
            return
        try:
            if self.files.size(f"{CATALOGUES}/{catalogue}") is None:
                self.files.write(f"{CATALOGUES}/{catalogue}", b"")
        except OSError as error:
            raise self.error("written", error) from error
        self._claimed.add(catalogue)

    def copy(self, content_hash: str) -> Path | None:
        """The file of a photo in this home, copied if it is not there; None if there is none."""
        path = self._copies / content_hash[:2] / content_hash
        with suppress(OSError):
            os.utime(path)
            return path
        now = time.monotonic()
        if now < self._next_try or now < self._harmed.get(content_hash, now):
            return None
        try:
            return path if self._fetch(content_hash, path) else None
        except FileNotFoundError:
            return None
        except HarmedPhoto:  # the others are as good as before
            with self._lock:
                if len(self._harmed) >= MOST_HARMED:
                    self._harmed.clear()
                self._harmed[content_hash] = time.monotonic() + PAUSE
            log.warning(
                "%s/%s is another file than its name says, or too large. Delete it, and run "
                "`lookalike share-photos` where the photo is.",
                self.files.address,
                key_of(content_hash),
            )
            return None
        except OSError as error:
            self._next_try = time.monotonic() + PAUSE
            log.warning("%s", self.error("copied", error))
            return None

    def _fetch(self, content_hash: str, path: Path) -> bool:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, durable=False) as draft:
            with draft.open("wb") as stream:
                size = self._read_into(content_hash, stream)
            with draft.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
            if found != content_hash:
                raise HarmedPhoto  # so the draft does not take its name
        self._make_room(size)
        return True

    def _read_into(self, content_hash: str, stream: IO[bytes]) -> int:
        try:
            return self.files.read_into(key_of(content_hash), stream, self._max_bytes + 1)
        except FileNotFoundError:
            return self.files.read_into(key_of(content_hash, REMOVED), stream, self._max_bytes + 1)

    def _sizes(self, content_hash: str) -> Iterator[int | None]:
        """The bytes of a photo, and of one that was moved aside."""
        try:
            for folder in (FOLDER, REMOVED):
                yield self.files.size(key_of(content_hash, folder))
        except OSError as error:
            raise self.error("read", error) from error

    def _make_room(self, size: int) -> None:
        with self._lock:
            self._added += size
            if self._added < self._most * LOOK_SHARE:
                return
            self._added = 0
        found = []
        for path in self._copies.glob("??/*"):
            with suppress(OSError):
                facts = path.stat()
                found.append((facts.st_mtime_ns, facts.st_size, path))
        total = sum(one[1] for one in found)
        for _, bytes_, path in sorted(found, key=lambda one: one[0]):
            if total <= self._most * (1 - LOOK_SHARE):
                break
            path.unlink(missing_ok=True)
            total -= bytes_

    def error(self, what: str, error: OSError) -> CatalogError:
        """That photos cannot be ``what``, such as "read"."""
        return CatalogError(
            f"Photos in {self.files.address} (LOOKALIKE_PHOTOS) cannot be {what}: {error}. Check "
            "that the folder or store can be reached, then run the command again."
        )


def with_copies(
    run: Callable[[Request], Pixels], request: Request, settings: CatalogSettings | None
) -> Pixels:
    """Decode the photo of a request; where its file is gone or another one, a copy of it.

    Raises:
        PhotoError: as ``run``.
    """
    try:
        return run(request)
    except PhotoError as error:
        shared = SharedPhotos.of(settings) if settings is not None else None
        if error.code not in ("missing", "changed") or not request.content_hash or shared is None:
            raise
        path = shared.copy(request.content_hash)
        if path is None:
            raise
        return run(replace(request, path=str(path)))


@lru_cache(maxsize=8)
def _opened(address: str, home: Path, max_bytes: int, most: int) -> SharedPhotos:
    return SharedPhotos(address, home, max_bytes, most)


def key_of(content_hash: str, folder: str = FOLDER) -> str:
    """The key of a photo in one of the folders."""
    return f"{folder}/{content_hash[:2]}/{content_hash}"
