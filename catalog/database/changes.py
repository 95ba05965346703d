"""Whether an SQLite file was written to, found out in a tenth of the time of a query."""

import sqlite3
from pathlib import Path
from threading import Lock
from typing import TypeAlias
from urllib.parse import quote

Stamp: TypeAlias = tuple[int, ...]


class Changes:
    """A stamp of a file, which differs once any process has written to it.

    Safe to share between threads. It keeps a connection of its own, which never writes: SQLite
    tells each connection whether others have written since.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wal = path.with_name(f"{path.name}-wal")
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._files: Stamp = ()
        self._opened = 0

    def stamp(self) -> Stamp | None:
        """The stamp now; None if it is not known, as where a file was removed or replaced."""
        with self._lock:
            try:
                files = identity(self._path, self._wal)
                if self._connection is None:
                    self._open()
                    files = self._files = identity(self._path, self._wal)
                if files != self._files:
                    # Not opened again at once: as long as one connection is open, new ones use
                    # what SQLite knows of the old files. Those of the pool close next.
                    self._close()
                    return None
                assert self._connection is not None
                (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            except (OSError, sqlite3.Error):
                self._close()
                return None
            return (self._opened, version, *files)

    def close(self) -> None:
        """Close the connection; the next stamp opens another one."""
        with self._lock:
            self._close()

    def _open(self) -> None:
        address = f"file:{quote(str(self._path.absolute()))}?mode=rw"  # never creates the file
        self._connection = sqlite3.connect(
            address, uri=True, timeout=0, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").close()  # opens the WAL
        self._opened += 1

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def identity(*paths: Path) -> Stamp:
    """Numbers that change when files are replaced.

    Raises:
        OSError: one is not there.
    """
    found = [path.stat() for path in paths]
    return tuple(number for one in found for number in (one.st_dev, one.st_ino))
