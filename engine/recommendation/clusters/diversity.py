"""From the ranked hits of each line to one panel: varied, taking turns, without duplicates."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from engine.arrays import Float32, Int64
from engine.index.stacked_rows import Matrix
from engine.recommendation.clusters.seed_clusters import interleave
from engine.search.duplicates import distinct
from engine.search.row_values import NO_ROWS, RowValues
from engine.search.scoring import DECIMALS
from engine.search.search_query import Hit

POOL = 100  # hits that are diversified, at least, of one line
POOL_PER_RESULT = 2
POOL_OF_LINES = 1_000  # of several lines together, if they have no more than 100 each
FIRST, DEEPER = 16, 4  # hits of one of several lines at first, at least; then four times as many
FIRST_OF_LINES = 240  # of several lines together: few lines find the other colours of their hits


def depths(k: int, diversity: float, lines: int) -> list[int]:
    """How many hits of a line are looked at, at first and whenever these are used up.

    Of several lines each is looked at as far as it is needed, since a panel of a hundred seeds
    takes one or two hits of each. Hits are diversified among those of one step.
    """
    if lines == 1:
        return [k] if diversity == 0 else [max(POOL, POOL_PER_RESULT * k)]
    most = POOL_PER_RESULT * k  # some are duplicates of another line's
    first = max(FIRST, FIRST_OF_LINES // lines)
    if diversity > 0:
        first, most = max(FIRST, min(POOL, POOL_OF_LINES // lines)), max(POOL, most)
    steps = [min(first, most)]
    while steps[-1] < most:
        steps.append(min(DEEPER * steps[-1], most))
    return steps


def diversify(
    vectors: Matrix,
    scale: Float32,
    hits: Sequence[Hit],
    diversity: float,
    most: int,
    shown: Int64 = NO_ROWS,
) -> Iterator[Hit]:
    """Hits in the order of maximal marginal relevance (Carbonell & Goldstein 1998), one by one.

    The next hit is always the one that maximises ``(1 - diversity) * value - diversity *
    nearest``, where ``nearest`` is its greatest similarity with what was chosen before; of equals
    the first. It is the same similarity as between a query and a row.

    Args:
        vectors: ``(N, D)``, of the generation.
        scale: ``(D,)`` by which the request's facet weights multiply a query vector.
        hits: best first.
        diversity: 0 leaves the order as it is; 1 looks at novelty only.
        most: how many to choose.
        shown: rows that are shown already.
    """
    if diversity == 0 or not hits:
        yield from hits[:most]
        return
    rows = vectors[[hit.row for hit in hits]].astype(np.float64)
    scaled = rows * scale
    # A hit that was chosen gets no worth, so that it is not chosen again.
    worth = (1 - diversity) * np.array([hit.value for hit in hits])
    nearest = np.zeros(len(hits))
    if len(shown):
        nearest = (scaled @ vectors[shown].astype(np.float64).T).max(axis=1)
    for number in range(min(most, len(hits))):
        place = int((worth - diversity * nearest).round(DECIMALS).argmax())
        worth[place] = -np.inf
        yield hits[place]
        near = scaled @ rows[place]
        nearest = near if number == 0 and not len(shown) else np.maximum(nearest, near)


def take_turns(
    vectors: Matrix,
    lines: Sequence[Iterable[Hit]],
    weights: Sequence[float],
    groups: RowValues[np.int32] | None,
    near_duplicates: bool,
    most: int | None = None,
    follows: Callable[[Sequence[int], int], bool] | None = None,
) -> list[Hit]:
    """The hits of all lines in the order of the panel, without duplicates of earlier ones.

    A line whose next hit is a duplicate deals the one after it, so it does not lose its turn.

    Args:
        vectors: of the generation.
        lines: hits of each seed or seed cluster, in order, without duplicates within one.
        weights: of each line, above 0: its share of the panel.
        groups: as for `engine.search.search_query.SearchQuery`.
        near_duplicates: as for it.
        most: how many are wanted; None: all. No more hits than needed are drawn from a line.
        follows: whether a row is another colour of one of the rows shown, and left out.
    """
    if len(lines) == 1:
        return list(islice(lines[0], most))
    dealt: list[Hit] = []

    def fits(hit: Hit) -> bool:
        shown = [one.row for one in dealt]
        if follows is not None and follows(shown, hit.row):
            return False
        rows = np.array([*shown, hit.row], dtype=np.int64)
        codes = None if groups is None else groups.take(rows)
        return bool(distinct(vectors, rows, codes, near_duplicates, shown=len(dealt)))

    line = interleave(lines, weights, key=lambda hit: hit.row, fits=fits)
    for _, hit in islice(line, most):
        dealt.append(hit)
    return dealt
