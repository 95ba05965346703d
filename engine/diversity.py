"""From ranked tastes to one panel: variety within each, turns between them, nothing alike twice."""

from collections.abc import Callable, Sequence

import numpy as np

from engine.alike import distinct
from engine.question import Hit
from engine.search import DECIMALS
from engine.tastes import interleave

POOL = 100  # results that variety is sought among, at least
POOL_PER_RESULT = 2


def pool_size(k: int, diversity: float, tastes: int) -> int:
    """How many results a taste should bring, so that ``k`` can be chosen of them."""
    if diversity > 0:
        return max(POOL, POOL_PER_RESULT * k)
    return k if tastes == 1 else 2 * k  # some are alike to what another taste shows


def diversify(
    vectors: np.ndarray,
    scale: np.ndarray,
    hits: Sequence[Hit],
    diversity: float,
    most: int,
    taken: Sequence[int] = (),
) -> list[Hit]:
    """The hits of a taste in the order of maximal marginal relevance (Carbonell & Goldstein 1998).

    The next one is always that which maximises ``(1 - diversity) * value - diversity * nearest``,
    where ``nearest`` is its greatest similarity with what was chosen before; of equal ones the
    first. It is the same similarity as between a query and a row.

    Args:
        vectors: ``(N, D)``, of the generation.
        scale: ``(D,)`` what the request's facet weights multiply a query by.
        hits: best first.
        diversity: 0 leaves the order as it is; 1 looks at novelty only.
        most: how many to choose.
        taken: rows that are shown already.
    """
    if diversity == 0 or not hits:
        return list(hits[:most])
    mine = vectors[[hit.row for hit in hits]].astype(np.float64)
    asked = mine * scale
    value = np.array([hit.value for hit in hits])
    nearest = np.full(len(hits), -np.inf)
    for row in taken:
        nearest = np.maximum(nearest, asked @ vectors[row].astype(np.float64))
    left = np.ones(len(hits), dtype=bool)
    order = []
    for _ in hits[:most]:
        novelty = np.where(np.isfinite(nearest), nearest, 0)
        gain = ((1 - diversity) * value - diversity * novelty).round(DECIMALS)
        place = int(np.where(left, gain, -np.inf).argmax())
        left[place] = False
        order.append(hits[place])
        nearest = np.maximum(nearest, asked @ mine[place])
    return order


def take_turns(
    vectors: np.ndarray,
    tastes: Sequence[Sequence[Hit]],
    weights: Sequence[float],
    group: Callable[[np.ndarray], np.ndarray] | None,
    twins: bool,
) -> list[Hit]:
    """The hits of all tastes in the order of the panel; what is alike to an earlier one is out.

    Args:
        vectors: of the generation.
        tastes: hits of each taste, in order, nothing in one alike to another in it.
        weights: of each taste, above 0: how much of the panel it gets.
        group: as for `engine.search.Question`.
        twins: as for it.
    """
    if len(tastes) == 1:
        return list(tastes[0])
    total = sum(len(hits) for hits in tastes)
    turns = [hit for _, hit in interleave(tastes, weights, total)]
    rows = np.array([hit.row for hit in turns], dtype=np.int64)
    codes = None if group is None else group(rows)
    return [turns[place] for place in distinct(vectors, rows, codes, twins)]
