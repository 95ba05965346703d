"""Rates of groups of products with honest intervals: design effect, then empirical Bayes.

Places of one product are not independent: a single product that everybody clicks makes no style
wanted. So the places of a group are divided by a design effect (Kish 1965; Rao and Scott 1992):
that of its own products, or that which follows from the correlation of the places of a product in
all groups, whichever is larger; a group without any click has only the second. The rates are then
shrunk towards the usual one by a beta prior, whose width is the variance between groups
(DerSimonian and Laird 1986). So a group that was seldom seen is called neither good nor bad, and
among hundreds of groups the extreme ones are not simply the luckiest.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from engine.arrays import Bool, Float64, Int64

Numbers = Int64 | Float64 | Bool

LEVEL = 0.95
MOST_CORRELATION = 0.99
LEAST_SPREAD = 0.1  # standard deviation of the rates of groups is at least this share of the usual


@dataclass(frozen=True, slots=True)
class GroupRates:
    """The rates of G groups.

    Attributes:
        usual: the rate of a usual group, 0 to 1; None if nothing was seen.
        correlation: of the places of one product, 0 to 1.
        effective: ``(G,)`` the places of each, as so many independent ones.
        rate: ``(G,)`` the estimated rates, 0 to 1.
        low, high: ``(G,)`` the ends of their 95% credible intervals.
    """

    usual: float | None
    correlation: float
    effective: Float64
    rate: Float64
    low: Float64
    high: Float64


def group_rates(groups: Int64, seen: Int64, wanted: Int64, count: int) -> GroupRates:
    """The rates of groups of products.

    Args:
        groups: ``(P,)`` the group of each product, from 0.
        seen: ``(P,)`` its places that were seen.
        wanted: ``(P,)`` those of them in which it was wanted.
        count: G.
    """
    nothing = np.zeros(count)
    if not seen.sum():
        return GroupRates(None, 0.0, nothing, nothing, nothing, nothing + 1)
    total = sums(groups, seen, count)
    hits = sums(groups, wanted, count)
    raw = hits / np.maximum(total, 1)
    correlation = _correlation(groups, seen, wanted, total, raw)
    squares = sums(groups, seen**2, count)
    effect = 1 + correlation * (squares / np.maximum(total, 1) - 1)
    effect = np.maximum(effect, _own_effect(groups, seen, wanted, total, raw))
    effective = np.where(total > 0, total / np.maximum(effect, 1), 0.0)
    usual, spread = _between(raw, effective, hits.sum() / total.sum())
    if usual in (0.0, 1.0):  # nothing, or everything, was wanted: the intervals are Jeffreys'
        prior, other = 0.5, 0.5
    else:
        strength = max(usual * (1 - usual) / spread**2 - 1, 1.0)
        prior, other = usual * strength, (1 - usual) * strength
    a, b = prior + effective * raw, other + effective * (1 - raw)
    tail = (1 - LEVEL) / 2
    return GroupRates(
        usual, correlation, effective, a / (a + b), beta.ppf(tail, a, b), beta.ppf(1 - tail, a, b)
    )


def sums(groups: Int64, values: Numbers, count: int) -> Float64:
    """``(G,)`` the sum of some values ``(P,)`` in each group."""
    return np.bincount(groups, values, count).astype(np.float64)


def _correlation(groups: Int64, seen: Int64, wanted: Int64, total: Float64, raw: Float64) -> float:
    """The correlation of two places of one product, by the method of moments.

    With V(x) = n p q (1 + (n - 1) r) for a product, the sum of the squares of x - n p, where p is
    the rate of its group, is expected to be A + B r; this solves for r.
    """
    n, all_n = seen.astype(np.float64), np.maximum(total, 1)[groups]
    pq = (raw * (1 - raw))[groups]
    pairs = n * (n - 1)
    group_pairs = sums(groups, pairs, len(total))[groups]
    off = ((wanted - n * raw[groups]) ** 2).sum()
    chance = (pq * n * (1 - n / all_n)).sum()
    slope = (pq * (pairs * (1 - 2 * n / all_n) + (n / all_n) ** 2 * group_pairs)).sum()
    if slope <= 0:
        return 0.0
    return float(np.clip((off - chance) / slope, 0.0, MOST_CORRELATION))


def _own_effect(groups: Int64, seen: Int64, wanted: Int64, total: Float64, raw: Float64) -> Float64:
    """``(G,)`` the variance of each group's rate between its products, over that of chance."""
    products = sums(groups, seen > 0, len(total))
    off = sums(groups, (wanted - seen * raw[groups]) ** 2, len(total))
    chance = total * raw * (1 - raw)
    more = products / np.maximum(products - 1, 1)
    return np.divide(more * off, chance, out=np.ones(len(total)), where=chance > 0)


def _between(raw: Float64, effective: Float64, pooled: float) -> tuple[float, float]:
    """The mean of the rates of groups, and their standard deviation beyond chance."""
    if pooled in (0.0, 1.0):
        return float(pooled), 0.0
    some = effective > 0
    rates, weights = raw[some], effective[some] / (pooled * (1 - pooled))
    mean = (weights * rates).sum() / weights.sum()
    chi = (weights * (rates - mean) ** 2).sum()
    scale = weights.sum() - (weights**2).sum() / weights.sum()
    variance = max(0.0, (chi - (len(rates) - 1)) / scale) if scale > 0 else 0.0
    weights = 1 / (1 / weights + variance)
    usual = float((weights * rates).sum() / weights.sum())
    return usual, max(float(np.sqrt(variance)), LEAST_SPREAD * usual)
