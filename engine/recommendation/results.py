"""What the engine answers with: frozen values, checked where a wrong one could be built."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Fallback(StrEnum):
    """What an answer is when nothing could be shown that was asked for.

    ``none``: it is what was asked for. ``relaxed-filter``: fields of the filter were dropped.
    ``best-sellers``: what sells best in the seed's category. ``nothing``: it is empty.
    """

    NONE = "none"
    RELAXED_FILTER = "relaxed-filter"
    BEST_SELLERS = "best-sellers"
    NOTHING = "nothing"


def new_query_id() -> str:
    """A name for one answer that no other has: 32 hexadecimal digits."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One similar product.

    Attributes:
        product_id: which.
        score: cosine in [-1, 1] with ``seed`` under the request's facet weights; bonuses and
            negatives order the panel and do not change it.
        rank: from 1.
        reasons: short phrases for people, such as "same colour".
        facets: the cosine of each facet, the numbers behind score and reasons.
        match: percent from 0 to 100; None without a calibration.
        seed: the seed that it is most like; None if a photo was asked with.
        variants: how many more of its variant group would have been shown, and were folded in.
        rule: the shop's rule that pinned it, or else the first that boosted or buried it.
    """

    product_id: str
    score: float
    rank: int
    reasons: tuple[str, ...] = ()
    facets: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    match: float | None = None
    seed: str | None = None
    variants: int = 0
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Taste:
    """Seeds that belong together, and the one in their middle, to label the group by."""

    medoid: str
    seeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """A whole answer.

    Attributes:
        seeds: the products that were asked with; none for a photo.
        generation: the index generation that answered.
        results: best first; those of several tastes take turns.
        query_id: a name for this answer, for events.
        fallback: what the results are instead, if nothing asked for could be shown.
        relaxed: the fields of the filter that a ``relaxed-filter`` fallback dropped.
        tastes: the seeds grouped, the heaviest first; a result is of the taste of its ``seed``.
        rules: ids of the shop's rules that acted, the narrowest scope first.
    """

    seeds: tuple[str, ...]
    generation: str
    results: tuple[Recommendation, ...]
    query_id: str = field(default_factory=new_query_id, compare=False)
    fallback: Fallback = Fallback.NONE
    relaxed: tuple[str, ...] = ()
    tastes: tuple[Taste, ...] = ()
    rules: tuple[str, ...] = ()
