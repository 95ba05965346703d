"""What must not stand side by side: products that look the same, variants of one product."""

import numpy as np

from engine.arrays import Int32, Int64
from engine.index.stacked_rows import Matrix

# Cosine from which two products look the same: one photo, or two of one scene. Of 7,646 products
# of a real shop 2.2% have one this near, and 96% of these pairs are one photo; from 0.985 on half
# are other products, such as black T-shirts with other prints.
NEAR_DUPLICATE = 0.995
SAME_PHOTO = 0.9999  # cosine from which two products have one photo
BLOCK = 128  # rows that are compared with one another at once


def distinct(
    vectors: Matrix,
    rows: Int64,
    groups: Int32 | None,
    near_duplicates: bool,
    shown: int = 0,
    most: int | None = None,
) -> list[int]:
    """Which rows ``(n,)`` stay when each duplicate of an earlier row that stays is removed.

    Args:
        vectors: of the generation.
        rows: in the order in which they would be shown.
        groups: ``(n,)`` codes of variant groups, below 0 for none; None: variants may stand side
            by side.
        near_duplicates: whether rows that look the same may.
        shown: the first rows, as many as this, stay in any case and are not returned.
        most: how many are wanted; None: all.

    Returns:
        Ascending places in ``rows``.
    """
    kept = list(range(shown))
    for start in range(shown, len(rows), BLOCK):
        if most is not None and len(kept) - shown >= most:
            break
        block = np.arange(start, min(start + BLOCK, len(rows)))
        beside = np.concatenate([np.array(kept, dtype=np.int64), block])
        same = np.zeros((len(block), len(beside)), dtype=bool)
        if not near_duplicates:
            same |= vectors[rows[block]] @ vectors[rows[beside]].T >= NEAR_DUPLICATE
        if groups is not None:
            codes = groups[block][:, np.newaxis]
            same |= (codes == groups[beside]) & (codes >= 0)
        # [i, j]: beside[j] comes before block[i], and is a duplicate of it
        same[:, len(kept) :] = np.tril(same[:, len(kept) :], k=-1)
        stays = np.ones(len(beside), dtype=bool)
        for place in np.flatnonzero(same.any(axis=1)):  # mostly none
            stays[len(kept) + place] = not (same[place] & stays).any()
        kept += block[stays[len(kept) :]].tolist()
    return kept[shown:] if most is None else kept[shown : shown + most]
