"""Centres of groups of rows."""

import numpy as np

from engine.arrays import Float32, Int64
from engine.encoders.facets import unit_rows


def centres_of(rows: Float32, groups: Int64, count: int) -> tuple[Float32, Float32]:
    """The centres of groups as unit rows ``(G, D)``, and the cosine of each row with its own.

    Args:
        rows: ``(N, D)`` unit rows.
        groups: ``(N,)`` the group of each, from 0.
        count: G.
    """
    sums = np.zeros((count, rows.shape[1]), dtype=np.float32)
    np.add.at(sums, groups, rows)
    centres = unit_rows(sums)
    cosines: Float32 = np.einsum("nd,nd->n", rows, centres[groups]).astype(np.float32)
    return centres, cosines
