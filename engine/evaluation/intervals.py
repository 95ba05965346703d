"""Means over seeds with 95% percentile bootstrap intervals (Efron and Tibshirani 1993)."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import Float64, Int64

SAMPLES = 1000
FEW_SEEDS = 200  # with fewer seeds a difference between two models is mostly chance
_CELLS = 4_000_000  # picks in memory at a time: about 60 MB with their counts


@dataclass(frozen=True)
class Measure:
    """A mean over seeds and its 95% bootstrap interval (resampled seeds)."""

    value: float
    low: float
    high: float


NOTHING = Measure(float("nan"), float("nan"), float("nan"))


def measure(values: Float64, groups: Int64 | None = None) -> Measure:
    """The mean of per-seed values ``(S,)`` and its interval; NaN if there are none.

    ``groups`` as for `bootstrap_intervals`.
    """
    return measures(values[None], groups)[0]


def measures(values: Float64, groups: Int64 | None = None) -> list[Measure]:
    """The V means of per-seed values ``(V, S)`` and their intervals; NaN without seeds."""
    if not values.shape[1]:
        return [NOTHING] * len(values)
    intervals = bootstrap_intervals(values, groups)
    return [
        Measure(float(mean), float(low), float(high))
        for mean, (low, high) in zip(values.mean(axis=1), intervals, strict=True)
    ]


def bootstrap_intervals(
    values: Float64,
    groups: Int64 | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> Float64:
    """Percentile bootstrap intervals of V means, all over the same resampled seeds.

    Args:
        values: ``(V, S)``.
        groups: ``(S,)`` codes of seeds that depend on each other, such as the members of a
            design family: whole groups are resampled. None: every seed is a group.
        samples: number of resamples.
        seed: of the random generator.
        level: coverage.

    Returns:
        ``(V, 2)`` float64, low and high; NaN without seeds.
    """
    if not values.shape[1]:
        return np.full((len(values), 2), np.nan)
    sums, sizes = values.T, np.ones(values.shape[1])
    if groups is not None:
        order = np.unique(groups, return_inverse=True)[1].reshape(-1)
        sizes = np.bincount(order).astype(np.float64)
        sums = np.stack([np.bincount(order, row) for row in values], axis=1)
    total = len(sizes)
    draw = np.random.default_rng(seed)
    means = np.empty((samples, len(values)))
    step = max(1, _CELLS // total)
    for start in range(0, samples, step):
        stop = min(start + step, samples)
        picks = draw.integers(0, total, size=(stop - start, total))
        cells = picks + total * np.arange(stop - start)[:, None]
        counts = np.bincount(cells.reshape(-1), minlength=cells.size).reshape(cells.shape)
        times = counts.astype(np.float64)
        means[start:stop] = (times @ sums) / (times @ sizes)[:, None]
    return np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0).T
