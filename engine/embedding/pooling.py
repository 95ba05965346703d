"""The row of a product, pooled from the rows of its photos."""

import numpy as np

from engine.arrays import Float32, Int64
from engine.encoders.facets import FacetLayout, unit_rows


def pool_products(rows: Float32, owners: Int64, layout: FacetLayout | None) -> Float32:
    """Unit rows ``(N, D)`` of products from those of their photos ``(P, D)``.

    Args:
        rows: of the photos, product by product.
        owners: ``(P,)`` the product of each photo, 0 to N - 1, ascending; none is left out.
        layout: facets are pooled each by itself, see `FacetLayout.pool`; None takes the mean of
            whole rows.

    Returns:
        The row of a single photo is that of its product. A mean of zero stays a zero row.
    """
    if not len(rows):
        return rows
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    if layout is None:
        return unit_rows(np.add.reduceat(rows, starts, axis=0)).astype(np.float32)
    parts = np.split(rows, starts[1:])
    pooled = [part[0] if len(part) == 1 else layout.pool(part) for part in parts]
    return unit_rows(np.stack(pooled)).astype(np.float32)
