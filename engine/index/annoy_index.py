"""Approximate nearest rows by angle; the only file that calls Annoy.

Annoy stores row numbers only, checks no bounds, accepts NaN, and opens any file: a truncated one
kills the process at the first query. So everything is checked before Annoy is called.

The metric is angular. Rows have length 1 and the length of a query does not change its angles, so
the order by angle is the order by dot product, also for a query whose facet blocks were reweighed.
Annoy's dot metric would add a dimension without a gain.
"""

from pathlib import Path
from typing import Final

import numpy as np
from annoy import AnnoyIndex

from engine.arrays import Float32, Float64, Int64
from engine.encoders.facets import check_rows
from engine.errors import BrokenGeneration
from engine.index.stacked_rows import check_query

METRIC: Final = "angular"


def build(path: Path, vectors: Float32, trees: int, seed: int) -> int:
    """Write the index of unit rows ``(N, D)`` to a file; equal input gives byte-identical files.

    Annoy does not save atomically: the caller syncs the file and renames its folder.

    Returns:
        The number of trees that Annoy will count in the file. It is more than ``trees`` if all
        rows fit into one leaf, since Annoy then counts leaves as roots.

    Raises:
        ValueError: there are no rows, or they are no unit rows.
    """
    if len(vectors) == 0:
        raise ValueError("an index needs at least one row")
    dim = vectors.shape[1]
    check_rows(vectors, dim)
    index = AnnoyIndex(dim, METRIC)
    index.set_seed(seed)
    for row, vector in enumerate(vectors):
        index.add_item(row, vector)
    index.build(trees, n_jobs=1)  # with more jobs, the file depends on their timing
    index.save(str(path))  # this also maps the file
    found = int(index.get_n_trees())
    index.unload()
    return found


class RowIndex:
    """A read-only index, memory-mapped from its file.

    Args:
        path: a file that `build` wrote; the caller has checked its size and digest.
        dim: length of a row.
        count: expected number of rows.
        trees: expected number of trees, as `build` returned it.

    Raises:
        BrokenGeneration: it cannot be mapped, or holds something else.
    """

    growth = 1.0  # of trees, which split by the default weights: soon

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

    def nearest(self, query: Float32 | Float64, n: int, search_k: int) -> Int64:
        """Approximately the ``n`` rows with the smallest angle to a query, nearest first.

        Args:
            query: ``(dim,)``, finite and not all zero.
            n: number of rows, 1 or more.
            search_k: number of nodes to inspect, 1 or more; a larger one is slower and more
                accurate.

        Returns:
            Up to ``min(n, count)`` row numbers.

        Raises:
            ValueError: an argument is out of range.
        """
        check_query(query, self.dim, n, search_k)
        rows = self._index.get_nns_by_vector(query, min(n, self.count), max(n, search_k))
        return np.asarray(rows, dtype=np.int64)
