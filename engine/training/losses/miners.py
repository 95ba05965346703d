"""Miners: which (anchor, positive, negative) triplets of a batch to learn from.

All of them walk the distance matrix a few anchors at a time, so that beside their triplets they
hold one chunk of it and nothing of size B^2, let alone B^3. `Miner.blocks` hands the triplets out
as it goes, for a loss that reduces them at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.training.losses.distances import row_chunks, squared_distances

UNKNOWN = -1  # a label that forms no triplet, in any role


class Triplets(NamedTuple):
    """Index tensors ``(T,)`` int64: anchors into the batch, the others into the reference."""

    anchor: Tensor
    positive: Tensor
    negative: Tensor

    @property
    def size(self) -> int:
        """How many triplets these are (`len` counts the three tensors)."""
        return self.anchor.numel()

    def shifted(self, rows: int) -> "Triplets":
        """The same triplets with ``rows`` added to every anchor."""
        return Triplets(self.anchor + rows, self.positive, self.negative)

    @classmethod
    def join(cls, blocks: list["Triplets"], device: torch.device) -> "Triplets":
        """Several blocks as one; no block at all gives no triplets."""
        none = torch.empty(0, dtype=torch.int64, device=device)
        return cls(
            *(torch.cat(parts) for parts in zip(cls(none, none, none), *blocks, strict=True))
        )


class Miner(ABC):
    """Chooses triplets by label and distance.

    Without a reference the batch is its own, and a photo is never its own positive. With one (a
    cross-batch memory, rows gathered from other processes) positives and negatives come from it
    alone; ``own_at`` says at which of its rows the batch itself begins, if it is in there.
    """

    def __call__(
        self,
        embeddings: Tensor,
        labels: Tensor,
        ref_embeddings: Tensor | None = None,
        ref_labels: Tensor | None = None,
        own_at: int | None = None,
    ) -> Triplets:
        """All chosen triplets, ordered by anchor.

        Args:
            embeddings: ``(B, D)`` floating, unit rows; gradients are not followed.
            labels: ``(B,)`` int64; -1 is unknown and forms no triplet.
            ref_embeddings: ``(M, D)`` or None for the batch itself.
            ref_labels: ``(M,)`` int64, given if, and only if, ``ref_embeddings`` is.
            own_at: row of the reference that is the batch's row 0, or None if it is not in there.

        Raises:
            ValueError: shapes that disagree.
        """
        blocks = list(self.blocks(embeddings, labels, ref_embeddings, ref_labels, own_at))
        return Triplets.join(blocks, embeddings.device)

    def blocks(
        self,
        embeddings: Tensor,
        labels: Tensor,
        ref_embeddings: Tensor | None = None,
        ref_labels: Tensor | None = None,
        own_at: int | None = None,
    ) -> Iterator[Triplets]:
        """The triplets of a call, a few anchors at a time."""
        if ref_embeddings is None or ref_labels is None:
            if ref_embeddings is not None or ref_labels is not None or own_at is not None:
                raise ValueError("a reference needs both its embeddings and its labels")
            ref_embeddings, ref_labels, own_at = embeddings, labels, 0
        _check_shapes(embeddings, labels, ref_embeddings, ref_labels, own_at)
        anchors, others = embeddings.detach(), ref_embeddings.detach()
        for low, high in row_chunks(len(anchors), len(others)):
            same = labels[low:high, None] == ref_labels
            known = (labels[low:high, None] != UNKNOWN) & (ref_labels != UNKNOWN)
            positive, negative = same & known, known & ~same
            if own_at is not None:
                rows = torch.arange(high - low, device=same.device)
                positive[rows, rows + own_at + low] = False
            distances = squared_distances(anchors[low:high], others)
            for block in self._choose(distances, positive, negative):
                yield block.shifted(low)

    @abstractmethod
    def _choose(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Iterator[Triplets]:
        """Triplets of one chunk: ``(C, M)`` distances and who may be positive or negative."""


def _check_shapes(
    embeddings: Tensor, labels: Tensor, others: Tensor, other_labels: Tensor, own_at: int | None
) -> None:
    for rows, names in ((embeddings, labels), (others, other_labels)):
        if rows.ndim != 2 or names.shape != rows.shape[:1]:
            shapes = f"{tuple(rows.shape)} and {tuple(names.shape)}"
            raise ValueError(f"expected embeddings (N, D) and labels (N,), not {shapes}")
    if own_at is not None and not 0 <= own_at <= len(others) - len(embeddings):
        raise ValueError(f"a batch of {len(embeddings)} cannot begin at {own_at} of {len(others)}")


class AllMiner(Miner):
    """Every triplet there is: O(B^2 K) of them, so give `blocks` to the loss, not the call."""

    def _choose(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Iterator[Triplets]:
        row, column = positive.nonzero(as_tuple=True)
        for low, high in row_chunks(len(row), negative.shape[1]):
            pair, other = negative[row[low:high]].nonzero(as_tuple=True)
            yield Triplets(row[low:high][pair], column[low:high][pair], other)


class RandomMiner(Miner):
    """Every anchor-positive pair with a negative drawn evenly: the baseline to beat.

    The pairs are those of `SemiHardMiner`, so the two differ in the choice of negative only.
    """

    def __init__(self, generator: torch.Generator | None = None) -> None:
        self.generator = generator or torch.Generator().manual_seed(0)

    def _choose(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Iterator[Triplets]:
        row, column = _pairs(positive, negative)
        choices = negative.sum(1)
        first = choices.cumsum(0) - choices
        draw = torch.rand(len(row), generator=self.generator, dtype=torch.float64).to(row.device)
        pick = first[row] + (draw * choices[row]).long()
        yield Triplets(row, column, negative.nonzero(as_tuple=True)[1][pick])


class SemiHardMiner(Miner):
    """Every anchor-positive pair with the nearest negative that is farther than the positive.

    FaceNet does not say what to do where no negative is farther. Such a pair is the most wrong
    of the batch, so it is kept, with the farthest negative: the gentlest of the violations, as a
    hard one early on is what collapses an embedding. Distances are compared as float32; of
    equally near negatives the first row is taken.
    """

    def _choose(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Iterator[Triplets]:
        row, column = _pairs(positive, negative)
        if len(row) == 0:
            return
        columns = torch.arange(distances.shape[1], device=row.device)
        ordered = _sort_rows(_keys(distances.masked_fill(~negative, torch.inf), columns))
        # Rows have different numbers of positives: lay them side by side in a padded table.
        per_row = torch.bincount(row, minlength=len(distances))
        slot = torch.arange(len(row), device=row.device) - (per_row.cumsum(0) - per_row)[row]
        table = ordered.new_zeros(len(distances), int(per_row.max()))
        table[row, slot] = _keys(distances[row, column], _COLUMN)
        farther = torch.searchsorted(ordered, table)[row, slot]
        farthest = negative.sum(1)[row] - 1
        yield Triplets(row, column, ordered[row, torch.minimum(farther, farthest)] & _COLUMN)


class HardMiner(Miner):
    """One triplet an anchor: its farthest positive and its nearest negative (ties: first row)."""

    def _choose(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Iterator[Triplets]:
        row = (positive.any(1) & negative.any(1)).nonzero(as_tuple=True)[0]
        farthest = distances.masked_fill(~positive, -1).argmax(1)
        nearest = distances.masked_fill(~negative, torch.inf).argmin(1)
        yield Triplets(row, farthest[row], nearest[row])


def _pairs(positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and columns of the anchor-positive pairs whose anchor has a negative."""
    row, column = (positive & negative.any(1, keepdim=True)).nonzero(as_tuple=True)
    return row, column


_COLUMN = 0xFFFFFFFF  # the half of a key that holds the column; no column is higher


def _keys(distances: Tensor, columns: Tensor | int) -> Tensor:
    """Distances (0 or more) and columns as one int64 each, in the order of (distance, column).

    The bits of a float32 of 0 or more, read as an integer, are in the order of its values.
    """
    return (distances.float().view(torch.int32).long() << 32) | columns


def _sort_rows(keys: Tensor) -> Tensor:
    """Each row of ``(C, M)`` ascending; on the CPU NumPy does it in a fifth of torch's time."""
    if keys.device.type == "cpu":
        return torch.from_numpy(np.sort(keys.numpy(), axis=1))
    return torch.sort(keys, dim=1).values
