"""The best eligible rows for some query vectors: Annoy proposes candidates, exact scores decide.

Of a small generation all rows are scored: the index would be slower, and less exact. Rows
that Annoy did not propose have, with each query vector, no better cosine than the worst that it
did propose, and rows with a positive bonus are always candidates. So an answer whose last result
beats that bound is exact. If it does not, more candidates are fetched while that is likely to
help, and then all rows that match are scored. Of a filter all rows are known at no great cost: if
it leaves few, they are scored at once. So answers are exact whatever guards and filter leave.

Of rows on a server only so many are read for a search as cost little: where even these leave too
few, the answer is the best of them, and may lack rows beyond.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from engine.arrays import Float32, Int64
from engine.index.generation import Generation
from engine.index.stacked_rows import Matrix, most_rows
from engine.search.duplicates import SAME_PHOTO, distinct
from engine.search.row_values import among
from engine.search.scoring import NOISE, exact_hits, fast_values
from engine.search.search_query import Hit, SearchQuery

FETCH = 100  # candidates per query vector, at least
FETCH_PER_RESULT = 2  # recall@100 of a million rows is 0.997 then, and 1.000 with 5
SPARE = 50  # ranked beyond k at first, to make up for near duplicates
NODES_PER_ROW = 3  # of Annoy's are inspected in the time in which one row of a filter is scored
SCAN_CELLS = 3_000_000  # numbers that are read faster (12 MB, under 1 ms) than the index answers


class Ranking(NamedTuple):
    """Exact hits among some candidates, by cluster, and how many candidates are eligible."""

    hits: list[list[Hit]]
    matching: int


def scans(generation: Generation) -> bool:
    """Whether a generation is so small that all of its rows are scored in every search."""
    return generation.vectors.size <= SCAN_CELLS


class Lines:
    """The hits of each cluster of a search, found when they are asked for.

    Of a large generation those of all clusters are searched together, as far as one is asked for.

    Args:
        generation: where the rows are from.
        query: what is searched for; its ``k`` does not count.
    """

    def __init__(self, generation: Generation, query: SearchQuery) -> None:
        self._generation, self._query = generation, query
        self._candidates: Candidates | None = None
        self._found: dict[int, list[list[Hit]]] = {}

    def hits(self, cluster: int, k: int) -> list[Hit]:
        """Up to ``k`` hits of a cluster, best first; see `search`."""
        if scans(self._generation):
            if self._candidates is None:
                rows = every_row(self._generation, self._query)
                self._candidates = Candidates(self._generation, self._query, rows)
            return self._candidates.hits(cluster, k)
        if k not in self._found:
            self._found[k] = search(self._generation, replace(self._query, k=k))
        return self._found[k][cluster]


def search(generation: Generation, query: SearchQuery) -> list[list[Hit]]:
    """For each cluster up to ``k`` rows, best first: value descending, then row ascending.

    A row's value is the best of its cosines with the query vectors that it is eligible for, plus
    its bonus, less the share of the nearest negative example. It is found in the cluster of that
    vector; if the query is ``shared``, in each cluster, valued by the vectors of that cluster. Of
    rows that look the same, or are variants of one product, a cluster has the first.
    """
    matching = None if query.filter is None else query.filter.all
    if matching is not None and not len(matching):
        return [[] for _ in range(query.cluster_count)]
    count = len(generation.ids)
    per_vector = [generation.search_k_of(vector) for vector in query.vectors]
    fetch = _first_fetch(generation, query, per_vector, matching)
    most = count if matching is None else min(count, NODES_PER_ROW * len(matching))
    found: dict[int, list[Hit]] = {}
    left = list(range(query.cluster_count))  # clusters whose hits are not found yet
    while _worth_proposing(count, _of(left, query, per_vector), fetch, most):
        rows, bounds = propose(generation, query, fetch, per_vector, left)
        if query.filter is not None:
            rows = rows[query.filter.take(rows)]
        ranking = rank(generation, query, rows, left)
        for cluster, hits in zip(left, ranking.hits, strict=True):
            if len(hits) >= query.k and hits[-1].value >= bounds[cluster]:
                found[cluster] = hits
        wanted = query.k * len(left)
        left = [cluster for cluster in left if cluster not in found]
        if not left:
            break
        # As many of the next candidates will match as did of these; half as many again to be sure.
        likely = int(1.5 * fetch * wanted / ranking.matching) if ranking.matching else count
        fetch = max(likely, 2 * fetch)
    if left:
        rows = every_row(generation, query)
        if len(rows) > (most := most_rows(generation.vectors)):
            rows = _widest(generation, query, most, per_vector)
        found |= dict(zip(left, rank(generation, query, rows, left).hits, strict=True))
    return [found[cluster] for cluster in range(query.cluster_count)]


def _of(clusters: Sequence[int], query: SearchQuery, per_vector: list[int]) -> list[int]:
    """The ``search_k`` of the vectors of some clusters."""
    pairs = zip(query.cluster_of.tolist(), per_vector, strict=True)
    return [search_k for cluster, search_k in pairs if cluster in clusters]


def _widest(generation: Generation, query: SearchQuery, most: int, per_vector: list[int]) -> Int64:
    """As many candidates as may be read, in the place of all rows that match the filter."""
    rows, _ = propose(generation, query, max(FETCH, most // len(query.vectors)), per_vector)
    return rows if query.filter is None else rows[query.filter.take(rows)]


def every_row(generation: Generation, query: SearchQuery) -> Int64:
    """All rows that match a query's filter, ascending."""
    return np.arange(len(generation.ids)) if query.filter is None else query.filter.all


