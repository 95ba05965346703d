"""Offline mining: hard negatives from the whole data set, found through an index."""

from collections.abc import Callable

import numpy as np
import torch

from engine.arrays import Int64
from engine.errors import NotEnoughData
from engine.training.losses.miners import UNKNOWN, Triplets

Neighbours = Callable[[int, int], Int64]
"""``(row, k) -> rows``: the k rows nearest to a row, nearest first, with or without itself."""


def offline_triplets(
    labels: Int64,
    neighbours: Neighbours,
    *,
    anchors: Int64 | None = None,
    k: int = 50,
    per_anchor: int = 4,
    seed: int = 0,
) -> Triplets:
    """Mines triplets whose negatives are the anchor's nearest neighbours with another label.

    The offline mining of FaceNet (Schroff et al. 2015, https://arxiv.org/abs/1503.03832): a batch
    holds the hardest of some hundred negatives, the index those of the whole data set. The
    positive is sampled uniformly from the anchor's label: over a whole data set, the farthest
    positive is most often a wrong label. An anchor without a positive, or without a negative
    among its neighbours, gives no triplet.

    Args:
        labels: ``(N,)`` integers; -1 is unknown and takes no role.
        neighbours: searches the index, exactly or approximately.
        anchors: rows to mine for, or None for all.
        k: neighbours to search for each anchor.
        per_anchor: most negatives for each anchor.
        seed: samples the positives; the same for an anchor whatever the other anchors are.

    Returns:
        Row indices ``(T,)`` int64, in the order of the anchors, nearest negative first.

    >>> ranking = {0: [0, 2, 1, 3], 1: [1, 0, 2, 3]}  # nearest first
    >>> triplets = offline_triplets(
    ...     np.array([5, 5, 6, 6]),
    ...     lambda row, k: np.array(ranking[row][:k]),
    ...     anchors=np.array([0, 1]),
    ...     k=3,
    ... )
    >>> [(int(a), int(p), int(n)) for a, p, n in zip(*triplets)]
    [(0, 1, 2), (1, 0, 2)]
    """
    labels = np.asarray(labels)
    order = np.argsort(labels, kind="stable")
    ordered = labels[order]
    found: list[tuple[int, int, int]] = []
    for anchor in range(len(labels)) if anchors is None else map(int, anchors):
        label = labels[anchor]
        low, high = np.searchsorted(ordered, label), np.searchsorted(ordered, label, "right")
        if label == UNKNOWN or high - low < 2:
            continue
        near = np.asarray(neighbours(anchor, k), dtype=np.int64)
        wrong = near[(labels[near] != label) & (labels[near] != UNKNOWN)][:per_anchor]
        others = order[low:high][order[low:high] != anchor]
        rng = np.random.default_rng((seed, anchor))
        positives = rng.choice(others, size=len(wrong))
        found += [(anchor, int(p), int(n)) for p, n in zip(positives, wrong, strict=True)]
    table = torch.tensor(found, dtype=torch.int64).reshape(-1, 3)
    return Triplets(*table.T.contiguous())


def triplet_batch(triplets: Triplets, size: int, *, seed: int, step: int) -> Int64:
    """Returns the rows of randomly chosen triplets, ``(size,)`` int64, as part of a batch.

    A pure function of seed and step, like the batches of `BatchSampler`. Triplets are repeated if
    there are too few; a size that 3 does not divide cuts the last one.

    Raises:
        NotEnoughData: there is no triplet.
    """
    if triplets.size == 0:
        raise NotEnoughData(
            "Offline mining found no negative among the neighbours. Search more, or train without."
        )
    order = np.random.default_rng((seed, step)).permutation(triplets.size)[: -(-size // 3)]
    return np.resize(torch.stack([*triplets], dim=1).numpy()[order], size)
