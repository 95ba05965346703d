"""The same batches through pytorch-metric-learning, which others trust."""

import pytest
import torch
from pytorch_metric_learning import miners as their_miners
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.reducers import AvgNonZeroReducer, MeanReducer
from pytorch_metric_learning.utils.loss_and_miner_utils import get_all_triplets_indices
from torch.nn.functional import normalize

from engine.training.losses.miners import BatchAllMiner, BatchHardMiner, SemiHardMiner, Triplets
from engine.training.losses.triplet import triplet_loss
from tests.engine.training import twins

SQUARED = LpDistance(p=2, power=2, normalize_embeddings=False)
CASES = [(24, 6, 0), (40, 3, 1), (30, 14, 2)]


def batch(size: int, classes: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.randint(classes, (size,), generator=torch.Generator().manual_seed(seed))
    return twins.random_rows(size, seed=seed), labels


@pytest.mark.parametrize("case", CASES)
def test_all_triplets(case):
    rows, labels = batch(*case)
    theirs = Triplets(*get_all_triplets_indices(labels))
    assert twins.as_list(BatchAllMiner()(rows, labels)) == twins.as_list(theirs)


@pytest.mark.parametrize("case", CASES)
def test_semi_hard_is_the_nearest_of_their_semi_hard_negatives(case):
    rows, labels = batch(*case)
    their_miner = their_miners.TripletMarginMiner(
        margin=10, type_of_triplets="semihard", distance=SQUARED
    )
    nearest: dict[tuple[int, int], tuple[float, int]] = {}
    for a, p, n in twins.as_list(Triplets(*their_miner(rows, labels))):
        found = (twins.distance(rows[a].tolist(), rows[n].tolist()), n)
        nearest[a, p] = min(nearest.get((a, p), found), found)
    ours = {t[:2]: t[2] for t in twins.as_list(SemiHardMiner()(rows, labels))}
    assert len(nearest) > 50
    assert {pair: ours[pair] for pair in nearest} == {pair: n for pair, (_, n) in nearest.items()}


@pytest.mark.parametrize("case", CASES)
def test_hard(case):
    rows, labels = batch(*case)
    theirs = Triplets(*their_miners.BatchHardMiner(distance=SQUARED)(rows, labels))
    assert twins.as_list(BatchHardMiner()(rows, labels)) == twins.as_list(theirs)


@pytest.mark.parametrize("case", CASES)
def test_hard_with_a_reference(case):
    rows, labels = batch(*case)
    others, ref_labels = batch(50, case[1], seed=9)
    theirs = Triplets(
        *their_miners.BatchHardMiner(distance=SQUARED)(rows, labels, others, ref_labels)
    )
    assert twins.as_list(BatchHardMiner()(rows, labels, others, ref_labels)) == twins.as_list(
        theirs
    )


@pytest.mark.parametrize("reduce", ["active", "all"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_loss_and_gradient(case, reduce, dtype):
    rows, labels = batch(*case)
    # Off the sphere 2 - 2 cos is another function: gradients agree once through the normalising.
    ours, theirs = ((3 * rows).to(dtype).clone().requires_grad_() for _ in range(2))
    triplets = SemiHardMiner()(rows, labels)
    reducer = AvgNonZeroReducer() if reduce == "active" else MeanReducer()
    their_loss = TripletMarginLoss(margin=0.2, distance=SQUARED, reducer=reducer)
    expected = their_loss(normalize(theirs), labels, tuple(triplets))
    expected.backward()
    loss = triplet_loss(normalize(ours), triplets, margin=0.2, reduce=reduce)
    loss.value.backward()
    torch.testing.assert_close(loss.value, expected)
    torch.testing.assert_close(ours.grad, theirs.grad)
