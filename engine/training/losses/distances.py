"""Squared Euclidean distance on the unit sphere, FaceNet's measure of how unlike two photos are."""

from collections.abc import Iterator

import torch
from torch import Tensor

CHUNK_ELEMENTS = 1 << 20  # distances held at once: 4 MiB of float32, a few times that with masks


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Distances ``|a_i - b_j|^2`` in [0, 4] between unit rows.

    Computed as ``2 - 2 cos``: one matrix product, no ``(N, M, D)`` differences and no square root,
    so the gradient is finite everywhere, at distance 0 too (it has a part along the rows, which the
    normalising before takes out). Rounding is clamped away. Half
    precision is widened to float32, and autocast is off inside: at 8 bits of mantissa every
    distance would be a multiple of about 0.01, which is most of what a margin of 0.2 decides.

    Args:
        a: ``(N, D)`` floating, rows of length 1.
        b: ``(M, D)`` floating, rows of length 1, on the same device.

    Returns:
        ``(N, M)`` float32, or float64 if an input is.
    """
    dtype = torch.promote_types(torch.promote_types(a.dtype, b.dtype), torch.float32)
    with torch.autocast(a.device.type, enabled=False):
        return (2 - 2 * (a.to(dtype) @ b.to(dtype).T)).clamp(0, 4)


def row_chunks(rows: int, columns: int, limit: int = CHUNK_ELEMENTS) -> Iterator[tuple[int, int]]:
    """Cut ``rows`` into ranges ``[low, high)``: at most ``limit`` elements, at least a row."""
    step = max(1, limit // max(1, columns))
    for low in range(0, rows, step):
        yield low, min(rows, low + step)
