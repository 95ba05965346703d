"""The map of a home: where it is stored, and how a long-lived process follows it.

map/
├── CURRENT              the name of the map that is shown
├── LOCK                 held by the only run that may write here
├── .building-*          of an unfinished or killed run; removed by the next one
└── 20261128T031500-1a2b3c4d/   see `engine.applications.map.parts`

A map is written beside the one that is shown, and never changed, so its files may be cached for
ever. The one before stays, for pages that are still open.
"""

import logging
import re
import secrets
import shutil
from collections.abc import Callable, Collection
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

from catalog import lock
from catalog.errors import Busy as CatalogBusy
from catalog.files import sync, write_whole
from engine.applications.followed_file import FollowedFile
from engine.applications.map import parts
from engine.applications.map.stored import StoredMap
from engine.errors import BrokenMap, Busy
from engine.settings import EngineSettings
from engine.storage import storage_errors

log = logging.getLogger(__name__)
FOLDER, CURRENT, LOCK, BUILDING = "map", "CURRENT", "LOCK", ".building-"
AGAIN = "Then run `lookalike map` again."
NAMED = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")


def map_folder(settings: EngineSettings) -> Path:
    """Where the maps of a home are stored."""
    return settings.resolved_home / FOLDER


def publish_map(folder: Path, build: Callable[[Path], object]) -> StoredMap:
    """Have a map written beside the one that is shown, and show it.

    Args:
        folder: see `map_folder`.
        build: called with an empty folder, to write the map's files into.

    Raises:
        Busy: another process makes one.
        StorageError: it cannot be written.
        BrokenMap: what was written is no map.
    """
    with ExitStack() as held:
        try:
            held.enter_context(lock.exclusive_lock(folder / LOCK, "making of a map"))
        except CatalogBusy as error:
            raise Busy(str(error)) from error
        for leftover in folder.glob(f"{BUILDING}*"):
            shutil.rmtree(leftover)
        before = None
        with suppress(OSError, UnicodeDecodeError):  # a harmed one is replaced
            before = _shown_name(folder)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        draft = folder / f"{BUILDING}{name}"
        try:
            with storage_errors(folder, "The map", AGAIN):
                draft.mkdir()
                build(draft)
                for path in draft.iterdir():
                    sync(path)
                sync(draft)
                draft.rename(folder / name)
                found = StoredMap.load(folder / name)
                write_whole(folder / CURRENT, f"{name}\n")
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        _prune(folder, {name, before})
        return found


def shown_map(folder: Path) -> StoredMap | None:
    """The map that a folder's `CURRENT` names; None if none was made yet.

    Raises:
        BrokenMap: it cannot be read.
    """
    try:
        name = _shown_name(folder)
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenMap(f"{folder / CURRENT} cannot be read: {error}. {AGAIN}") from error
    if name is None:
        return None
    if not NAMED.fullmatch(name):
        raise BrokenMap(f"{folder / CURRENT} names no map. Run `lookalike map` again.")
    return StoredMap.load(folder / name)


class MapBook:
    """The map of a home, read again when another run replaced it; safe to share by threads.

    Args:
        folder: see `map_folder`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pointer = FollowedFile(folder / CURRENT, self._read)

    def current(self) -> StoredMap | None:
        """The map; None if none was made yet.

        One that cannot be read is logged, and the one before stays, if there is one.
        """
        return self._pointer.current()

    def file(self, name: str, part: str) -> Path | None:
        """A file of a map that is still stored; None if there is none.

        Args:
            name: of the map; anything that a visitor may send.
            part: the file's name, likewise.
        """
        if not (NAMED.fullmatch(name) and parts.NAME.fullmatch(part)):
            return None
        path = self._folder / name / part
        return path if path.is_file() else None

    def _read(self, before: StoredMap | None) -> StoredMap | None:
        try:
            return shown_map(self._folder)
        except BrokenMap as error:
            log.error("%s", error)
            return before


def _shown_name(folder: Path) -> str | None:
    """The name in `CURRENT`; None if none was made yet."""
    try:
        return (folder / CURRENT).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def _prune(folder: Path, kept: Collection[str | None]) -> None:
    """Remove all maps but those of these names."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)
