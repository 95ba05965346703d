"""Which seeds of a wishlist belong together, and how their results share a panel.

The average of a red dress and a black boot is a product that nobody saved. PinnerSage (Pal et al.
2020) therefore clusters what a person liked by Ward's method, lets the distance between clusters
decide how many there are, and represents each by its medoid, a product that was saved. Seeds of
different kinds (of another type, gender or age group) are never clustered, however alike they look.
The API calls such a cluster a taste.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from engine.arrays import Float32, Float64, Int64
from engine.encoders.facets import unit_rows
from engine.search.cluster_threshold import DEFAULT_THRESHOLD

MAX_CLUSTERS = 5  # in an answer: a panel of 12 can still show two or three products of each
_APART = 1e3  # between kinds: far more than Ward's distance within a kind can be
_DECIMALS = 6  # further digits depend on the order in which sums are taken

Item = TypeVar("Item")


class SeedCluster(NamedTuple):
    """Seeds that belong together, by their position among the seeds given.

    ``medoid`` is the member nearest to all of them, ``members`` are ascending, and ``weight`` is
    the sum of their weights.
    """

    medoid: int
    members: tuple[int, ...]
    weight: float


def cluster_seeds(
    vectors: Float32 | Float64,
    weights: Sequence[float] | Float64 | None = None,
    *,
    threshold: float = DEFAULT_THRESHOLD,
    most: int = MAX_CLUSTERS,
    kinds: Sequence[Hashable] | None = None,
) -> list[SeedCluster]:
    """Cluster seeds by Ward's method on their unit rows, the heaviest cluster first.

    Two single seeds join when their cosine is ``threshold`` or more, that is, when they are at
    most ``sqrt(2 - 2 * threshold)`` apart. Clusters join under the same bound on Ward's distance,
    which is stricter for larger clusters. Weights decide medoids and the order, not membership.
    Seeds of equal rows count once for membership, so that saving a product twice does not move
    the border between two clusters. Membership does not depend on the order of the seeds.

    Args:
        vectors: ``(S, D)`` seeds, none zero; brought to length 1 here.
        weights: ``(S,)`` above 0; equal by default.
        threshold: cosine in [-1, 1) from which two seeds are in one cluster.
        most: the most clusters; where there would be more, the nearest of one kind are joined, so
            there are as many as kinds at least.
        kinds: ``(S,)`` what each seed is; only seeds of equal kinds are clustered. None: all are
            of one kind.

    Returns:
        Clusters that hold every seed once. Among equally heavy clusters, and among equally
        central members, the one given first comes first.

    Raises:
        ValueError: shapes or numbers of kinds that do not fit, a weight that is not above 0, or
            rows not finite.
    """
    rows = np.asarray(vectors, dtype=np.float64)
    mass = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    if rows.ndim != 2 or not len(rows) or mass.shape != (len(rows),):
        raise ValueError(
            f"vectors must be (S, D) and weights (S,), not {rows.shape} and {mass.shape}"
        )
    if not np.isfinite(rows).all() or not (np.isfinite(mass).all() and (mass > 0).all()):
        raise ValueError("seeds must be finite and their weights above 0")
    if kinds is not None and len(kinds) != len(rows):
        raise ValueError(f"{len(rows)} seeds and {len(kinds)} kinds do not fit")
    rows = unit_rows(rows)
    found = []
    for group in _groups(rows, kinds or [None] * len(rows), threshold, most):
        central = (rows[group] @ (mass[group] @ rows[group])).round(_DECIMALS)
        medoid = int(group[central.argmax()])  # the first of equals
        found.append(SeedCluster(medoid, tuple(group.tolist()), float(mass[group].sum())))
    return sorted(found, key=lambda cluster: (-cluster.weight, cluster.members))


def _groups(rows: Float64, kinds: Sequence[Hashable], threshold: float, most: int) -> list[Int64]:
    # One more coordinate keeps kinds so far apart that Ward's method joins them last of all.
    # Kinds are numbered by their first rows, so that their order among the seeds does not matter.
    # Rows are sorted by their values, so that ties between merges do not depend on their order.
    # Few rows are sorted far faster as tuples than by `np.unique`.
    texts = [tuple(row) for row in rows.round(_DECIMALS).tolist()]
    first: dict[Hashable, tuple[float, ...]] = {}
    for kind, text in zip(kinds, texts, strict=True):
        first[kind] = min(first.get(kind, text), text)
    number = {kind: place for place, kind in enumerate(sorted(first, key=lambda one: first[one]))}
    keys = [(*text, _APART * number[kind]) for kind, text in zip(kinds, texts, strict=True)]
    order = {key: place for place, key in enumerate(sorted(set(keys)))}
    place = np.array([order[key] for key in keys])
    distinct = np.array(list(order))
    if len(distinct) == 1:
        return [np.arange(len(rows))]
    tree = linkage(pdist(distinct), method="ward")
    bound = np.sqrt(max(0.0, 2 - 2 * threshold))
    labels = fcluster(tree, bound, criterion="distance")
    if labels.max() > max(most, len(number)):
        labels = fcluster(tree, max(most, len(number)), criterion="maxclust")
    of_seeds = labels[place]
    return [np.flatnonzero(of_seeds == label) for label in np.unique(of_seeds)]


def interleave(
    groups: Sequence[Iterable[Item]],
    weights: Sequence[float],
    key: Callable[[Item], Hashable] = lambda item: item,
    fits: Callable[[Item], bool] = lambda item: True,
) -> Iterator[tuple[int, Item]]:
    """Let ranked groups take turns by weight, until none has an item left.

    Every group has one turn first, the heaviest first. Then places are dealt so that each
    group's share of the panel follows its weight (the Huntington-Hill method). A group that has
    nothing left passes. An item that was dealt before, or does not fit, is skipped, and the group
    deals its next one.

    Args:
        groups: the results of each cluster, best first; no more is drawn than is dealt.
        weights: above 0, one for each group.
        key: identifies an item.
        fits: whether an item may be dealt after those that were.

    Yields:
        ``(group, item)`` in the order of the panel; within a group, its own order is kept.
    """
    left = [iter(group) for group in groups]
    # Whether it had its first turn, claim, group, items dealt: the least entry is next.
    waiting = [(False, -weight, group, 0) for group, weight in enumerate(weights[: len(groups)])]
    heapify(waiting)
    seen: set[Hashable] = set()
    while waiting:
        _, _, group, dealt = waiting[0]
        rest = (item for item in left[group] if key(item) not in seen and fits(item))
        item = next(rest, None)
        if item is None:
            heappop(waiting)
            continue
        seen.add(key(item))
        dealt += 1
        claim = weights[group] / (dealt * (dealt + 1)) ** 0.5
        heapreplace(waiting, (True, -claim, group, dealt))
        yield group, item
