"""What one request is answered from; the same whether merchandising rules are followed or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from engine.arrays import Float32, Float64, Int64
from engine.calibration.detail import Detail
from engine.errors import RequestError
from engine.facts.guard_columns import GuardColumns
from engine.index.generation import Generation
from engine.labels.kinds import type_of
from engine.recommendation.clusters.lines import Lines, lines_of
from engine.recommendation.clusters.seed_clusters import SeedCluster, cluster_seeds
from engine.recommendation.request import Request, has_own_terms
from engine.search.catalogue_facts import FactsSnapshot
from engine.search.live_index import LiveGeneration
from engine.search.row_facts import GuardMask, VariantGroups
from engine.search.row_values import ComputedOnce, RowValues
from engine.search.scoring import dots
from engine.search.search import scans
from engine.search.search_query import Floor


@dataclass(frozen=True)
class RequestContext:
    """A request and all that follows from it and the catalogue, computed once.

    S is the number of seeds, or 1 for a photo; N is the number of rows of the generation.

    Attributes:
        request: what is requested.
        live: the generation that answers, with its calibration.
        facts: the products' facts, at one moment.
        unweighted: ``(S, D)`` float32, rows of the seeds, or of a photo.
        scale: ``(D,)`` float32, by which facet weights multiply a query vector.
        vectors: ``(S, D)`` float32, ``unweighted`` times ``scale``: the query vectors.
        seed_rows: ``(S,)`` the rows of the seeds; empty for a photo.
        categories: the category path of each seed; None for a photo, or where there is none.
        clusters: the seeds, clustered, the heaviest cluster first.
        lines: what takes turns in the panel: each seed if there is a place for each, else clusters.
        excluded: ``(m,)`` rows that are never shown.
        guards: ``(S, n)`` bool, the rows that the guards let through.
        kind_guards: as ``guards``, and of the seed's kind; the same if the request has its own
            terms.
        floor: the least cosine for the match requested, or for the calibration's floor; None: any.
        detail: how hits that are very near are ordered; None: by their cosines.
        less: ``(L, D)`` float32, negative examples times ``scale``; None: there are none.
        groups: codes of variant groups; None: variants may stand side by side.
        cosines: ``(S, N)`` float32, the query vectors' with all rows; None: N is too large.
    """

    request: Request
    live: LiveGeneration
    facts: FactsSnapshot
    unweighted: Float32
    scale: Float32
    vectors: Float32
    seed_rows: Int64
    categories: tuple[str | None, ...]
    clusters: tuple[SeedCluster, ...]
    lines: Lines
    excluded: Int64
    guards: RowValues[np.bool_]
    kind_guards: RowValues[np.bool_]
    floor: Floor | None
    detail: Detail | None
    less: Float32 | None
    groups: VariantGroups | None
    cosines: Float32 | None

    @classmethod
    def of(cls, request: Request, live: LiveGeneration, unweighted: Float32) -> Self:
        """Read and compute what a request is answered from.

        Args:
            request: what is requested; its seeds have rows.
            live: the generation that answers.
            unweighted: ``(S, D)`` float32, rows of the seeds, or of a photo.

        Raises:
            RequestError: facets that the index does not have, or a match without a calibration.
        """
        generation, facts = live.generation, live.facts.snapshot()
        layout = generation.layout
        weights = layout.requested_weights(request.facets or {}, by_photo=not request.seeds)
        scale = layout.reweigh(np.ones(layout.dim, np.float32), weights)
        vectors = unweighted if (scale == 1).all() else unweighted * scale
        seed_rows = known_rows(generation, request.seeds)
        categories = tuple(facts.stated(seed_rows).category) if request.seeds else (None,)
        floor = _floor(request, live, unweighted, categories)
        shares = [request.weights.get(seed, 1.0) for seed in request.seeds] or [1.0]
        clusters = _clusters(shares, live, unweighted, facts.columns(seed_rows), categories)
        less = known_rows(generation, request.less)
        hidden = () if request.lifts.seed else request.seeds
        excluded = known_rows(generation, (*hidden, *request.exclude, *request.less))
        guards: RowValues[np.bool_] = GuardMask(facts, seed_rows, excluded, request.lifts)
        kind_guards: RowValues[np.bool_] = guards
        if not has_own_terms(request):
            kind_guards = GuardMask(facts, seed_rows, excluded, request.lifts, kinds=True)
        count = len(generation.ids)
        small = scans(generation)
        if small:
            same = kind_guards is guards
            guards = ComputedOnce(guards, count)
            kind_guards = guards if same else ComputedOnce(kind_guards, count)
        return cls(
            request=request,
            live=live,
            facts=facts,
            unweighted=unweighted,
            scale=scale,
            vectors=vectors,
            seed_rows=seed_rows,
            categories=categories,
            clusters=clusters,
            lines=lines_of(clusters, shares, request.k),
            excluded=excluded,
            guards=guards,
            kind_guards=kind_guards,
            floor=floor,
            detail=_detail(request, live),
            less=generation.vectors[less] * scale if len(less) else None,
            groups=None if request.variants else VariantGroups(facts),
            cosines=dots(generation.vectors, np.arange(count), vectors) if small else None,
        )

    @property
    def generation(self) -> Generation:
        """The generation that answers."""
        return self.live.generation

    @property
    def near_duplicates(self) -> bool:
        """Whether products that look the same may stand side by side."""
        return self.request.lifts.near_duplicates


def known_rows(generation: Generation, product_ids: Sequence[str]) -> Int64:
    """The rows of products, without those that have none."""
    row_of = generation.row_of
    return np.array([row_of[one] for one in product_ids if one in row_of], dtype=np.int64)


def _clusters(
    weights: Sequence[float],
    live: LiveGeneration,
    unweighted: Float32,
    seeds: GuardColumns,
    categories: Sequence[str | None],
) -> tuple[SeedCluster, ...]:
    if len(unweighted) == 1:
        return (SeedCluster(0, (0,), 1.0),)
    audience = zip(seeds.gender.tolist(), seeds.age_group.tolist(), strict=True)
    kinds = list(zip(map(type_of, categories), audience, strict=True))
    threshold = live.cluster_threshold
    return tuple(cluster_seeds(unweighted, weights, threshold=threshold, kinds=kinds))


def _detail(request: Request, live: LiveGeneration) -> Detail | None:
    """The finer facets; a request with terms of its own, or by photo, is ordered by its cosines."""
    calibration = live.calibration
    if calibration is None or has_own_terms(request) or not request.seeds:
        return None
    detail = calibration.detail
    fits = detail is not None and detail.fits(live.generation.layout.weights)
    return detail if fits else None


def _floor(
    request: Request,
    live: LiveGeneration,
    unweighted: Float32,
    categories: Sequence[str | None],
) -> Floor | None:
    """The least cosine with each seed that is worth the match requested, or the floor."""
    wanted, calibration = request.min_match, live.calibration
    if wanted is None and calibration is not None and request.seeds and not has_own_terms(request):
        wanted = calibration.floor
    if not wanted:
        return None
    if calibration is None:
        raise RequestError(
            f"A match of {wanted:g}% cannot be requested: this index has no calibration. "
            "Run `lookalike reindex` with an encoder that has one, or leave min_match out."
        )
    cosines: Float64 = np.array([calibration.inverse(wanted, one) for one in categories])
    return Floor(unweighted, cosines)
