"""What must not stand side by side: products that look the same, variants of one product."""

import numpy as np

from engine.index.stacked_rows import Matrix
from engine.search.search_query import Rows

# Cosine from which two products look the same: one photo, or two of one scene. Of 7,646 products
# of a real shop 2.2% have one this near, and 96% of these pairs are one photo; from 0.985 on half
# are other products, such as black T-shirts with other prints.
TWIN = 0.995
BLOCK = 128  # rows that are compared with one another at once


def distinct(
    vectors: Matrix,
    rows: Rows,
    group: np.ndarray | None,
    twins: bool,
    first: int = 0,
    most: int | None = None,
) -> list[int]:
    """Which rows ``(n,)`` stay when those go that are alike to an earlier one that stays.

    Args:
        vectors: of the generation.
        rows: in the order in which they would be shown.
        group: ``(n,)`` codes of variant groups, or None if variants may stand side by side.
        twins: whether those that look the same may.
        first: the first so many are shown in any case, and are not returned.
        most: how many are wanted; None: all.

    Returns:
        Ascending places in ``rows``.
    """
    kept = list(range(first))
    for start in range(first, len(rows), BLOCK):
        if most is not None and len(kept) - first >= most:
            break
        block = np.arange(start, min(start + BLOCK, len(rows)))
        beside = np.concatenate([np.array(kept, dtype=np.int64), block])
        alike = np.zeros((len(block), len(beside)), dtype=bool)
        if not twins:
            alike |= vectors[rows[block]] @ vectors[rows[beside]].T >= TWIN
        if group is not None:
            mine = group[block][:, np.newaxis]
            alike |= (mine == group[beside]) & (mine >= 0)
        # [i, j]: beside[j] comes before block[i], and is alike to it
        alike[:, len(kept) :] = np.tril(alike[:, len(kept) :], k=-1)
        stays = np.ones(len(beside), dtype=bool)
        for place in np.flatnonzero(alike.any(axis=1)):  # mostly none
            stays[len(kept) + place] = not (alike[place] & stays).any()
        kept += block[stays[len(kept) :]].tolist()
    return kept[first:] if most is None else kept[first : first + most]
