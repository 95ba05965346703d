"""The recall of the index: the share of exact nearest neighbours that it finds."""

import numpy as np

from engine.arrays import Float32, Int64
from engine.encoders.facets import FacetLayout
from engine.index.stores.store import NearestRows

TOP = 10  # neighbours of a seed
SAMPLE = 1_000  # seeds
FACET_SAMPLE = 200  # seeds for each facet
CHUNK = 100  # seeds whose scores of all rows are in memory at a time, at most ...
CELLS = 20_000_000  # ... and scores, 80 MB
TIE = 1e-6  # scores that differ by less are equal


def measure_recall(
    vectors: Float32,
    rows: NearestRows,
    sample: Int64,
    search_k: int,
    top: int = TOP,
    scale: Float32 | None = None,
) -> float:
    """The share of the exact ``top`` nearest rows that the index finds, over a sample of seeds.

    Args:
        vectors: ``(N, D)`` float32 unit rows, those of the index.
        rows: the index.
        sample: ``(S,)`` rows of the seeds; a seed is not its own neighbour.
        search_k: nodes that a query inspects.
        top: neighbours of a seed, at most ``N - 1``.
        scale: ``(D,)``, by which the facet weights of a request multiply a seed; None: by none.

    Returns:
        In [0, 1]; 1 if there is nothing to find. A row with the score of the last exact
        neighbour counts as found, as copies of one photo are equally near.
    """
    top = min(top, len(vectors) - 1)
    if top < 1 or not len(sample):
        return 1.0
    hits = 0
    chunk = max(1, min(CHUNK, CELLS // len(vectors)))
    for start in range(0, len(sample), chunk):
        seeds = sample[start : start + chunk]
        queries = vectors[seeds] if scale is None else vectors[seeds] * scale
        scores = queries @ vectors.T
        scores[np.arange(len(seeds)), seeds] = -np.inf
        worst = np.partition(scores, -top, axis=1)[:, -top]
        for seed, query, mine, bar in zip(seeds, queries, scores, worst, strict=True):
            found = rows.nearest(query, top + 1, search_k)
            found = found[found != seed][:top]
            hits += int((mine[found] >= bar - TIE).sum())
    return hits / (top * len(sample))


def recall_by_facet(
    vectors: Float32, layout: FacetLayout, rows: NearestRows, sample: Int64, search_k: int
) -> dict[str, float]:
    """Facet -> the recall of requests that weigh it alone; arguments as of `measure_recall`."""
    ones = np.ones(layout.dim, dtype=np.float32)
    found = {}
    for name in layout.names:
        scale = layout.reweigh(ones, {other: float(other == name) for other in layout.names})
        found[name] = measure_recall(vectors, rows, sample, search_k, scale=scale)
    return found


def sample_rows(count: int, seed: int, size: int = SAMPLE) -> Int64:
    """Up to ``size`` different rows below ``count``, ascending; the same for the same ``seed``."""
    chosen = np.random.default_rng(seed).choice(count, min(size, count), replace=False)
    return np.sort(chosen)
