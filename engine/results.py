"""What the engine answers with: frozen values, checked where a wrong one could be built."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One similar product.

    ``score`` is the cosine in [-1, 1] under the request's facet weights, ``rank`` counts from 1,
    ``reasons`` are short phrases for people ("same colour"), and ``facets`` holds the cosine of
    each facet behind them.
    """

    product_id: str
    score: float
    rank: int
    reasons: tuple[str, ...] = ()
    facets: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Panel:
    """A whole answer: the seeds, the generation that answered, and the results, best first."""

    seeds: tuple[str, ...]
    generation: str
    results: tuple[Recommendation, ...]


@dataclass(frozen=True, slots=True)
class PhotoFailure:
    """A photo that could not be read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """What one reindex did. ``published`` is False when the live generation was still true.

    ``photos`` counts different photos, ``products`` those that have a row. ``failures`` holds
    what could not be read, and ``notes`` what else a person should know.
    """

    generation: str
    published: bool
    products: int
    photos: int
    photos_embedded: int
    photos_failed: int
    recall_at_10: float
    seconds: float
    failures: tuple[PhotoFailure, ...] = ()
    notes: tuple[str, ...] = ()
