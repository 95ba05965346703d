"""The order in which a layout shows its products: from few in all places to all of them.

The script of the map finds the same order by itself (`inOrder` in ``levels.js``), from the same
whole numbers, so only the places of a layout are sent.
"""

import numpy as np

from engine.arrays import Int64, UInt16

BITS = 16  # of a coordinate
FIRST, LAST = 4, 10  # grids of 16 to 1,024 cells a side


def drawing_order(places: UInt16) -> Int64:
    """``(N,)`` rows: one product of each cell of a grid, then those that finer grids add.

    Products of one grid follow its cells in Z-order, so that neighbours are in the same few files.
    Of several in a cell, the one of the lowest row comes first.

    Args:
        places: ``(N, 2)``.
    """
    across, down = places[:, 0].astype(np.int64), places[:, 1].astype(np.int64)
    grid = np.full(len(places), LAST + 1, dtype=np.int64)
    for level in range(FIRST, LAST + 1):
        cells = ((across >> (BITS - level)) << level) | (down >> (BITS - level))
        later = np.flatnonzero(grid > LAST)
        free = later[~np.isin(cells[later], cells[grid <= LAST])]
        _, first = np.unique(cells[free], return_index=True)
        grid[free[first]] = level
    return np.lexsort((_interleaved(across, down), grid))


def _interleaved(across: Int64, down: Int64) -> Int64:
    """Z-order: the bits of both coordinates in turn."""
    found = np.zeros(len(across), dtype=np.int64)
    for bit in range(BITS):
        found |= ((across >> bit) & 1) << (2 * bit)
        found |= ((down >> bit) & 1) << (2 * bit + 1)
    return found
