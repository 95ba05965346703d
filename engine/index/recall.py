"""How much of the exact answer the index finds."""

import numpy as np

from engine.index.annoy_index import RowIndex

TOP = 10
SAMPLE = 1_000
CHUNK = 100
TIE = 1e-6


def measure_recall(
    vectors: np.ndarray, rows: RowIndex, sample: np.ndarray, search_k: int, top: int = TOP
) -> float:
    """Share of the exact ``top`` nearest rows that the index finds, over a sample of seeds.

    Args:
        vectors: ``(N, D)`` float32 unit rows, those of the index.
        rows: the index.
        sample: ``(S,)`` rows that ask; none counts as its own neighbour.
        search_k: nodes that the index inspects a query.
        top: neighbours a seed, cut to ``N - 1``.

    Returns:
        In [0, 1]; 1 where there is nothing to find. A row that is as near as the last exact
        neighbour counts as found: of ten photos that are copies, any will do.
    """
    top = min(top, len(vectors) - 1)
    if top < 1 or not len(sample):
        return 1.0
    hits = 0
    for start in range(0, len(sample), CHUNK):
        seeds = sample[start : start + CHUNK]
        scores = vectors[seeds] @ vectors.T
        scores[np.arange(len(seeds)), seeds] = -np.inf
        worst = np.partition(scores, -top, axis=1)[:, -top]
        for seed, mine, bar in zip(seeds, scores, worst, strict=True):
            found = rows.nearest(vectors[seed], top + 1, search_k)
            found = found[found != seed][:top]
            hits += int((mine[found] >= bar - TIE).sum())
    return hits / (top * len(sample))


def sample_rows(count: int, seed: int, size: int = SAMPLE) -> np.ndarray:
    """Up to ``size`` different rows of ``count``, ascending, the same for the same seed."""
    chosen = np.random.default_rng(seed).choice(count, min(size, count), replace=False)
    return np.sort(chosen)
