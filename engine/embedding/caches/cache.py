"""The interface of the cache of photo vectors, by encoder and content hash of the photo.

So no vector is computed twice. What is in a cache can be deleted at any time, at the cost of
embedding again. Each row has a digest, over its keys too, which is checked when the row is read: a
wrong vector would be published unnoticed.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Self

import numpy as np

from engine.arrays import Float32

CHUNK = 5_000  # photos whose rows are in memory at a time
ROW = np.dtype("<f4")
DIGEST = 16  # bytes of BLAKE2b beside each row


class VectorCache(ABC):
    """Rows by encoder fingerprint and content hash of the photo.

    A kill loses only the rows of a `put` that has not returned. Every method raises `CacheError` if
    the cache cannot be read or written.

    Attributes:
        shared: whether other homes may use it too, so that no home may decide what it keeps.
    """

    shared = False

    @abstractmethod
    def get(self, fingerprint: str, photos: Sequence[str], dim: int) -> dict[str, Float32]:
        """The cached rows ``(dim,)`` of these photos, by content hash; for a few thousand.

        A photo without a row is left out, and so is one whose row has another length or digest, or
        is not finite.
        """

    def stream(
        self, fingerprint: str, photos: Collection[str], dim: int
    ) -> Iterator[dict[str, Float32]]:
        """As `get`, for any number of photos: some at a time, in the cache's own order.

        A photo may come twice; the first row counts.
        """
        some = iter(sorted(photos))  # in this order a lookup takes a tenth of the time of any other
        while hashes := list(islice(some, CHUNK)):
            yield self.get(fingerprint, hashes, dim)

    @abstractmethod
    def put(self, fingerprint: str, rows: Mapping[str, Float32]) -> None:
        """Save rows by content hash: all of them, or none."""

    @abstractmethod
    def count(self, fingerprint: str) -> int:
        """The number of cached rows of an encoder."""

    @abstractmethod
    def last_saved(self, count: int) -> list[str]:
        """The fingerprints of the encoders that rows were saved of last, the latest first."""

    @abstractmethod
    def size_without(self, kept: Collection[str]) -> tuple[int, int]:
        """The number of rows of other encoders than these, and their bytes."""

    @abstractmethod
    def keep_only(self, kept: Collection[str]) -> None:
        """Delete the rows of other encoders than these, and give their space back."""

    @abstractmethod
    def close(self) -> None:
        """Close what is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def row_digest(fingerprint: str, photo: object, row: bytes) -> bytes:
    """The digest that is kept beside the bytes of a row."""
    keys = f"{fingerprint}\0{photo}\0".encode()
    return hashlib.blake2b(keys + row, digest_size=DIGEST).digest()


def finite_rows(rows: Mapping[str, Float32]) -> dict[str, Float32]:
    """The rows without infinities and NaN."""
    return {photo: row for photo, row in rows.items() if np.isfinite(row).all()}
