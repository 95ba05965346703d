"""The styles of a home: where they are stored, and how a long-lived process follows them."""

import hashlib
import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

from catalog.database.database import Database
from catalog.errors import CatalogError
from catalog.files import write_whole
from catalog.servers.shared_styles import SharedStyles
from engine.applications.followed_file import FollowedFile
from engine.applications.styles.styles import FILE, Styles
from engine.errors import BrokenStyles, EngineError
from engine.settings import EngineSettings
from engine.storage import storage_errors

log = logging.getLogger(__name__)
LOOK_SECONDS = 30.0  # from one look at what other servers stored to the next


def styles_file(settings: EngineSettings) -> Path:
    """Where `lookalike clusters` stores the styles of a home."""
    return settings.resolved_home / FILE


def copy_shared(settings: EngineSettings, db: Database) -> bool:
    """Copy what another home stored last, where several homes share an index.

    Args:
        settings: of this home.
        db: the catalogue's database.

    Returns:
        Whether something was copied.

    Raises:
        catalog.errors.DatabaseError: the database cannot be read.
        StorageError: this home cannot be written.
    """
    if not settings.index_is_shared:
        return False
    path, shared = styles_file(settings), SharedStyles(db)
    digest = shared.digest()
    if digest is None or (path.exists() and digest == _digest(path)):
        return False
    content = shared.read()
    if content is None:  # removed meanwhile
        return False
    with storage_errors(path.parent, "Styles", "The next look copies them."):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    return True


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class StyleBook:
    """The stored styles, read again when another run replaced them; safe to share by threads.

    Args:
        path: see `styles_file`.
        copy: makes the file what another server stored last, see `copy_shared`. It is called in
            a thread, so that no request waits, at most once in `LOOK_SECONDS`.
    """

    def __init__(self, path: Path, copy: Callable[[], object] | None = None) -> None:
        self._path = path
        self._copy, self._copying = copy, threading.Lock()
        self._look_at = -math.inf
        self._file = FollowedFile(path, self._read)

    def current(self) -> Styles | None:
        """The styles; None if none were found yet.

        A file that cannot be read is logged, and the styles before stay, if there are any.
        """
        self._look()
        return self._file.current()

    def _look(self) -> None:
        """Start a copy of what another server stored, if it is time for a look."""
        if self._copy is None or time.monotonic() < self._look_at:
            return
        if self._copying.acquire(blocking=False):
            self._look_at = time.monotonic() + LOOK_SECONDS
            threading.Thread(target=self._copy_once, name="styles copy", daemon=True).start()

    def _copy_once(self) -> None:
        try:
            if self._copy is not None:
                self._copy()
        except (CatalogError, EngineError, OSError) as error:
            log.warning("The styles of other servers cannot be copied: %s", error)
        finally:
            self._copying.release()

    def _read(self, before: Styles | None) -> Styles | None:
        try:
            return Styles.load(self._path)
        except BrokenStyles as error:
            log.error("%s", error)
            return before


def open_book(settings: EngineSettings, database: Callable[[], Database]) -> StyleBook:
    """The styles of a home, or of all homes that share its index.

    Args:
        settings: of the home.
        database: gives that of the catalogue; called only where an index is shared.
    """
    path = styles_file(settings)
    if not settings.index_is_shared:
        return StyleBook(path)
    return StyleBook(path, lambda: copy_shared(settings, database()))
