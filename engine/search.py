"""The best allowed rows for some queries: Annoy proposes, exact scores decide.

Of a small generation all rows are scanned: the index would be slower, and right less often.
Rows that Annoy did not propose score, for each query, no better than the worst it did propose.
So an answer whose last result beats that bound is the exact one; any other is searched for again
among all allowed rows. It makes no difference how many the guards leave.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.artifacts import Generation

TWIN = 0.995  # cosine from which two products look the same: one photo, or two of one scene
DECIMALS = 6  # of a score; more would only be noise of the order in which sums are taken
FETCH = 100  # candidates a query, at least
FETCH_PER_RESULT = 5
SPARE = 50  # ranked beyond k at first, to make up for twins
SCAN_CELLS = 3_000_000  # numbers that are read faster (12 MB, under 1 ms) than the index answers
SPARSE = 4  # copy the allowed rows out when they are at most one in so many


class Hit(NamedTuple):
    """A found row, its score, and which query it answers best."""

    row: int
    score: float
    query: int


@dataclass(frozen=True)
class Question:
    """What is searched.

    Attributes:
        queries: ``(S, D)`` float32, reweighed as the request wants; unit rows or not.
        allowed: takes ``(n,)`` rows, returns ``(S, n)`` bool: what may be shown for which query.
        k: results wanted, 1 or more.
    """

    queries: np.ndarray
    allowed: Callable[[np.ndarray], np.ndarray]
    k: int


def search(generation: Generation, question: Question) -> list[Hit]:
    """Up to ``k`` rows, best first: score descending, then row ascending; no twin twice.

    A row's score is the best of its dot products with the queries that it is allowed for.
    """
    everything = np.arange(len(generation.ids))
    fetch = max(FETCH, FETCH_PER_RESULT * question.k)
    if generation.vectors.size > SCAN_CELLS and fetch * len(question.queries) < len(everything):
        rows, bound = propose(generation, question.queries, fetch)
        hits = rank(generation, question, rows)
        if len(hits) == question.k and hits[-1].score >= bound:
            return hits
    return rank(generation, question, everything)


def propose(generation: Generation, queries: np.ndarray, fetch: int) -> tuple[np.ndarray, float]:
    """Candidate rows for all queries, ascending, and a score that no other row should exceed."""
    bound = -np.inf
    proposed = []
    for query in queries:
        rows = generation.index.nearest(query, fetch, generation.manifest.search_k)
        bound = max(bound, float(generation.vectors[rows[-1]] @ query))
        proposed.append(rows)
    return np.unique(np.concatenate(proposed)), bound


def rank(generation: Generation, question: Question, rows: np.ndarray) -> list[Hit]:
    """The exact answer among some rows ``(n,)``, given in ascending order."""
    fits = question.allowed(rows)
    some = fits.any(axis=0)
    rows, fits = rows[some], fits[:, some]
    if not len(rows):
        return []
    scores = np.where(fits, _dots(generation.vectors, rows, question.queries), -np.inf)
    best = scores.max(axis=0)
    size = question.k + SPARE
    while True:
        top = np.arange(len(rows))
        if size < len(rows):
            top = np.sort(np.argpartition(best, len(rows) - size)[-size:])
        hits = _distinct(
            generation.vectors,
            _rescore(generation.vectors, question.queries, rows[top], fits[:, top]),
        )
        if len(hits) >= question.k or size >= len(rows):
            return hits[: question.k]
        size *= 4


def _dots(vectors: np.ndarray, rows: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """``(S, n)`` float32 dot products of queries with some rows."""
    if len(rows) * SPARSE <= len(vectors):
        return queries @ vectors[rows].T
    return (queries @ vectors.T)[:, rows]


def _rescore(
    vectors: np.ndarray, queries: np.ndarray, rows: np.ndarray, fits: np.ndarray
) -> list[Hit]:
    """Hits in their final order, scored in float64 so that the order does not depend on the way."""
    dots = queries.astype(np.float64) @ vectors[rows].astype(np.float64).T
    scores = np.where(fits, dots, -np.inf).round(DECIMALS)
    query = scores.argmax(axis=0)
    best = scores[query, np.arange(len(rows))]
    order = np.lexsort((rows, -best))
    return [Hit(int(rows[i]), float(best[i]), int(query[i])) for i in order]


def _distinct(vectors: np.ndarray, hits: list[Hit]) -> list[Hit]:
    """Hits without those that look the same as a better one."""
    mine = vectors[[hit.row for hit in hits]]
    twins = np.tril(mine @ mine.T >= TWIN, k=-1)  # [i, j]: j is better than i, and its twin
    kept = np.ones(len(hits), dtype=bool)
    for place in np.flatnonzero(twins.any(axis=1)):  # mostly none
        kept[place] = not (twins[place] & kept).any()
    return [hit for hit, keep in zip(hits, kept, strict=True) if keep]
