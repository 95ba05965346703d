"""How well a ranking finds what is alike, item to item: R@1, P@10 and mAP@R.

Every product is a seed once and all others are its gallery. A relation says which pairs are
relevant: two products are where their codes are equal. A product whose code is unknown (-1) is
neither seed nor answer for that relation, and is taken out of the gallery too: nobody knows
whether it would have been right, so it counts neither for nor against.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from engine.labels.labels import UNKNOWN

_CELLS = 4_000_000  # scores held at once: about 100 MB with their order


@dataclass(frozen=True)
class Scores:
    """What each seed of one relation got.

    Attributes:
        seeds: ``(S,)`` int64 rows of the products that were seeds, ascending.
        recall_at_1: ``(S,)`` float64, 1 where the nearest product is relevant, else 0.
        precision_at_10: ``(S,)`` float64, relevant products among the first 10, over
            ``min(10, relevant)``.
        map_at_r: ``(S,)`` float64, with R relevant products: the sum of the precision at each
            relevant place among the first R, over R.
        alone: products with a known label that no other product shares; they are no seeds.
        unknown: products without a label.
    """

    seeds: np.ndarray
    recall_at_1: np.ndarray
    precision_at_10: np.ndarray
    map_at_r: np.ndarray
    alone: int
    unknown: int


def score_relations(
    gallery: np.ndarray, relations: Mapping[str, np.ndarray], queries: np.ndarray | None = None
) -> dict[str, Scores]:
    """Rank all products for every seed by dot product, exactly, and judge each relation.

    Args:
        gallery: ``(N, D)`` float rows.
        relations: name -> ``(N,)`` integer codes, -1 for unknown.
        queries: ``(N, D)`` rows that ask, if not the gallery's own (other facet weights).

    Returns:
        relation -> its scores. Equal dot products are ranked by row. Memory is bounded: seeds
        are taken a chunk at a time.

    Raises:
        ValueError: shapes that do not fit, or a value that is not finite.
    """
    asked = gallery if queries is None else queries
    _check(gallery, asked, relations)
    codes = {name: np.asarray(values, dtype=np.int64) for name, values in relations.items()}
    relevant = {name: count_relevant(values) for name, values in codes.items()}
    parts: dict[str, list[np.ndarray]] = {name: [] for name in codes}
    for rows, order in _rankings(gallery, asked):
        for name, values in codes.items():
            seeds = relevant[name][rows] > 0
            parts[name].append(
                _judge(order[seeds], values, rows[seeds], relevant[name][rows[seeds]])
            )
    return {
        name: _collect(np.concatenate(parts[name], axis=1), codes[name], relevant[name])
        for name in codes
    }


def _check(gallery: np.ndarray, asked: np.ndarray, relations: Mapping[str, np.ndarray]) -> None:
    if gallery.ndim != 2 or asked.shape != gallery.shape:
        raise ValueError(
            f"gallery and queries must both be (N, D), not {gallery.shape} and {asked.shape}"
        )
    if not (np.isfinite(gallery).all() and np.isfinite(asked).all()):
        raise ValueError("rows to be ranked hold a value that is not finite")
    for name, values in relations.items():
        if np.shape(values) != (len(gallery),):
            raise ValueError(
                f"relation {name!r} has {np.shape(values)} codes for {len(gallery)} rows"
            )


def nearest(gallery: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """The ``min(k, N - 1)`` other rows with the largest dot product, ``(N, k)`` int64, best first.

    Row i of ``queries`` ``(N, D)`` asks for row i of ``gallery`` ``(N, D)``.
    """
    _check(gallery, queries, {})
    return np.concatenate([order[:, :k] for _, order in _rankings(gallery, queries)])


def count_relevant(codes: np.ndarray) -> np.ndarray:
    """How many other products share each one's code ``(N,)`` int64; 0 where it is unknown."""
    _, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
    return np.where(codes == UNKNOWN, 0, counts[place.reshape(-1)] - 1)


def _rankings(gallery: np.ndarray, asked: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Chunks of seeds ``(C,)`` with all other rows ``(C, N - 1)``, nearest first."""
    total = len(gallery)
    step = max(1, _CELLS // max(1, total))
    for start in range(0, max(1, total), step):
        rows = np.arange(start, min(start + step, total))
        scores = asked[rows] @ gallery.T
        scores[np.arange(len(rows)), rows] = np.inf  # the seed comes first, and is cut off
        yield rows, np.argsort(-scores, axis=1, kind="stable")[:, 1:]


def _judge(
    order: np.ndarray, codes: np.ndarray, seeds: np.ndarray, relevant: np.ndarray
) -> np.ndarray:
    """The three scores ``(3, S)`` of S seeds of one chunk; ``relevant`` ``(S,)`` is their R."""
    if not len(seeds):
        return np.empty((3, 0))
    found = codes[order]
    judged = found != UNKNOWN  # every seed is judged itself, so rows keep equal lengths
    hits = found[judged].reshape(len(seeds), -1) == codes[seeds, None]
    hits = hits[:, : max(10, int(relevant.max()))]
    first = hits[:, 0].astype(np.float64)
    ten = hits[:, :10].sum(axis=1) / np.minimum(10, relevant)
    place = np.arange(1, hits.shape[1] + 1)
    counted = hits & (place <= relevant[:, None])
    precision = np.cumsum(hits, axis=1, dtype=np.int32) / place
    return np.stack([first, ten, (precision * counted).sum(axis=1) / relevant])


def _collect(values: np.ndarray, codes: np.ndarray, relevant: np.ndarray) -> Scores:
    unknown = int((codes == UNKNOWN).sum())
    seeds = np.flatnonzero(relevant > 0)
    first, ten, average = values
    alone = len(codes) - unknown - len(seeds)
    return Scores(seeds, first, ten, average, alone, unknown)


def bootstrap_interval(
    values: np.ndarray, samples: int = 1000, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of the mean of per-seed values ``(S,)``, resampling the seeds.

    Returns:
        ``(low, high)``; both NaN where there are no values.
    """
    if not len(values):
        return float("nan"), float("nan")
    draw = np.random.default_rng(seed)
    means = np.empty(samples)
    step = max(1, _CELLS // len(values))
    for start in range(0, samples, step):
        stop = min(start + step, samples)
        picks = draw.integers(0, len(values), size=(stop - start, len(values)))
        means[start:stop] = values[picks].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
