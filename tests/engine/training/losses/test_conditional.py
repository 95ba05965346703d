import pytest
import torch
from torch.nn.functional import normalize

from engine.training.losses.conditional import LabelledRows, Term, conditional_loss
from engine.training.losses.miners import SemiHardMiner
from engine.training.losses.triplet import triplet_loss
from tests.engine.training import twins

TERMS = [
    Term("shape", "type", ("shape",)),
    Term("colour", "colour", ("colour",), weight=0.5),
    Term("both", "type_colour", ("shape", "colour"), weight=2.0),
]


def rows_of(count: int, seed: int = 0) -> LabelledRows:
    type_, colour = torch.arange(count) % 3, torch.arange(count) % 2
    colour[0] = -1
    both = torch.where(colour < 0, -1, type_ * 2 + colour)
    blocks = {
        "shape": 0.8 * twins.random_rows(count, 6, seed, torch.float32),
        "colour": 0.6 * twins.random_rows(count, 4, seed + 1, torch.float32),
    }
    return LabelledRows(blocks, {"type": type_, "colour": colour, "type_colour": both})


def test_the_value_is_the_weighted_sum_of_its_terms():
    rows = rows_of(18)
    both = normalize(torch.cat([rows.blocks["shape"], rows.blocks["colour"]], dim=1))
    unit = {"shape": rows.blocks["shape"] / 0.8, "colour": rows.blocks["colour"] / 0.6}
    inputs = [(unit["shape"], "type", 1), (unit["colour"], "colour", 0.5), (both, "type_colour", 2)]
    expected = 0
    for block, label, weight in inputs:
        triplets = SemiHardMiner()(block, rows.labels[label])
        expected += weight * triplet_loss(block, triplets).value
    loss = conditional_loss(rows, TERMS, SemiHardMiner())
    torch.testing.assert_close(loss.value, expected)
    assert list(loss.terms) == ["shape", "colour", "both"]


def test_a_term_shapes_its_own_blocks_only():
    rows = rows_of(18)
    for block in rows.blocks.values():
        block.requires_grad_()
    conditional_loss(rows, TERMS[:1], SemiHardMiner()).value.backward()
    assert rows.blocks["shape"].grad.any()
    assert rows.blocks["colour"].grad is None


def test_an_unknown_label_takes_no_part_in_its_term():
    rows = rows_of(18)
    for block in rows.blocks.values():
        block.requires_grad_()
    conditional_loss(rows, TERMS[1:2], SemiHardMiner()).value.backward()
    assert not rows.blocks["colour"].grad[0].any()
    assert rows.blocks["colour"].grad[1:].any()


def test_a_reference_adds_its_rows():
    rows, past = rows_of(9), rows_of(30, seed=5)
    loss = conditional_loss(rows, TERMS, SemiHardMiner(), reference=past)
    assert loss.terms["shape"].triplets == 9 * 10
    itself = conditional_loss(rows, TERMS, SemiHardMiner(), reference=rows, batch_start=0)
    torch.testing.assert_close(itself.value, conditional_loss(rows, TERMS, SemiHardMiner()).value)


def test_nothing_known_is_zero_with_a_graph():
    rows = rows_of(6)
    rows.blocks["shape"].requires_grad_()
    unknown = LabelledRows(rows.blocks, {"type": torch.full((6,), -1)})
    value = conditional_loss(unknown, TERMS[:1], SemiHardMiner()).value
    value.backward()
    assert value == 0


def test_joined_blocks_keep_their_relative_lengths():
    rows = rows_of(5)
    joined = rows.concatenate(("shape", "colour"))
    torch.testing.assert_close(joined.norm(dim=1), torch.ones(5))
    torch.testing.assert_close(joined[:, :6].norm(dim=1), torch.full((5,), 0.8))


def test_an_unknown_block_is_named():
    with pytest.raises(KeyError, match="pattern"):
        conditional_loss(rows_of(5), [Term("p", "type", ("pattern",))], SemiHardMiner())
