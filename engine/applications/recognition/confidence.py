"""How sure a vote is: the probability that its word is the shop's, by attribute.

It is learned from the shop's own products: each of a sample is recognised by the others, without
those of its own title family, and beta calibration (Kull et al. 2017) turns the share of the vote
into the probability of a right word. A fifth of the families judges a curve of the others, five
times; the curve that is used is of all.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from engine.arrays import Bool, Float64, Int64
from engine.calibration.curve import LEAST, MOST, Curve
from engine.calibration.held_out_pairs import Pairs
from engine.calibration.reliability import calibration_error
from engine.evaluation.intervals import Measure

FEWEST = 50  # products with an attribute that is recognised
FOLDS = 5
EDGE = 1e-3  # a share as near to 0 or 1 counts as this near
KNOTS = np.unique(np.concatenate([np.linspace(0, 1, 41), [0.985, 0.995, 0.999]]))  # of a curve
WEAK = 10.0  # inverse of the strength of the regression's prior
RESAMPLES = 300  # of the bootstrap of a calibration error
MOST_WORDS = 0.2  # distinct words for each product: more are names and sizes, not kinds


@dataclass(frozen=True, slots=True)
class Trial:
    """One product of the sample: the shop's ``word``, and the vote on it with its ``share``."""

    family: str
    word: str
    voted: str
    share: float


@dataclass(frozen=True)
class Confidence:
    """How sure votes on one attribute are.

    Attributes:
        curve: share of a vote -> probability that it is right.
        error: calibration error on other products than a curve was fitted on.
        accuracy: share of right votes, whatever their confidence, in [0, 1].
        majority: share of the most frequent word, in [0, 1].
        products: the number of products that it was learned from.
    """

    curve: Curve
    error: float
    accuracy: float
    majority: float
    products: int

    def of(self, share: float) -> float:
        """The confidence, in (0, 1), of a vote with this share."""
        return float(self.curve.at(np.array([share]))[0])


def learn_confidences(trials: Mapping[str, Sequence[Trial]]) -> dict[str, Confidence]:
    """Attribute -> how sure votes are, of the attributes that enough products have."""
    found = {}
    for name, some in sorted(trials.items()):
        distinct = len({one.word for one in some})
        if len(some) >= FEWEST and 1 < distinct <= MOST_WORDS * len(some):
            found[name] = _learn(some)
    return found


def _learn(trials: Sequence[Trial]) -> Confidence:
    shares, right = _columns(trials)
    words = [one.word for one in trials]
    return Confidence(
        curve=curve_of(shares, right),
        error=cross_fitted(trials)[1],
        accuracy=float(right.mean()),
        majority=max(words.count(word) for word in set(words)) / len(words),
        products=len(words),
    )


def cross_fitted(trials: Sequence[Trial]) -> tuple[Float64, float]:
    """The confidence ``(n,)`` of each by a curve of other families, and the calibration error.

    Both are NaN where all products are of one fold.
    """
    shares, right = _columns(trials)
    folds = np.array([_fold(one.family) for one in trials], dtype=np.int64)
    found = np.full(len(trials), np.nan)
    if len(np.unique(folds)) > 1:
        for one in np.unique(folds):
            side = folds == one
            found[side] = curve_of(shares[~side], right[~side]).at(shares[side])
    return found, calibration_error(found, _pairs(shares, right))


def error_of(confidence: Float64, trials: Sequence[Trial], families: Int64) -> Measure:
    """The calibration error of confidences ``(n,)``, and its 95% interval.

    Args:
        confidence: of each trial, by a curve of other families.
        trials: n of them.
        families: ``(n,)`` codes; whole families are resampled. As an error is a mean of absolute
            values, resamples have a larger one; the interval is moved down by as much.
    """
    shares, right = _columns(trials)
    pairs = _pairs(shares, right)
    error = calibration_error(confidence, pairs)
    members = [np.flatnonzero(families == one) for one in np.unique(families)]
    draw = np.random.default_rng(0)
    errors = []
    for _ in range(RESAMPLES):
        picks = draw.integers(len(members), size=len(members))
        rows = np.concatenate([members[one] for one in picks])
        errors.append(calibration_error(confidence[rows], pairs.take(rows)))
    low, high = np.quantile(errors, [0.025, 0.975]) - (np.mean(errors) - error)
    return Measure(error, max(0.0, float(low)), float(high))


def _columns(trials: Sequence[Trial]) -> tuple[Float64, Bool]:
    """The shares ``(n,)``, and whether each vote is right."""
    shares = np.array([one.share for one in trials], dtype=np.float64)
    return shares, np.array([one.word == one.voted for one in trials], dtype=bool)


def curve_of(shares: Float64, right: Bool) -> Curve:
    """From shares ``(n,)`` to probabilities, by whether the votes were right.

    Logistic regression weighs the logarithms of the share and of what is left of it; one that would
    make a larger share less sure is left out.
    """
    used = [0, 1]
    levels = np.full(len(KNOTS), (right.sum() + 1) / (len(right) + 2))  # the rule of succession
    while used and right.any() and not right.all():
        model = LogisticRegression(C=WEAK).fit(_logarithms(shares)[:, used], right)
        if model.coef_.min() >= 0:
            levels = model.predict_proba(_logarithms(KNOTS)[:, used])[:, 1]
            break
        used.pop(int(model.coef_.argmin()))
    rising = np.clip(np.maximum.accumulate(levels), LEAST, MOST).round(5)
    return Curve(
        cosines=tuple(KNOTS.tolist()), probabilities=tuple(rising.tolist()), products=len(right)
    )


def _logarithms(shares: Float64) -> Float64:
    """``(n, 2)`` of shares, which are kept from 0 and 1."""
    inner = np.clip(shares, EDGE, 1 - EDGE)
    return np.stack([np.log(inner), -np.log(1 - inner)], axis=1)


def _pairs(shares: Float64, right: Bool) -> Pairs:
    rows = np.arange(len(shares))
    return Pairs(rows, rows, shares, right, np.ones(len(shares)), rows)


def _fold(family: str) -> int:
    return hashlib.sha256(f"recognition:{family}".encode()).digest()[0] % FOLDS
