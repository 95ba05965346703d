"""A wishlist is several tastes, not one average: which seeds belong together, and taking turns.

The average of a red dress and a black boot is a thing that nobody saved. PinnerSage (Pal et al.
2020) therefore groups what a person liked by Ward's method, lets the distance between groups
decide how many there are, and stands each group by its medoid, which is a thing they did save.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from engine.encoders.facets import unit_rows
from engine.search.random_pairs import ALIKE

MOST = 5  # tastes in an answer: a panel of 12 can still show two or three products of each
_DECIMALS = 6  # beyond these, sums differ by the order in which they are taken

Item = TypeVar("Item")


class SeedCluster(NamedTuple):
    """Seeds that belong together, by their place among the seeds given.

    ``medoid`` is the member nearest to all of them, ``members`` are ascending, and ``weight`` is
    the sum of theirs.
    """

    medoid: int
    members: tuple[int, ...]
    weight: float


def tastes(
    vectors: np.ndarray,
    weights: Sequence[float] | np.ndarray | None = None,
    *,
    alike: float = ALIKE,
    most: int = MOST,
) -> list[SeedCluster]:
    """Group seeds by Ward's method on their unit rows, the heaviest taste first.

    Two single seeds join when their cosine is ``alike`` or more, that is, when they are no more
    than ``sqrt(2 - 2 * alike)`` apart; groups join under the same bound on Ward's distance, which
    asks more of larger groups. Weights choose medoids and the order, never who belongs to whom,
    and seeds of equal rows count once for that: what somebody saved twice does not move the
    border between two tastes. Which seeds belong together does not depend on the order in which
    they are given.

    Args:
        vectors: ``(S, D)`` seeds, not zero; brought to length 1 here. One seed is one taste.
        weights: ``(S,)`` above 0; equal by default.
        alike: cosine from which two seeds are one taste, in [-1, 1).
        most: where there would be more tastes, the nearest are joined until so many are left.

    Returns:
        Tastes that hold every seed once. Among equally heavy ones, and among equally central
        members, the one given first comes first.

    Raises:
        ValueError: shapes that do not fit, a weight that is not above 0, or rows not finite.
    """
    rows = np.asarray(vectors, dtype=np.float64)
    mass = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    if rows.ndim != 2 or not len(rows) or mass.shape != (len(rows),):
        raise ValueError(
            f"vectors must be (S, D) and weights (S,), not {rows.shape} and {mass.shape}"
        )
    if not np.isfinite(rows).all() or not (np.isfinite(mass).all() and (mass > 0).all()):
        raise ValueError("seeds must be finite and their weights above 0")
    rows = unit_rows(rows)
    found = []
    for group in _groups(rows, alike, most):
        central = (rows[group] @ (mass[group] @ rows[group])).round(_DECIMALS)
        medoid = int(group[central.argmax()])  # the first of equals
        found.append(SeedCluster(medoid, tuple(group.tolist()), float(mass[group].sum())))
    return sorted(found, key=lambda taste: (-taste.weight, taste.members))


def _groups(rows: np.ndarray, alike: float, most: int) -> list[np.ndarray]:
    # In the order of their values, so that ties between merges fall alike however they came.
    # Of few rows, tuples are sorted far sooner than by `np.unique`.
    keys = [tuple(row) for row in rows.round(_DECIMALS).tolist()]
    order = {key: number for number, key in enumerate(sorted(set(keys)))}
    place = np.array([order[key] for key in keys])
    distinct = np.array(list(order))
    if len(distinct) == 1:
        return [np.arange(len(rows))]
    tree = linkage(pdist(distinct), method="ward")
    bound = np.sqrt(max(0.0, 2 - 2 * alike))
    labels = fcluster(tree, bound, criterion="distance")
    if labels.max() > most:
        labels = fcluster(tree, most, criterion="maxclust")
    mine = labels[place]
    return [np.flatnonzero(mine == label) for label in np.unique(mine)]


def interleave(
    groups: Sequence[Sequence[Item]],
    weights: Sequence[float],
    k: int,
    key: Callable[[Item], Hashable] = lambda item: item,
) -> list[tuple[int, Item]]:
    """Let ranked groups take turns by weight, until there are ``k`` or none is left.

    Every group has one turn first, the heaviest first; then places are dealt so that each
    group's share of the panel follows its weight (the Huntington-Hill method). A group that has
    nothing left passes, and what was dealt before is skipped, not dealt again.

    Args:
        groups: of each taste, what was found for it, best first.
        weights: above 0, one for each group.
        k: how many are wanted, 0 or more.
        key: what tells one product from another.

    Returns:
        ``(group, item)`` in the order of the panel; within a group, its own order stays.
    """
    return list(islice(turns(groups, weights, key), k))


def turns(
    groups: Sequence[Iterable[Item]],
    weights: Sequence[float],
    key: Callable[[Item], Hashable] = lambda item: item,
) -> Iterator[tuple[int, Item]]:
    """What `interleave` gives, one at a time; of a group no more is taken than is dealt."""
    left = [iter(group) for group in groups]
    # Had its first turn, claim, group, how many it was dealt: the least is next.
    waiting = [(False, -weight, group, 0) for group, weight in enumerate(weights[: len(groups)])]
    heapify(waiting)
    seen: set[Hashable] = set()
    while waiting:
        _, _, group, dealt = waiting[0]
        item = next((item for item in left[group] if key(item) not in seen), None)
        if item is None:
            heappop(waiting)
            continue
        seen.add(key(item))
        dealt += 1
        claim = weights[group] / (dealt * (dealt + 1)) ** 0.5
        heapreplace(waiting, (True, -claim, group, dealt))
        yield group, item
