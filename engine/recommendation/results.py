"""The engine's answers: frozen values."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from catalog.frozen_dict import FrozenDict


class Fallback(StrEnum):
    """What a panel shows where nothing that was requested can be shown.

    ``none``: the results are what was requested. ``relaxed-filter``: fields of the filter were
    dropped. ``best-sellers``: the results sell best in the seed's category. ``nothing``: there
    are no results.

    Example:
        >>> from engine import Fallback, Recommender
        >>> panel = Recommender.open().panel("LK000002", filter={"brand": "no such brand"})
        >>> panel.fallback is Fallback.RELAXED_FILTER, panel.relaxed
        (True, ('brand',))
    """

    NONE = "none"
    RELAXED_FILTER = "relaxed-filter"
    BEST_SELLERS = "best-sellers"
    NOTHING = "nothing"


def new_query_id() -> str:
    """A unique name for one answer: 32 hexadecimal digits."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Colourway:
    """The same design in another colour.

    Attributes:
        product_id: of the product in this colour.
        colour: in the catalogue's words.
        grouped: the shop's own variant group says so; False: it was found by title and looks.

    Example:
        >>> from engine import Recommender
        >>> panel = Recommender.open().panel("LK000002")
        >>> all(colourway.grouped for colourway in panel.also_in)
        True
    """

    product_id: str
    colour: str
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One similar product.

    Attributes:
        product_id: of the product.
        score: cosine in [-1, 1] with ``seed`` under the request's facet weights; bonuses and
            negative examples order the panel and do not change it. Of products that are very near
            it is by finer facets (`engine.calibration.detail`), unless the request has terms of
            its own.
        rank: from 1.
        reasons: short phrases for people, such as "same colour".
        facets: facet -> cosine, the numbers behind score and reasons.
        match: calibrated probability in per cent, 0 to 100; None without a calibration.
        seed: the seed that the product is most like; None for a photo.
        variants: how many more variants of it would have been shown, and were folded into it.
        rule: the rule that pinned it, or else the first one that boosted or buried it.
        also_in: the other colours of its design that were folded into it.

    Example:
        >>> from engine import recommend
        >>> [result] = recommend("LK000002", k=1)
        >>> result.rank, result.seed
        (1, 'LK000002')
        >>> sorted(result.facets)
        ['colour', 'pattern', 'shape']
        >>> from dataclasses import asdict
        >>> row = asdict(result)  # for JSON, or a row of a pandas DataFrame
        >>> row["product_id"] == result.product_id
        True
    """

    product_id: str
    score: float
    rank: int
    reasons: tuple[str, ...] = ()
    facets: Mapping[str, float] = field(default_factory=FrozenDict)
    match: float | None = None
    seed: str | None = None
    variants: int = 0
    rule: str | None = None
    also_in: tuple[Colourway, ...] = ()


@dataclass(frozen=True, slots=True)
class Taste:
    """A seed cluster: seeds that belong together, and their medoid, to label the cluster by."""

    medoid: str
    seeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """A whole answer.

    Attributes:
        seeds: the products that the request started from; none for a photo.
        generation: the index generation that answered.
        results: best first; those of several seed clusters take turns.
        query_id: a unique name for this answer, for events.
        fallback: what the results are instead, if nothing that was requested can be shown.
        relaxed: the fields of the filter that a ``relaxed-filter`` fallback dropped.
        tastes: the seed clusters, the heaviest first; a result belongs to that of its ``seed``.
        rules: ids of the merchandising rules that acted, the narrowest scope first.
        also_in: the other colours of the seed, the shop's own variants first; of several seeds, or
            a photo, none.
        switched_off: an off rule, which ``rules`` names, switches the panel off; there are no
            results.
        nothing_similar: the photo looks like no product of the shop, such as a picture of a wall;
            the results are the nearest ones all the same. False for seeds, and where the
            calibration has no photo test.
        nothing_similar_reason: why, in a sentence for people; None if it is not so.

    Example:
        >>> from engine import Fallback, Recommender
        >>> panel = Recommender.open().panel("LK000002", k=3)
        >>> panel.fallback is Fallback.NONE
        True
        >>> [taste.seeds for taste in panel.tastes]
        [('LK000002',)]
    """

    seeds: tuple[str, ...]
    generation: str
    results: tuple[Recommendation, ...]
    query_id: str = field(default_factory=new_query_id, compare=False)
    fallback: Fallback = Fallback.NONE
    relaxed: tuple[str, ...] = ()
    tastes: tuple[Taste, ...] = ()
    rules: tuple[str, ...] = ()
    also_in: tuple[Colourway, ...] = ()
    switched_off: bool = False
    nothing_similar: bool = False
    nothing_similar_reason: str | None = None
