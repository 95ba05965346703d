"""What is searched for, and what is found: the values that `engine.search.search` works with."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from engine.arrays import Bool, Float32, Float64, Int64
from engine.search.row_values import NO_ROWS, Bonus, RowSet, RowValues, among

LESS_SHARE = 0.5  # of the cosine with a negative example that is subtracted


class Hit(NamedTuple):
    """A found row.

    ``score`` is the cosine with the query vector number ``query``, the one that the row answers
    best; ``cluster`` is that vector's seed cluster. ``value`` is what the row is ranked by: the
    score with bonuses added and negative examples subtracted.
    """

    row: int
    score: float
    query: int
    value: float
    cluster: int = 0


class Floor(NamedTuple):
    """The least cosine that a row must have with a query, under default facet weights.

    ``vectors`` are the query vectors before facet weights, ``(S, D)`` float32, the same object as
    those of the query where the weights are the default ones; ``cosines`` has one threshold for
    each, ``(S,)`` float64.
    """

    vectors: Float32
    cosines: Float64


@dataclass(frozen=True)
class SearchQuery:
    """One search: S query vectors in one or more seed clusters, and what may be found for them.

    Attributes:
        vectors: ``(S, D)`` float32, scaled by the request's facet weights; unit rows or not.
        k: results wanted for each cluster, 1 or more.
        masks: ``(S, n)`` bool each: a row may be found for a query if every mask is True.
        filter: the rows that match the request's filter; None: there is none.
        clusters: ``(S,)`` the cluster of each vector, 0 ... C - 1; None: all are in one.
        shared: a row may be found in several clusters; False: only in the cluster of the vector
            that it answers best.
        bonus: ``(S, n)`` float64, added to cosines; None: nothing is.
        less: ``(L, D)`` float32, negative examples, scaled as ``vectors`` are: `LESS_SHARE` times
            the cosine with the nearest of them, if that is above 0, is subtracted.
        floor: the least cosine that counts; None: any does.
        groups: ``(n,)`` int32 codes of variant groups, of each of which only the best row is
            found; below 0: none. None: every variant is found.
        near_duplicates: also find rows that look the same as a better one.
        cosines: ``(S, N)`` float32, dot products of ``vectors`` with all rows; None: they are
            computed as needed.
        shown: ``(m,)`` rows that are shown already: neither they nor their duplicates are found.
        seeds: ``(S,)`` rows of the seeds: what has the same photo as one is not found, such as
            another size.
    """

    vectors: Float32
    k: int
    masks: tuple[RowValues[np.bool_], ...] = ()
    filter: RowSet | None = None
    clusters: Int64 | None = None
    shared: bool = False
    bonus: Bonus | None = None
    less: Float32 | None = None
    floor: Floor | None = None
    groups: RowValues[np.int32] | None = None
    near_duplicates: bool = False
    cosines: Float32 | None = None
    shown: Int64 = field(default_factory=lambda: NO_ROWS)
    seeds: Int64 = field(default_factory=lambda: NO_ROWS)

    def eligible(self, rows: Int64) -> Bool:
        """``(S, n)`` bool: which rows may be found for which query, filter and floor aside."""
        eligible = np.ones((len(self.vectors), len(rows)), dtype=bool)
        for mask in self.masks:
            eligible &= mask.take(rows)
        if len(self.shown):
            eligible &= ~among(rows, self.shown)
        return eligible

    @property
    def cluster_of(self) -> Int64:
        """``(S,)`` int64, the cluster of each vector."""
        if self.clusters is None:
            return np.zeros(len(self.vectors), dtype=np.int64)
        return self.clusters

    @property
    def cluster_count(self) -> int:
        """C, how many clusters there are."""
        return int(self.cluster_of.max()) + 1
