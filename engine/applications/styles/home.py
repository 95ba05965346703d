"""The styles of a home: where they are stored, and how a long-lived process follows them."""

import logging
import threading
from pathlib import Path

from engine.applications.styles.styles import FILE, Styles
from engine.errors import BrokenStyles
from engine.settings import EngineSettings

log = logging.getLogger(__name__)
Stamp = tuple[int, int, int]


def styles_file(settings: EngineSettings) -> Path:
    """Where `lookalike clusters` stores the styles of a home."""
    return settings.resolved_home / FILE


class StyleBook:
    """The stored styles, read again when another run replaced them; safe to share by threads.

    Args:
        path: see `styles_file`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._held: tuple[Stamp | None, Styles | None] = (None, None)

    def current(self) -> Styles | None:
        """The styles; None if none were found yet.

        A file that cannot be read is logged, and the styles before stay, if there are any.
        """
        stamp = self._stamp()
        held = self._held
        if stamp == held[0]:
            return held[1]
        with self._lock:
            if stamp != self._held[0]:
                self._held = (stamp, self._read())
            return self._held[1]

    def _stamp(self) -> Stamp | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self) -> Styles | None:
        try:
            return Styles.load(self._path)
        except BrokenStyles as error:
            log.error("%s", error)
            return self._held[1]
