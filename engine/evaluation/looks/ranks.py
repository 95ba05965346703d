"""At which rank the first right answer stands."""

import numpy as np

from engine.arrays import Bool, Float32, Float64, Int64

FIRST, WITHIN = "first", "within_12"
PANEL = 12  # results of a panel


def first_ranks(scores: Float32, right: Bool, left_out: Bool) -> Int64:
    """The rank of the best right answer of each query, from 1.

    Args:
        scores: ``(Q, N)`` dot products. Ties are ranked by column.
        right: ``(Q, N)`` the right answers, one at least in each row.
        left_out: ``(Q, N)`` what is no answer at all, such as the query itself.

    Returns:
        ``(Q,)`` int64.
    """
    shown = np.where(left_out, -np.inf, scores)
    best = np.where(right & ~left_out, shown, -np.inf).argmax(axis=1)
    score = np.take_along_axis(shown, best[:, None], axis=1)
    before = np.arange(scores.shape[1]) < best[:, None]
    ranks: Int64 = 1 + ((shown > score) | ((shown == score) & before)).sum(axis=1)
    return ranks


def hits(ranks: Int64) -> dict[str, Float64]:
    """Per query ``(Q,)``: whether the first right answer is first, and within a panel of 12."""
    return {
        FIRST: (ranks == 1).astype(np.float64),
        WITHIN: (ranks <= PANEL).astype(np.float64),
    }
