"""How reliable a match is: calibration error, reliability curves, and the effect of a threshold.

All are measured on pairs from the half of the held-out products that no curve was fitted on.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import Bool, Float64
from engine.calibration.calibration import Calibration
from engine.calibration.held_out_pairs import HeldOutSet, Pairs, draw_pairs
from engine.calibration.relevance import may_meet
from engine.labels.labels import UNKNOWN

BINS = 15
PANEL_SIZE = 12
THRESHOLD = 60.0  # match in percent
LARGEST = 6  # categories that get a curve of their own
_CHUNK = 256  # seeds whose cosines to all products are in memory at a time


@dataclass(frozen=True)
class Bin:
    """Pairs of about the same match.

    Attributes:
        predicted: mean predicted probability, in [0, 1].
        observed: observed frequency of alike pairs, in [0, 1].
        share: of the total weight, in [0, 1].
    """

    predicted: float
    observed: float
    share: float


@dataclass(frozen=True)
class CategoryReliability:
    """One category's curve and calibration error; NaN where it has no pairs."""

    category: str
    seeds: int
    error: float
    curve: tuple[Bin, ...]


@dataclass(frozen=True)
class Effect:
    """The effect of a threshold on the panels of one category, or of all ("").

    ``empty_*`` is the share of seeds whose panel becomes empty, ``right_*`` the share of alike
    products among those still shown whose labels are known (NaN without any). ``*_raw`` compares
    the threshold with the cosine, ``*_matched`` with the calibrated match.
    """

    category: str
    seeds: int
    empty_raw: float
    empty_matched: float
    right_raw: float
    right_matched: float


@dataclass(frozen=True)
class Reliability:
    """Measurements of one calibration.

    Attributes:
        alike: the event whose probability a match is.
        seeds, pairs: how many were measured.
        error: calibration error on pairs weighted as in `engine.calibration.held_out_pairs`.
        error_shown: on each seed's `PANEL_SIZE` nearest products alone, which is harder.
        error_raw: as ``error``, of the raw cosine taken as a probability.
        curve: reliability over all categories.
        categories: reliability of each of the largest categories.
        threshold: match in percent.
        effects: of that threshold, over all categories and then by category.
    """

    alike: str
    seeds: int
    pairs: int
    error: float
    error_shown: float
    error_raw: float
    curve: tuple[Bin, ...]
    categories: tuple[CategoryReliability, ...]
    threshold: float
    effects: tuple[Effect, ...]


def reliability_curve(predicted: Float64, pairs: Pairs, bins: int = BINS) -> tuple[Bin, ...]:
    """Bins of equal weight by predicted probability, ascending; equal values share a bin.

    Args:
        predicted: ``(P,)`` probabilities.
        pairs: the P pairs that they were predicted for.
        bins: how many, at most.
    """
    if not len(pairs):
        return ()
    _, place = np.unique(predicted, return_inverse=True)
    mass = np.bincount(place, pairs.weights)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    cell = np.minimum((middle * bins).astype(int), bins - 1)[place]
    weight = np.bincount(cell, pairs.weights, bins)
    means = np.bincount(cell, pairs.weights * predicted, bins)
    alike = np.bincount(cell, pairs.weights * pairs.alike, bins)
    used = np.flatnonzero(weight > 0)
    return tuple(
        Bin(
            float(means[at] / weight[at]),
            float(alike[at] / weight[at]),
            float(weight[at] / weight.sum()),
        )
        for at in used
    )


def calibration_error(predicted: Float64, pairs: Pairs, bins: int = BINS) -> float:
    """Expected calibration error in [0, 1] (Naeini et al. 2015); NaN without pairs.

    It is the weighted mean over bins of the absolute difference between mean predicted
    probability and observed frequency. The bins have equal weight: bins of equal width would
    hide the few pairs of a high match, which are the ones that a panel shows.
    """
    curve = reliability_curve(predicted, pairs, bins)
    if not curve:
        return float("nan")
    return float(sum(one.share * abs(one.predicted - one.observed) for one in curve))


