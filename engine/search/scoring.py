"""What a row is worth for a search query: fast in float32, and exact in float64."""

import numpy as np

from engine.arrays import Bool, Float32, Int64
from engine.index.stacked_rows import Matrix
from engine.search.search_query import LESS_SHARE, Hit, SearchQuery

DECIMALS = 6  # of a score; further digits depend on the order in which sums are taken
NOISE = 4e-6  # more than what rounding and float32 may change a value by
COPY_RATIO = 4  # rows are copied before they are scored if they are at most 1/COPY_RATIO of all


def fast_values(vectors: Matrix, query: SearchQuery, rows: Int64, eligible: Bool) -> Float32:
    """``(S, n)`` float32 values, right to within `NOISE`; minus infinity where none counts.

    Args:
        vectors: of the generation.
        query: what is searched for.
        rows: ``(n,)``.
        eligible: ``(S, n)`` bool, which row may be found for which query vector.
    """
    known = query.cosines
    scores = dots(vectors, rows, query.vectors) if known is None else known[:, rows]
    if query.floor is not None:
        same = query.floor.vectors is query.vectors
        unweighted = scores if same else dots(vectors, rows, query.floor.vectors)
        eligible = eligible & (unweighted >= query.floor.cosines[:, np.newaxis] - NOISE)
    values = np.where(eligible, scores, np.float32(-np.inf))
    if query.less is not None and len(query.less):
        near = dots(vectors, rows, query.less).max(axis=0)
        values -= LESS_SHARE * np.maximum(near, 0)
    if query.bonus is not None:
        values += query.bonus.take(rows)
    return values


def exact_hits(
    vectors: Matrix, query: SearchQuery, rows: Int64, eligible: Bool, own: Int64 | None = None
) -> list[Hit]:
    """The rows that may be found, best first: value descending, then row ascending.

    Scored in float64, so that the order does not depend on how the candidates were found.

    Args:
        vectors: of the generation.
        query: what is searched for.
        rows: ``(n,)``.
        eligible: ``(S, n)`` bool; a row that is eligible for no query vector is left out.
        own: ``(m,)`` the query vectors that count; None: all.
    """
    exact = vectors[rows].astype(np.float64).T
    number_of = np.arange(len(query.vectors)) if own is None else own
    scores = (query.vectors[number_of].astype(np.float64) @ exact).round(DECIMALS)
    eligible = eligible[number_of]
    if query.floor is not None:
        unweighted = scores
        if query.floor.vectors is not query.vectors:
            floor = query.floor.vectors[number_of].astype(np.float64)
            unweighted = (floor @ exact).round(DECIMALS)
        eligible = eligible & (unweighted >= query.floor.cosines[number_of, np.newaxis])
    values = np.where(eligible, scores, -np.inf)
    if query.bonus is not None:
        values += query.bonus.take(rows)[number_of]
    if query.less is not None and len(query.less):
        near = (query.less.astype(np.float64) @ exact).round(DECIMALS).max(axis=0)
        values -= LESS_SHARE * np.maximum(near, 0)
    values = values.round(DECIMALS)
    place = values.argmax(axis=0)  # of the query vector that each row answers best
    best = values[place, np.arange(len(rows))]
    order = np.lexsort((rows, -best))
    order = order[best[order] > -np.inf]
    place = place[order]
    number = number_of[place]
    columns = (
        rows[order].tolist(),
        scores[place, order].tolist(),
        number.tolist(),
        best[order].tolist(),
        query.cluster_of[number].tolist(),
    )
    return [Hit(*fields) for fields in zip(*columns, strict=True)]


def dots(vectors: Matrix, rows: Int64, queries: Float32) -> Float32:
    """``(S, n)`` float32 dot products of query vectors ``(S, D)`` with some rows ``(n,)``."""
    if len(rows) * COPY_RATIO <= len(vectors):
        return _products(queries, vectors[rows])
    scores = _products(queries, vectors)
    return scores if len(rows) == len(vectors) else scores[:, rows]


def _products(queries: Float32, vectors: Matrix) -> Float32:
    # A tall matrix times a thin one: BLAS takes four times as long for the reverse.
    return np.ascontiguousarray((vectors @ queries.T).T)
