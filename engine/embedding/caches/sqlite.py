"""The cache of photo vectors in a SQLite file, for one machine."""

import logging
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from engine.arrays import Float32
from engine.embedding.caches.cache import ROW, VectorCache, finite_rows, row_digest
from engine.errors import CacheError

_HASHES_PER_QUERY = 500  # SQLite allows 999 parameters in its oldest versions

log = logging.getLogger(__name__)


class SqliteCache(VectorCache):
    """A SQLite file of rows; one process writes at a time.

    Raises:
        CacheError: from every method, if the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._cache_errors():
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS vectors (fingerprint TEXT NOT NULL, "
                "photo TEXT NOT NULL, vector BLOB NOT NULL, "
                "PRIMARY KEY (fingerprint, photo)) WITHOUT ROWID"
            )
            self._db.execute(  # which encoder was the last one, without a clock
                "CREATE TABLE IF NOT EXISTS saved (fingerprint TEXT PRIMARY KEY, turn INTEGER)"
            )

    def get(self, fingerprint: str, photos: Sequence[str], dim: int) -> dict[str, Float32]:
        """As `VectorCache.get`; rows of an earlier version get their digest now."""
        found: dict[str, Float32] = {}
        unsigned: dict[str, Float32] = {}
        harmed = 0
        with self._cache_errors():
            for hashes in _batches(photos):
                places = ",".join("?" * len(hashes))
                query = (
                    f"SELECT photo, vector FROM vectors WHERE fingerprint=? AND photo IN ({places})"
                )
                for photo, blob in self._db.execute(query, (fingerprint, *hashes)):
                    row = blob[: dim * ROW.itemsize]
                    if len(blob) == dim * ROW.itemsize:
                        unsigned[photo] = _as_row(row)
                    elif blob == row + row_digest(fingerprint, photo, row):
                        found[photo] = _as_row(row)
                    else:
                        harmed += 1
        if harmed:
            log.warning(
                "%d rows of the vector cache %s were harmed, and are computed again.",
                harmed,
                self.path,
            )
        if unsigned := finite_rows(unsigned):
            self.put(fingerprint, unsigned)
        return finite_rows(found | unsigned)

    def put(self, fingerprint: str, rows: Mapping[str, Float32]) -> None:
        """Save rows by content hash, in one transaction."""
        blobs = {photo: np.asarray(row, dtype=ROW).tobytes() for photo, row in rows.items()}
        with self._cache_errors(), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "INSERT OR REPLACE INTO saved SELECT ?, coalesce(max(turn), 0) + 1 FROM saved",
                (fingerprint,),
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                (
                    (fingerprint, photo, blob + row_digest(fingerprint, photo, blob))
                    for photo, blob in blobs.items()
                ),
            )

    def count(self, fingerprint: str) -> int:
        """The number of photos with a row of an encoder."""
        with self._cache_errors():
            query = "SELECT count(*) FROM vectors WHERE fingerprint=?"
            return int(self._db.execute(query, (fingerprint,)).fetchone()[0])

    def last_saved(self, count: int) -> list[str]:
        """The fingerprints of the encoders that rows were saved of last, the latest first."""
        with self._cache_errors():
            query = "SELECT fingerprint FROM saved ORDER BY turn DESC LIMIT ?"
            return [fingerprint for (fingerprint,) in self._db.execute(query, (count,))]

    def size_without(self, kept: Collection[str]) -> tuple[int, int]:
        """The number of rows of other encoders than these, and their bytes."""
        with self._cache_errors():
            query = f"SELECT count(*), coalesce(sum(length(vector)), 0) FROM vectors {_other(kept)}"
            count, size = self._db.execute(query, tuple(kept)).fetchone()
            return int(count), int(size)

    def keep_only(self, kept: Collection[str]) -> None:
        """Delete the rows of other encoders than these, and give their space back to the disk."""
        with self._cache_errors():
            for table in ("vectors", "saved"):
                self._db.execute(f"DELETE FROM {table} {_other(kept)}", tuple(kept))
            with suppress(sqlite3.OperationalError):  # it needs as much space for a moment
                self._db.execute("VACUUM")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _cache_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise CacheError(
                f"The vector cache {self.path} cannot be used: {error}. Free some disk space, or "
                "delete the file: it is a cache and is filled again by `lookalike reindex`."
            ) from error


def _batches(photos: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(photos), _HASHES_PER_QUERY):
        yield photos[start : start + _HASHES_PER_QUERY]


def _other(kept: Collection[str]) -> str:
    return f"WHERE fingerprint NOT IN ({','.join('?' * len(kept))})"


def _as_row(blob: bytes) -> Float32:
    return np.frombuffer(blob, dtype=ROW).astype(np.float32)
