"""A request to the engine: its options, checked in one place."""

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Self, TypeAlias, TypedDict

import numpy as np

from catalog.filters.filter import Filter
from catalog.frozen_dict import FrozenDict
from engine.errors import RequestError
from engine.search.guards import LIFTS, Lifts
from engine.settings import Colourways

# Shared by every interface: Python, the command line and the HTTP API.
DEFAULT_K = 12
MAX_SEEDS = 200
MAX_K = 1_000
MAX_LESS = 50

ProductIds: TypeAlias = Sequence[str] | AbstractSet[str]
FacetWeights: TypeAlias = Mapping[str, float]


class RequestOptions(TypedDict, total=False):
    """Keywords that every call of the engine takes beside ``k``, ``facets`` and ``exclude``.

    Example:
        >>> from engine import RequestOptions, recommend
        >>> options: RequestOptions = {"filter": {"price_to": 300}, "any_age_group": True}
        >>> len(recommend("LK000002", k=3, **options))
        3
    """

    filter: Filter | Mapping[str, object] | None
    """What results are narrowed to, such as ``{"colour": ["red", "blue"], "price_to": 50}``."""
    weights: Mapping[str, float]
    """Seed -> weight above 0, 1 by default: the share of the panel that its cluster gets."""
    less: ProductIds
    """Products that results should not look like; they are never shown themselves."""
    diversity: float
    """From 0, pure similarity, to 1, pure novelty."""
    min_match: float | None
    """Percent from 0 to 100 that a result's match must reach, 0 for any; needs a calibration."""
    variants: bool
    """Show every variant of a product, not the best one and a count."""
    colourways: Colourways | None
    """What to do with other colours of one design: fold, show or off; None: the shop's setting."""
    rules: bool
    """False: ignore merchandising rules."""
    page: str | None
    """The page that the panel is for, which rules may name; None: by the seeds."""
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


@dataclass(frozen=True, slots=True)
class Request:
    """A request for similar products, checked.

    Attributes:
        seeds: products to start from, `MAX_SEEDS` at most; one named twice counts once.
        k: results wanted, 1 to `MAX_K`; `DEFAULT_K` by default.
        weights: seed -> weight above 0, 1 by default: the share of the panel that its seed
            cluster gets.
        less: products that results should not look like; they are never shown themselves.
        facets: relative weights of facets; those left out keep their default.
        filter: what results are narrowed to.
        exclude: further products never to show; unknown ids are ignored.
        lifts: guards that are lifted.
        diversity: from 0, pure similarity, to 1, pure novelty; see
            `engine.recommendation.clusters.diversity`.
        min_match: per cent from 0 to 100 that a result's match must reach; needs a calibration
            unless it is 0. None: the calibration's floor, unless there are facets or a filter.
        variants: show every variant of a product, not the best one and a count.
        colourways: what to do with other colours of one design, see
            `engine.settings.Colourways`; None: the shop's setting. A request with facets, a filter
            or a match of its own folds none.
        rules: follow merchandising rules; False: as if there were none.
        page: the page that the panel is for, which an off rule may name; None: "photo" without
            seeds, "product" for one seed, "wishlist" for several.
        fallback: where nothing can be shown, show what the labelled fallbacks offer.
        at: the moment, with a time zone, at which rules must be in force; None: now.

    Raises:
        RequestError: a value is not valid.

    Example:
        >>> from catalog.filters.filter import Filter
        >>> from engine import Lifts, Request
        >>> request = Request(
        ...     seeds=("LK000002",),
        ...     k=24,
        ...     filter=Filter.of({"colour": ["red", "blue"]}),
        ...     lifts=Lifts(any_gender=True),
        ... )
        >>> request == Request.of(
        ...     ["LK000002"], {"k": 24, "filter": {"colour": ["red", "blue"]}, "any_gender": True}
        ... )
        True
    """

    seeds: tuple[str, ...]
    k: int = DEFAULT_K
    weights: Mapping[str, float] = field(default_factory=dict)
    less: tuple[str, ...] = ()
    facets: Mapping[str, float] | None = None
    filter: Filter = field(default_factory=Filter)
    exclude: tuple[str, ...] = ()
    lifts: Lifts = field(default_factory=Lifts)
    diversity: float = 0.0
    min_match: float | None = None
    variants: bool = False
    colourways: Colourways | None = None
    rules: bool = True
    page: str | None = None
    fallback: bool = True
    at: datetime | None = None

    def __post_init__(self) -> None:
        check_k(self.k)
        for name in ("seeds", "less", "exclude"):
            object.__setattr__(self, name, _ids(name, getattr(self, name)))
        if len(self.seeds) > MAX_SEEDS:
            raise RequestError(seed_count_message(len(self.seeds)))
        if len(self.less) > MAX_LESS:
            raise RequestError(f"less takes {MAX_LESS} products at most, not {len(self.less)}.")
        if both := sorted(set(self.seeds) & set(self.less)):
            raise RequestError(f"{both[0]!r} is a seed and in less too. Leave one out.")
        object.__setattr__(self, "weights", _weights(self.weights, self.seeds))
        if self.facets is not None:
            object.__setattr__(self, "facets", FrozenDict(dict(self.facets)))
        if not isinstance(self.filter, Filter) or not isinstance(self.lifts, Lifts):
            raise RequestError("filter must be a Filter and lifts be Lifts; each has an `of`.")
        _check_between("diversity", self.diversity, 1)
        if self.min_match is not None:
            _check_between("min_match", self.min_match, 100)
        if self.page is not None and (not isinstance(self.page, str) or not self.page.strip()):
            raise RequestError(f"page must be the name of a page, not {self.page!r}.")
        if self.colourways is not None:
            object.__setattr__(self, "colourways", _colourways(self.colourways))
        for name in ("variants", "rules", "fallback"):
            if not isinstance(getattr(self, name), bool):
                raise RequestError(f"{name} must be True or False, not {getattr(self, name)!r}.")
        if self.at is not None and (not isinstance(self.at, datetime) or self.at.tzinfo is None):
            raise RequestError(f"at must be a moment with a time zone, not {self.at!r}.")

    @classmethod
    def of(cls, seeds: Iterable[str], options: Mapping[str, object]) -> Self:
        """A request from keyword arguments; see `engine.RequestOptions`.

        Args:
            seeds: products to start from.
            options: fields of a request, and guards to lift by their names. ``filter`` may also
                be a mapping, as `catalog.filters.filter.Filter.of` takes it.

        Raises:
            catalog.errors.FilterError: the filter is not valid.
            RequestError: another option is not.

        Example:
            >>> from engine import Request
            >>> Request.of(["LK000002"], {"k": 5, "sold_out": True}).lifts.sold_out
            True
        """
        values: dict[str, Any] = {k: v for k, v in options.items() if k in FIELDS}
        lifted = {k: v for k, v in options.items() if k not in FIELDS}
        if unknown := sorted(lifted.keys() - set(LIFTS)):
            raise RequestError(_unknown_option(unknown[0]))
        if lifted:
            if "lifts" in values:
                raise RequestError("Name guards to lift, or give lifts, not both.")
            values["lifts"] = Lifts.of(lifted)
        wanted = values.pop("filter", None)
        if wanted is not None:
            values["filter"] = wanted if isinstance(wanted, Filter) else Filter.of(wanted)
        return cls(seeds=tuple(seeds), **values)


