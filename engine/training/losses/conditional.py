"""What "alike" means, facet by facet: one triplet loss a facet, over the blocks that it shapes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from engine.training.losses.miners import Miner
from engine.training.losses.triplet import MARGIN, Reduce, TripletLoss, triplet_loss


@dataclass(frozen=True)
class Term:
    """One triplet loss of the sum: which labels decide, and which facet blocks they shape.

    A term over several blocks ("type x colour" over shape and colour) sees them side by side,
    brought back to length 1.
    """

    name: str
    label: str
    blocks: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Rows:
    """Facet blocks ``name -> (N, D_f)`` and label columns ``name -> (N,)`` int64 of N photos."""

    blocks: Mapping[str, Tensor]
    labels: Mapping[str, Tensor]

    def joined(self, names: Sequence[str]) -> Tensor:
        """The named blocks side by side, ``(N, sum D_f)``, as unit rows."""
        row = torch.cat([self.blocks[name] for name in names], dim=1)
        return normalize(row.to(torch.promote_types(row.dtype, torch.float32)), dim=1)


@dataclass(frozen=True)
class ConditionalLoss:
    """The weighted sum over terms, a scalar with a graph, and each term's own loss."""

    value: Tensor
    terms: Mapping[str, TripletLoss]


def conditional_loss(
    rows: Rows,
    terms: Sequence[Term],
    miner: Miner,
    *,
    reference: Rows | None = None,
    own_at: int | None = None,
    margin: float = MARGIN,
    reduce: Reduce = "active",
) -> ConditionalLoss:
    """Conditional triplets (Veit et al. 2017): for a term a positive agrees and a negative differs
    in the term's label, whatever the rest; a photo whose label is -1 sits that term out.

    ``reference`` and ``own_at`` are those of `Miner`. Weights are used as they are.
    """
    losses = {}
    for term in terms:
        batch = rows.joined(term.blocks)
        other = None if reference is None else reference.joined(term.blocks)
        other_labels = None if reference is None else reference.labels[term.label]
        blocks = miner.blocks(batch, rows.labels[term.label], other, other_labels, own_at)
        losses[term.name] = triplet_loss(
            batch, blocks, reference=other, margin=margin, reduce=reduce
        )
    value = sum((losses[term.name].value * term.weight for term in terms), torch.zeros(()))
    return ConditionalLoss(value, losses)
