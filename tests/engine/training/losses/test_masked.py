"""The masked triplet loss against a slow loop over all triplets."""

import pytest
import torch

from engine.training.losses.distances import squared_distances
from engine.training.losses.masked import masked_triplet_loss


def slow_loss(distances, positive, negative, margin: float, hard: bool) -> float:
    found = []
    for a in range(len(distances)):
        for p in range(len(distances)):
            for n in range(len(distances)):
                if positive[a, p] and negative[a, n]:
                    violation = float(distances[a, p] - distances[a, n] + margin)
                    if violation > 0 and (hard or distances[a, n] > distances[a, p]):
                        found.append(violation)
    return sum(found) / max(1, len(found))


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_mean_over_the_active_triplets(seed, hard):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.nn.functional.normalize(torch.randn(9, 3, generator=generator), dim=1)
    labels = torch.randint(3, (9,), generator=generator)
    types = torch.randint(2, (9,), generator=generator)
    other = ~torch.eye(9, dtype=torch.bool)
    positive = (labels[:, None] == labels) & other
    negative = (labels[:, None] != labels) & (types[:, None] == types)
    distances = squared_distances(rows, rows)
    found = masked_triplet_loss(distances, positive, negative, margin=0.3, hard=hard)
    assert float(found) == pytest.approx(slow_loss(distances, positive, negative, 0.3, hard))


def test_one_positive_is_drawn_for_each_anchor():
    distances = torch.tensor([[0.0, 0.1, 0.5, 1.0]] * 4).requires_grad_()
    positive = torch.zeros(4, 4, dtype=torch.bool)
    positive[0, 1:3] = True
    negative = torch.zeros(4, 4, dtype=torch.bool)
    negative[0, 3] = True
    seen = set()
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        loss = masked_triplet_loss(distances, positive, negative, margin=1.0, generator=generator)
        seen.add(round(float(loss.detach()), 3))
    assert seen == {0.1, 0.5}


def test_without_triplets_it_is_zero_and_has_a_gradient():
    rows = torch.randn(3, 2, requires_grad=True)
    nothing = torch.zeros(3, 3, dtype=torch.bool)
    loss = masked_triplet_loss(rows @ rows.T, nothing, nothing)
    loss.backward()
    assert float(loss.detach()) == 0
    assert torch.equal(rows.grad, torch.zeros(3, 2))
