"""Checks photo files for the catalogue, reading again only those that changed.

Files are read and hashed in threads of this process, and decoded by the confined processes of
`catalog.photos.shared_pool`, a few at a time.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import PhotoError
from catalog.photos.photo_file import open_file
from catalog.photos.shared_photos import SharedPhotos
from catalog.photos.shared_pool import PROCESSES, measure
from catalog.records import PhotoState
from catalog.settings import CatalogSettings


@dataclass(frozen=True, slots=True)
class CheckedPhoto:
    """Facts of a photo file that was read to its end.

    ``path`` is relative to the root; ``content_hash`` the SHA-256 of the file's bytes in hex;
    ``width`` and ``height`` are in pixels, after turning it upright.
    """

    path: str
    content_hash: str
    width: int
    height: int
    bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What the catalogue stores about a photo. The field names are those of the table."""

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
        """The facts that readers of the catalogue see; not the time of the last change."""
        return (self.given, self.state, self.path, self.content_hash, self.code)


class PhotoChecker:
    """Checks photos below one root, several at a time.

    Args:
        root: the folder of the source, links resolved.
        settings: the limits on bytes and pixels.
        tick: called after each photo.
    """

    def __init__(self, root: Path, settings: CatalogSettings, tick: Callable[[], None]) -> None:
        self._root = root
        self._settings = settings
        self._tick = tick
        self._pool = ThreadPoolExecutor(PROCESSES, "photo")

    def check(
        self, photos: Iterable[str], known: Mapping[str, PhotoFacts]
    ) -> dict[str, PhotoFacts]:
        """The facts of each photo.

        Args:
            photos: paths as the source writes them.
            known: path as written -> its facts from an earlier ingest.
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
        # A rejected photo is always read again: the limits may have changed.
        if known is None or known.state != PhotoState.READY or known.path is None:
            return None
        assert known.width and known.height and known.bytes  # every ready photo has them
        try:
            # Resolved again, since a folder may have become a link.
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

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)


def check_photo(root: Path, relative: str, settings: CatalogSettings) -> CheckedPhoto:
    """Read a photo to its end and measure it.

    Args:
        root: the folder that the photo must be in, links resolved; see `locate`.
        relative: its path as the source writes it.
        settings: the limits on bytes and pixels.

    Raises:
        PhotoError: as `locate`, `catalog.photos.photo_file.open_file` and
            `catalog.photos.shared_pool.measure`.
        DecoderDied: no photo can be decoded.
        CatalogError: it cannot be kept for other servers; see `catalog.photos.shared_photos`.
    """
    path = locate(root, relative)
    try:
        stream, facts = open_file(path, settings.max_photo_bytes, shown=relative)
    except PhotoError as error:
        if error.code == "missing":
            raise PhotoError("missing", f"{error} It was looked for at {path}.") from error
        raise
    with stream:
        data = stream.read()
    width, height = measure(data, settings.max_photo_pixels, relative)
    content_hash = hashlib.sha256(data).hexdigest()
    if (shared := SharedPhotos.of(settings)) is not None:
        shared.put(content_hash, data)
    return CheckedPhoto(
        path=path.relative_to(root).as_posix(),
        content_hash=content_hash,
        width=width,
        height=height,
        bytes=len(data),
        mtime_ns=facts.st_mtime_ns,
    )


def locate(root: Path, relative: str) -> Path:
    """The resolved path of a photo inside ``root``, which must be resolved already.

    Raises:
        PhotoError: ``remote`` for an address, ``outside`` for a path or link that leaves the root.
    """
    if "://" in relative:
        raise PhotoError(
            "remote",
            f"{relative} is an address, not a path below the source's folder.",
        )
    try:
        path = (root / relative).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a NUL in the name
        raise PhotoError("missing", f"{relative!r} is no usable path: {error}.") from error
    if not path.is_relative_to(root) and relative.startswith("/") and ".." not in relative:
        raise PhotoError(
            "outside",
            f"{relative} begins with a slash and names no host. Write the whole address, such as "
            f"https://shop.example{relative}, or a path below the source's folder {root}.",
        )
    if not path.is_relative_to(root):
        raise PhotoError(
            "outside",
            f"{relative} leads out of the source's folder {root}. Put the photo inside of it.",
        )
    return path
