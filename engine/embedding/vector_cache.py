"""The vectors of photos, kept by content hash and encoder, so that none is computed twice."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np

from engine.errors import CacheError

_ASK = 500  # hashes a query; SQLite allows 999 parameters in its oldest versions
_ROW = np.dtype("<f4")


class VectorCache:
    """A SQLite file of rows by (encoder fingerprint, photo hash).

    It is a cache: deleting the file costs time and nothing else. One process writes; a kill
    loses at most what `put` had not returned from.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._explained():
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS vectors (fingerprint TEXT NOT NULL, "
                "photo TEXT NOT NULL, vector BLOB NOT NULL, "
                "PRIMARY KEY (fingerprint, photo)) WITHOUT ROWID"
            )

    def get(self, fingerprint: str, photos: Sequence[str], dim: int) -> dict[str, np.ndarray]:
        """The cached rows ``(dim,)`` float32 of these photos; those it does not have are absent.

        A row of another length, or one that is not finite, counts as absent.
        """
        found: dict[str, np.ndarray] = {}
        with self._explained():
            for hashes in _portions(photos):
                marks = ",".join("?" * len(hashes))
                query = (
                    f"SELECT photo, vector FROM vectors WHERE fingerprint=? AND photo IN ({marks})"
                )
                for photo, blob in self._db.execute(query, (fingerprint, *hashes)):
                    if len(blob) == dim * _ROW.itemsize:
                        found[photo] = np.frombuffer(blob, dtype=_ROW).astype(np.float32)
        return {photo: row for photo, row in found.items() if np.isfinite(row).all()}

    def put(self, fingerprint: str, rows: Mapping[str, np.ndarray]) -> None:
        """Keep rows by photo hash, all of them or none."""
        values = [
            (fingerprint, photo, np.asarray(row, dtype=_ROW).tobytes())
            for photo, row in rows.items()
        ]
        with self._explained(), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", values)

    def count(self, fingerprint: str) -> int:
        """How many photos are cached for an encoder."""
        with self._explained():
            query = "SELECT count(*) FROM vectors WHERE fingerprint=?"
            return int(self._db.execute(query, (fingerprint,)).fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise CacheError(
                f"The vector cache {self.path} cannot be used: {error}. Free some disk space, or "
                "delete the file: it is a cache and is filled again by `lookalike reindex`."
            ) from error


def _portions(photos: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(photos), _ASK):
        yield photos[start : start + _ASK]
