"""Grid search of the default facet weights on held-out products."""

from collections.abc import Mapping

import numpy as np

from engine.arrays import Float32, Int64
from engine.encoders.facets import FacetLayout
from engine.evaluation.metrics import score_relations
from engine.labels.labels import UNKNOWN

# What the default panel should agree in with its seed, and how much each counts. Customers expect
# the same type in the same colour first.
GOALS: Mapping[tuple[str, ...], float] = {
    ("type", "colour"): 2.0,
    ("type",): 1.0,
    ("colour",): 1.0,
    ("pattern",): 0.5,
}
SHARES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
SEEDS = 3_000  # products at most, enough for the choice


def search_weights(
    blocks: Mapping[str, Float32],
    labels: Mapping[str, Int64],
    default: Mapping[str, float],
) -> dict[str, float]:
    """Returns the weights of a coarse grid with the best P@10, averaged over `GOALS`.

    Args:
        blocks: facet -> ``(N, D_f)`` unit rows of held-out products.
        labels: column -> ``(N,)`` codes, -1 for unknown.
        default: what is returned if the labels do not suffice: no label is repeated, or only
            colours are known, so that the colour facet would take all the weight.

    Returns:
        facet -> weight, summing to 1.
    """
    relations, goal = {}, {}
    for columns, importance in GOALS.items():
        if all(column in labels for column in columns):
            codes = _joint([labels[column][:SEEDS] for column in columns])
            if (np.unique(codes[codes != UNKNOWN], return_counts=True)[1] > 1).any():
                relations[" and ".join(columns)] = codes
                goal[" and ".join(columns)] = importance
    if not relations or relations.keys() == {"colour"}:
        return dict(default)
    best_score, best = -1.0, dict(default)
    for weights in _grid(tuple(default)):
        layout = FacetLayout.of({name: rows.shape[1] for name, rows in blocks.items()}, weights)
        rows = layout.compose({name: rows[:SEEDS] for name, rows in blocks.items()})
        scores = score_relations(rows, relations)
        score = sum(
            goal[name] * float(one.precision_at_10.mean())
            for name, one in scores.items()
            if len(one.seeds)
        )
        if score > best_score:
            best_score, best = score, weights
    return best


def _joint(columns: list[Int64]) -> Int64:
    stacked = np.stack(columns, axis=1)
    codes = np.unique(stacked, axis=0, return_inverse=True)[1].reshape(-1)
    return np.where((stacked == UNKNOWN).any(axis=1), UNKNOWN, codes)


def _grid(names: tuple[str, ...]) -> list[dict[str, float]]:
    """Returns every combination of weights that sum to 1, for one to three facets."""
    if len(names) == 1:
        return [{names[0]: 1.0}]
    if len(names) == 2:
        return [{names[0]: share, names[1]: round(1 - share, 2)} for share in SHARES]
    grid = []
    for first in SHARES:
        for second in SHARES:
            third = round(1 - first - second, 2)
            if third >= 0.05:
                grid.append({names[0]: first, names[1]: second, names[2]: third})
    return grid
