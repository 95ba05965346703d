"""The options of a request, by keyword, for editors and type checkers."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import TypeAlias, TypedDict

from catalog.filters.filter import Filter
from engine.search.guards import Lifts

ProductIds: TypeAlias = Sequence[str] | AbstractSet[str]
FacetWeights: TypeAlias = Mapping[str, float]


class RequestOptions(TypedDict, total=False):
    """Keywords that every call of the engine takes beside ``k``, ``facets`` and ``exclude``."""

    filter: Filter | Mapping[str, object] | None
    """What results are narrowed to, such as ``{"colour": ["red", "blue"], "price_to": 50}``."""
    weights: Mapping[str, float]
    """Seed -> weight above 0, 1 by default: the share of the panel that its cluster gets."""
    less: ProductIds
    """Products that results should not look like; they are never shown themselves."""
    diversity: float
    """From 0, pure similarity, to 1, pure novelty."""
    min_match: float | None
    """Percent from 0 to 100 that a result's match must reach; needs a calibration."""
    variants: bool
    """Show every variant of a product, not the best one and a count."""
    rules: bool
    """False: ignore merchandising rules."""
    fallback: bool
    """False: show nothing rather than a fallback."""
    at: datetime | None
    """The moment, with a time zone, at which rules must be in force; None: now."""
    lifts: Lifts
    """Guards to lift; or lift each by its name:"""
    any_gender: bool
    """Also show the other gender than the seed's."""
    any_age_group: bool
    """Also show another age group than the seed's."""
    sold_out: bool
    """Also show what cannot be bought now."""
    variants_of_seed: bool
    """Also show other sizes or colourways of a seed."""
    near_duplicates: bool
    """Also show several products that look the same."""
    retired: bool
    """Also show what the shop no longer sells, while the index still has it."""
    seed: bool
    """Also show the seeds themselves."""
