"""From ranked tastes to one panel: variety within each, turns between them, nothing alike twice."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from engine.index.stacked_rows import Matrix
from engine.recommendation.seed_clusters import turns
from engine.search.duplicates import distinct
from engine.search.search import DECIMALS
from engine.search.search_query import Hit

POOL = 100  # results that variety is sought among, at least
POOL_PER_RESULT = 2


def pool_size(k: int, diversity: float, tastes: int) -> int:
    """How many results a taste should bring, so that ``k`` can be chosen of them."""
    if diversity > 0:
        return max(POOL, POOL_PER_RESULT * k)
    return k if tastes == 1 else 2 * k  # some are alike to what another taste shows


def diversify(
    vectors: Matrix,
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
    return list(varied(vectors, scale, hits, diversity, most, taken))


def varied(
    vectors: Matrix,
    scale: np.ndarray,
    hits: Sequence[Hit],
    diversity: float,
    most: int,
    taken: Sequence[int] = (),
) -> Iterator[Hit]:
    """What `diversify` gives, chosen one at a time as it is asked for."""
    if diversity == 0 or not hits:
        yield from hits[:most]
        return
    mine = vectors[[hit.row for hit in hits]].astype(np.float64)
    asked = mine * scale
    # What was chosen has no worth left, so that it is not chosen again.
    worth = (1 - diversity) * np.array([hit.value for hit in hits])
    nearest = np.zeros(len(hits))
    if len(taken):
        shown = vectors[np.asarray(taken)].astype(np.float64)
        nearest = (asked @ shown.T).max(axis=1)
    for number in range(min(most, len(hits))):
        place = int((worth - diversity * nearest).round(DECIMALS).argmax())
        worth[place] = -np.inf
        yield hits[place]
        near = asked @ mine[place]
        nearest = near if number == 0 and not len(taken) else np.maximum(nearest, near)


def take_turns(
    vectors: Matrix,
    tastes: Sequence[Iterable[Hit]],
    weights: Sequence[float],
    group: Callable[[np.ndarray], np.ndarray] | None,
    twins: bool,
    most: int | None = None,
) -> list[Hit]:
    """The hits of all tastes in the order of the panel; what is alike to an earlier one is out.

    Args:
        vectors: of the generation.
        tastes: hits of each taste, in order, nothing in one alike to another in it.
        weights: of each taste, above 0: how much of the panel it gets.
        group: as for `engine.search.search.SearchQuery`.
        twins: as for it.
        most: how many are wanted; None: all. Of each taste no more is taken than that needs.
    """
    if len(tastes) == 1:
        return list(islice(tastes[0], most))
    line = (hit for _, hit in turns(tastes, weights))
    if most is None:
        return _unlike(vectors, list(line), group, twins)
    drawn: list[Hit] = []
    while True:
        more = list(islice(line, most))
        drawn += more
        kept = _unlike(vectors, drawn, group, twins)
        if len(kept) >= most or len(more) < most:
            return kept[:most]


def _unlike(
    vectors: Matrix,
    hits: Sequence[Hit],
    group: Callable[[np.ndarray], np.ndarray] | None,
    twins: bool,
) -> list[Hit]:
    """Hits without those that are alike to an earlier one."""
    rows = np.array([hit.row for hit in hits], dtype=np.int64)
    codes = None if group is None else group(rows)
    return [hits[place] for place in distinct(vectors, rows, codes, twins)]
