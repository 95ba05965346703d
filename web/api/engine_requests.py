"""Builds the engine's requests from the API's parameters."""

from collections.abc import Mapping, Sequence

from catalog.filters.filter import Filter
from engine.errors import RequestError
from engine.recommendation.request import MAX_SEEDS, Request
from engine.search.guards import LIFTS, Lifts
from web.api import text_params
from web.api.request_models import (
    FilterParams,
    PanelParams,
    PhotoParams,
    SimilarParams,
    SimilarToManyBody,
    SimilarToManyParams,
)
from web.app.errors import ParameterError


def similar(params: SimilarParams, seeds: Sequence[str] = ()) -> Request:
    """Products similar to the seeds; without a seed, to a photo."""
    return engine_request(
        params,
        seeds,
        facets=text_params.facet_weights(params.facets),
        product_filter=filter_of(params),
    )


def similar_to_many(params: SimilarToManyParams) -> Request:
    """Products similar to several seeds, from parameters of the URL."""
    return engine_request(
        params,
        text_params.seed_ids(params.ids, params.id),
        facets=text_params.facet_weights(params.facets),
        product_filter=filter_of(params),
        weights=text_params.seed_weights(params.weights),
        less=params.less,
    )


def similar_to_many_body(body: SimilarToManyBody) -> Request:
    """Products similar to several seeds, from a JSON body."""
    return engine_request(
        body,
        body.ids,
        facets=body.facets or None,
        product_filter=Filter.of(body.filter),
        weights=body.weights,
        less=body.less,
    )


def named_kinds(params: PhotoParams) -> Mapping[str, str]:
    """The kinds that a photo search names in its filter, which a guess must not narrow."""
    return {name: "" for name in ("category", "gender") if getattr(params, name)}


def filter_of(params: FilterParams) -> Filter:
    """The filter in parameters of the URL.

    Raises:
        catalog.errors.FilterError: a value is not valid for its field.
    """
    return Filter.of(params.filter_fields())


def lifts_of(names: Sequence[str]) -> Lifts:
    """The guards to lift.

    Raises:
        engine.errors.RequestError: there is no guard of such a name.
    """
    for place, name in enumerate(names):
        if name not in LIFTS:
            guards = f"{', '.join(LIFTS[:-1])} or {LIFTS[-1]}"
            raise RequestError(f"lift.{place} should be {guards}, not {name[:100]!r}.")
    return Lifts.of(dict.fromkeys(names, True))


def engine_request(
    params: PanelParams,
    seeds: Sequence[str],
    *,
    facets: Mapping[str, float] | None,
    product_filter: Filter,
    weights: Mapping[str, float] | None = None,
    less: Sequence[str] = (),
) -> Request:
    """The engine's request.

    Raises:
        ParameterError: too many seeds.
        engine.errors.RequestError: the values contradict each other.
    """
    if len(seeds) > MAX_SEEDS:
        raise ParameterError(f"ids may name {MAX_SEEDS} products, not {len(seeds)}. Send fewer.")
    return Request(
        seeds=tuple(seeds),
        k=params.k,
        weights=weights or {},
        less=tuple(less),
        facets=facets,
        filter=product_filter,
        exclude=params.exclude,
        lifts=lifts_of(params.lift),
        diversity=params.diversity,
        min_match=params.min_match,
        variants=params.variants,
        colourways=params.colourways,
        page=params.page,
        rules=params.rules,
        fallback=params.fallback,
    )
