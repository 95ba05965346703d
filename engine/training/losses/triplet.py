"""The triplet margin loss, whose value and gradient are computed a few anchors at a time."""

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
    """A triplet loss and its statistics.

    Attributes:
        value: the loss, a scalar with a graph.
        total: the sum of the margin violations, a scalar with a graph; processes that share a
            batch add it up before they divide.
        triplets: the number of mined triplets.
        active: the number of triplets that violate the margin, a scalar int64 tensor, so that
            the CPU need not wait for a GPU.
    """

    value: Tensor
    total: Tensor
    triplets: int
    active: Tensor

    @property
    def active_share(self) -> float:
        """Active over mined triplets, in [0, 1]; 0 if nothing was mined."""
        return float(self.active) / self.triplets if self.triplets else 0.0


def triplet_loss(
    embeddings: Tensor,
    triplets: Triplets | Iterable[Triplets],
    *,
    reference: Tensor | None = None,
    margin: float = MARGIN,
    reduce: Reduce = "active",
) -> TripletLoss:
    """Returns the mean of ``max(0, d(a, p) - d(a, n) + margin)``, d the squared distance.

    After FaceNet (Schroff et al. 2015, https://arxiv.org/abs/1503.03832). The mean is over the
    active triplets, those that violate the margin: as an embedding learns, their share falls
    towards 0, and a mean over all would let the gradient fade with it. So the active-triplet
    share shows progress, and the value does not. ``reduce="all"`` gives the plain mean.

    Value and gradient are computed together, chunk by chunk: beyond its inputs the loss takes
    the memory of the gradients, whatever the number of triplets. Without any triplet the loss is
    0 and has a graph.

    Args:
        embeddings: ``(B, D)`` floating, unit rows: the anchors, and, without a reference, the
            positives and negatives.
        triplets: the result of a miner's call, or of `Miner.chunks`.
        reference: ``(M, D)`` rows that positives and negatives index; gradients flow into them
            if they require it.
        margin: by how much a negative must be farther than a positive, in squared distance.
        reduce: divide the sum by the number of "active" or of "all" triplets.

    >>> from engine.training.losses.miners import SemiHardMiner
    >>> embeddings = torch.eye(4).requires_grad_()  # all distances are 2
    >>> labels = torch.tensor([0, 0, 1, 1])
    >>> loss = triplet_loss(embeddings, SemiHardMiner().chunks(embeddings, labels), margin=0.2)
    >>> round(float(loss.value.detach()), 2), loss.triplets, loss.active_share
    (0.2, 4, 1.0)
    >>> loss.value.backward()
    """
    if isinstance(triplets, Triplets):
        triplets = (triplets,)
    count = _Counter()
    others = embeddings if reference is None else reference
    total, active = _HingeSum.apply(embeddings, others, count.over(triplets), margin)
    over = active.clamp(min=1) if reduce == "active" else max(1, count.triplets)
    return TripletLoss(total / over, total, count.triplets, active)


class _Counter:
    """Counts triplets while they are consumed."""

    def __init__(self) -> None:
        self.triplets = 0

    def over(self, chunks: Iterable[Triplets]) -> Iterable[Triplets]:
        for chunk in chunks:
            self.triplets += chunk.size
            yield chunk


class _HingeSum(torch.autograd.Function):
    """The sum of violations and the number of active triplets.

    The sum is linear in the distances of active triplets, ``sum(W * D)`` with small integers
    ``W[i, j]``: how often (i, j) is an active positive, minus how often an active negative. With
    ``D = 2 - 2 A R'`` the gradients are ``-2 W R`` and ``-2 W' A``: two matrix products for each
    chunk and no gathering of embeddings by triplet. The result has the same bits on every run,
    as sums of integers do not depend on their order.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's own context type is private
        embeddings: Tensor,
        reference: Tensor,
        chunks: Iterable[Triplets],
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
        for chunk in chunks:
            for low, high, part in _by_anchor(chunk, len(others)):
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
    # torch's own context type is private.
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        scaled = (
            None if rows is None else (rows * grad).to(dtype)
            for rows, dtype in zip(ctx.saved_tensors, ctx.dtypes, strict=True)
        )
        return *scaled, None, None


def _by_anchor(triplets: Triplets, columns: int) -> Iterable[tuple[int, int, Triplets]]:
    """Splits triplets into ranges of anchors: ``(low, high, triplets relative to low)``."""
    if triplets.size == 0:
        return
    first, last = (int(x) for x in torch.stack(triplets.anchor.aminmax()).tolist())
    for low, high in row_chunks(last + 1 - first, columns):
        low, high = low + first, high + first
        inside = (triplets.anchor >= low) & (triplets.anchor < high)
        yield low, high, Triplets(*(index[inside] for index in triplets)).shifted(-low)


def _chunk(
    anchors: Tensor, others: Tensor, part: Triplets, margin: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns ``W`` of C anchors, ``(C, M)``, and the sum and number of their violations."""
    distances = squared_distances(anchors, others).flatten()
    near = part.anchor * len(others) + part.positive
    far = part.anchor * len(others) + part.negative
    violation = (distances[near] - distances[far] + margin).clamp(min=0)
    active = (violation > 0).to(distances.dtype)
    weights = torch.zeros_like(distances).index_add_(0, near, active).index_add_(0, far, -active)
    return weights.view(len(anchors), len(others)), violation.sum(), (violation > 0).sum()
