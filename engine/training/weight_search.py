"""Grid search of the default facet weights on held-out products.

A weight that few products chose suits these products and no others, so a facet takes part only if
`FEW_SEEDS` products judge it; any other keeps its share of the start. Labels that were derived from
the photos' pixels never judge: they would reward the facet that reads the same pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.arrays import Float32, Int64
from engine.encoders.facets import FacetLayout
from engine.evaluation.evaluate import judged_labels
from engine.evaluation.intervals import FEW_SEEDS
from engine.evaluation.metrics import score_relations
from engine.labels.labels import UNKNOWN, LabelTable

# What the default panel should agree in with its seed, and how much each counts. Customers expect
# the same type in the same colour first.
GOALS: Mapping[tuple[str, ...], float] = {
    ("type", "colour"): 2.0,
    ("type",): 1.0,
    ("colour",): 1.0,
    ("pattern",): 0.5,
}
# The label that judges a facet alone.
JUDGED_BY: Mapping[str, str] = {"shape": "type", "colour": "colour", "pattern": "pattern"}
SHARES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
SEEDS = 3_000  # products at most, enough for the choice


@dataclass(frozen=True)
class WeightChoice:
    """Default facet weights, and where they are from, in words.

    Attributes:
        weights: facet -> weight, summing to 1.
        reason: such as "the best on 1,937 held-out products".
    """

    weights: dict[str, float]
    reason: str


def search_weights(
    blocks: Mapping[str, Float32], labels: LabelTable, default: Mapping[str, float]
) -> WeightChoice:
    """Chooses the weights of a coarse grid with the best P@10, averaged over `GOALS`.

    Args:
        blocks: facet -> ``(N, D_f)`` unit rows of products that the model was not trained on.
        labels: of these N products.
        default: facet -> weight of the start, summing to 1. A facet that fewer than `FEW_SEEDS`
            products judge keeps it, and all do if fewer than two are judged.
    """
    known = judged_labels(labels)
    relations, seeds = {}, {}
    for columns in GOALS:
        if all(column in known.columns for column in columns):
            codes = known.joint(*columns)[:SEEDS]
            relations[columns], seeds[columns] = codes, judged_seeds(codes)
    judged = {
        facet: seeds.get((JUDGED_BY[facet],), 0) if facet in JUDGED_BY else 0 for facet in default
    }
    free = [facet for facet, count in judged.items() if count >= FEW_SEEDS]
    kept = [facet for facet in default if facet not in free]
    if len(free) < 2:
        return WeightChoice(dict(default), f"kept from the start: {_too_few(judged, kept)}")
    goals = {columns: GOALS[columns] for columns in relations if seeds[columns] >= FEW_SEEDS}
    share = sum(default[facet] for facet in free)
    best_score, best = -1.0, dict(default)
    for part in _grid(tuple(free)):
        weights = {
            facet: share * part[facet] if facet in part else weight
            for facet, weight in default.items()
        }
        layout = FacetLayout.of({name: rows.shape[1] for name, rows in blocks.items()}, weights)
        rows = layout.compose({name: rows[:SEEDS] for name, rows in blocks.items()})
        named = {" and ".join(columns): relations[columns] for columns in goals}
        scores = score_relations(rows, named)
        score = sum(
            importance * float(scores[" and ".join(columns)].precision_at_10.mean())
            for columns, importance in goals.items()
        )
        if score > best_score:
            best_score, best = score, weights
    reason = f"the best on {min(SEEDS, len(labels)):,} products that were not trained on"
    if kept:
        reason += f", but for {', '.join(kept)}, kept from the start: {_too_few(judged, kept)}"
    return WeightChoice(best, reason)


def judged_seeds(codes: Int64) -> int:
    """Returns how many products share a known label ``(N,)`` with another."""
    counts = np.unique(codes[codes != UNKNOWN], return_counts=True)[1]
    return int(counts[counts > 1].sum())


def _too_few(judged: Mapping[str, int], facets: list[str]) -> str:
    counts = ", ".join(f"{facet} by {judged[facet]:,}" for facet in facets)
    return (
        f"judged by fewer than {FEW_SEEDS} products ({counts}; colours seen in photos do not count)"
    )


def _grid(names: tuple[str, ...]) -> list[dict[str, float]]:
    """Returns every combination of weights that sum to 1, for two or three facets."""
    if len(names) == 2:
        return [{names[0]: share, names[1]: round(1 - share, 2)} for share in SHARES]
    grid = []
    for first in SHARES:
        for second in SHARES:
            third = round(1 - first - second, 2)
            if third >= 0.05:
                grid.append({names[0]: first, names[1]: second, names[2]: third})
    return grid
