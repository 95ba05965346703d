"""Within a type: do the nearest products of one type share its cut, sleeve, neck or length?

A seed's gallery is the products of its own type whose attribute is known. Types of which all
products have the same value are left out: every ranking is right there.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from engine.arrays import Float32, Int64
from engine.evaluation.baselines import random_scores
from engine.evaluation.contender import DEFAULT, Contender, weightings
from engine.evaluation.metrics import Scores, score_relations
from engine.evaluation.section import Judged
from engine.labels.labels import UNKNOWN, LabelTable

ATTRIBUTES = ("cut", "sleeve", "neck", "length")
WEIGHTS = (DEFAULT, "shape")
NOTE = (
    "Relevant: equal attribute. The gallery is the products of the seed's type; types with one "
    "value only are left out."
)


def judge_within_type(labels: LabelTable, contender: Contender) -> list[Judged]:
    """Judge one contender under its default weights and by shape alone, by attribute."""
    judged = []
    for weights, scale in weightings(contender.layout):
        if weights not in WEIGHTS:
            continue
        rows = contender.products
        queries: Float32 = rows if scale is None else rows * scale
        for attribute in ATTRIBUTES:
            scores = [
                score_relations(rows[members], {attribute: codes}, queries[members])[attribute]
                for members, codes in galleries(labels, attribute)
            ]
            judged.append(_judged(attribute, weights, scores))
    return judged


def judge_chance(labels: LabelTable) -> list[Judged]:
    """The same for a random order, exactly."""
    return [
        _judged(name, DEFAULT, [random_scores(codes) for _, codes in galleries(labels, name)])
        for name in ATTRIBUTES
    ]


def galleries(labels: LabelTable, attribute: str) -> Iterator[tuple[Int64, Int64]]:
    """Rows ``(M,)`` of the products of each type, and their codes ``(M,)`` of an attribute.

    Types whose known codes are fewer than two different ones are left out.
    """
    if attribute not in labels.columns:
        return
    types, codes = labels.columns["type"], labels.columns[attribute]
    for kind in np.unique(types[types != UNKNOWN]):
        members = np.flatnonzero(types == kind)
        known = codes[members][codes[members] != UNKNOWN]
        if len(np.unique(known)) > 1:
            yield members, codes[members]


def _judged(attribute: str, weights: str, scores: Sequence[Scores]) -> Judged:
    none = np.zeros(0)
    return Judged(
        attribute,
        weights,
        {
            "precision_at_10": np.concatenate([none, *(one.precision_at_10 for one in scores)]),
            "recall_at_1": np.concatenate([none, *(one.recall_at_1 for one in scores)]),
        },
    )
