"""Learns the floor: the least match of a product that is shown as a look-alike.

Below it, a panel would be filled up with what is not similar: a necklace would be answered by a
watch. What a person calls similar is at least of one type; the colour may differ. So the floor is
the match from which on most of the products that panels of `PANEL` places would show are of the
seed's type, by isotonic regression on held-out pairs. It is the same for every seed, and never
below `LEAST_FLOOR`: so rarely alike is not similar, whatever the type.
"""

import numpy as np
from sklearn.isotonic import IsotonicRegression

from engine.arrays import Float64
from engine.calibration.held_out_pairs import HeldOutSet, Pairs
from engine.labels.labels import UNKNOWN

PANEL = 12
MOSTLY = 0.5
LEAST_FLOOR = 5.0  # per cent
FEWEST_PAIRS = 500


def learn_floor(held: HeldOutSet, pairs: Pairs, matches: Float64) -> float | None:
    """The floor in per cent; None if there are too few pairs, or hardly any of one type.

    Args:
        held: products with the label column ``type``.
        pairs: pairs of these.
        matches: ``(P,)`` their matches in per cent.
    """
    types = held.column("type")
    ours, theirs = types[pairs.seeds], types[pairs.others]
    used = (pairs.ranks < PANEL) & (ours != UNKNOWN) & (theirs != UNKNOWN)
    if used.sum() < FEWEST_PAIRS:
        return None
    order = np.argsort(matches[used], kind="stable")
    match, same = matches[used][order], (ours == theirs)[used][order]
    share = IsotonicRegression().fit(match, same.astype(np.float64)).predict(match)
    enough = np.flatnonzero(share >= MOSTLY)
    if not len(enough):
        return None
    return round(max(LEAST_FLOOR, float(match[enough[0]])), 2)