def nodes_to_inspect(search_k: int, fetch: int) -> int:
    """Nodes that an index has to inspect so that ``fetch`` candidates have the measured recall."""
    return search_k * max(fetch, FETCH) // FETCH


def _first_fetch(
    generation: Generation, query: SearchQuery, per_vector: list[int], matching: Int64 | None
) -> int:
    """How many candidates to fetch per vector at first; more than there are rows: score all."""
    count = len(generation.ids)
    fetch = max(FETCH, FETCH_PER_RESULT * query.k)
    if scans(generation) or _too_hard(generation, max(per_vector)):
        return count
    if matching is None:
        return fetch
    # The candidates among which as many as wanted should match, and half as many again.
    likely = int(1.5 * query.k * query.cluster_count * count / len(matching))
    nodes = nodes_to_inspect(sum(per_vector), likely)
    return count if len(matching) * NODES_PER_ROW <= nodes else max(fetch, likely)


def _too_hard(generation: Generation, search_k: int) -> bool:
    """Whether facet weights make the index slower than scoring all rows, where these may be read.

    See `engine.index.stores.tuning`.
    """
    count = len(generation.ids)
    raised = search_k > generation.manifest.search_k
    return raised and search_k >= count and most_rows(generation.vectors) >= count


def _worth_proposing(count: int, per_vector: list[int], fetch: int, most: int) -> bool:
    """Whether to fetch ``fetch`` candidates per vector from Annoy, or to score all rows.

    A node of Annoy's takes as long as scoring two rows that lie side by side, so without a filter
    the border is where nodes are rows; ``most`` is the number of nodes.
    """
    nodes = nodes_to_inspect(sum(per_vector), fetch)
    return fetch * len(per_vector) < count and (fetch == FETCH or nodes <= most)


def propose(
    generation: Generation,
    query: SearchQuery,
    fetch: int,
    per_vector: list[int],
    clusters: Sequence[int] | None = None,
) -> tuple[Int64, list[float]]:
    """Candidate rows, ascending, and for each cluster a value that no other row should exceed.

    ``per_vector`` has the ``search_k`` of each vector, ``clusters`` are those to propose for.
    """
    bounds = [-np.inf] * query.cluster_count
    proposed = [] if query.bonus is None else [query.bonus.raised]
    each = zip(query.vectors, query.cluster_of, per_vector, strict=True)
    for vector, cluster, search_k in each:
        if clusters is not None and cluster not in clusters:
            continue
        nodes = nodes_to_inspect(search_k, fetch)
        rows, bound = generation.candidates(vector, fetch, nodes)
        bounds[cluster] = max(bounds[cluster], bound)
        proposed.append(rows)
    return np.unique(np.concatenate(proposed)), bounds


