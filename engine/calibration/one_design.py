"""Learns from which cosine, of all facets but colour, two products look like one design.

Titles name designs (`engine.labels.design_families`), but a title may also stand for two prints.
So besides equal titles, two colourways must look the same apart from colour. Held-out products of
one design family show how alike that is: all but `OUTLIERS` of their pairs pass.
"""

import numpy as np

from engine.arrays import Float32
from engine.calibration.held_out_pairs import FAMILY, HeldOutSet
from engine.labels.labels import UNKNOWN

OUTLIERS = 0.1
FEWEST_PAIRS = 20


def learn_one_design(held: HeldOutSet, scale: Float32) -> float | None:
    """The cosine; None if there are too few design families.

    Args:
        held: products with the label columns ``family`` and ``colour``.
        scale: ``(D,)`` factors of a row, whose dot products are cosines of all facets but colour.
    """
    families, colours = held.column(FAMILY), held.column("colour")
    cosines = []
    for family in np.unique(families[families != UNKNOWN]).tolist():
        rows = np.flatnonzero((families == family) & (colours != UNKNOWN))
        near = (held.rows[rows] * scale) @ held.rows[rows].T
        other = np.triu(colours[rows][:, None] != colours[rows], k=1)
        cosines += near[other].tolist()
    if len(cosines) < FEWEST_PAIRS:
        return None
    return round(float(np.clip(np.quantile(cosines, OUTLIERS), -1, 1)), 6)
