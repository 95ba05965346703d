"""What another process writes into a file, in a process that lives long."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
Stamp = tuple[int, int, int]


class FollowedFile(Generic[T]):
    """What a file says, read again when it was replaced; safe to share between threads.

    Args:
        path: of the file, which may be missing.
        read: reads it. It is given what was read before, to return it for a file that cannot be
            read; it is called again for that file only once it is replaced.
    """

    def __init__(self, path: Path, read: Callable[[T | None], T | None]) -> None:
        self._path, self._read = path, read
        self._lock = threading.Lock()
        self._held: tuple[Stamp | None, T | None] = (None, None)

    def current(self) -> T | None:
        """What the file says now; None without a file, and as ``read`` says."""
        stamp, held = self._stamp(), self._held
        if stamp == held[0]:
            return held[1]
        with self._lock:
            if stamp != self._held[0]:
                self._held = (stamp, None if stamp is None else self._read(self._held[1]))
            return self._held[1]

    def _stamp(self) -> Stamp | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
