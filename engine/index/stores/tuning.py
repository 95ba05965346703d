"""How many nodes an index inspects: measured when it is built, and chosen for each query.

A query that weighs the facets otherwise than rows do is harder for an index, which was built by
their default weights: near colours are spread over all shapes. So recall is measured by the default
weights and by each facet alone; ``search_k`` is doubled for each until it is high enough or as
large as a store takes, and what was found is in the manifest. A query between the two gets a number
between: its logarithm grows with the facet's share of the weights, and how
(`NearestRows.growth`) was measured on rows like real ones. Of 100,000, HNSW has to inspect 25 by
the default weights, 400 where colour weighs two thirds, and 1,600 by colour alone; Annoy 2,500,
5,000 and 160,000.

Of more rows a graph finds too few by such a facet, however long it looks: of a million, 84% by
pattern. So in stores on servers `own_facets` have an index of their blocks beside that of whole
rows, with the nearest ones side by side. It answers queries by one of them alone, and is measured
for these; what the index of whole rows would need, where the numbers between end, is taken to be
the most that a store inspects.
"""

from typing import NamedTuple

import numpy as np

from engine.arrays import Float32, Float64
from engine.encoders.facets import FacetLayout, weighed_alone
from engine.errors import GenerationError
from engine.index.manifest import Manifest
from engine.index.stores.annoy import SEED
from engine.index.stores.recall import FACET_SAMPLE, ExactNeighbours, facet_alone, sample_rows
from engine.index.stores.store import Built
from engine.settings import EngineSettings

GAIN = 0.002  # of recall, for which no twice as large search_k is taken
SHARE = 0.5  # of a row's default weights: a facet with less does not decide who is near


def own_facets(layout: FacetLayout) -> dict[str, tuple[int, int]]:
    """Facet -> its block, of those that get an index of their own."""
    return {name: at for name, at in layout.slices.items() if layout.weights[name] < SHARE}


class Measured(NamedTuple):
    """``search_k`` and recall by the default weights, and by each facet alone; see `Manifest`."""

    search_k: int
    recall: float
    search_k_by_facet: dict[str, int]
    recall_by_facet: dict[str, float]
    search_k_by_own: dict[str, int]


def tune(
    built: Built, vectors: Float32, layout: FacetLayout, settings: EngineSettings
) -> tuple[Measured, list[str]]:
    """Double ``search_k`` until the recall is high enough; what was measured, and notes.

    Where a facet alone needs so many nodes that scoring all rows is faster, that is what a search
    does (`engine.search.search`), and its recall is 1.

    Raises:
        GenerationError: the required recall cannot be reached.
    """
    count = len(vectors)
    least = settings.min_recall
    exact = ExactNeighbours.of(vectors, sample_rows(count, SEED))
    search_k, recall = _enough(built, exact, built.search_k, built.most, least)
    if recall < least:
        raise _too_little(None, recall, built, settings)
    few = sample_rows(count, SEED, FACET_SAMPLE)
    found = Measured(search_k, recall, {}, {}, {})
    for name in layout.names:
        exact = ExactNeighbours.of(vectors, few, scale=facet_alone(layout, name))
        most = built.most if built.all_rows is None else max(search_k, built.all_rows - 1)
        first = built.search_k if name in built.own else search_k
        inspected, alone = _enough(built, exact, first, most, least)
        if alone < least and built.all_rows is not None:
            inspected, alone = max(search_k + 1, built.all_rows), 1.0
        floor = min(least, settings.min_facet_recall)
        if alone < floor:
            raise _too_little(name, alone, built, settings)
        if alone < least:
            inspected, alone = _fewer(built, exact, first, (inspected, alone), floor)
        if name in built.own:
            found.search_k_by_own[name], inspected = inspected, built.most
        found.search_k_by_facet[name] = inspected
        found.recall_by_facet[name] = alone
    if search_k == built.search_k:
        return found, []
    note = (
        f"search_k was raised from {built.search_k:,} to {search_k:,} to reach a recall@10 of "
        f"{least}. {built.faster}"
    )
    return found, [note]


def _enough(
    built: Built, exact: ExactNeighbours, search_k: int, most: int, least: float
) -> tuple[int, float]:
    """The least ``search_k`` of the doubled ones with enough recall, else the last; its recall."""
    while True:
        last = search_k >= most
        recall = exact.recall(built.index, search_k, 0.0 if last else least)
        if recall >= least or last:
            return search_k, recall
        search_k = min(2 * search_k, most)


def _fewer(
    built: Built, exact: ExactNeighbours, first: int, best: tuple[int, float], floor: float
) -> tuple[int, float]:
    """The least of the doubled ``search_k`` from ``first`` that finds as much as the best one.

    Beyond it, looking further is slower and finds no more: some rows are cut off in a graph, as
    where very many look almost the same.
    """
    search_k, (most, recall) = first, best
    while search_k < most:
        found = exact.recall(built.index, search_k)
        if found >= max(recall - GAIN, floor):
            return search_k, found
        search_k *= 2
    return best


def _too_little(
    facet: str | None, recall: float, built: Built, settings: EngineSettings
) -> GenerationError:
    which = "" if facet is None else f" of queries by {facet} alone"
    required = settings.min_recall
    if facet is not None:
        required = min(required, settings.min_facet_recall)
    name = "LOOKALIKE_MIN_RECALL" if facet is None else "LOOKALIKE_MIN_FACET_RECALL"
    return GenerationError(
        f"The index reaches a recall@10{which} of {recall:.4f} and {required} is required "
        f"({name}); nothing was published. {built.advice}"
    )


def search_k_of(
    manifest: Manifest, layout: FacetLayout, growth: float, query: Float32 | Float64
) -> int:
    """The nodes that a query ``(D,)`` inspects, by the weights that its blocks have."""
    default, alone = manifest.search_k, manifest.search_k_by_facet
    if not alone or len(layout.names) == 1:
        return default
    own = weighed_alone(query, {name: layout.slices[name] for name in manifest.search_k_by_own})
    if own is not None:
        return manifest.search_k_by_own[own]
    # A row's block has the length sqrt(weight): times that of the query, the facet's share.
    lengths = {
        name: float(np.linalg.norm(query[slice(*layout.slices[name])])) * weight**0.5
        for name, weight in layout.weights.items()
    }
    whole = sum(lengths.values())
    most = float(default)
    for name, weight in layout.weights.items():
        way = (lengths[name] / whole - weight) / (1 - weight)  # from the default to it alone
        if way > 0 and (ratio := alone.get(name, default) / default) > 1:
            most = max(most, default * ratio ** (way**growth))
    return round(most)
