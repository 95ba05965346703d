"""A triplet loss whose positives and negatives are given by masks.

The miners of `engine.training.losses.miners` read both from one label. Some losses need two:
a negative of another design but *of the same type*, or a positive of another source. With the
small batches of trained heads, all pairs fit into memory at once.
"""

import torch
from torch import Tensor

from engine.training.losses.triplet import MARGIN


def masked_triplet_loss(
    distances: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    margin: float = MARGIN,
    hard: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Returns the mean of ``d(a, p) - d(a, n) + margin`` over the active triplets.

    Semi-hard mining (Schroff et al. 2015, https://arxiv.org/abs/1503.03832), with all semi-hard
    negatives of each pair instead of one.

    Args:
        distances: ``(B, B)`` squared distances between unit rows, with a graph.
        positive: ``(B, B)`` bool, without the diagonal.
        negative: ``(B, B)`` bool.
        margin: by how much a negative must be farther than a positive.
        hard: negatives that are nearer than the positive count too.
        generator: draws one positive for each anchor; without one, all of them count.

    Returns:
        A scalar with a graph; 0 without any active triplet.

    >>> distances = torch.tensor([[0.0, 0.5, 0.6], [0.5, 0.0, 2.0], [0.6, 2.0, 0.0]])
    >>> positive = torch.tensor([[0, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=torch.bool)
    >>> negative = torch.tensor([[0, 0, 1], [0, 0, 1], [1, 1, 0]], dtype=torch.bool)
    >>> round(float(masked_triplet_loss(distances, positive, negative)), 3)
    0.1
    """
    if generator is None:
        anchor, near = positive.nonzero(as_tuple=True)
    else:
        chance = torch.rand(positive.shape, generator=generator) * positive
        anchor = positive.any(dim=1).nonzero(as_tuple=True)[0]
        near = chance.argmax(dim=1)[anchor]
    to_positive = distances[anchor, near][:, None]
    to_negative = distances[anchor]
    violation = to_positive - to_negative + margin
    active = negative[anchor] & (violation > 0)
    if not hard:
        active &= to_negative > to_positive
    return (violation * active).sum() / active.sum().clamp(min=1)
