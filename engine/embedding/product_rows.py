"""The rows of products, pooled from cached rows of their photos, some products at a time.

So memory does not grow with the rows of a catalogue, which are written to a file as they come.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.arrays import Float32
from engine.embedding.pooling import pool_products
from engine.embedding.vector_cache import VectorCache
from engine.encoders.facets import FacetLayout

CHUNK = 5_000  # products, or photos, whose rows are in memory at a time


class ProductRows(NamedTuple):
    """Some products with rows: their ids, unit rows ``(n, D)``, and the photos with a vector."""

    ids: list[str]
    vectors: Float32
    usable: frozenset[str]


def product_rows(
    products: Mapping[str, Sequence[str]], known: Mapping[str, Float32], layout: FacetLayout
) -> tuple[list[str], Float32]:
    """Ids and unit rows ``(N, D)`` of the products that have a vector.

    Args:
        products: product id -> content hashes of its photos.
        known: content hash -> row ``(D,)``.
        layout: the facets of a row.

    Returns:
        Without products whose rows cancel each other out.
    """
    usable = {
        product_id: [known[photo] for photo in hashes if photo in known]
        for product_id, hashes in products.items()
    }
    ids = [product_id for product_id, rows in usable.items() if rows]
    if not ids:
        return [], np.zeros((0, layout.dim), dtype=np.float32)
    owners = np.repeat(np.arange(len(ids)), [len(usable[name]) for name in ids])
    photos = np.stack([row for rows in usable.values() for row in rows])
    pooled = pool_products(photos, owners, layout)
    kept = np.flatnonzero(pooled.any(axis=1))
    return [ids[row] for row in kept.tolist()], pooled[kept]


def pooled_in_chunks(
    products: Mapping[str, Sequence[str]],
    cache: VectorCache,
    fingerprint: str,
    layout: FacetLayout,
) -> Iterator[ProductRows]:
    """The rows of products in their order, `CHUNK` products at a time, read from the cache."""
    names = iter(products)
    while chosen := list(islice(names, CHUNK)):
        some = {name: products[name] for name in chosen}
        hashes = list(dict.fromkeys(photo for photos in some.values() for photo in photos))
        known = cache.get(fingerprint, hashes, layout.dim)
        yield ProductRows(*product_rows(some, known, layout), frozenset(known))


class RowsFile:
    """Writes rows ``(N, dim)`` float32 into a ``.npy`` file as they come; N need not be known.

    Args:
        path: the file.
        dim: length of a row.
    """

    def __init__(self, path: Path, dim: int) -> None:
        self._path, self._dim, self._count = path, dim, 0
        self._stream = path.open("wb")
        self._stream.write(bytes(len(self._header())))

    def append(self, rows: Float32) -> None:
        """Write some rows behind the others."""
        self._stream.write(np.ascontiguousarray(rows, dtype="<f4").tobytes())
        self._count += len(rows)

    def finish(self) -> Float32:
        """Write the header, and map all rows."""
        self._stream.seek(0)
        self._stream.write(self._header())
        self._stream.close()
        rows: Float32 = np.load(self._path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
        return rows

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _header(self) -> bytes:
        # Of one length for any number of rows: padded as NumPy pads it.
        text = (
            f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({self._count}, {self._dim}), }}"
        )
        return b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + text.ljust(117).encode() + b"\n"
