"""Check the photos of a batch of products, reading again only the files that changed."""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from catalog.errors import PhotoError
from catalog.photos.photo_file import check_photo, locate
from catalog.records import PhotoState
from catalog.settings import CatalogSettings


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What the catalogue keeps of a photo. The field names are those of the table."""

    given: str
    state: str
    path: str | None = None
    content_hash: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    mtime_ns: int | None = None
    code: str | None = None
    reason: str | None = None
    fetch_key: str | None = None

    @property
    def content(self) -> tuple[object, ...]:
        """What readers of the catalogue see; a file that was only touched is still the same."""
        return (self.given, self.state, self.path, self.content_hash, self.code)


class PhotoChecker:
    """Checks photos below one root, several at a time: decoding runs outside of Python's lock."""

    def __init__(self, root: Path, settings: CatalogSettings, tick: Callable[[], None]) -> None:
        self._root = root
        self._settings = settings
        self._tick = tick
        self._pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1), "photo")

    def check(
        self, photos: Iterable[str], known: Mapping[str, PhotoFacts]
    ) -> dict[str, PhotoFacts]:
        """The facts of each photo.

        Args:
            photos: paths as the source wrote them.
            known: path as written -> what the catalogue has of it from an earlier ingest.
        """
        facts, unread = {}, []
        for given in dict.fromkeys(photos):
            same = self._unchanged(known.get(given))
            if same is None:
                unread.append(given)
            else:
                facts[given] = same
                self._tick()
        for checked in self._pool.map(self._read, unread):
            facts[checked.given] = checked
            self._tick()
        return facts

    def _unchanged(self, known: PhotoFacts | None) -> PhotoFacts | None:
        # A rejected photo is always read again: the limits may be others now.
        if known is None or known.state != PhotoState.READY or known.path is None:
            return None
        assert known.width and known.height and known.bytes  # every ready photo has them
        try:
            # The path is looked up afresh, since what was a folder may be a link by now.
            path = locate(self._root, known.given)
            found = path.stat()
        except (OSError, PhotoError):
            return None
        if path.relative_to(self._root).as_posix() != known.path:
            return None
        if (found.st_size, found.st_mtime_ns) != (known.bytes, known.mtime_ns):
            return None
        if known.width * known.height > self._settings.max_photo_pixels:
            return None
        return known if known.bytes <= self._settings.max_photo_bytes else None

    def _read(self, given: str) -> PhotoFacts:
        try:
            checked = check_photo(self._root, given, self._settings)
        except PhotoError as error:
            return PhotoFacts(given, PhotoState.REJECTED, code=error.code, reason=str(error))
        return PhotoFacts(
            given,
            PhotoState.READY,
            checked.path,
            checked.content_hash,
            checked.width,
            checked.height,
            checked.bytes,
            checked.mtime_ns,
        )

    def __enter__(self) -> "PhotoChecker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
