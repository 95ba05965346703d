"""The rows of products, pooled from cached rows of their photos, some products at a time.

So memory does not grow with the rows of a catalogue, which are written to a file as they come.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.arrays import Float32
from engine.embedding.caches.cache import VectorCache
from engine.embedding.pooling import pool_products
from engine.encoders.facets import FacetLayout

CHUNK = 5_000  # products whose rows are in memory at a time


class ProductRows(NamedTuple):
    """Some products with rows: their ids, and unit rows ``(n, D)``."""

    ids: list[str]
    vectors: Float32


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
    products: Mapping[str, Sequence[str]], known: Mapping[str, Float32], layout: FacetLayout
) -> Iterator[ProductRows]:
    """As `product_rows`, `CHUNK` products at a time."""
    names = iter(products)
    while chosen := list(islice(names, CHUNK)):
        some = {name: products[name] for name in chosen}
        yield ProductRows(*product_rows(some, known, layout))


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


class PhotoRows(Mapping[str, Float32]):
    """Content hash -> row ``(dim,)`` of photos, copied from the cache to a file of their own.

    The cache is read in its own order, which is by far the fastest, and rows are mapped, so they
    can be looked up in any order. The file has no name, and goes with its last use.

    Args:
        folder: where the file is.
        contents: the photos; those without a cached row are left out.
        cache, fingerprint, dim: where the rows are from.
    """

    def __init__(
        self,
        folder: Path,
        contents: Collection[str],
        cache: VectorCache,
        fingerprint: str,
        dim: int,
    ) -> None:
        self._place: dict[str, int] = {}
        path = folder / "photo-rows.npy"
        file = RowsFile(path, dim)
        with closing(file):
            for known in cache.stream(fingerprint, contents, dim):
                found = [photo for photo in known if photo not in self._place]
                if found:
                    file.append(np.stack([known[photo] for photo in found]))
                for photo in found:
                    self._place[photo] = len(self._place)
            self._rows = file.finish()
        path.unlink()

    def __getitem__(self, photo: str) -> Float32:
        row: Float32 = self._rows[self._place[photo]]
        return row

    def __contains__(self, photo: object) -> bool:
        return photo in self._place

    def __iter__(self) -> Iterator[str]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._place)
