"""Nearest rows by angle: the only file that touches Annoy.

Annoy stores no ids but row numbers, checks no bounds, takes NaN for a number and believes any
file that it is given: a truncated one loads and then kills the process at the first query. So
everything is checked here before it is called.

The metric is angular. Our rows have length 1 and the length of a query does not change the angle
to it, so the order by angle is the order by dot product, also for a query whose facet blocks were
reweighed. Annoy's own dot metric would add a dimension and win nothing.
"""

from pathlib import Path
from typing import Final

import numpy as np
from annoy import AnnoyIndex

from engine.encoders.facets import check_rows
from engine.errors import BrokenGeneration

METRIC: Final = "angular"


def build(path: Path, vectors: np.ndarray, trees: int, seed: int) -> int:
    """Write the index of ``(N, D)`` unit rows to ``path``; same input, byte-identical file.

    The caller syncs the file and renames its folder: Annoy's own save is not atomic.

    Returns:
        How many trees the file will be found to have. Where all rows fit into one leaf, Annoy
        takes leaves for roots and counts more than it was asked for.
    """
    if len(vectors) == 0:
        raise ValueError("an index needs at least one row")
    dim = vectors.shape[1]
    check_rows(vectors, dim)
    index = AnnoyIndex(dim, METRIC)
    index.set_seed(seed)
    for row, vector in enumerate(vectors):
        index.add_item(row, vector)
    index.build(trees, n_jobs=1)  # more jobs would make the file depend on their timing
    index.save(str(path))  # and maps what it saved
    found = int(index.get_n_trees())
    index.unload()
    return found


class RowIndex:
    """A read-only index, mapped from its file.

    Args:
        path: a file that `build` wrote and whose size and digest the caller has checked.
        dim: length of a row.
        count: how many rows it must hold.
        trees: how many trees it must be found to have, as `build` said.

    Raises:
        BrokenGeneration: it cannot be mapped, or holds something else.
    """

    def __init__(self, path: Path, *, dim: int, count: int, trees: int) -> None:
        self.dim = dim
        self.count = count
        self._index = AnnoyIndex(dim, METRIC)
        try:
            self._index.load(str(path))
        except OSError as error:
            raise BrokenGeneration(f"{path} cannot be mapped: {error}.") from error
        found = (self._index.get_n_items(), self._index.get_n_trees())
        if found != (count, trees):
            raise BrokenGeneration(
                f"{path} holds {found[0]} rows in {found[1]} trees; "
                f"its manifest says {count} rows in {trees} trees."
            )

    def nearest(self, query: np.ndarray, n: int, search_k: int) -> np.ndarray:
        """About the ``n`` rows at the smallest angle to a query, nearest first.

        Args:
            query: ``(dim,)`` finite, of any length but 0.
            n: rows wanted, 1 or more.
            search_k: nodes to inspect: more is slower and nearer to exact.

        Returns:
            Up to ``min(n, count)`` row numbers, int64.
        """
        if query.shape != (self.dim,):
            raise ValueError(f"a query must be of shape ({self.dim},), got {query.shape}")
        if not np.isfinite(query).all() or not query.any():
            raise ValueError("a query must be finite and not all zero")
        if n < 1 or search_k < 1:
            raise ValueError(f"n and search_k must be 1 or more, got {n} and {search_k}")
        rows = self._index.get_nns_by_vector(query, min(n, self.count), max(n, search_k))
        return np.asarray(rows, dtype=np.int64)
