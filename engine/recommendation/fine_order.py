"""Hits that are too near for their cosine to tell: ordered by finer facets.

See `engine.calibration.detail`. So that a longer panel begins with the shorter one, hits are
ordered within windows of `WINDOW`, which do not depend on how many are wanted.
"""

from collections.abc import Sequence

import numpy as np

from engine.arrays import Float32
from engine.calibration.detail import Detail
from engine.index.generation import Generation
from engine.search.scoring import DECIMALS
from engine.search.search_query import Hit

WINDOW = 100


def window_end(count: int) -> int:
    """The end of the window that the last of ``count`` hits is in."""
    return -(-count // WINDOW) * WINDOW


def reaches_on(hits: Sequence[Hit], count: int, detail: Detail) -> bool:
    """Whether what comes after the first ``count`` hits, if anything, may belong before some.

    Args:
        hits: ``count`` at most, best first, ranked by their cosines alone.
        count: how many were wanted.
        detail: how they are ordered.
    """
    return len(hits) == count and hits[-1].score >= detail.saturation


def fine_scores(
    generation: Generation, queries: Float32, hits: Sequence[Hit], detail: Detail
) -> list[Hit]:
    """The hits in the order given, with their scores, and values, by the finer facets.

    Args:
        generation: where the hits are from.
        queries: ``(S, D)`` float32 query vectors under default weights.
        hits: with scores under default weights.
        detail: how products that are very near are scored.
    """
    if not hits:
        return []
    layout = generation.layout
    scale = layout.reweigh(np.ones(layout.dim, np.float32), detail.weights).astype(np.float64)
    rows = generation.vectors[[hit.row for hit in hits]].astype(np.float64)
    query = queries[[hit.query for hit in hits]].astype(np.float64)
    fine = np.einsum("nd,nd->n", query * scale, rows).round(DECIMALS)
    plain = np.array([hit.score for hit in hits])
    scores = detail.score(plain, fine).round(DECIMALS).tolist()
    return [
        hit._replace(score=score, value=round(hit.value + score - hit.score, DECIMALS))
        for hit, score in zip(hits, scores, strict=True)
    ]


def in_fine_order(hits: Sequence[Hit]) -> list[Hit]:
    """Hits by value, each window for itself; of equals, the earlier one stays first."""
    ordered: list[Hit] = []
    for start in range(0, len(hits), WINDOW):
        ordered += sorted(hits[start : start + WINDOW], key=lambda hit: -hit.value)
    return ordered
