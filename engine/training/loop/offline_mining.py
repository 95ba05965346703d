"""Offline mining: each photo's nearest wrong neighbours in the whole data set, through an index."""

from collections.abc import Callable

import numpy as np
import torch

from engine.errors import NotEnoughData
from engine.training.losses.miners import UNKNOWN, Triplets

Neighbours = Callable[[int, int], np.ndarray]
"""``(row, k) -> rows``: the k rows nearest to a row, nearest first, itself among them or not."""


def offline_triplets(
    labels: np.ndarray,
    neighbours: Neighbours,
    *,
    anchors: np.ndarray | None = None,
    k: int = 50,
    per_anchor: int = 4,
    seed: int = 0,
) -> Triplets:
    """Triplets of data set rows whose negatives are what a search wrongly brings up first.

    A batch sees the hardest of some hundred negatives, the index those of the whole data set. The
    positive is drawn evenly from the anchor's label, not the farthest: over a whole data set the
    farthest is most often a wrong label. An anchor without a positive, or with no wrong neighbour
    among those looked at, gives none.

    Args:
        labels: ``(N,)`` integers; rows of -1 are unknown and take no role.
        neighbours: searches the index, say a built generation's exact or approximate query.
        anchors: rows to mine for, or None for all.
        look_at: how many neighbours to ask for.
        per_anchor: how many wrong neighbours to take, at most.
        seed: draws the positives; the same for an anchor whatever the other anchors are.

    Returns:
        Row indices ``(T,)`` int64, ordered as the anchors, nearest negative first.
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


def triplet_batch(triplets: Triplets, size: int, *, seed: int, step: int) -> np.ndarray:
    """A batch of ``size`` rows made of whole mined triplets, to be mined again with the others.

    A pure function of seed and step, as the batches of `BatchSampler` are. Triplets come in random
    order, and again from the first where they are fewer; a size that 3 does not divide cuts the
    last one.

    Raises:
        NotEnoughData: there is no triplet.
    """
    if triplets.size == 0:
        raise NotEnoughData(
            "Offline mining found no wrong neighbour. Look at more of them, or go on without."
        )
    order = np.random.default_rng((seed, step)).permutation(triplets.size)[: -(-size // 3)]
    return np.resize(torch.stack([*triplets], dim=1).numpy()[order], size)
