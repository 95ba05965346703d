"""Row digests: 16 bytes per row that name the photos it was pooled from, to find outdated rows."""

import hashlib
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

import numpy as np

from engine.arrays import UInt8

FILE = "marks.npy"
LENGTH = 16


def digest_row(photos: Iterable[str]) -> bytes:
    """The row digest of a product: of the content hashes of its photos, in their order."""
    return hashlib.sha256("\n".join(photos).encode()).digest()[:LENGTH]


def digest_rows(
    ids: Iterable[str], products: Mapping[str, Iterable[str]], usable: Container[str]
) -> UInt8:
    """The row digests ``(N, 16)`` uint8 of N products.

    Args:
        ids: the products, in the order of their rows.
        products: product id -> content hashes of its photos.
        usable: hashes of the photos that have a vector; the others are left out of a digest.
    """
    digests = b"".join(digest_row(one for one in products[name] if one in usable) for name in ids)
    return np.frombuffer(digests, dtype=np.uint8).reshape(-1, LENGTH)


def save_row_digests(path: Path, row_digests: UInt8) -> None:
    """Write row digests ``(N, 16)`` to a file."""
    np.save(path, row_digests, allow_pickle=False)


def load_row_digests(path: Path, count: int) -> UInt8:
    """Read the row digests ``(count, 16)`` of a generation.

    Raises:
        OSError, ValueError: the file is missing or holds something else.
    """
    found: UInt8 = np.load(path, allow_pickle=False)
    if found.shape != (count, LENGTH) or found.dtype != np.uint8:
        raise ValueError(f"{path} holds {found.shape} {found.dtype}, not {count} row digests")
    return found
