"""Squared Euclidean distance between unit vectors, the distance of FaceNet."""

from collections.abc import Iterator

import torch
from torch import Tensor

CHUNK_ELEMENTS = 1 << 20  # distances held at once: 4 MiB of float32, a few times that with masks


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Returns the pairwise distances ``|a_i - b_j|^2`` in [0, 4] between unit rows.

    Computed as ``2 - 2 cos``: one matrix product, no ``(N, M, D)`` differences and no square
    root, so the gradient is finite everywhere, at distance 0 too. (It has a component along the
    rows, which the normalisation before it removes.) Rounding errors are clamped away. Half
    precision is widened to float32 and autocast is off inside: with 8 bits of mantissa every
    distance would be a multiple of about 0.01, coarse beside a margin of 0.2.

    Args:
        a: ``(N, D)`` floating, rows of length 1.
        b: ``(M, D)`` floating, rows of length 1, on the same device.

    Returns:
        ``(N, M)`` float32, or float64 if an input is.

    >>> rows = torch.eye(2)
    >>> squared_distances(rows, torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    tensor([[0., 4.],
            [2., 2.]])
    """
    dtype = torch.promote_types(torch.promote_types(a.dtype, b.dtype), torch.float32)
    with torch.autocast(a.device.type, enabled=False):
        return (2 - 2 * (a.to(dtype) @ b.to(dtype).T)).clamp(0, 4)


def row_chunks(rows: int, columns: int, limit: int = CHUNK_ELEMENTS) -> Iterator[tuple[int, int]]:
    """Cuts the rows of a matrix into ranges ``[low, high)``.

    A range has at most ``limit`` elements, but one row at least.

    >>> list(row_chunks(5, 100, limit=200))
    [(0, 2), (2, 4), (4, 5)]
    """
    step = max(1, limit // max(1, columns))
    for low in range(0, rows, step):
        yield low, min(rows, low + step)
