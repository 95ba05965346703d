"""Finds and removes what a home no longer needs: rejects, photos, vectors, encoders, thumbnails.

Each part is looked through under the lock of those who write it, so nothing that is being written
is taken for a leftover. Whether something is needed is decided by what refers to it, not by its
age: a clock may be wrong.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from catalog.database.database import Database
from catalog.errors import Busy as CatalogBusy
from catalog.errors import CatalogError, DatabaseError
from catalog.fetching.download_status import forget_unused, known_hashes
from catalog.fetching.photo_store import FOLDER as PHOTOS
from catalog.fetching.run import fetch_lock
from catalog.fetching.shared_leftovers import DAYS, remove_leftovers
from catalog.ingest.rejects import superfluous_rejects
from catalog.photos.shared_photos import SharedPhotos
from catalog.settings import CatalogSettings
from engine.embedding.caches.choose import has_cache, open_cache
from engine.encoders.runtime.store import unused
from engine.errors import Busy, CacheError
from engine.index.generation import fingerprints_on_disk
from engine.index.lock import LOCK, exclusive_lock
from engine.models import resolved
from engine.settings import EngineSettings

THUMBS = "thumbs"
STORED = re.compile(r"([0-9a-f]{64})(?:-\d+)?\.(?:jpg|png|webp|avif)")  # a photo or a thumbnail
DRAFT = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")  # see `catalog.files.replacing`
DAY = 86_400.0
BATCH = 2_000  # files that are looked up at once
LEAST = 100  # fewer photos than that may always be removed
ENCODERS = 3  # that vectors were saved of last, and are kept, beside those of the generations
SHARED = "they stay: other homes may use them; delete their folders if none does"


@dataclass(frozen=True, slots=True)
class Leftover:
    """What is not needed, of one kind.

    Attributes:
        kind: for people, such as "fetched photos that no product shows".
        count: files, or rows of the vector cache.
        bytes: what they take on disk.
        note: why they stay for now; empty if they may be removed.
    """

    kind: str
    count: int
    bytes: int
    note: str = ""


class Tidying:
    """Looks through a home and removes what it does not need.

    Args:
        db: its catalogue.
        caps, settings: of catalogue and engine.
    """

    def __init__(self, db: Database, caps: CatalogSettings, settings: EngineSettings) -> None:
        self._db, self._caps, self._settings = db, caps, settings
        self._home = caps.resolved_home

    def run(
        self, *, remove: bool, most_share: float = 1.0, seconds: float | None = None
    ) -> tuple[Leftover, ...]:
        """Find what is not needed, and remove it.

        Args:
            remove: False only finds it.
            most_share: where more than this share of the fetched photos, and more than `LEAST`,
                are not needed, they stay: the catalogue may be a wrong or an empty one.
            seconds: after which the rest of the shared photos is left for the next time; None:
                all are looked through.

        Returns:
            What was found, without kinds of which there is nothing.

        Raises:
            catalog.errors.DatabaseError: the catalogue cannot be read.
        """
        parts: tuple[Callable[[bool, float], Leftover], ...] = (
            self._rejects,
            self._photos,
            self._thumbnails,
            self._vectors,
            self._encoders,
            self._drafts,
        )
        found = []
        for part in parts:
            try:
                leftover = part(remove, most_share)
            except (Busy, CatalogBusy) as error:
                leftover = Leftover(_kind_of(part), 0, 0, f"not looked through: {error}")
            found.append(leftover)
        found += self._shared_photos(remove, most_share, seconds)
        return tuple(one for one in found if one.count or one.note)

    def _rejects(self, remove: bool, _: float) -> Leftover:
        files = superfluous_rejects(self._home / "rejects")
        return _take("older rejects files", files, remove)

    def _photos(self, remove: bool, most_share: float) -> Leftover:
        kind = "fetched photos that no product shows"
        with fetch_lock(self._caps):
            folder = self._home / PHOTOS
            files = list(self._unknown(folder))
            there = sum(1 for _ in _stored(folder)) if len(files) > LEAST else 0
            if len(files) > max(LEAST, most_share * there):
                note = "they stay: is this the right catalogue? `lookalike tidy` removes them"
                return Leftover(kind, len(files), _bytes(files), note)
            if remove:
                with self._db.write() as connection, connection.begin():
                    forget_unused(connection)
            return _take(kind, files, remove)

    def _shared_photos(
        self, remove: bool, most_share: float, seconds: float | None
    ) -> tuple[Leftover, ...]:
        shared = SharedPhotos.of(self._caps)
        if shared is None:
            return ()
        aside = f"shared photos that no product shows, kept {DAYS} more days"
        try:
            found = remove_leftovers(
                self._db, shared, remove=remove, most_share=most_share, seconds=seconds
            )
        except DatabaseError:
            raise
        except CatalogError as error:
            return (Leftover(aside, 0, 0, f"not looked through: {error}"),)
        return (
            Leftover(aside, found.aside, found.aside_bytes, found.note),
            Leftover("shared photos after these days", found.deleted, found.deleted_bytes),
        )

    def _thumbnails(self, remove: bool, _: float) -> Leftover:
        files = list(self._unknown(self._home / THUMBS))
        return _take("thumbnails of photos that no product shows", files, remove)

    def _vectors(self, remove: bool, _: float) -> Leftover:
        kind = "cached vectors of earlier encoders"
        if not has_cache(self._settings):
            return Leftover(kind, 0, 0)
        index = self._settings.index_dir
        with exclusive_lock(index / LOCK):
            try:
                with open_cache(self._settings) as cache:
                    kept = {*fingerprints_on_disk(index), *cache.last_saved(ENCODERS)}
                    count, size = cache.size_without(kept)
                    if cache.shared:
                        note = SHARED if count else ""
                        return Leftover(kind, count, size, note)
                    if remove and count:
                        cache.keep_only(kept)
            except CacheError as error:
                return Leftover(kind, 0, 0, f"not looked through: {error}")
        return Leftover(kind, count, size)

    def _encoders(self, remove: bool, _: float) -> Leftover:
        """Encoders converted for ONNX Runtime; one that is missed is converted again in seconds."""
        kept = fingerprints_on_disk(self._settings.index_dir)
        if has_cache(self._settings):
            with suppress(CacheError), open_cache(self._settings) as cache:
                kept |= {*cache.last_saved(ENCODERS)}
        folders = unused(resolved(self._settings.encoder), self._settings.models_dir, kept)
        size = _bytes(path for folder in folders for path in folder.rglob("*"))
        for folder in folders if remove else ():
            shutil.rmtree(folder, ignore_errors=True)
        return Leftover("converted encoders that nothing uses", len(folders), size)

    def _drafts(self, remove: bool, _: float) -> Leftover:
        """Files that a killed process had begun; they have no lock, so only very old ones go."""
        latest = time.time() - DAY
        files = [
            path
            for folder in ("", "rejects", THUMBS, f"{THUMBS}/*", "index/*")
            for path in self._home.glob(f"{folder}/.*.tmp" if folder else ".*.tmp")
            if DRAFT.fullmatch(path.name) and _modified(path) < latest
        ]
        return _take("drafts of killed processes", files, remove)

    def _unknown(self, folder: Path) -> Iterator[Path]:
        """Photos or thumbnails whose content the catalogue does not have."""
        stored = _stored(folder)
        while some := dict(islice(stored, BATCH)):
            with self._db.read() as connection:
                known = known_hashes(connection, set(some.values()))
            yield from (path for path, content in some.items() if content not in known)


def summarise(found: Sequence[Leftover]) -> str:
    """What was found in a few words: "12 older rejects files, 3.4 MB"."""
    kinds = [f"{one.count:,} {one.kind}" for one in found if one.count and not one.note]
    size = sum(one.bytes for one in found if not one.note)
    return f"{', '.join(kinds)}, {size / 1e6:,.1f} MB" if kinds else "nothing"


def _kind_of(part: Callable[[bool, float], Leftover]) -> str:
    return part.__name__.strip("_")


def _stored(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files of a store of photos, and the SHA-256 in their names."""
    for path in folder.glob("??/*"):
        if found := STORED.fullmatch(path.name):
            yield path, found[1]


def _take(kind: str, files: Iterable[Path], remove: bool) -> Leftover:
    files = list(files)
    size = _bytes(files)
    for path in files if remove else ():
        with suppress(OSError):  # it stays until the next time
            path.unlink()
    return Leftover(kind, len(files), size)


def _bytes(files: Iterable[Path]) -> int:
    total = 0
    for path in files:
        with suppress(OSError):
            total += path.stat().st_size
    return total


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
