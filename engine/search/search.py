"""The best allowed rows for some queries: Annoy proposes, exact scores decide.

Of a small generation all rows are scored: the index would be slower, and right less often. Rows
that Annoy did not propose have, with each query, no better cosine than the worst it did propose,
and rows with a bonus are always candidates. So an answer whose last result beats that bound is the
exact one; if it does not, more is proposed while that is likely to help, and then all rows that
match are scored. It makes no difference how many the guards and the filter leave.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.index.generation import Generation
from engine.index.stacked_rows import Matrix
from engine.search.duplicates import distinct
from engine.search.search_query import LESS, Hit, Rows, SearchQuery

DECIMALS = 6  # of a score; more would only be noise of the order in which sums are taken
NOISE = 4e-6  # what rounding and float32 may shift a value by, and some to spare
FETCH = 100  # candidates a query, at least
FETCH_PER_RESULT = 5
SPARE = 50  # ranked beyond k at first, to make up for twins
SCAN_CELLS = 3_000_000  # numbers that are read faster (12 MB, under 1 ms) than the index answers
# Where a filter would be checked on more than 1/FULL_SCAN_RATIO of the rows, one query for all
# products that match is cheaper; see `engine.search.catalogue_facts`.
FULL_SCAN_RATIO = 8
SPARSE = 4  # copy the allowed rows out when they are at most one in so many


class Ranked(NamedTuple):
    """The answer among some rows, and how many of them could be shown at all."""

    hits: list[list[Hit]]
    fit: int


def search(generation: Generation, question: SearchQuery) -> list[list[Hit]]:
    """Of each taste up to ``k`` rows, best first: value descending, then row ascending.

    A row's value is the best of its cosines with the queries that it is allowed for, with its
    bonus and less the nearest negative's share. It is found in the taste of that query. Of rows
    that look the same, or are variants of one product, a taste has the first.
    """
    everything = np.arange(len(generation.ids))
    if generation.vectors.size <= SCAN_CELLS:
        return rank(generation, question, everything).hits
    fetch = max(FETCH, FETCH_PER_RESULT * question.k)
    while _worth_proposing(generation, question, fetch):
        rows, bounds = propose(generation, question, fetch)
        found = rank(generation, question, rows)
        if all(
            len(hits) >= question.k and hits[-1].value >= bound
            for hits, bound in zip(found.hits, bounds, strict=True)
        ):
            return found.hits
        # As many of the next ones will fit as did of these; half as many again to be sure.
        wanted = question.k * len(found.hits)
        likely = int(1.5 * fetch * wanted / found.fit) if found.fit else len(everything)
        fetch = max(likely, 2 * fetch)
    if question.passes is not None:
        everything = everything[question.passes(everything)]
    return rank(generation, question, everything).hits


def inspected(generation: Generation, fetch: int) -> int:
    """Nodes that Annoy has to inspect so that so many candidates are about the right ones."""
    return generation.manifest.search_k * max(fetch, FETCH) // FETCH


def _worth_proposing(generation: Generation, question: SearchQuery, fetch: int) -> bool:
    """Whether Annoy should be asked for so many, or all rows that match be scored.

    A node of Annoy's takes as long as scoring two rows. Asking the catalogue which of all rows
    match takes as long as scoring two to ten for each, so the border is where nodes are rows.
    """
    count = len(generation.ids)
    nodes = inspected(generation, fetch) * len(question.queries)
    return fetch * len(question.queries) < count and (fetch == FETCH or nodes <= count)


def propose(generation: Generation, question: SearchQuery, fetch: int) -> tuple[Rows, list[float]]:
    """Candidate rows, ascending, and for each taste a value that no other row should exceed."""
    bounds = [-np.inf] * (int(question.tastes.max()) + 1)
    proposed = [question.boosted()] if question.boosted is not None else []
    search_k = inspected(generation, fetch)
    for query, taste in zip(question.queries, question.tastes, strict=True):
        rows, bound = generation.candidates(query, fetch, search_k)
        bounds[taste] = max(bounds[taste], bound)
        proposed.append(rows)
    return np.unique(np.concatenate(proposed)), bounds


def rank(generation: Generation, question: SearchQuery, rows: Rows) -> Ranked:
    """The exact answer among some rows ``(n,)``, given in ascending order."""
    tastes = int(question.tastes.max()) + 1
    fits = question.allowed(rows)
    some = fits.any(axis=0)
    rows, fits = rows[some], fits[:, some]
    if not len(rows):
        return Ranked([[] for _ in range(tastes)], 0)
    values = _values(generation.vectors, question, rows, fits)
    by_taste = np.stack([values[question.tastes == one].max(axis=0) for one in range(tastes)])
    # A row is of the taste of its best query; where that is a close call, it is looked at for both.
    by_taste[by_taste < by_taste.max(axis=0) - NOISE] = -np.inf
    sieve = _Sieve(question, rows)
    found = []
    for taste, mine in enumerate(by_taste):
        size = question.k + SPARE
        while True:
            chosen, cutoff = _best(sieve.over(mine), size)
            chosen = sieve.through(chosen)
            hits = rescore(generation.vectors, question, rows[chosen], fits[:, chosen])
            kept = _distinct(generation.vectors, question, [h for h in hits if h.taste == taste])
            full = len(kept) >= question.k and kept[-1].value >= cutoff - NOISE / 2
            if cutoff == -np.inf or full:
                break
            likely = 2 * size * question.k // max(1, len(kept))
            if sieve.whole is None and likely * FULL_SCAN_RATIO > len(rows):
                sieve.look_at_all()
            else:
                size = max(4 * size, likely)
        found.append(kept)
    return Ranked(found, sieve.fit)


class _Sieve:
    """The request's filter over some rows ``(n,)``, asked for a few of them as long as it helps."""

    def __init__(self, question: SearchQuery, rows: Rows) -> None:
        self._passes = question.passes
        self._rows = rows
        self.whole = None if question.passes else np.ones(len(rows), dtype=bool)
        self._passed, self._asked = 0, 0

    def through(self, places: np.ndarray) -> np.ndarray:
        """Those places of rows that match."""
        if self._passes is None or self.whole is not None:
            return places
        left = places[self._passes(self._rows[places])]
        self._passed += len(left)
        self._asked += len(places)
        return left

    def over(self, values: np.ndarray) -> np.ndarray:
        """``(n,)`` values, minus infinity where a row is known not to match."""
        return values if self._passes is None else np.where(self._known, values, -np.inf)

    def look_at_all(self) -> None:
        """Ask which of all rows match."""
        if self._passes is not None:
            self.whole = self._passes(self._rows)

    @property
    def _known(self) -> np.ndarray | bool:
        return True if self.whole is None else self.whole

    @property
    def fit(self) -> int:
        """About how many rows match."""
        if self.whole is not None:
            return int(self.whole.sum())
        return len(self._rows) * self._passed // max(1, self._asked)


