"""The triplet margin loss, with its gradient, reduced a few anchors at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from engine.training.losses.distances import row_chunks, squared_distances
from engine.training.losses.miners import Triplets

MARGIN = 0.2  # FaceNet's

Reduce = Literal["active", "all"]


@dataclass(frozen=True)
class TripletLoss:
    """A loss and what it was taken over.

    ``value`` is a scalar with a graph, ``triplets`` how many were mined, ``active`` (a scalar
    int64 tensor, so that a GPU need not be waited for) how many of them violate the margin, and
    ``total`` the sum of the violations, with a graph: what processes add up before they divide.
    """

    value: Tensor
    total: Tensor
    triplets: int
    active: Tensor

    @property
    def active_share(self) -> float:
        """Active over mined triplets, in [0, 1]; 0 where nothing was mined."""
        return float(self.active) / self.triplets if self.triplets else 0.0


def triplet_loss(
    embeddings: Tensor,
    triplets: Triplets | Iterable[Triplets],
    *,
    reference: Tensor | None = None,
    margin: float = MARGIN,
    reduce: Reduce = "active",
) -> TripletLoss:
    """``max(0, d(a,p) - d(a,n) + margin)`` with squared distances, averaged.

    The mean is over the active triplets: as an embedding learns, their share falls towards 0, and
    a mean over all would let the gradient fade with it, by more the easier the batch. So watch
    the active share, not the value, for progress. ``reduce="all"`` gives the plain mean.

    Loss and gradient are computed together, chunk by chunk: extra memory is that of the
    gradients, whatever the number of triplets. Without any triplet the loss is 0 with a graph.

    Args:
        embeddings: ``(B, D)`` floating, unit rows: the anchors, and the rest without a reference.
        triplets: one set, or blocks of them such as `Miner.blocks` yields.
        reference: ``(M, D)`` rows that positives and negatives index; follows gradients if asked.
        margin: by how much, in squared distance, a negative must be farther.
        reduce: what the sum is divided by.
    """
    if isinstance(triplets, Triplets):
        triplets = (triplets,)
    count = _Count()
    others = embeddings if reference is None else reference
    total, active = _HingeSum.apply(embeddings, others, count.over(triplets), margin)
    over = active.clamp(min=1) if reduce == "active" else max(1, count.triplets)
    return TripletLoss(total / over, total, count.triplets, active)


class _Count:
    """Counts the triplets of blocks as they pass."""

    def __init__(self) -> None:
        self.triplets = 0

    def over(self, blocks: Iterable[Triplets]) -> Iterable[Triplets]:
        for block in blocks:
            self.triplets += block.size
            yield block


class _HingeSum(torch.autograd.Function):
    """Sum of violations and number of active triplets.

    The sum is linear in the distances of active triplets, ``sum(W * D)`` with small integers
    ``W[i, j]``: how often (i, j) is an active positive less how often an active negative. With
    ``D = 2 - 2 A R'`` the gradients are ``-2 W R`` and ``-2 W' A``: two matrix products a chunk,
    no row of an embedding gathered per triplet, and the same bits on every run, as sums of
    integers do not depend on their order.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's own context type is private
        embeddings: Tensor,
        reference: Tensor,
        blocks: Iterable[Triplets],
        margin: float,
    ) -> tuple[Tensor, Tensor]:
        wide = torch.promote_types(embeddings.dtype, torch.float32)
        anchors, others = embeddings.to(wide), reference.to(wide)
        total = anchors.new_zeros(())
        active = torch.zeros((), dtype=torch.int64, device=anchors.device)
        gradients = [
            torch.zeros_like(rows) if needed else None
            for rows, needed in zip((anchors, others), ctx.needs_input_grad, strict=False)
        ]
        for block in blocks:
            for low, high, part in _by_anchor(block, len(others)):
                weights, part_total, part_active = _chunk(anchors[low:high], others, part, margin)
                total += part_total
                active += part_active
                with torch.autocast(anchors.device.type, enabled=False):
                    if gradients[0] is not None:
                        gradients[0][low:high].addmm_(weights, others, alpha=-2)
                    if gradients[1] is not None:
                        gradients[1].addmm_(weights.T, anchors[low:high], alpha=-2)
        ctx.dtypes = embeddings.dtype, reference.dtype
        ctx.save_for_backward(*gradients)
        ctx.mark_non_differentiable(active)
        return total, active

    @staticmethod
    @once_differentiable
    # torch gives its context no type.
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        scaled = (
            None if rows is None else (rows * grad).to(dtype)
            for rows, dtype in zip(ctx.saved_tensors, ctx.dtypes, strict=True)
        )
        return *scaled, None, None


def _by_anchor(block: Triplets, columns: int) -> Iterable[tuple[int, int, Triplets]]:
    """Parts of a block whose anchors span few rows: ``(low, high, triplets relative to low)``."""
    if block.size == 0:
        return
    first, last = (int(x) for x in torch.stack(block.anchor.aminmax()).tolist())
    for low, high in row_chunks(last + 1 - first, columns):
        low, high = low + first, high + first
        inside = (block.anchor >= low) & (block.anchor < high)
        yield low, high, Triplets(*(index[inside] for index in block)).shifted(-low)


def _chunk(
    anchors: Tensor, others: Tensor, part: Triplets, margin: float
) -> tuple[Tensor, Tensor, Tensor]:
    """``W`` of a few anchors ``(C, M)``, the sum of their violations and how many there are."""
    distances = squared_distances(anchors, others).flatten()
    near = part.anchor * len(others) + part.positive
    far = part.anchor * len(others) + part.negative
    violation = (distances[near] - distances[far] + margin).clamp(min=0)
    active = (violation > 0).to(distances.dtype)
    weights = torch.zeros_like(distances).index_add_(0, near, active).index_add_(0, far, -active)
    return weights.view(len(anchors), len(others)), violation.sum(), (violation > 0).sum()
