"""Conditional triplets: what counts as similar, facet by facet, with one triplet loss for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from engine.training.losses.miners import Miner
from engine.training.losses.triplet import MARGIN, Reduce, TripletLoss, triplet_loss


@dataclass(frozen=True)
class Term:
    """One triplet loss of the sum.

    Attributes:
        name: for logs.
        label: the label column whose equal values make positives.
        blocks: the facets that the loss shapes. Several, such as shape and colour for "type and
            colour", are concatenated and normalised to length 1.
        weight: factor of the loss in the sum.
    """

    name: str
    label: str
    blocks: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class LabelledRows:
    """Embeddings and labels of N photos.

    Attributes:
        blocks: facet -> ``(N, D_f)`` floating, unit rows.
        labels: column -> ``(N,)`` int64; -1 is unknown.
    """

    blocks: Mapping[str, Tensor]
    labels: Mapping[str, Tensor]

    def concatenate(self, names: Sequence[str]) -> Tensor:
        """Returns the named blocks side by side as unit rows, ``(N, sum D_f)``."""
        row = torch.cat([self.blocks[name] for name in names], dim=1)
        return normalize(row.to(torch.promote_types(row.dtype, torch.float32)), dim=1)


@dataclass(frozen=True)
class ConditionalLoss:
    """The weighted sum over terms, a scalar with a graph, and each term's own loss."""

    value: Tensor
    terms: Mapping[str, TripletLoss]


def conditional_loss(
    rows: LabelledRows,
    terms: Sequence[Term],
    miner: Miner,
    *,
    reference: LabelledRows | None = None,
    batch_start: int | None = None,
    margin: float = MARGIN,
    reduce: Reduce = "active",
) -> ConditionalLoss:
    """Mines triplets for each term and returns the weighted sum of their losses.

    After conditional similarity networks (Veit et al. 2017, https://arxiv.org/abs/1603.07810):
    for a term, a positive agrees with the anchor in the term's label and a negative differs in
    it, whatever their other labels. A photo whose label is -1 takes no part in the term.

    Args:
        rows: the batch.
        terms: weights are used as they are, without normalising.
        miner: chooses the triplets of every term.
        reference: where positives and negatives come from, see `Miner`; None for the batch.
        batch_start: see `Miner`.
        margin, reduce: as in `triplet_loss`.

    >>> from engine.training.losses.miners import SemiHardMiner
    >>> rows = LabelledRows(
    ...     {"shape": torch.eye(2).repeat(2, 1), "colour": torch.eye(4)},
    ...     {"type": torch.tensor([0, 1, 0, 1]), "colour": torch.tensor([0, 0, 1, 1])},
    ... )
    >>> terms = [Term("type", "type", ("shape",)), Term("colour", "colour", ("colour",), 0.5)]
    >>> loss = conditional_loss(rows, terms, SemiHardMiner())
    >>> {name: round(float(term.value), 2) for name, term in loss.terms.items()}
    {'type': 0.0, 'colour': 0.2}
    >>> round(float(loss.value), 2)
    0.1
    """
    losses = {}
    for term in terms:
        batch = rows.concatenate(term.blocks)
        other = None if reference is None else reference.concatenate(term.blocks)
        other_labels = None if reference is None else reference.labels[term.label]
        chunks = miner.chunks(batch, rows.labels[term.label], other, other_labels, batch_start)
        losses[term.name] = triplet_loss(
            batch, chunks, reference=other, margin=margin, reduce=reduce
        )
    value = sum((losses[term.name].value * term.weight for term in terms), torch.zeros(()))
    return ConditionalLoss(value, losses)