def rank(
    generation: Generation,
    query: SearchQuery,
    rows: Int64,
    clusters: Sequence[int] | None = None,
) -> Ranking:
    """The exact answer among candidates ``(n,)`` that match the filter, in ascending order.

    ``clusters`` are those whose hits are wanted; None: all.
    """
    candidates = Candidates(generation, query, rows)
    wanted = range(query.cluster_count) if clusters is None else clusters
    found = [candidates.hits(cluster, query.k) for cluster in wanted]
    return Ranking(found, len(candidates))


class Candidates:
    """Candidates of a search with their values, of which the best of each cluster are asked for.

    Args:
        generation: where the rows are from.
        query: what is searched for; its ``k`` does not count.
        rows: ``(n,)`` ascending, of those that match the filter.
    """

    def __init__(self, generation: Generation, query: SearchQuery, rows: Int64) -> None:
        eligible = query.eligible(rows)
        for_some = eligible.any(axis=0)
        if not for_some.all():
            rows, eligible = rows[for_some], eligible[:, for_some]
        self._vectors, self._query, self._rows = generation.vectors, query, rows
        self._eligible = eligible
        values = fast_values(generation.vectors, query, rows, eligible)
        self._by_cluster = values
        if query.cluster_count < len(values) or not query.shared:
            clusters = range(query.cluster_count)
            values = np.stack([values[query.cluster_of == one].max(axis=0) for one in clusters])
            if not query.shared:
                # A row is in the cluster of its best vector; where that is a close call, it is
                # tried in both.
                values[values < values.max(axis=0, initial=-np.inf) - NOISE] = -np.inf
            self._by_cluster = values
        else:  # each vector is a cluster
            self._by_cluster = values[np.argsort(query.cluster_of)]

    def __len__(self) -> int:
        """How many candidates are eligible."""
        return len(self._rows)

    def hits(self, cluster: int, k: int) -> list[Hit]:
        """Up to ``k`` hits of a cluster, best first."""
        if not len(self._rows):
            return []
        query, values = self._query, self._by_cluster[cluster]
        own = np.flatnonzero(query.cluster_of == cluster) if query.shared else None
        size = k + SPARE
        while True:
            best, cutoff = _best(values, size)
            may = self._eligible[:, best]
            hits = exact_hits(self._vectors, query, self._rows[best], may, own)
            hits = [hit for hit in hits if hit.cluster == cluster]
            hits = _distinct(self._vectors, query, hits, k)
            full = len(hits) >= k and hits[-1].value >= cutoff - NOISE / 2
            if cutoff == -np.inf or full:
                return hits
            size = max(4 * size, 2 * size * k // max(1, len(hits)))


def _best(values: Float32, size: int) -> tuple[Int64, float]:
    """Places of the ``size`` best of ``(n,)`` values, with ties, and the least value among them.

    That value is minus infinity where there are no more.
    """
    places = np.flatnonzero(values > -np.inf)
    if len(places) <= size:
        return places, -np.inf
    values = values[places]
    cutoff = float(np.partition(values, len(values) - size)[-size])
    return places[values >= cutoff - NOISE], cutoff


def unlike(vectors: Matrix, seeds: Int64, hits: Sequence[Hit]) -> Sequence[Hit]:
    """The hits without those that have the photo of one of some other rows."""
    if not len(seeds) or not hits:
        return hits
    rows = np.array([hit.row for hit in hits], dtype=np.int64)
    same = (vectors[rows] @ vectors[seeds].T >= SAME_PHOTO).any(axis=1)
    same &= ~among(rows, seeds)  # a request may lift the guard of the seeds themselves
    return [hit for hit, is_same in zip(hits, same.tolist(), strict=True) if not is_same]


def _distinct(vectors: Matrix, query: SearchQuery, hits: Sequence[Hit], k: int) -> list[Hit]:
    """The first ``k`` hits without duplicates of a better one, a seed, or one shown already."""
    if not query.near_duplicates:
        hits = unlike(vectors, query.seeds, hits)
    rows = np.array([*query.shown, *(hit.row for hit in hits)], dtype=np.int64)
    groups = None if query.groups is None else query.groups.take(rows)
    shown = len(query.shown)
    kept = distinct(vectors, rows, groups, query.near_duplicates, shown, k)
    return [hits[place - shown] for place in kept]
