"""Learns which finer facet orders products that are alike in type and colour.

Of pairs beyond the cosine at which they are alike with the probability `SETTLED`, the weights are
chosen that tell best whether two products share their pattern as well as whether they are alike,
each measured by the area under the ROC curve. One facet at a time is given more weight than by
default. Where no weights are better than the default ones by `GAIN`, there is nothing to learn.
"""

from collections.abc import Iterator

import numpy as np
from scipy.stats import rankdata

from engine.arrays import Bool, Float64
from engine.calibration.curve import Curve
from engine.calibration.detail import Detail
from engine.calibration.held_out_pairs import HeldOutSet, Pairs
from engine.encoders.facets import FacetLayout
from engine.labels.labels import UNKNOWN

SETTLED = 0.7
FEWEST_PAIRS = 20  # of one pattern, and of two
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)  # weights that are tried
GAIN = 0.02
KNOTS = 11


def learn_detail(
    held: HeldOutSet, pairs: Pairs, everything: Curve, layout: FacetLayout
) -> Detail | None:
    """The finer facet of an encoder; None where there is none, or too few pairs tell.

    Args:
        held: products with the label column ``pattern``.
        pairs: pairs of these.
        everything: the curve of all products.
        layout: of the encoder.
    """
    saturation = round(everything.inverse(SETTLED), 6)
    near = pairs.take(pairs.cosines >= saturation)
    patterns = held.column("pattern")
    ours, theirs = patterns[near.seeds], patterns[near.others]
    known = (ours != UNKNOWN) & (theirs != UNKNOWN)
    same = ours == theirs
    enough = min((same & known).sum(), (~same & known).sum()) >= FEWEST_PAIRS
    if not -1 < saturation < 1 or not enough or near.alike.all() or not near.alike.any():
        return None

    def worth(fine: Float64) -> float:
        return area_under_curve(fine[known], same[known]) + area_under_curve(fine, near.alike)

    tried = [(weights, fine_cosines(held, near, layout, weights)) for weights in _weights(layout)]
    worths = [worth(fine) for _, fine in tried]
    best = int(np.argmax(worths))
    if worths[best] < worths[0] + GAIN:
        return None
    weights, fine = tried[best]
    knots, scores = _same_range(fine, near.cosines, saturation)
    return Detail(saturation=saturation, weights=weights, fine=knots, scores=scores)


def fine_cosines(
    held: HeldOutSet, pairs: Pairs, layout: FacetLayout, weights: dict[str, float]
) -> Float64:
    """``(P,)`` cosines of pairs under other weights than the default ones."""
    scale = layout.reweigh(np.ones(layout.dim, np.float32), weights).astype(np.float64)
    rows = held.rows.astype(np.float64)
    found: Float64 = np.einsum("pd,pd->p", rows[pairs.seeds] * scale, rows[pairs.others])
    return found


def area_under_curve(scores: Float64, right: Bool) -> float:
    """The share of (right, wrong) pairs of scores in which the right one is higher; ties half."""
    ranks = rankdata(scores)
    rights = int(right.sum())
    wrongs = len(right) - rights
    return float((ranks[right].sum() - rights * (rights + 1) / 2) / (rights * wrongs))


def _weights(layout: FacetLayout) -> Iterator[dict[str, float]]:
    """The default weights, and then those with one facet raised."""
    yield dict(layout.weights)
    for name, weight in layout.weights.items():
        for share in SHARES:
            if share > weight:
                rest = (1 - share) / (1 - weight)
                yield {
                    other: round(share if other == name else rest * default, 6)
                    for other, default in layout.weights.items()
                }


def _same_range(
    fine: Float64, cosines: Float64, saturation: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Knots from fine cosines to the plain ones of the same quantiles."""
    levels = np.linspace(0, 1, KNOTS)[1:-1]
    knots = np.quantile(fine, levels).round(6)
    scores = np.quantile(cosines, levels).round(6)
    inside = (knots > -1) & (knots < 1) & (scores > saturation) & (scores < 1)
    rising = np.array(_rising(knots[inside], scores[inside]), dtype=np.int64)
    chosen = np.flatnonzero(inside)[rising]
    return (-1.0, *knots[chosen].tolist(), 1.0), (saturation, *scores[chosen].tolist(), 1.0)


def _rising(*columns: Float64) -> list[int]:
    """Places at which every column is above its value at the place kept before."""
    kept: list[int] = []
    for place in range(len(columns[0])):
        if not kept or all(column[place] > column[kept[-1]] for column in columns):
            kept.append(place)
    return kept
