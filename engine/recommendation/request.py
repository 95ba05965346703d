"""Everything that one question may say, checked in one place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from types import MappingProxyType
from typing import Self

import numpy as np

from catalog.filters.filter import Filter
from engine.errors import RequestError
from engine.search.guards import Lifts

# Shared by every interface: Python, the command line and the HTTP API.
DEFAULT_K = 12
MAX_SEEDS = 200
MAX_K = 1_000
MAX_LESS = 50


@dataclass(frozen=True, slots=True)
class Request:
    """One question, checked.

    Attributes:
        seeds: products to start from, `MAX_SEEDS` at most; one named twice counts once.
        k: results wanted, 1 to `MAX_K`; `DEFAULT_K` by default.
        weights: seed -> weight above 0, 1 by default: how much of the panel its taste gets.
        less: products that results should not look like; they are never shown themselves.
        facets: relative weights of facets; those left out keep their default.
        filter: what results are narrowed to.
        exclude: further products never to show; unknown ones do no harm.
        lifts: guards that are lifted.
        diversity: from 0, pure similarity, to 1, pure novelty; see
        `engine.recommendation.diversity`.
        min_match: percent from 0 to 100 that a result must reach; needs a calibration.
        variants: show every variant of a product, not the best one and a count.
        rules: follow the shop's rules; False: as if there were none.
        fallback: where nothing can be shown, show what the labelled fallbacks offer.
        at: the moment that rules are judged by, with a time zone; None: now.

    Raises:
        RequestError: a value makes no sense.
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
    rules: bool = True
    fallback: bool = True
    at: datetime | None = None

    def __post_init__(self) -> None:
        check_k(self.k)
        for name in ("seeds", "less", "exclude"):
            object.__setattr__(self, name, _ids(name, getattr(self, name)))
        if len(self.seeds) > MAX_SEEDS:
            raise RequestError(f"Ask with 1 to {MAX_SEEDS} products, not {len(self.seeds)}.")
        if len(self.less) > MAX_LESS:
            raise RequestError(f"less takes {MAX_LESS} products at most, not {len(self.less)}.")
        if both := sorted(set(self.seeds) & set(self.less)):
            raise RequestError(f"{both[0]!r} is asked for and in less too. Leave one out.")
        object.__setattr__(self, "weights", _weights(self.weights, self.seeds))
        if self.facets is not None:
            object.__setattr__(self, "facets", MappingProxyType(dict(self.facets)))
        if not isinstance(self.filter, Filter) or not isinstance(self.lifts, Lifts):
            raise RequestError("filter must be a Filter and lifts be Lifts; each has an `of`.")
        _check_between("diversity", self.diversity, 1)
        if self.min_match is not None:
            _check_between("min_match", self.min_match, 100)
        for name in ("variants", "rules", "fallback"):
            if not isinstance(getattr(self, name), bool):
                raise RequestError(f"{name} must be True or False, not {getattr(self, name)!r}.")
        if self.at is not None and (not isinstance(self.at, datetime) or self.at.tzinfo is None):
            raise RequestError(f"at must be a moment with a time zone, not {self.at!r}.")

    @classmethod
    def of(cls, seeds: Sequence[str], wishes: Mapping[str, object]) -> Self:
        """From keyword arguments: fields of a request, and guards to lift by their names.

        ``filter`` may also be a mapping, as `Filter.of` takes it.

        Raises:
            catalog.errors.FilterError: the filter makes no sense.
            RequestError: something else makes none.
        """
        said = dict(wishes)
        lifted = {name: said.pop(name) for name in list(said) if name not in WISHES}
        if lifted:
            if "lifts" in said:
                raise RequestError("Name guards to lift, or give lifts, not both.")
            said["lifts"] = Lifts.of(lifted)
        wanted = said.get("filter")
        if wanted is None:
            said.pop("filter", None)
        elif not isinstance(wanted, Filter):
            said["filter"] = Filter.of(wanted)  # type: ignore[arg-type]  # which checks it
        return cls(seeds=tuple(seeds), **said)  # type: ignore[arg-type]  # __post_init__ checks


WISHES = frozenset(one.name for one in fields(Request)) - {"seeds"}


def check_k(k: int) -> None:
    """Refuse a number of results that makes no sense.

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
            raise RequestError(f"{name} must hold product ids, which are texts, not {one!r}.")
    return tuple(dict.fromkeys(given))


def _weights(given: Mapping[str, float], seeds: tuple[str, ...]) -> Mapping[str, float]:
    for seed, weight in given.items():
        if seed not in seeds:
            raise RequestError(f"weights has {seed!r}, which is none of the seeds.")
        if not _is_number(weight) or not weight > 0:
            raise RequestError(f"The weight of seed {seed!r} must be above 0, not {weight!r}.")
    return MappingProxyType({seed: float(weight) for seed, weight in given.items()})


def _check_between(name: str, value: float, most: int) -> None:
    if not _is_number(value) or not 0 <= value <= most:
        raise RequestError(f"{name} must be a number from 0 to {most}, not {value!r}.")


def _is_number(value: object) -> bool:
    number = isinstance(value, int | float | np.integer | np.floating)
    # mypy does not see through `number` that it is one.
    return number and not isinstance(value, bool) and bool(np.isfinite(value))  # type: ignore[call-overload]