def _best(values: np.ndarray, size: int) -> tuple[np.ndarray, float]:
    """Places of the best of ``(n,)`` values, and above which value they are all there are."""
    places = np.flatnonzero(values > -np.inf)
    if len(places) <= size:
        return places, -np.inf
    values = values[places]
    cutoff = float(np.partition(values, len(values) - size)[-size])
    return places[values >= cutoff - NOISE], cutoff  # ties at the border are all taken


def _values(vectors: Matrix, question: SearchQuery, rows: Rows, fits: np.ndarray) -> np.ndarray:
    """``(S, n)`` float32 values, right to within `NOISE`; minus infinity where none counts."""
    known = question.cosines
    scores = known(rows) if known else dots(vectors, rows, question.queries)
    if question.floors is not None and question.plain is not None:
        plain = dots(vectors, rows, question.plain)
        fits = fits & (plain >= question.floors[:, np.newaxis] - NOISE)
    values = np.where(fits, scores, -np.inf)
    if question.less is not None and len(question.less):
        near = dots(vectors, rows, question.less).max(axis=0)
        values -= LESS * np.maximum(near, 0)
    if question.bonus is not None:
        values += question.bonus(rows)
    return values


def dots(vectors: Matrix, rows: Rows, queries: np.ndarray) -> np.ndarray:
    """``(S, n)`` float32 dot products of queries with some rows."""
    if len(rows) * SPARSE <= len(vectors):
        return _products(queries, vectors[rows])
    scores = _products(queries, vectors)
    return scores if len(rows) == len(vectors) else scores[:, rows]


def _products(queries: np.ndarray, vectors: Matrix) -> np.ndarray:
    # A tall matrix times a thin one: the other way round takes BLAS four times as long.
    return np.ascontiguousarray((vectors @ queries.T).T)


def rescore(vectors: Matrix, question: SearchQuery, rows: Rows, fits: np.ndarray) -> list[Hit]:
    """Hits in their final order, scored in float64 so that the order does not depend on the way.

    Args:
        vectors: of the generation.
        question: what is searched.
        rows: ``(n,)``.
        fits: ``(S, n)`` bool, what may be shown for which query; what may for none is left out.
    """
    exact = vectors[rows].astype(np.float64).T
    scores = (question.queries.astype(np.float64) @ exact).round(DECIMALS)
    if question.floors is not None and question.plain is not None:
        plain = (question.plain.astype(np.float64) @ exact).round(DECIMALS)
        fits = fits & (plain >= question.floors[:, np.newaxis])
    values = np.where(fits, scores, -np.inf)
    if question.bonus is not None:
        values += question.bonus(rows)
    if question.less is not None and len(question.less):
        near = (question.less.astype(np.float64) @ exact).round(DECIMALS).max(axis=0)
        values -= LESS * np.maximum(near, 0)
    values = values.round(DECIMALS)
    query = values.argmax(axis=0)
    best = values[query, np.arange(len(rows))]
    order = np.lexsort((rows, -best))
    order = order[best[order] > -np.inf]
    query = query[order]
    columns = (rows[order], scores[query, order], query, best[order], question.tastes[query])
    return [Hit(*values) for values in zip(*(one.tolist() for one in columns), strict=True)]


def _distinct(vectors: Matrix, question: SearchQuery, hits: Sequence[Hit]) -> list[Hit]:
    """The first ``k`` hits without those that are alike to a better one, or to one taken."""
    rows = np.array([*question.taken, *(hit.row for hit in hits)], dtype=np.int64)
    group = None if question.group is None else question.group(rows)
    first = len(question.taken)
    kept = distinct(vectors, rows, group, question.twins, first, question.k)
    return [hits[place - first] for place in kept]
