"""The nearest rows of a generation under some facet weights, by its index."""

import numpy as np

from engine.arrays import Float32, Float64, Int64
from engine.index.generation import Generation
from engine.search.scoring import dots
from engine.search.search import nodes_to_inspect, scans

FETCH = 100  # candidates, at least, that are scored exactly


def nearest(generation: Generation, query: Float32, count: int) -> tuple[Int64, Float64]:
    """The rows nearest to a query, the best first, and their dot products with it.

    Args:
        generation: of N rows.
        query: ``(D,)``, a row, or one with scaled facet blocks.
        count: how many are wanted, 1 or more.

    Returns:
        ``(m,)`` rows and ``(m,)`` float64, where m is the lesser of ``count`` and N.
    """
    total = len(generation.ids)
    if not total:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    if scans(generation) or total <= max(count, FETCH):
        rows = np.arange(total)
    else:
        fetch = max(2 * count, FETCH)
        rows, _ = generation.candidates(
            query, fetch, nodes_to_inspect(generation.manifest.search_k, fetch)
        )
    cosines = dots(generation.vectors, rows, query[np.newaxis])[0].astype(np.float64)
    if len(rows) > 2 * count:
        best = np.argpartition(-cosines, 2 * count)[: 2 * count]
        rows, cosines = rows[best], cosines[best]
    order = np.lexsort((rows, -cosines))[:count]
    return rows[order], cosines[order]
