"""Type precision of queries from one set against the gallery of another."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.arrays import Bool, Float32, Float64, Int64
from engine.encoders.facets import FacetLayout
from engine.evaluation.contender import factors, query_weightings
from engine.evaluation.section import Judged
from engine.labels.labels import UNKNOWN, LabelTable
from engine.labels.type_words import TYPE_WORDS, TypeWords, answers

TITLE = "Queries from another set"
ABOUT = TITLE.casefold()
_CELLS = 4_000_000  # scores in memory at a time


@dataclass(frozen=True)
class TwoSets:
    """Q query photos of one set and N products of another.

    Attributes:
        right: ``(Q, T)`` bool, which type codes of the gallery answer each query.
        types: ``(N,)`` type codes of the gallery in [0, T), -1 for unknown.
        groups: ``(Q,)`` codes of queries that depend on each other, such as photos of one sender.
    """

    right: Bool
    types: Int64
    groups: Int64

    @classmethod
    def of(
        cls,
        queries: LabelTable,
        owners: Int64,
        gallery: LabelTable,
        groups: Int64,
        words: TypeWords = TYPE_WORDS,
    ) -> "TwoSets":
        """Two sets by the type labels of their products.

        Args:
            queries: labels of M products.
            owners: ``(Q,)`` the product of each query photo.
            gallery: labels of N products.
            groups: ``(M,)`` codes of products that depend on each other.
            words: which types answer which.
        """
        shop = gallery.words["type"]
        table = np.zeros((len(queries.words["type"]) + 1, len(shop)), dtype=bool)  # last: unknown
        for code, word in enumerate(queries.words["type"]):
            table[code] = [one in answers(word, words) for one in shop]
        right: Bool = table[queries.columns["type"][owners]]
        return cls(right, gallery.columns["type"], groups[owners])

    @property
    def relevant(self) -> Int64:
        """The number of right answers in the gallery of each query, ``(Q,)``."""
        counts = np.bincount(self.types[self.types != UNKNOWN], minlength=self.right.shape[1])
        found: Int64 = self.right @ counts
        return found


def note(sets: TwoSets) -> str:
    """What the table measures, with the numbers of queries and products."""
    count, judged = len(sets.right), int((sets.relevant > 0).sum())
    return (
        f"{judged:,} of {count:,} query photos, those whose type has a counterpart among the "
        f"{int((sets.types != UNKNOWN).sum()):,} products of the gallery. Relevant: a type that "
        "answers the query's. Intervals resample the queries' families or senders."
    )


def judge_two_sets(
    sets: TwoSets,
    queries: Float32,
    gallery: Float32,
    layout: FacetLayout | None,
    chosen: Mapping[str, float] | None = None,
) -> list[Judged]:
    """Judge one contender under its default weights, each facet alone, those of searches by photo
    if the model has any, and chosen weights.

    Args:
        sets: what answers what.
        queries: ``(Q, D)`` rows of the query photos.
        gallery: ``(N, D)`` rows of the products.
        layout: the contender's facets, or None.
        chosen: facet -> weight, completed as a request's are; None or no layout: not judged.

    Raises:
        RequestError: a chosen facet that the layout lacks, or a weight out of range.
    """
    scales = dict(query_weightings(layout))
    if chosen and layout is not None:
        scales[weights_name(layout, chosen)] = factors(layout, chosen)
    return [
        Judged(
            ABOUT,
            name,
            precision(sets, queries if scale is None else queries * scale, gallery),
            sets.groups[sets.relevant > 0],
        )
        for name, scale in scales.items()
    ]


def weights_name(layout: FacetLayout, chosen: Mapping[str, float]) -> str:
    """Requested weights as they are used: "shape 0.80, colour 0.20"."""
    used = layout.requested_weights(chosen)
    return ", ".join(f"{name} {weight:.2f}" for name, weight in used.items() if weight)


def precision(sets: TwoSets, queries: Float32, gallery: Float32) -> dict[str, Float64]:
    """Metric -> values ``(S,)`` of the S queries with a right answer; ties are ranked by row."""
    relevant = sets.relevant
    seeds = np.flatnonzero(relevant > 0)
    known = np.flatnonzero(sets.types != UNKNOWN)
    products, types = gallery[known], sets.types[known]
    ten, first = np.zeros(len(seeds)), np.zeros(len(seeds))
    step = max(1, _CELLS // max(1, len(known)))
    for start in range(0, len(seeds), step):
        rows = seeds[start : start + step]
        order = np.argsort(-(queries[rows] @ products.T), axis=1, kind="stable")[:, :10]
        hits = np.take_along_axis(sets.right[rows], types[order], axis=1)
        first[start : start + len(rows)] = hits[:, 0]
        ten[start : start + len(rows)] = hits.sum(axis=1)
    return {
        "precision_at_10": ten / np.minimum(10, relevant[seeds]),
        "strict_precision_at_10": ten / 10,
        "recall_at_1": first,
    }
