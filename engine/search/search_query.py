"""What is searched for, and what is found: the words of `engine.search.search`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

LESS = 0.5  # of the cosine with a negative that is subtracted
Rows = np.ndarray
NO_ROWS = np.empty(0, dtype=np.int64)


class Hit(NamedTuple):
    """A found row.

    ``score`` is the cosine with ``query``, the one that it answers best, which is of ``taste``;
    ``value`` is what it is ranked by, with bonuses and negatives.
    """

    row: int
    score: float
    query: int
    value: float
    taste: int = 0


@dataclass(frozen=True)
class SearchQuery:
    """What is searched.

    Attributes:
        queries: ``(S, D)`` float32, reweighed as the request wants; unit rows or not.
        allowed: takes ``(n,)`` rows, returns ``(S, n)`` bool: what may be shown for which query.
        k: results wanted of each taste, 1 or more.
        taste: ``(S,)`` the taste of each query, 0 ... T - 1; None: all are one.
        passes: takes ``(n,)`` rows, returns ``(n,)`` bool: the request's filter. It is asked as
            late as possible, because it costs more than ``allowed``.
        bonus: takes ``(n,)`` rows, returns ``(S, n)`` float64: what is added to the cosine of
            each row with each query; None: nothing is.
        boosted: gives the rows that have a bonus above 0 with some query; None: none has.
        less: ``(L, D)`` float32, reweighed: `LESS` times the cosine with the nearest of them, if
            that is above 0, is subtracted.
        floors: ``(S,)`` the least cosine that counts with each query's row in ``plain``; None: any.
        plain: ``(S, D)`` float32, the queries before they were reweighed.
        group: takes ``(n,)`` rows, returns ``(n,)`` codes of their variant groups, of which only
            the best is found; below 0 for none. None: every variant is.
        twins: also find what looks the same as a better one.
        cosines: takes ``(n,)`` rows, returns ``(S, n)`` float32: their dot products with the
            queries, if these are known; None: they are computed.
        taken: ``(m,)`` rows that are shown already: nothing alike to one of them is found.
    """

    queries: np.ndarray
    allowed: Callable[[Rows], np.ndarray]
    k: int
    taste: np.ndarray | None = None
    passes: Callable[[Rows], np.ndarray] | None = None
    bonus: Callable[[Rows], np.ndarray] | None = None
    boosted: Callable[[], Rows] | None = None
    less: np.ndarray | None = None
    floors: np.ndarray | None = None
    plain: np.ndarray | None = None
    group: Callable[[Rows], np.ndarray] | None = None
    twins: bool = False
    cosines: Callable[[Rows], np.ndarray] | None = None
    taken: Rows = field(default_factory=lambda: NO_ROWS)

    @property
    def tastes(self) -> np.ndarray:
        """``(S,)`` the taste of each query."""
        return np.zeros(len(self.queries), dtype=int) if self.taste is None else self.taste
