"""Scores by relation: which products share a type, a colour, a pattern, or several of these."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from engine.arrays import Float32, Float64, Int64
from engine.evaluation.contender import DEFAULT, Contender, factors, only, score_weights
from engine.evaluation.intervals import measure, measures
from engine.evaluation.metrics import Scores, nearest, score_relations
from engine.evaluation.report import Confusion, FocusScore, RelationScore, Result
from engine.evaluation.section import Judged
from engine.labels.labels import UNKNOWN, LabelTable

# Two products are relevant to each other if their labels are equal in all of these columns.
RELATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "same type": ("type",),
        "same colour": ("colour",),
        "same pattern": ("pattern",),
        "same type and colour": ("type", "colour"),
        "same type, colour and gender": ("type", "colour", "gender"),
        "same coarse colour": ("coarse colour",),
        "same type and coarse colour": ("type", "coarse colour"),
    }
)
# The relation that a search with all weight on one facet must improve.
FOCUS: Mapping[str, str] = MappingProxyType(
    {"shape": "same type", "colour": "same colour", "pattern": "same pattern"}
)
SAME_PRODUCT = "same product"


@dataclass(frozen=True)
class Scored:
    """Per-seed scores of a contender: by relation, and of each facet alone in its relation."""

    contender: Contender
    relations: Mapping[str, Scores]
    focus: Mapping[str, Scores]


def score(contender: Contender, codes: Mapping[str, Int64]) -> Scored:
    """Score one contender.

    Args:
        contender: with rows of N products.
        codes: relation -> ``(N,)`` codes, -1 for unknown.
    """
    relations = score_relations(contender.products, codes)
    layout = contender.layout
    focus: dict[str, Scores] = {}
    if layout is not None and len(layout.names) > 1:
        for facet in layout.names:
            name = FOCUS.get(facet)
            if name is not None and name in codes:
                chosen = {name: codes[name]}
                weights = only(layout, facet)
                focus[facet] = score_weights(contender.products, layout, chosen, weights)[name]
    return Scored(contender, relations, focus)


def result(scored: Scored, owners: Int64 | None) -> Result:
    """Summarise the scores; with ``owners`` ``(P,)`` also find a product's other photos."""
    contender = scored.contender
    shared = None
    if owners is not None and contender.photos is not None:
        found = score_relations(contender.photos, {SAME_PRODUCT: owners})[SAME_PRODUCT]
        shared = summarise(SAME_PRODUCT, found)
    relations = tuple(summarise(name, found) for name, found in scored.relations.items())
    default = {one.relation: one.precision_at_10 for one in relations}
    focus = tuple(
        FocusScore(
            facet,
            FOCUS[facet],
            len(found.seeds),
            default[FOCUS[facet]],
            measure(found.precision_at_10),
        )
        for facet, found in scored.focus.items()
    )
    return Result(contender.name, relations, focus, shared)


def judged_relations(scored: Scored) -> Iterator[Judged]:
    """The per-seed scores, to be compared with those of another contender."""
    for name, scores in scored.relations.items():
        yield Judged(name, DEFAULT, per_seed(scores))
    for facet, scores in scored.focus.items():
        yield Judged(FOCUS[facet], facet, per_seed(scores))


def per_seed(scores: Scores) -> dict[str, Float64]:
    """Metric -> its per-seed values."""
    return {
        "recall_at_1": scores.recall_at_1,
        "precision_at_10": scores.precision_at_10,
        "strict_precision_at_10": scores.strict_at_10,
        "map_at_r": scores.map_at_r,
    }


def summarise(name: str, scores: Scores) -> RelationScore:
    """Means and intervals of per-seed scores."""
    means = measures(np.stack(list(per_seed(scores).values())))
    return RelationScore(name, len(scores.seeds), scores.alone, scores.unknown, *means)


def confusion(labels: LabelTable, contender: Contender, column: str = "colour") -> Confusion:
    """Labels of the 10 nearest products, with all weight on the column's facet if it exists."""
    rows, layout = contender.products, contender.layout
    queries: Float32 = rows
    if layout is not None and column in layout.names:
        queries = rows * factors(layout, only(layout, column))
    codes = labels.columns[column]
    found = codes[nearest(rows, queries, 10)]
    words = labels.words[column]
    seeds = np.bincount(codes[codes != UNKNOWN], minlength=len(words))
    order = [code for code in np.argsort(-seeds, kind="stable").tolist() if seeds[code]]
    cells = np.zeros((len(words), len(words)), dtype=np.int64)
    known = (codes[:, None] != UNKNOWN) & (found != UNKNOWN)
    np.add.at(cells, (np.broadcast_to(codes[:, None], found.shape)[known], found[known]), 1)
    counts = tuple(tuple(row) for row in cells[np.ix_(order, order)].tolist())
    return Confusion(column, tuple(words[code] for code in order), counts)
