"""Of which photos a product's row is made, in 16 bytes: what tells a row that is still true."""

import hashlib
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

import numpy as np

FILE = "marks.npy"
LENGTH = 16


def mark(photos: Iterable[str]) -> bytes:
    """The mark of a product's photos, given as hashes in their order."""
    return hashlib.sha256("\n".join(photos).encode()).digest()[:LENGTH]


def marks_of(
    ids: Iterable[str], products: Mapping[str, Iterable[str]], usable: Container[str]
) -> np.ndarray:
    """``(N, 16)`` uint8: the marks of some products, of those photos that have a vector.

    Args:
        ids: the products, in the order of their rows.
        products: id -> hashes of its photos.
        usable: the hashes of photos that have one.
    """
    made = b"".join(mark(one for one in products[name] if one in usable) for name in ids)
    return np.frombuffer(made, dtype=np.uint8).reshape(-1, LENGTH)


def save_marks(path: Path, marks: np.ndarray) -> None:
    """Write marks to a file."""
    np.save(path, marks, allow_pickle=False)


def load_marks(path: Path, count: int) -> np.ndarray:
    """The marks of ``count`` rows.

    Raises:
        OSError, ValueError: the file is missing or holds something else.
    """
    marks: np.ndarray = np.load(path, allow_pickle=False)
    if marks.shape != (count, LENGTH) or marks.dtype != np.uint8:
        raise ValueError(f"{path} holds {marks.shape} {marks.dtype}, not marks of {count} rows")
    return marks
