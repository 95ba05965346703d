"""Item-to-item retrieval metrics: R@1, P@10 and mAP@R (Musgrave et al. 2020).

Every product is a seed once and all others are its gallery. A relation defines which pairs are
relevant: those with equal codes. A product whose code is unknown (-1) is neither seed nor result
for that relation and is removed from the gallery: its relevance is not known, so it counts neither
as a hit nor as a miss.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from engine.arrays import Float32, Float64, Int64
from engine.labels.labels import UNKNOWN

_CELLS = 4_000_000  # scores in memory at a time: about 100 MB with their order


@dataclass(frozen=True)
class Scores:
    """Per-seed scores of one relation.

    Attributes:
        seeds: ``(S,)`` int64 rows of the seeds, ascending.
        recall_at_1: ``(S,)`` float64, 1 where the nearest product is relevant, else 0.
        precision_at_10: ``(S,)`` float64, relevant products among the first 10, over
            ``min(10, relevant)``.
        strict_at_10: ``(S,)`` float64, the same over 10, so that it stays below 1 for a seed with
            fewer than 10 relevant products.
        map_at_r: ``(S,)`` float64; with R relevant products, the sum of the precision at each
            relevant rank among the first R, over R.
        alone: products with a known label that no other product shares; not used as seeds.
        unknown: products without a label.
    """

    seeds: Int64
    recall_at_1: Float64
    precision_at_10: Float64
    strict_at_10: Float64
    map_at_r: Float64
    alone: int
    unknown: int


def score_relations(
    gallery: Float32, relations: Mapping[str, Int64], queries: Float32 | None = None
) -> dict[str, Scores]:
    """Rank all products for every seed by exact dot product, and score each relation.

    Args:
        gallery: ``(N, D)`` float rows.
        relations: name -> ``(N,)`` integer codes, -1 for unknown.
        queries: ``(N, D)`` query rows if they differ from the gallery (other facet weights).

    Returns:
        relation -> its scores. Ties are ranked by row. Memory is bounded: seeds are ranked in
        chunks.

    Raises:
        ValueError: shapes do not match, or a value is not finite.
    """
    given = gallery if queries is None else queries
    _check(gallery, given, relations)
    codes = {name: np.asarray(values, dtype=np.int64) for name, values in relations.items()}
    relevant = {name: count_relevant(values) for name, values in codes.items()}
    parts: dict[str, list[Float64]] = {name: [] for name in codes}
    for rows, order in _rankings(gallery, given):
        for name, values in codes.items():
            seeds = relevant[name][rows] > 0
            parts[name].append(
                _judge(order[seeds], values, rows[seeds], relevant[name][rows[seeds]])
            )
    return {
        name: _collect(np.concatenate(parts[name], axis=1), codes[name], relevant[name])
        for name in codes
    }


def _check(gallery: Float32, queries: Float32, relations: Mapping[str, Int64]) -> None:
    if gallery.ndim != 2 or queries.shape != gallery.shape:
        raise ValueError(
            f"gallery and queries must both be (N, D), not {gallery.shape} and {queries.shape}"
        )
    if not (np.isfinite(gallery).all() and np.isfinite(queries).all()):
        raise ValueError("gallery or queries contain a value that is not finite")
    for name, values in relations.items():
        if np.shape(values) != (len(gallery),):
            raise ValueError(
                f"relation {name!r} has {np.shape(values)} codes for {len(gallery)} rows"
            )


def nearest(gallery: Float32, queries: Float32, k: int) -> Int64:
    """The ``min(k, N - 1)`` other rows with the largest dot product, ``(N, k)`` int64, best first.

    Row i of ``queries`` ``(N, D)`` is the query of row i of ``gallery`` ``(N, D)``.
    """
    _check(gallery, queries, {})
    return np.concatenate([order[:, :k] for _, order in _rankings(gallery, queries)])


def count_relevant(codes: Int64) -> Int64:
    """The number of other products with the same code ``(N,)`` int64; 0 for an unknown code."""
    _, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
    return np.where(codes == UNKNOWN, 0, counts[place.reshape(-1)] - 1)


def _rankings(gallery: Float32, queries: Float32) -> Iterator[tuple[Int64, Int64]]:
    """Chunks of seeds ``(C,)`` with all other rows ``(C, N - 1)``, nearest first."""
    total = len(gallery)
    step = max(1, _CELLS // max(1, total))
    for start in range(0, max(1, total), step):
        rows = np.arange(start, min(start + step, total))
        scores = queries[rows] @ gallery.T
        scores[np.arange(len(rows)), rows] = np.inf  # the seed comes first and is dropped
        yield rows, np.argsort(-scores, axis=1, kind="stable")[:, 1:]


def _judge(order: Int64, codes: Int64, seeds: Int64, relevant: Int64) -> Float64:
    """The four scores ``(4, S)`` of S seeds of one chunk; ``relevant`` ``(S,)`` is their R."""
    if not len(seeds):
        return np.empty((4, 0))
    found = codes[order]
    judged = found != UNKNOWN  # every seed is known itself, so rows keep equal lengths
    hits = found[judged].reshape(len(seeds), -1) == codes[seeds, None]
    hits = hits[:, : max(10, int(relevant.max()))]
    first = hits[:, 0].astype(np.float64)
    ten = hits[:, :10].sum(axis=1).astype(np.float64)
    rank = np.arange(1, hits.shape[1] + 1)
    counted = hits & (rank <= relevant[:, None])
    precision = np.cumsum(hits, axis=1, dtype=np.int32) / rank
    average = (precision * counted).sum(axis=1) / relevant
    return np.stack([first, ten / np.minimum(10, relevant), ten / 10, average])


def _collect(values: Float64, codes: Int64, relevant: Int64) -> Scores:
    unknown = int((codes == UNKNOWN).sum())
    seeds = np.flatnonzero(relevant > 0)
    first, ten, strict, average = values
    alone = len(codes) - unknown - len(seeds)
    return Scores(seeds, first, ten, strict, average, alone, unknown)
