"""How sure a vote is: the probability that its word is the shop's, by attribute.

It is learned from the shop's own products: each of a sample is recognised by the others, without
those of its own title family, and an isotonic regression turns the share of the vote into the share
of right words. Half of the families judge a curve of the other half, both ways; the curve that is
used is of all.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import Bool, Float64
from engine.calibration.curve import Curve
from engine.calibration.fitting import isotonic_curve
from engine.calibration.held_out_pairs import Pairs
from engine.calibration.reliability import calibration_error

FEWEST = 50  # products with an attribute that is recognised
VOTES_PER_BIN = 20  # of a curve: split votes are few, and are not to be taken for clear ones
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
    """The confidence ``(n,)`` of each by a curve of the other half, and the calibration error.

    Both are NaN where all products are of one half.
    """
    shares, right = _columns(trials)
    first = np.array([_first_half(one.family) for one in trials], dtype=bool)
    found = np.full(len(trials), np.nan)
    if first.any() and (~first).any():
        for side in (first, ~first):
            found[side] = curve_of(shares[~side], right[~side]).at(shares[side])
    return found, calibration_error(found, _pairs(shares, right))


def _columns(trials: Sequence[Trial]) -> tuple[Float64, Bool]:
    """The shares ``(n,)``, and whether each vote is right."""
    shares = np.array([one.share for one in trials], dtype=np.float64)
    return shares, np.array([one.word == one.voted for one in trials], dtype=bool)


def curve_of(shares: Float64, right: Bool) -> Curve:
    """From shares ``(n,)`` to probabilities, by whether the votes were right."""
    return isotonic_curve(_pairs(shares, right), VOTES_PER_BIN)


def _pairs(shares: Float64, right: Bool) -> Pairs:
    rows = np.arange(len(shares))
    return Pairs(rows, rows, shares, right, np.ones(len(shares)), rows)


def _first_half(family: str) -> bool:
    return hashlib.sha256(f"recognition:{family}".encode()).digest()[0] < 128
