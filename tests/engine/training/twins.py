"""Slow, obvious forms of what the training code does fast, written from the definitions."""

import itertools

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from engine.training.losses.miners import Triplets

Triple = tuple[int, int, int]


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return sum(float(x - y) ** 2 for x, y in zip(a, b, strict=True))


def all_triplets(labels, ref_labels=None, batch_start=0) -> list[Triple]:
    """Every triplet of labels as lists of numbers; -1 takes no role, a photo meets no self."""
    others = labels if ref_labels is None else ref_labels
    found = []
    for a, p, n in itertools.product(range(len(labels)), range(len(others)), range(len(others))):
        if -1 in (labels[a], others[p], others[n]):
            continue
        is_self = batch_start is not None and p == a + batch_start
        if labels[a] == others[p] and not is_self and labels[a] != others[n]:
            found.append((a, p, n))
    return found


def semi_hard(rows, others, triplets: list[Triple]) -> list[Triple]:
    """For each pair the nearest negative that is farther, or else the farthest of all."""
    chosen = []
    for (a, p), group in itertools.groupby(triplets, key=lambda t: t[:2]):
        near = distance(rows[a], others[p])
        negatives = [(distance(rows[a], others[n]), n) for _, _, n in group]
        farther = [pair for pair in negatives if pair[0] > near]
        chosen.append((a, p, min(farther)[1] if farther else max(negatives)[1]))
    return chosen


def hard(rows, others, triplets: list[Triple]) -> list[Triple]:
    """For each anchor the farthest positive and the nearest negative, first rows at ties."""
    chosen = []
    for a, group in itertools.groupby(triplets, key=lambda t: t[0]):
        members = list(group)
        far = min((-distance(rows[a], others[p]), p) for _, p, _ in members)[1]
        near = min((distance(rows[a], others[n]), n) for _, _, n in members)[1]
        chosen.append((a, far, near))
    return chosen


def violations(rows: Tensor, others: Tensor, triplets: list[Triple], margin: float) -> list[Tensor]:
    """Each triplet's hinge, left to autograd."""
    return [
        (
            (rows[a] - others[p]).square().sum() - (rows[a] - others[n]).square().sum() + margin
        ).relu()
        for a, p, n in triplets
    ]


def as_list(triplets: Triplets) -> list[Triple]:
    """Triplets as sorted tuples, after a look at their types."""
    assert all(index.dtype == torch.int64 and index.ndim == 1 for index in triplets)
    return sorted(zip(*(index.tolist() for index in triplets), strict=True))


def grid_rows(count: int, seed: int = 0, dim: int = 16) -> Tensor:
    """Unit rows whose products are exact in every dtype, with many ties and duplicates."""
    signs = np.random.default_rng(seed).integers(0, 2, (count, dim)) * 2 - 1
    signs[:, dim // 4 :] = signs[:, :1]  # few free signs, so that rows repeat
    return torch.tensor(signs / dim**0.5, dtype=torch.float64)


def random_rows(
    count: int, dim: int = 8, seed: int = 0, dtype: torch.dtype = torch.float64
) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return normalize(torch.randn(count, dim, generator=generator, dtype=torch.float64), dim=1).to(
        dtype
    )