def measure(
    held: HeldOutSet, judging: Bool, calibration: Calibration, threshold: float = THRESHOLD
) -> Reliability:
    """Measure a calibration on held-out products.

    Args:
        held: all N of them; panels are drawn from these.
        judging: mask ``(N,)`` of those that it was not fitted on.
        calibration: that of the encoder that computed the rows.
        threshold: least match in percent of a product that is shown.
    """
    mine = held.take(judging).known()
    pairs = draw_pairs(mine)
    paths = np.array([mine.categories[seed] for seed in pairs.seeds.tolist()], dtype=object)
    predicted = calibration.match(pairs.cosines, paths.tolist()) / 100
    shown = pairs.ranks < PANEL_SIZE
    names = largest(mine.categories)
    categories = []
    for name in names:
        here = paths == name
        curve = reliability_curve(predicted[here], pairs.take(here), bins=10)
        error = calibration_error(predicted[here], pairs.take(here), bins=10)
        seeds = len(np.unique(pairs.seeds[here]))
        categories.append(CategoryReliability(name, seeds, error, curve))
    return Reliability(
        alike=calibration.alike,
        seeds=len(np.unique(pairs.seeds)),
        pairs=len(pairs),
        error=calibration_error(predicted, pairs),
        error_shown=calibration_error(predicted[shown], pairs.take(shown)),
        error_raw=calibration_error(pairs.cosines.clip(0, 1), pairs),
        curve=reliability_curve(predicted, pairs),
        categories=tuple(categories),
        threshold=threshold,
        effects=effects(held, judging, calibration, threshold, names),
    )


def largest(categories: Sequence[str | None], most: int = LARGEST) -> tuple[str, ...]:
    """The category paths with the most products, the largest first."""
    counts = Counter(path for path in categories if path)
    return tuple(sorted(counts, key=lambda path: (-counts[path], path))[:most])


def effects(
    held: HeldOutSet,
    judging: Bool,
    calibration: Calibration,
    threshold: float,
    names: Sequence[str],
) -> tuple[Effect, ...]:
    """The effect of a threshold on panels of the `PANEL_SIZE` nearest, over all and by category."""
    seeds = np.flatnonzero(judging)
    # (raw or matched) x (shown, shown with known labels, shown and alike) x seeds
    counts = np.zeros((2, 3, len(seeds)))
    for start in range(0, len(seeds), _CHUNK):
        rows = seeds[start : start + _CHUNK]
        fits = may_meet(held.groups[rows], held.groups)
        fits[np.arange(len(rows)), rows] = False
        cosines = np.where(fits, held.rows[rows] @ held.rows.T, -np.inf)
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :PANEL_SIZE]
        near = np.take_along_axis(cosines, best, axis=1)
        bars = [calibration.inverse(threshold, held.categories[row]) for row in rows.tolist()]
        ours, theirs = held.codes[rows][:, None], held.codes[best]
        known = (ours != UNKNOWN) & (theirs != UNKNOWN)
        for way, bar in enumerate((threshold / 100, np.array(bars)[:, None])):
            stays = (near >= bar) & np.isfinite(near)
            for what, mask in enumerate((stays, stays & known, stays & known & (ours == theirs))):
                counts[way, what, start : start + len(rows)] = mask.sum(axis=1)
    paths = np.array([held.categories[row] for row in seeds.tolist()], dtype=object)
    groups = [("", np.ones(len(seeds), dtype=bool)), *((name, paths == name) for name in names)]
    return tuple(_effect(name, counts[:, :, mask]) for name, mask in groups)


def _effect(name: str, counts: Float64) -> Effect:
    empty = [_share(float((way[0] == 0).sum()), counts.shape[2]) for way in counts]
    right = [_share(float(way[2].sum()), float(way[1].sum())) for way in counts]
    return Effect(name, counts.shape[2], empty[0], empty[1], right[0], right[1])


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
