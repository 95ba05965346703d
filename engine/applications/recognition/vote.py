"""Votes of neighbours: the nearer, the more weight."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import Float64

VOTERS = 12
NEARNESS = 0.05  # a cosine that is lower by this much weighs a third (1/e)


@dataclass(frozen=True, slots=True)
class Vote:
    """What neighbours say.

    Attributes:
        word: the one with the most weight.
        share: of the weight that it has, in (0, 1].
        agreeing: the number of neighbours that say it, of ``voters``.
        shares: word -> share, of all words.
    """

    word: str
    share: float
    agreeing: int
    voters: int
    shares: dict[str, float]


def vote(words: Sequence[str], cosines: Float64 | Sequence[float]) -> Vote | None:
    """The vote of neighbours, the nearest first, of which the first `VOTERS` count.

    Args:
        words: ``n`` words.
        cosines: ``(n,)``, falling.

    Returns:
        None without neighbours. Of words with equal weight, the nearest neighbour's wins.
    """
    ballots = list(words[:VOTERS])
    if not ballots:
        return None
    near = np.asarray(cosines, dtype=np.float64)[: len(ballots)]
    weights = np.exp((near - near[0]) / NEARNESS)
    sums: dict[str, float] = defaultdict(float)
    for word, weight in zip(ballots, weights.tolist(), strict=True):
        sums[word] += weight
    total = float(weights.sum())
    shares = {word: weight / total for word, weight in sums.items()}
    word = max(shares, key=lambda one: shares[one])
    return Vote(word, min(1.0, shares[word]), ballots.count(word), len(ballots), shares)