FIELDS = frozenset(one.name for one in fields(Request)) - {"seeds"}


def has_own_terms(request: Request) -> bool:
    """Whether a request says itself what is similar enough: by a match, facets or a filter.

    It is answered by the nearest products that meet its terms. Any other one is answered by
    products of the seeds' kinds that reach the calibration's floor.
    """
    return request.min_match is not None or bool(request.facets) or bool(request.filter)


def page_of(request: Request) -> str:
    """The page that a request's panel is for, as rules name it."""
    by_seeds = ("photo", "product", "wishlist")[min(len(request.seeds), 2)]
    return request.page or by_seeds


def seed_count_message(count: int) -> str:
    """The message for a number of seeds that is not valid."""
    return f"A request takes 1 to {MAX_SEEDS} products, not {count}."


def _unknown_option(name: str) -> str:
    options = [*sorted(FIELDS), *LIFTS]
    close = get_close_matches(name, options, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    listed = f"{', '.join(options[:-1])} and {options[-1]}"
    return f"There is no option {name!r}.{hint} Options are {listed}."


def check_k(k: object) -> None:
    """Refuse a number of results that is not valid.

    Raises:
        RequestError: it is no whole number from 1 to `MAX_K`.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k <= MAX_K:
        raise RequestError(f"k must be a whole number from 1 to {MAX_K}, not {k!r}.")


def _ids(name: str, given: object) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence | set | frozenset):
        raise RequestError(f"{name} must be a list of product ids, not {given!r}.")
    for one in given:
        if not isinstance(one, str):
            raise RequestError(f"{name} must hold product ids, which are strings, not {one!r}.")
    return tuple(dict.fromkeys(given))


def _weights(given: Mapping[str, float], seeds: tuple[str, ...]) -> Mapping[str, float]:
    for seed, weight in given.items():
        if seed not in seeds:
            raise RequestError(f"weights has {seed!r}, which is not a seed.")
        if not _is_number(weight) or not weight > 0:
            raise RequestError(f"The weight of seed {seed!r} must be above 0, not {weight!r}.")
    return FrozenDict({seed: float(weight) for seed, weight in given.items()})


def _colourways(value: object) -> Colourways:
    try:
        return Colourways(str(value))
    except ValueError:
        raise RequestError(
            f"colourways must be {', '.join(Colourways)} or None, not {value!r}."
        ) from None


def _check_between(name: str, value: float, most: int) -> None:
    if not _is_number(value) or not 0 <= value <= most:
        raise RequestError(f"{name} must be a number from 0 to {most}, not {value!r}.")


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    return math.isfinite(value)
