from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

from engine.training.losses import triplet as loss_file
from engine.training.losses.distances import row_chunks
from engine.training.losses.miners import BatchAllMiner, BatchHardMiner, SemiHardMiner, Triplets
from engine.training.losses.triplet import triplet_loss
from tests.engine.training import twins

LABELS = [0, 0, 1, 1, 1, -1, 2, 0, -1, 1, 2, 3]


@pytest.fixture(params=[None, 30], ids=["one chunk", "small chunks"])
def chunks(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(loss_file, "row_chunks", partial(row_chunks, limit=request.param))


def slow_loss(rows, others, triplets, margin=0.2, reduce="active"):
    # Off the sphere 2 - 2 cos is another function: gradients agree once through the normalising.
    hinges = twins.violations(normalize(rows), normalize(others), triplets, margin)
    active = sum(hinge.item() > 0 for hinge in hinges)
    over = active if reduce == "active" else len(hinges)
    return sum(hinges, rows.sum() * 0) / max(1, over), active


@pytest.mark.parametrize("reduce", ["active", "all"])
@pytest.mark.parametrize("margin", [0.0, 0.2, 5.0])
@pytest.mark.parametrize(
    "miner", [BatchAllMiner(), SemiHardMiner(), BatchHardMiner()], ids=lambda m: type(m).__name__
)
def test_value_and_gradient_are_those_of_the_loop(chunks, miner, margin, reduce):
    rows = [(2 * twins.random_rows(len(LABELS))).requires_grad_() for _ in range(2)]
    triplets = miner(normalize(rows[0]), torch.tensor(LABELS))
    fast = triplet_loss(normalize(rows[0]), triplets, margin=margin, reduce=reduce)
    slow, active = slow_loss(rows[1], rows[1], twins.as_list(triplets), margin, reduce)
    fast.value.backward()
    slow.backward()
    torch.testing.assert_close(fast.value, slow)
    torch.testing.assert_close(rows[0].grad, rows[1].grad)
    assert (fast.triplets, int(fast.active)) == (triplets.size, active)
    assert fast.active_share == pytest.approx(active / triplets.size)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-1, 3), min_size=1, max_size=10), st.integers(0, 1000))
def test_streamed_blocks_in_any_order_give_the_same(labels, seed):
    rows, names = twins.random_rows(len(labels), seed=seed), torch.tensor(labels)
    whole = BatchAllMiner()(rows, names)
    order = torch.randperm(whole.size, generator=torch.Generator().manual_seed(seed))
    shuffled = Triplets(*(index[order] for index in whole))
    blocks = (Triplets(*(i[at : at + 5] for i in shuffled)) for at in range(0, whole.size, 5))
    streamed, at_once = triplet_loss(rows, blocks), triplet_loss(rows, whole)
    torch.testing.assert_close(streamed.value, at_once.value)
    assert streamed.triplets == at_once.triplets
    assert streamed.active == at_once.active


def test_a_reference_gets_a_gradient_only_if_it_requires_one(chunks):
    batch, others = twins.random_rows(4), twins.random_rows(9, seed=1)
    triplets = SemiHardMiner()(batch, torch.tensor(LABELS[:4]), others, torch.tensor(LABELS[:9]))
    fast = [batch.clone().requires_grad_(), others.clone().requires_grad_()]
    slow = [batch.clone().requires_grad_(), others.clone().requires_grad_()]
    triplet_loss(normalize(fast[0]), triplets, reference=normalize(fast[1])).value.backward()
    slow_loss(*slow, twins.as_list(triplets))[0].backward()
    for ours, theirs in zip(fast, slow, strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)
    alone = batch.clone().requires_grad_()
    triplet_loss(normalize(alone), triplets, reference=others).value.backward()
    torch.testing.assert_close(alone.grad, slow[0].grad)


def test_two_processes_with_gathered_rows_add_up_to_one():
    labels = torch.tensor(LABELS)
    whole, halves = (twins.random_rows(12).requires_grad_() for _ in range(2))
    expected = triplet_loss(whole, SemiHardMiner().chunks(whole, labels))
    expected.value.backward()
    parts = []
    for at in (0, 6):
        own = slice(at, at + 6)
        blocks = SemiHardMiner().chunks(halves[own], labels[own], halves, labels, batch_start=at)
        parts.append(triplet_loss(halves[own], blocks, reference=halves))
    value = (parts[0].total + parts[1].total) / (parts[0].active + parts[1].active)
    value.backward()
    torch.testing.assert_close(value, expected.value)
    torch.testing.assert_close(halves.grad, whole.grad)


def test_gradcheck():
    rows, others = (
        twins.random_rows(5).requires_grad_(),
        twins.random_rows(6, seed=1).requires_grad_(),
    )
    triplets = Triplets(*torch.tensor([[0, 1, 2], [0, 3, 4], [4, 0, 5], [4, 0, 5]]).T)

    def total(a, b):
        return triplet_loss(a, triplets, reference=b, margin=4.5).total

    assert torch.autograd.gradcheck(total, (rows, others))


@pytest.mark.parametrize("reduce", ["active", "all"])
def test_no_triplet_gives_zero_with_a_graph(reduce):
    rows = twins.random_rows(3).requires_grad_()
    nothing = SemiHardMiner()(rows, torch.tensor([0, 1, 2]))
    for triplets in (nothing, iter([])):
        loss = triplet_loss(rows, triplets, reduce=reduce)
        loss.value.backward()
        assert loss.value == 0
        assert loss.active_share == 0
        assert not rows.grad.any()


def test_inactive_triplets_count_but_do_not_pull():
    rows = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]], requires_grad=True)
    triplets = Triplets(*torch.tensor([[0, 1, 2]]).T)
    loss = triplet_loss(rows, triplets)
    loss.value.backward()
    assert (loss.triplets, int(loss.active), float(loss.value.detach())) == (1, 0, 0.0)
    assert not rows.grad.any()


def test_collapsed_embeddings_lose_the_margin_and_keep_finite_gradients():
    rows = twins.random_rows(1, dtype=torch.float32).repeat(6, 1).requires_grad_()
    loss = triplet_loss(rows, BatchHardMiner()(rows, torch.arange(6) // 2), margin=0.2)
    loss.value.backward()
    assert float(loss.value.detach()) == pytest.approx(0.2)
    assert rows.grad.isfinite().all()


def test_nan_is_not_hidden():
    rows = twins.random_rows(6)
    triplets = SemiHardMiner()(rows, torch.arange(6) // 2)
    rows[3, 0] = float("nan")
    assert triplet_loss(rows, triplets).value.isnan()
    assert triplet_loss(rows, SemiHardMiner().chunks(rows, torch.arange(6) // 2)).value.isnan()


@pytest.mark.parametrize("autocast", [False, True])
def test_half_precision_rows_are_widened_and_get_gradients_of_their_type(autocast):
    rows, labels = (
        twins.random_rows(12, dtype=torch.bfloat16).requires_grad_(),
        torch.arange(12) // 3,
    )
    wide = rows.detach().float().requires_grad_()
    triplets = SemiHardMiner()(rows, labels)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        loss = triplet_loss(rows, triplets)
    loss.value.backward()
    expected = triplet_loss(wide, triplets)
    expected.value.backward()
    assert loss.value.dtype == torch.float32
    torch.testing.assert_close(loss.value, expected.value)
    assert rows.grad.dtype == torch.bfloat16
    torch.testing.assert_close(rows.grad, wide.grad.bfloat16(), atol=1e-2, rtol=1e-2)
