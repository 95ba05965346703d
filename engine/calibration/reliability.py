"""How far a match can be trusted: calibration error, reliability curves, and what a threshold does.

All on pairs of the half of the held-out products that no curve was fitted on.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.calibration.calibration import Calibration
from engine.calibration.held_out_pairs import HeldOutSet, Pairs, draw_pairs
from engine.calibration.relevance import may_meet
from engine.labels.labels import UNKNOWN

BINS = 15
SHOWN = 12  # products of a panel
THRESHOLD = 60.0  # percent
LARGEST = 6  # categories with a curve or a line of their own
_CHUNK = 256


@dataclass(frozen=True)
class Bin:
    """Pairs of about one match: what was said and what was so, in [0, 1], and their share."""

    said: float
    found: float
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
    """What a threshold does to panels of one category, or of all ("").

    ``empty`` is the share of seeds that are left with nothing, ``right`` the share of what is
    still shown that is alike, as far as is known (NaN where nothing is shown). ``raw`` takes the
    cosine for a probability, ``matched`` the calibrated match.
    """

    category: str
    seeds: int
    empty_raw: float
    empty_matched: float
    right_raw: float
    right_matched: float


@dataclass(frozen=True)
class Reliability:
    """What was measured of one calibration.

    Attributes:
        alike: what a match is the probability of.
        seeds, pairs: how many were judged.
        error: calibration error over the stated base of `engine.calibration.held_out_pairs`.
        error_shown: over each seed's `SHOWN` nearest alone, which is harder.
        error_raw: as ``error``, if the raw cosine were taken for a probability.
        curve: reliability over all categories.
        categories: of the largest ones.
        threshold: percent that ``effects`` are about; the first is over all categories.
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


def reliability_curve(said: np.ndarray, pairs: Pairs, bins: int = BINS) -> tuple[Bin, ...]:
    """Bins of equal weight by what was said, ascending; equal values share a bin.

    Args:
        said: ``(P,)`` probabilities.
        pairs: what was so.
        bins: how many, at most.
    """
    if not len(pairs):
        return ()
    _, place = np.unique(said, return_inverse=True)
    mass = np.bincount(place, pairs.weights)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    cell = np.minimum((middle * bins).astype(int), bins - 1)[place]
    weight = np.bincount(cell, pairs.weights, bins)
    told = np.bincount(cell, pairs.weights * said, bins)
    found = np.bincount(cell, pairs.weights * pairs.alike, bins)
    used = np.flatnonzero(weight > 0)
    return tuple(
        Bin(
            float(told[at] / weight[at]),
            float(found[at] / weight[at]),
            float(weight[at] / weight.sum()),
        )
        for at in used
    )


def calibration_error(said: np.ndarray, pairs: Pairs, bins: int = BINS) -> float:
    """Expected calibration error in [0, 1]: how far apart said and so are, bin by bin; NaN of none.

    Bins of equal weight, as equal-width ones would hide the few pairs that matter.
    """
    curve = reliability_curve(said, pairs, bins)
    if not curve:
        return float("nan")
    return float(sum(one.share * abs(one.said - one.found) for one in curve))


def measure(
    held: HeldOutSet, judging: np.ndarray, calibration: Calibration, threshold: float = THRESHOLD
) -> Reliability:
    """Judge a calibration on held-out products.

    Args:
        held: all of them; panels are filled from these.
        judging: mask ``(N,)`` bool of those that were not fitted on.
        calibration: of the encoder that made the rows.
        threshold: percent from which a product is shown.
    """
    mine = held.take(judging).known()
    pairs = draw_pairs(mine)
    paths = np.array([mine.categories[seed] for seed in pairs.seeds.tolist()], dtype=object)
    said = calibration.match(pairs.cosines, paths.tolist()) / 100
    shown = pairs.ranks < SHOWN
    names = largest(mine.categories)
    categories = []
    for name in names:
        here = paths == name
        curve = reliability_curve(said[here], pairs.take(here), bins=10)
        error = calibration_error(said[here], pairs.take(here), bins=10)
        seeds = len(np.unique(pairs.seeds[here]))
        categories.append(CategoryReliability(name, seeds, error, curve))
    return Reliability(
        alike=calibration.alike,
        seeds=len(np.unique(pairs.seeds)),
        pairs=len(pairs),
        error=calibration_error(said, pairs),
        error_shown=calibration_error(said[shown], pairs.take(shown)),
        error_raw=calibration_error(pairs.cosines.clip(0, 1), pairs),
        curve=reliability_curve(said, pairs),
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
    judging: np.ndarray,
    calibration: Calibration,
    threshold: float,
    names: Sequence[str],
) -> tuple[Effect, ...]:
    """What a threshold does to panels of the `SHOWN` nearest, over all and by category."""
    seeds = np.flatnonzero(judging)
    # of each seed: how many are shown, how many of these are known, and alike; raw and matched
    counts = np.zeros((2, 3, len(seeds)))
    for start in range(0, len(seeds), _CHUNK):
        rows = seeds[start : start + _CHUNK]
        fits = may_meet(held.groups[rows], held.groups)
        fits[np.arange(len(rows)), rows] = False
        cosines = np.where(fits, held.rows[rows] @ held.rows.T, -np.inf)
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :SHOWN]
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


def _effect(name: str, counts: np.ndarray) -> Effect:
    empty = [_share(float((way[0] == 0).sum()), counts.shape[2]) for way in counts]
    right = [_share(float(way[2].sum()), float(way[1].sum())) for way in counts]
    return Effect(name, counts.shape[2], empty[0], empty[1], right[0], right[1])


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
