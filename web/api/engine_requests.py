"""From the API's questions to the engine's."""

from collections.abc import Mapping, Sequence

from catalog.filters.filter import Filter
from engine.recommendation.request import MAX_SEEDS, Request
from engine.search.guards import Lifts
from web.answering import visitors
from web.api.requests import Narrowing, Shape, Similar, SimilarToMany, SimilarToManyBody
from web.app import params
from web.app.errors import ParameterError


def to_one(question: Similar, seeds: Sequence[str]) -> Request:
    """What looks like a product, or (without one) like a photo."""
    return request_of(
        question,
        seeds,
        facets=params.facet_weights(question.facets),
        narrowed=filter_of(question),
    )


def to_many(question: SimilarToMany) -> Request:
    """What looks like several products, as an address asks it."""
    ids = params.seeds(question.ids, question.id)
    return request_of(
        question,
        ids,
        facets=params.facet_weights(question.facets),
        narrowed=filter_of(question),
        weights=params.seed_weights(question.weights),
        less=question.less,
    )


def to_many_told(question: SimilarToManyBody) -> Request:
    """What looks like several products, as JSON asks it."""
    return request_of(
        question,
        question.ids,
        facets=question.facets or None,
        narrowed=Filter.of(question.filter),
        weights=question.weights,
        less=question.less,
    )


def filter_of(question: Narrowing) -> Filter:
    """The filter of an address.

    Raises:
        catalog.errors.FilterError: it makes no sense.
    """
    return Filter.of(question.narrowing())


def request_of(
    question: Shape,
    seeds: Sequence[str],
    *,
    facets: Mapping[str, float] | None,
    narrowed: Filter,
    weights: Mapping[str, float] | None = None,
    less: Sequence[str] = (),
) -> Request:
    """The engine's request.

    Raises:
        engine.errors.RequestError: values that do not go together.
        catalog.errors.FilterError: the filter makes no sense.
    """
    visitors.told_by(question.visitor)
    if len(seeds) > MAX_SEEDS:
        raise ParameterError(f"ids may name {MAX_SEEDS} products, not {len(seeds)}. Send fewer.")
    return Request(
        seeds=tuple(seeds),
        k=question.k,
        weights=weights or {},
        less=tuple(less),
        facets=facets,
        filter=narrowed,
        exclude=question.exclude,
        lifts=Lifts.of(dict.fromkeys(question.lift, True)),
        diversity=question.diversity,
        min_match=question.min_match,
        variants=question.variants,
        rules=question.rules,
        fallback=question.fallback,
    )
