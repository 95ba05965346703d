"""Miners: choose which (anchor, positive, negative) triplets of a batch to learn from.

All of them go through the distance matrix a few anchors at a time: beside their triplets they
hold one chunk of it, and nothing of size B^2, let alone B^3. `Miner.chunks` yields the triplets
chunk by chunk, for a loss that reduces them at once.
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
        """The number of triplets (`len` counts the three tensors)."""
        return self.anchor.numel()

    def shifted(self, rows: int) -> "Triplets":
        """Returns the same triplets with ``rows`` added to every anchor."""
        return Triplets(self.anchor + rows, self.positive, self.negative)

    @classmethod
    def join(cls, chunks: list["Triplets"], device: torch.device) -> "Triplets":
        """Concatenates several; an empty list gives no triplets."""
        none = torch.empty(0, dtype=torch.int64, device=device)
        return cls(
            *(torch.cat(parts) for parts in zip(cls(none, none, none), *chunks, strict=True))
        )


class Miner(ABC):
    """Chooses triplets by labels and distances.

    A positive has the anchor's label, a negative another one. Without a reference both come from
    the batch, and a photo is never its own positive. With a reference (a cross-batch memory, or
    rows gathered from other processes) they come from the reference alone.

    >>> embeddings = torch.eye(3)[[0, 1, 2, 0]]
    >>> labels = torch.tensor([7, 7, 8, 8])
    >>> anchor, positive, negative = SemiHardMiner()(embeddings, labels)
    >>> list(zip(anchor.tolist(), positive.tolist(), negative.tolist()))
    [(0, 1, 2), (1, 0, 3), (2, 3, 1), (3, 2, 1)]
    """

    def __call__(
        self,
        embeddings: Tensor,
        labels: Tensor,
        ref_embeddings: Tensor | None = None,
        ref_labels: Tensor | None = None,
        batch_start: int | None = None,
    ) -> Triplets:
        """Returns all chosen triplets, ordered by anchor.

        Args:
            embeddings: ``(B, D)`` floating, unit rows; no gradient flows through the choice.
            labels: ``(B,)`` int64; -1 is unknown and forms no triplet.
            ref_embeddings: ``(M, D)``, or None for the batch itself.
            ref_labels: ``(M,)`` int64, given if, and only if, ``ref_embeddings`` is.
            batch_start: the reference's row at which the batch begins, so that no photo is its
                own positive; None if the batch is not part of the reference.

        Raises:
            ValueError: shapes that disagree.
        """
        chunks = list(self.chunks(embeddings, labels, ref_embeddings, ref_labels, batch_start))
        return Triplets.join(chunks, embeddings.device)

    def chunks(
        self,
        embeddings: Tensor,
        labels: Tensor,
        ref_embeddings: Tensor | None = None,
        ref_labels: Tensor | None = None,
        batch_start: int | None = None,
    ) -> Iterator[Triplets]:
        """Yields the triplets of a call, those of a few anchors at a time."""
        if ref_embeddings is None or ref_labels is None:
            if ref_embeddings is not None or ref_labels is not None or batch_start is not None:
                raise ValueError("a reference needs both its embeddings and its labels")
            ref_embeddings, ref_labels, batch_start = embeddings, labels, 0
        _check_shapes(embeddings, labels, ref_embeddings, ref_labels, batch_start)
        anchors, others = embeddings.detach(), ref_embeddings.detach()
        for low, high in row_chunks(len(anchors), len(others)):
            same = labels[low:high, None] == ref_labels
            known = (labels[low:high, None] != UNKNOWN) & (ref_labels != UNKNOWN)
            positive, negative = same & known, known & ~same
            if batch_start is not None:
                rows = torch.arange(high - low, device=same.device)
                positive[rows, rows + batch_start + low] = False
            distances = squared_distances(anchors[low:high], others)
            for chunk in self._choose(distances, positive, negative):
                yield chunk.shifted(low)

    @abstractmethod
    def _choose(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Iterator[Triplets]:
        """Yields triplets of C anchors.

        ``distances`` is ``(C, M)``; the masks of the same shape tell who may be a positive and
        who a negative.
        """


def _check_shapes(
    embeddings: Tensor,
    labels: Tensor,
    others: Tensor,
    other_labels: Tensor,
    batch_start: int | None,
) -> None:
    for rows, names in ((embeddings, labels), (others, other_labels)):
        if rows.ndim != 2 or names.shape != rows.shape[:1]:
            shapes = f"{tuple(rows.shape)} and {tuple(names.shape)}"
            raise ValueError(f"expected embeddings (N, D) and labels (N,), not {shapes}")
    if batch_start is not None and not 0 <= batch_start <= len(others) - len(embeddings):
        raise ValueError(
            f"a batch of {len(embeddings)} cannot begin at {batch_start} of {len(others)}"
        )


class BatchAllMiner(Miner):
    """Every valid triplet: "batch all" (Hermans et al. 2017, https://arxiv.org/abs/1703.07737).

    There are O(B^2 K) of them, so pass `chunks` to the loss rather than the result of a call.
    """

    def _choose(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Iterator[Triplets]:
        row, column = positive.nonzero(as_tuple=True)
        for low, high in row_chunks(len(row), negative.shape[1]):
            pair, other = negative[row[low:high]].nonzero(as_tuple=True)
            yield Triplets(row[low:high][pair], column[low:high][pair], other)


class RandomMiner(Miner):
    """Every anchor-positive pair with a uniformly drawn negative: the baseline.

    The pairs are those of `SemiHardMiner`; the two differ in the choice of the negative only.

    Args:
        generator: draws the negatives; default: one with seed 0.
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

    The online mining of FaceNet (Schroff et al. 2015, https://arxiv.org/abs/1503.03832). The
    paper leaves open what to do where no negative is farther. Such a pair violates the margin
    most, so it is kept, with its farthest negative: the mildest violation, as hard negatives
    early in training are what makes an embedding collapse. Distances are compared as float32; of
    equally near negatives the first row is taken.
    """

    def _choose(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Iterator[Triplets]:
        row, column = _pairs(positive, negative)
        if len(row) == 0:
            return
        columns = torch.arange(distances.shape[1], device=row.device)
        ordered = _sort_rows(_keys(distances.masked_fill(~negative, torch.inf), columns))
        # Rows have different numbers of positives: put them into a padded table.
        per_row = torch.bincount(row, minlength=len(distances))
        slot = torch.arange(len(row), device=row.device) - (per_row.cumsum(0) - per_row)[row]
        table = ordered.new_zeros(len(distances), int(per_row.max()))
        table[row, slot] = _keys(distances[row, column], _COLUMN)
        farther = torch.searchsorted(ordered, table)[row, slot]
        farthest = negative.sum(1)[row] - 1
        yield Triplets(row, column, ordered[row, torch.minimum(farther, farthest)] & _COLUMN)


class BatchHardMiner(Miner):
    """One triplet for each anchor: its farthest positive and its nearest negative.

    "Batch hard" (Hermans et al. 2017, https://arxiv.org/abs/1703.07737); of ties the first row.
    """

    def _choose(self, distances: Tensor, positive: Tensor, negative: Tensor) -> Iterator[Triplets]:
        row = (positive.any(1) & negative.any(1)).nonzero(as_tuple=True)[0]
        farthest = distances.masked_fill(~positive, -1).argmax(1)
        nearest = distances.masked_fill(~negative, torch.inf).argmin(1)
        yield Triplets(row, farthest[row], nearest[row])


def _pairs(positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    """Returns rows and columns of the anchor-positive pairs whose anchor has a negative."""
    row, column = (positive & negative.any(1, keepdim=True)).nonzero(as_tuple=True)
    return row, column


_COLUMN = 0xFFFFFFFF  # the bits of a key that hold the column


def _keys(distances: Tensor, columns: Tensor | int) -> Tensor:
    """Packs distances (0 or more) and columns into int64 keys that sort by (distance, column).

    The bits of a non-negative float32, read as an integer, sort as its values do.
    """
    return (distances.float().view(torch.int32).long() << 32) | columns


def _sort_rows(keys: Tensor) -> Tensor:
    """Sorts each row of ``(C, M)``; on the CPU NumPy takes a fifth of torch's time."""
    if keys.device.type == "cpu":
        return torch.from_numpy(np.sort(keys.numpy(), axis=1))
    return torch.sort(keys, dim=1).values
