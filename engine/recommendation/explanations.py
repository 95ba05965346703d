"""Why a result is shown, in a few words that a customer understands."""

from collections.abc import Mapping, Sequence

import numpy as np

from catalog.frozen_dict import FrozenDict
from engine.arrays import Float32
from engine.encoders.facets import FacetLayout
from engine.index.generation import Generation
from engine.recommendation.results import Recommendation
from engine.search.catalogue_facts import Stated
from engine.search.search_query import Hit

MAX_REASONS = 3
SHAPE = "shape"
UNLIKE = 0.5  # patterns whose cosine is below this share of a close one are seen to be others
NAMED_FACETS = ("colour", "pattern")  # facets for which the catalogue may have a word of its own


def explain(
    generation: Generation,
    queries: Float32,
    hits: Sequence[Hit],
    ids: Sequence[str],
    facts: Stated,
    same_design: Sequence[bool] | None = None,
) -> tuple[Recommendation, ...]:
    """Hits as recommendations, with reasons.

    Args:
        generation: where the hits are from.
        queries: ``(S, D)`` float32, query vectors under default facet weights.
        hits: best first.
        ids: their products.
        facts: those of the seeds, if the queries are products, and after them those of the hits.
        same_design: whether each hit is its seed's design in another colour, as title and looks
            tell; None: that is not known.
    """
    same_design = same_design or [False] * len(hits)
    seeds = len(facts.colour) - len(hits)
    rows = generation.vectors[[hit.row for hit in hits]]
    columns = facet_cosines(generation.layout, queries[[hit.query for hit in hits]], rows)
    results = []
    for place, hit in enumerate(hits):
        cosines = {name: values[place] for name, values in columns.items()}
        seed = hit.query if seeds else None
        why = reasons(
            cosines, generation.manifest.close, facts, seed, seeds + place, same_design[place]
        )
        results.append(
            Recommendation(
                product_id=ids[place],
                score=hit.score,
                rank=place + 1,
                reasons=why,
                facets=FrozenDict(cosines),
            )
        )
    return tuple(results)


def facet_cosines(layout: FacetLayout, queries: Float32, rows: Float32) -> dict[str, list[float]]:
    """The cosines of queries and rows ``(n, D)``, pair by pair, in each facet.

    A cosine is 0 where a block is zero.
    """
    cosines = {}
    for name in layout.names:
        left, right = layout.block(queries, name), layout.block(rows, name)
        dots = np.einsum("nd,nd->n", left, right)
        lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
        values = dots / np.where(lengths > 0, lengths, 1)
        cosines[name] = np.clip(values.astype(float), -1, 1).round(6).tolist()
    return cosines


def reasons(
    cosines: Mapping[str, float],
    close: Mapping[str, float],
    facts: Stated,
    seed: int | None,
    result: int,
    same_design: bool = False,
) -> tuple[str, ...]:
    """Phrases such as "same design in navy" or "same colour", the strongest first.

    Args:
        cosines: facet -> cosine of seed and result.
        close: facet -> the cosine from which two products count as close; see `Manifest`.
        facts: the catalogue's facts of both.
        seed: the seed's place in ``facts``, or None for a photo.
        result: the result's place in ``facts``.
        same_design: whether the result is the seed's design in another colour. The shop's own
            variant group says so too.

    Returns:
        At most `MAX_REASONS`; none if seed and result have nothing of this in common.
    """
    found: list[tuple[float, str]] = []
    other_colour = _differ(facts.colour, seed, result)
    if other_colour and (same_design or _same(facts.group_id, seed, result)):
        found.append((2, f"same design in {facts.colour[result]}"))
    for facet, cosine in cosines.items():
        above = cosine - close.get(facet, 1.0)
        if facet in NAMED_FACETS and _same(getattr(facts, facet), seed, result):
            found.append((1 + above, f"same {facet}"))
        elif above >= 0 and len(cosines) == 1:
            found.append((above, "very similar look"))
        elif above >= 0 and facet == SHAPE:
            found.append((above, _cut(cosines, close, facts, seed, result)))
        elif above >= 0 and facet != SHAPE:
            found.append((above, f"close {facet}"))
    for column in NAMED_FACETS:
        if column not in cosines and _same(getattr(facts, column), seed, result):
            found.append((0, f"same {column}"))
    if _same(facts.category, seed, result):
        found.append((-1, "same category"))
    found.sort(key=lambda item: -item[0])
    return tuple(phrase for _, phrase in found[:MAX_REASONS])


def _cut(
    cosines: Mapping[str, float],
    close: Mapping[str, float],
    facts: Stated,
    seed: int | None,
    result: int,
) -> str:
    """What is seen where the shapes are close: whether pattern or colour is another one."""
    pattern = cosines.get("pattern", 1.0)
    unlike = seed is not None and pattern < UNLIKE * close.get("pattern", 1.0)
    if _differ(facts.pattern, seed, result) or (unlike and not _same(facts.pattern, seed, result)):
        return "same cut, other pattern"
    if _differ(facts.colour, seed, result):
        return f"same cut in {facts.colour[result]}"
    return "close shape"


def _differ(values: Sequence[object], seed: int | None, result: int) -> bool:
    """Whether both are known, and differ."""
    if seed is None or values[seed] is None or values[result] is None:
        return False
    return bool(values[seed] != values[result])


def _same(values: Sequence[object], seed: int | None, result: int) -> bool:
    if seed is None or values[seed] is None:
        return False
    return bool(values[seed] == values[result])
