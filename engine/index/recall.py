"""The recall of the index: the share of exact nearest neighbours that it finds."""

import numpy as np

from engine.arrays import Float32, Int64
from engine.index.stores.store import NearestRows

TOP = 10  # neighbours of a seed
SAMPLE = 1_000  # seeds
CHUNK = 100  # seeds whose scores of all rows are in memory at a time, at most ...
CELLS = 20_000_000  # ... and scores, 80 MB
TIE = 1e-6  # scores that differ by less are equal


def measure_recall(
    vectors: Float32, rows: NearestRows, sample: Int64, search_k: int, top: int = TOP
) -> float:
    """The share of the exact ``top`` nearest rows that the index finds, over a sample of seeds.

    Args:
        vectors: ``(N, D)`` float32 unit rows, those of the index.
        rows: the index.
        sample: ``(S,)`` rows of the seeds; a seed is not its own neighbour.
        search_k: nodes that a query inspects.
        top: neighbours of a seed, at most ``N - 1``.

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
        scores = vectors[seeds] @ vectors.T
        scores[np.arange(len(seeds)), seeds] = -np.inf
        worst = np.partition(scores, -top, axis=1)[:, -top]
        for seed, mine, bar in zip(seeds, scores, worst, strict=True):
            found = rows.nearest(vectors[seed], top + 1, search_k)
            found = found[found != seed][:top]
            hits += int((mine[found] >= bar - TIE).sum())
    return hits / (top * len(sample))


def sample_rows(count: int, seed: int, size: int = SAMPLE) -> Int64:
    """Up to ``size`` different rows below ``count``, ascending; the same for the same ``seed``."""
    chosen = np.random.default_rng(seed).choice(count, min(size, count), replace=False)
    return np.sort(chosen)
