from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.training.losses import miners
from engine.training.losses.distances import row_chunks
from engine.training.losses.miners import (
    BatchAllMiner,
    BatchHardMiner,
    RandomMiner,
    SemiHardMiner,
    Triplets,
)
from tests.engine.training import twins

DTYPES = [torch.float32, torch.float64, torch.bfloat16]
MINERS = [BatchAllMiner(), RandomMiner(), SemiHardMiner(), BatchHardMiner()]
MIXED = [0, 0, 1, 1, 1, -1, 2, 0, -1, 1, 2, 3]


@pytest.fixture(params=[None, 30], ids=["one chunk", "small chunks"])
def chunks(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(miners, "row_chunks", partial(row_chunks, limit=request.param))


def check_against_twins(rows: torch.Tensor, labels: list[int]) -> None:
    """Each miner against its definition; ``rows`` must have exact products."""
    names, slow = torch.tensor(labels, dtype=torch.int64), rows.double().numpy()
    every = twins.all_triplets(labels)
    assert twins.as_list(BatchAllMiner()(rows, names)) == every
    assert twins.as_list(SemiHardMiner()(rows, names)) == twins.semi_hard(slow, slow, every)
    assert twins.as_list(BatchHardMiner()(rows, names)) == twins.hard(slow, slow, every)
    drawn = twins.as_list(RandomMiner()(rows, names))
    assert set(drawn) <= set(every)
    assert [t[:2] for t in drawn] == sorted({t[:2] for t in every})


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_miners_follow_their_definitions_with_ties_and_duplicates(chunks, dtype, seed):
    check_against_twins(twins.grid_rows(len(MIXED), seed).to(dtype), MIXED)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-1, 4), max_size=14), st.integers(0, 1000))
def test_miners_follow_their_definitions_for_any_labels(labels, seed):
    check_against_twins(twins.grid_rows(len(labels), seed), labels)


@pytest.mark.parametrize("dtype", DTYPES[:2], ids=str)
def test_semi_hard_and_hard_agree_with_the_loop_on_ordinary_rows(dtype):
    rows = twins.random_rows(24, dtype=dtype)
    labels = [i % 5 for i in range(24)]
    every = twins.all_triplets(labels)
    slow = rows.double().numpy()
    fast = SemiHardMiner()(rows, torch.tensor(labels))
    assert twins.as_list(fast) == twins.semi_hard(slow, slow, every)
    assert twins.as_list(BatchHardMiner()(rows, torch.tensor(labels))) == twins.hard(
        slow, slow, every
    )


@pytest.mark.parametrize("batch_start", [None, 0, 3])
def test_a_reference_gives_the_positives_and_negatives(chunks, batch_start):
    batch, labels = twins.grid_rows(6, seed=1), [0, 1, 1, -1, 2, 0]
    others, ref_labels = twins.grid_rows(10, seed=2), [1, 0, 2, 0, 1, 1, -1, 2, 0, 3]
    if batch_start is not None:
        others[batch_start : batch_start + 6] = batch
        ref_labels[batch_start : batch_start + 6] = labels
    every = twins.all_triplets(labels, ref_labels, batch_start)
    given_ = batch, torch.tensor(labels), others, torch.tensor(ref_labels), batch_start
    slow = batch.numpy(), others.numpy(), every
    assert twins.as_list(BatchAllMiner()(*given_)) == every
    assert twins.as_list(SemiHardMiner()(*given_)) == twins.semi_hard(*slow)
    assert twins.as_list(BatchHardMiner()(*given_)) == twins.hard(*slow)
    assert set(twins.as_list(RandomMiner()(*given_))) <= set(every)


@pytest.mark.parametrize("miner", MINERS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize(
    "labels", [[], [0], [0, 0, 0], [0, 1, 2], [-1, -1, -1], [0, -1, 1], [0, 0, -1]], ids=str
)
def test_no_valid_triplet_gives_empty_tensors(miner, labels):
    triplets = miner(twins.grid_rows(len(labels)), torch.tensor(labels, dtype=torch.int64))
    assert twins.as_list(triplets) == []
    assert triplets.size == 0


def test_identical_photos_never_pair_with_themselves():
    rows = twins.random_rows(1, dtype=torch.float32).repeat(8, 1)
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    for miner in MINERS:
        anchor, positive, negative = miner(rows, labels)
        assert (anchor != positive).all()
        assert (labels[anchor] == labels[positive]).all()
        assert (labels[anchor] != labels[negative]).all()


def test_semi_hard_takes_the_farthest_negative_where_none_is_farther():
    angles = torch.tensor([0.0, 1.0, 0.2, 0.6])  # the positive is farther than both negatives
    rows = torch.stack([angles.cos(), angles.sin()], dim=1)
    triplets = twins.as_list(SemiHardMiner()(rows, torch.tensor([0, 0, 1, 2])))
    assert triplets == [(0, 1, 3), (1, 0, 2)]


def test_random_negatives_are_drawn_evenly_and_by_seed():
    rows, labels = twins.random_rows(12), torch.tensor([0] * 2 + [1] * 3 + [2] * 7)
    miner = RandomMiner(torch.Generator().manual_seed(5))
    drawn = [miner(rows, labels) for _ in range(400)]
    counts = torch.zeros(12)
    for triplets in drawn:
        counts += torch.bincount(triplets.negative[triplets.anchor == 0], minlength=12)
    assert counts[:2].sum() == 0
    assert counts[2:].min() > 20  # 40 expected of each of the 10
    again = RandomMiner(torch.Generator().manual_seed(5))
    assert all(torch.equal(old.negative, again(rows, labels).negative) for old in drawn[:5])


def test_chunks_are_small_and_join_to_the_call(monkeypatch):
    monkeypatch.setattr(miners, "row_chunks", partial(row_chunks, limit=64))
    rows, labels = twins.random_rows(32), torch.arange(32) // 4
    blocks = list(BatchAllMiner().chunks(rows, labels))
    assert max(block.size for block in blocks) <= 64
    joined = Triplets.join(blocks, rows.device)
    assert joined.size == 32 * 3 * 28
    assert twins.as_list(joined) == twins.as_list(BatchAllMiner()(rows, labels))


def test_wrong_shapes_are_refused():
    rows, labels = twins.random_rows(4), torch.tensor([0, 0, 1, 1])
    with pytest.raises(ValueError, match=r"not \(4, 8\) and \(3,\)"):
        BatchHardMiner()(rows, labels[:3])
    with pytest.raises(ValueError, match="both its embeddings and its labels"):
        BatchHardMiner()(rows, labels, rows)
    with pytest.raises(ValueError, match="cannot begin at 1 of 4"):
        BatchHardMiner()(rows, labels, rows, labels, batch_start=1)
