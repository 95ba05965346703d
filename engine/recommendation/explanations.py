"""Why a result is shown, in a few words that a customer understands."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from catalog.records import Facts
from engine.encoders.facets import FacetLayout
from engine.index.generation import Generation
from engine.recommendation.results import Recommendation
from engine.search.search_query import Hit

MOST = 3
PLAIN = ("colour", "pattern")  # facets that the catalogue may know by a word of its own


def explain(
    generation: Generation, queries: np.ndarray, hits: Sequence[Hit], facts: Facts
) -> tuple[Recommendation, ...]:
    """Hits as recommendations, with reasons.

    Args:
        generation: where the hits are from.
        queries: ``(S, D)``, before they were reweighed.
        hits: best first.
        facts: those of the seeds, if the queries are products, and after them those of the hits.
    """
    seeds = len(facts.ids) - len(hits)
    rows = generation.vectors[[hit.row for hit in hits]]
    columns = facet_cosines(generation.layout, queries[[hit.query for hit in hits]], rows)
    results = []
    for place, hit in enumerate(hits):
        cosines = {name: values[place] for name, values in columns.items()}
        seed = hit.query if seeds else None
        why = reasons(cosines, generation.manifest.close, facts, seed, seeds + place)
        results.append(
            Recommendation(
                product_id=generation.ids[hit.row],
                score=hit.score,
                rank=place + 1,
                reasons=why,
                facets=MappingProxyType(cosines),
            )
        )
    return tuple(results)


def facet_cosines(
    layout: FacetLayout, queries: np.ndarray, rows: np.ndarray
) -> dict[str, list[float]]:
    """The cosines of rows ``(n, D)``, pair by pair, in each facet; 0 where a block is zero."""
    cosines = {}
    for name in layout.names:
        ours, theirs = layout.block(queries, name), layout.block(rows, name)
        dots = np.einsum("nd,nd->n", ours, theirs)
        lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
        values = dots / np.where(lengths > 0, lengths, 1)
        cosines[name] = np.clip(values.astype(float), -1, 1).round(6).tolist()
    return cosines


def reasons(
    cosines: Mapping[str, float],
    close: Mapping[str, float],
    facts: Facts,
    seed: int | None,
    result: int,
) -> tuple[str, ...]:
    """Phrases such as "same colour" or "close shape", the strongest first.

    Args:
        cosines: facet -> cosine of seed and result.
        close: facet -> the cosine from which two products count as close; see `Manifest`.
        facts: the catalogue's facts of both.
        seed: the seed's place in ``facts``, or None if a photo was asked with.
        result: the result's place in ``facts``.

    Returns:
        At most `MOST`; none if nothing can honestly be said.
    """
    said: list[tuple[float, str]] = []
    for facet, cosine in cosines.items():
        above = cosine - close.get(facet, 1.0)
        if facet in PLAIN and _same(getattr(facts, facet), seed, result):
            said.append((1 + above, f"same {facet}"))
        elif above >= 0:
            said.append((above, "very similar look" if len(cosines) == 1 else f"close {facet}"))
    for column in PLAIN:
        if column not in cosines and _same(getattr(facts, column), seed, result):
            said.append((0, f"same {column}"))
    if _same(facts.category, seed, result):
        said.append((-1, "same category"))
    said.sort(key=lambda item: -item[0])
    return tuple(phrase for _, phrase in said[:MOST])


def _same(values: np.ndarray, seed: int | None, result: int) -> bool:
    return seed is not None and values[seed] is not None and values[seed] == values[result]
