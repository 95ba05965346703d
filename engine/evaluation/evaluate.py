"""Item-to-item evaluation: every held-out product is a seed against all others held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from engine.arrays import Float32, Float64, Int64
from engine.calibration.reliability import Reliability
from engine.encoders.facets import FacetLayout
from engine.evaluation.baselines import random_scores
from engine.evaluation.metrics import Scores, bootstrap_interval, nearest, score_relations
from engine.labels.labels import UNKNOWN, LabelTable

# Two products are relevant to each other if their labels are equal in all of these columns.
RELATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "same type": ("type",),
        "same colour": ("colour",),
        "same pattern": ("pattern",),
        "same type and colour": ("type", "colour"),
        "same type, colour and gender": ("type", "colour", "gender"),
    }
)
# The relation that a search with all weight on one facet must improve.
FOCUS: Mapping[str, str] = MappingProxyType(
    {"shape": "same type", "colour": "same colour", "pattern": "same pattern"}
)


@dataclass(frozen=True)
class Measure:
    """A mean over seeds and its 95% bootstrap interval (resampled seeds)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RelationScore:
    """One relation's measures.

    Products are not used as seeds if no other shares their label (``alone``) or if they have no
    label (``unknown``).
    """

    relation: str
    seeds: int
    alone: int
    unknown: int
    recall_at_1: Measure
    precision_at_10: Measure
    map_at_r: Measure


@dataclass(frozen=True)
class Contender:
    """An encoder or baseline under evaluation: its rows and, if it has facets, their layout.

    ``products`` is ``(N, D)``, aligned with the labels. ``photos`` is ``(P, D)``, aligned with
    the ``owners`` passed to `evaluate`; not needed if every product has one photo.
    """

    name: str
    products: Float32
    photos: Float32 | None = None
    layout: FacetLayout | None = None


@dataclass(frozen=True)
class FocusScore:
    """P@10 of one relation with the default weights and with all weight on one facet."""

    facet: str
    relation: str
    seeds: int
    default: Measure
    focused: Measure


@dataclass(frozen=True)
class Result:
    """The scores of one contender. ``same_product`` is among photos, each a seed."""

    name: str
    relations: tuple[RelationScore, ...]
    focus: tuple[FocusScore, ...]
    same_product: RelationScore | None


@dataclass(frozen=True)
class Confusion:
    """Of the 10 nearest products to those labelled ``words[i]``, ``counts[i][j]`` are ``words[j]``.

    Words are ordered by their number of seeds, the largest first.
    """

    column: str
    words: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class EvaluationReport:
    """All results on one set of products; the first result is the encoder's.

    ``reliability`` is that of the encoder's calibration, if it has one.
    """

    products: int
    photos: int
    results: tuple[Result, ...]
    confusion: Confusion | None
    reliability: Reliability | None = None


def evaluate(
    labels: LabelTable, contenders: Sequence[Contender], owners: Int64 | None = None
) -> EvaluationReport:
    """Score contenders and a random order on labelled products.

    Args:
        labels: of N products.
        contenders: the encoder first.
        owners: ``(P,)`` the product (row of ``labels``) of each photo, if there are photo rows.

    Raises:
        ValueError: rows are not aligned with the labels or owners.
    """
    relations = {name: labels.joint(*columns) for name, columns in RELATIONS.items()}
    results = [_result(contender, relations, owners) for contender in contenders]
    chance = tuple(summarise(name, random_scores(codes)) for name, codes in relations.items())
    shared = None if owners is None else summarise("same product", random_scores(owners))
    results.append(Result("random order", chance, (), shared))
    return EvaluationReport(
        products=len(labels),
        photos=len(labels) if owners is None else len(owners),
        results=tuple(results),
        confusion=_confusion(labels, contenders[0]) if contenders and len(labels) > 1 else None,
    )


def _result(contender: Contender, relations: Mapping[str, Int64], owners: Int64 | None) -> Result:
    scores = score_relations(contender.products, relations)
    shared = None
    if owners is not None and contender.photos is not None:
        found = score_relations(contender.photos, {"same product": owners})["same product"]
        shared = summarise("same product", found)
    return Result(
        contender.name,
        tuple(summarise(name, found) for name, found in scores.items()),
        _focus(contender, relations, scores),
        shared,
    )


def _focus(
    contender: Contender, relations: Mapping[str, Int64], default: Mapping[str, Scores]
) -> tuple[FocusScore, ...]:
    layout = contender.layout
    if layout is None or len(layout.names) < 2:
        return ()
    scored = []
    for facet in layout.names:
        if facet not in FOCUS or FOCUS[facet] not in relations:
            continue
        name = FOCUS[facet]
        weights = only(layout, facet)
        found = score_weights(contender.products, layout, {name: relations[name]}, weights)[name]
        scored.append(
            FocusScore(
                facet,
                name,
                len(found.seeds),
                measure(default[name].precision_at_10),
                measure(found.precision_at_10),
            )
        )
    return tuple(scored)


def only(layout: FacetLayout, facet: str) -> dict[str, float]:
    """Facet weights that put all weight on one facet."""
    return {name: float(name == facet) for name in layout.names}


def score_weights(
    rows: Float32,
    layout: FacetLayout,
    relations: Mapping[str, Int64],
    weights: Mapping[str, float],
) -> dict[str, Scores]:
    """Score rows ``(N, D)`` under other facet weights, as a request can set them."""
    scale = layout.reweigh(np.ones(layout.dim, dtype=np.float32), weights)
    return score_relations(rows, relations, rows * scale)


def summarise(name: str, scores: Scores) -> RelationScore:
    """Means and intervals of per-seed scores."""
    return RelationScore(
        name,
        len(scores.seeds),
        scores.alone,
        scores.unknown,
        measure(scores.recall_at_1),
        measure(scores.precision_at_10),
        measure(scores.map_at_r),
    )


def measure(values: Float64) -> Measure:
    """The mean of per-seed values ``(S,)`` and its interval; NaN if there are none."""
    if not len(values):
        return Measure(float("nan"), float("nan"), float("nan"))
    return Measure(float(values.mean()), *bootstrap_interval(values))


def _confusion(labels: LabelTable, contender: Contender, column: str = "colour") -> Confusion:
    """Labels of the 10 nearest products, with all weight on the column's facet if it exists."""
    rows, layout = contender.products, contender.layout
    queries = rows
    if layout is not None and column in layout.names:
        queries = rows * layout.reweigh(np.ones(layout.dim, np.float32), only(layout, column))
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
