"""Fits calibrations on one half of the held-out products, and measures them on the other.

Each curve is an isotonic regression (scikit-learn) over the means of bins: it only assumes that
nearer products are not less often alike, and the bins keep single pairs from making steps. Bins
have equal weight, but for the nearest pairs, which panels show: their bins are halved as long as
enough pairs are left. Between the centres of level stretches the curve rises (centred isotonic
regression, Oron & Flournoy 2017), and beyond the last one it rises half of the way to `MOST`, so
that of two products the nearer one has the higher match. The curve of a category is shrunk towards
that of its parent category, which counts as `SHRINK` more seeds; with fewer than `FEWEST` seeds, a
category has no curve. A weighted mean of curves that never fall never falls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import IsotonicRegression

from catalog.vocabulary import category_path
from engine.arrays import Bool, Float64, Int64
from engine.calibration.calibration import Calibration
from engine.calibration.curve import LEAST, MOST, Curve
from engine.calibration.detail_learning import fine_cosines, learn_detail
from engine.calibration.floor import learn_floor
from engine.calibration.held_out_pairs import HeldOutSet, Pairs, draw_pairs
from engine.calibration.one_design import learn_one_design
from engine.calibration.relevance import ALIKE
from engine.calibration.reliability import calibration_error
from engine.encoders.facets import FacetLayout
from engine.errors import NotEnoughData

FEWEST = 25  # seeds of a category with a curve of its own
SHRINK = 50.0  # seeds that the parent category counts as
FEWEST_IN_ALL = 50  # seeds of a calibration
BINS = 25  # most bins of a curve
_PAIRS_PER_BIN = 100
_NEAREST_PAIRS = 50  # of a bin among the nearest


@dataclass(frozen=True)
class EncoderId:
    """The encoder that a calibration is for: its name and fingerprint."""

    name: str
    fingerprint: str


def calibrate(
    held: HeldOutSet, fitting: Bool, encoder_id: EncoderId, layout: FacetLayout | None = None
) -> Calibration:
    """Fit on the products in a mask ``(N,)``, and measure the error on the others.

    Args:
        held: all N products.
        fitting: the mask.
        encoder_id: of the encoder that computed their rows.
        layout: its facets; None: finer facets are not learned.

    Raises:
        NotEnoughData: there are too few products of known type and colour.
    """
    learned, judged = held.take(fitting).known(), held.take(~fitting).known()
    pairs = draw_pairs(learned)
    seeds = len(np.unique(pairs.seeds))
    if seeds < FEWEST_IN_ALL or not pairs.alike.any():
        raise NotEnoughData(
            f"A calibration needs {FEWEST_IN_ALL} held-out products of known type and colour on "
            f"each side, some of them alike; there are {seeds}. Give more --data, or --split all "
            "for products that the encoder was not trained on."
        )
    curves = fit_curves(pairs, learned.categories)
    fitted = Calibration(
        fingerprint=encoder_id.fingerprint,
        encoder=encoder_id.name,
        alike=ALIKE,
        fitted_on=len(learned),
        everything=curves[""],
        categories={path: curve for path, curve in sorted(curves.items()) if path},
    )
    matches = fitted.match(pairs.cosines, _paths(learned, pairs))
    detail = None if layout is None else learn_detail(learned, pairs, fitted.everything, layout)
    apart = None if layout is None else layout.apart_from_colour()
    fitted = fitted.model_copy(
        update={
            "floor": learn_floor(learned, pairs, matches),
            "detail": detail,
            "one_design": None if apart is None else learn_one_design(learned, apart),
        }
    )
    tested = draw_pairs(judged)
    if not len(tested):
        return fitted
    scores = tested.cosines
    if layout is not None and detail is not None:
        scores = detail.score(scores, fine_cosines(judged, tested, layout, detail.weights))
    error = calibration_error(fitted.match(scores, _paths(judged, tested)) / 100, tested)
    return fitted.model_copy(update={"error": round(error, 4)})


def _paths(held: HeldOutSet, pairs: Pairs) -> list[str | None]:
    return [held.categories[seed] for seed in pairs.seeds.tolist()]


def fit_curves(pairs: Pairs, categories: Sequence[str | None]) -> dict[str, Curve]:
    """Fit a curve for each category path; the path "" is that of all products.

    Args:
        pairs: their seeds are indices of ``categories``.
        categories: the path of each product, or None.
    """
    curves = {"": isotonic_curve(pairs)}
    for path, members in _category_levels(categories):
        own = pairs.take(np.isin(pairs.seeds, members))
        if len(np.unique(own.seeds)) >= FEWEST:
            curves[path] = _shrink(isotonic_curve(own), _parent_curve(path, curves))
    return curves


def _category_levels(categories: Sequence[str | None]) -> list[tuple[str, list[int]]]:
    """Each category path at each level, parents first, with the products in or below it."""
    found: dict[str, list[int]] = {}
    for row, category in enumerate(categories):
        for level in category_path.levels(category):
            found.setdefault(level, []).append(row)
    return sorted(found.items(), key=lambda item: (len(category_path.split(item[0])), item[0]))


def _parent_curve(path: str, curves: Mapping[str, Curve]) -> Curve:
    for level in reversed(category_path.levels(path)[:-1]):
        if level in curves:
            return curves[level]
    return curves[""]


def isotonic_curve(pairs: Pairs, per_bin: int = _PAIRS_PER_BIN) -> Curve:
    """The curve of some weighted pairs, with as many pairs in each bin, or more."""
    order = np.argsort(pairs.cosines, kind="stable")
    ordered = pairs.take(order)
    bins = max(1, min(BINS, len(ordered) // per_bin))
    mass = np.cumsum(ordered.weights) / ordered.weights.sum()
    cuts = np.searchsorted(mass, np.arange(1, bins) / bins)
    starts = np.unique(np.concatenate([[0], cuts[cuts < len(ordered)]]))
    starts = np.concatenate([starts, _nearest(int(starts[-1]), len(ordered))])
    weight = np.add.reduceat(ordered.weights, starts)
    x = np.add.reduceat(ordered.weights * ordered.cosines, starts) / weight
    y = np.add.reduceat(ordered.weights * ordered.alike, starts) / weight
    x, kept = np.unique(x.round(6), return_index=True)
    y, weight = y[kept], weight[kept]
    level = IsotonicRegression(y_min=LEAST, y_max=MOST).fit(x, y, weight).predict(x)
    stretch = np.concatenate([[0], np.flatnonzero(np.diff(level)) + 1])
    total = np.add.reduceat(weight, stretch)
    x, level = np.add.reduceat(weight * x, stretch) / total, level[stretch]
    if x[-1].round(6) < 1:  # a mean of ones may be below 1 by rounding
        x, level = np.append(x, 1.0), np.append(level, (level[-1] + MOST) / 2)
    return _curve(x, level, len(np.unique(pairs.seeds)))


def _nearest(start: int, stop: int) -> Int64:
    """Where the last bin ``[start, stop)`` is cut: in halves, the nearer half again in halves."""
    cuts = []
    while stop - start >= 2 * _NEAREST_PAIRS:
        start = (start + stop) // 2
        cuts.append(start)
    return np.array(cuts, dtype=np.int64)


def _shrink(own: Curve, parent: Curve) -> Curve:
    x = np.union1d(own.cosines, parent.cosines)
    share = own.products / (own.products + SHRINK)
    return _curve(x, share * own.at(x) + (1 - share) * parent.at(x), own.products)


def _curve(cosines: Float64, probabilities: Float64, products: int) -> Curve:
    level = np.clip(np.maximum.accumulate(probabilities.round(5)), LEAST, MOST)
    flat = np.zeros(len(level), dtype=bool)  # a knot between two of the same height changes nothing
    flat[1:-1] = (level[1:-1] == level[:-2]) & (level[1:-1] == level[2:])
    cosines, level = cosines[~flat], level[~flat]
    return Curve(
        cosines=tuple(cosines.round(6).tolist()),
        probabilities=tuple(level.tolist()),
        products=products,
    )
