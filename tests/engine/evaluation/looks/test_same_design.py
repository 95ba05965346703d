import numpy as np
import pytest

from engine.encoders.facets import FacetLayout, unit_rows
from engine.evaluation.contender import Contender
from engine.evaluation.looks import same_design
from engine.evaluation.looks.ranks import first_ranks
from engine.evaluation.looks.same_design import judge_same_design

LAYOUT = FacetLayout.of({"shape": 3, "colour": 2}, {"shape": 0.6, "colour": 0.4})


def slow_ranks(rows, queries, families, colours):
    """From the definition: one seed, one product at a time."""
    found = {}
    for seed in range(len(rows)):
        siblings = [
            n for n in range(len(rows)) if n != seed and families[n] == families[seed] != -1
        ]
        other = [n for n in siblings if -1 not in (colours[n], colours[seed])]
        other = [n for n in other if colours[n] != colours[seed]]
        if not other:
            continue
        left = [n for n in range(len(rows)) if n == seed or (n in siblings and n not in other)]
        order = [n for n in range(len(rows)) if n not in left]
        order.sort(key=lambda n: (-float(queries[seed] @ rows[n]), n))
        found[seed] = next(at for at, n in enumerate(order, start=1) if n in other)
    return found


@pytest.mark.parametrize("cells", [1, 90, 4_000_000])
def test_ranks_equal_the_slow_twin_with_ties_whatever_the_chunks(monkeypatch, cells):
    monkeypatch.setattr(same_design, "_CELLS", cells)
    draw = np.random.default_rng(0)
    for _ in range(10):
        blocks = {"shape": draw.integers(0, 2, (40, 3)), "colour": draw.integers(0, 2, (40, 2))}
        rows = np.concatenate(list(blocks.values()), axis=1).astype(np.float32)  # many ties
        families, colours = draw.integers(-1, 9, 40), draw.integers(-1, 3, 40)
        contender = Contender("x", rows, layout=LAYOUT)
        judged = {one.weights: one for one in judge_same_design(families, colours, contender)}
        assert list(judged) == ["default", "shape", "colour"]
        for weights, scale in (
            ("default", np.ones(5)),
            ("shape", np.array([1 / 0.6] * 3 + [0] * 2, dtype=np.float32)),
        ):
            expected = slow_ranks(rows, rows * scale, families, colours)
            got = judged[weights].values
            assert got["first"].tolist() == [rank == 1 for rank in expected.values()]
            assert got["within_12"].tolist() == [rank <= 12 for rank in expected.values()]
            assert judged[weights].groups.tolist() == [families[seed] for seed in expected]


def planted():
    """30 designs in two colours: shape knows the design, colour knows the colour."""
    families = np.repeat(np.arange(30), 2)
    colours = np.tile([0, 1], 30)
    draw = np.random.default_rng(0)
    shape = unit_rows(draw.normal(size=(30, 16)))[families]
    layout = FacetLayout.of({"shape": 16, "colour": 2})
    rows = layout.compose({"shape": shape, "colour": np.eye(2)[colours]})
    return families, colours, Contender("x", rows, layout=layout)


def test_shape_finds_the_planted_sibling_and_colour_never_does():
    families, colours, contender = planted()
    judged = {one.weights: one for one in judge_same_design(families, colours, contender)}
    assert judged["shape"].seeds == 60
    assert judged["shape"].values["first"].mean() == 1
    assert judged["colour"].values["first"].mean() == 0
    assert judged["colour"].values["within_12"].mean() == 0  # 29 products of its own colour first


def test_encoders_without_facets_are_judged_by_their_default_row_alone():
    families, colours, contender = planted()
    bare = Contender("bare", contender.products)
    whole = Contender("whole", contender.products, layout=FacetLayout.of({"appearance": 18}))
    for one in (bare, whole):
        assert [found.weights for found in judge_same_design(families, colours, one)] == ["default"]


def test_rows_that_are_all_equal_find_nothing_but_by_chance():
    families, colours, _ = planted()
    flat = Contender("flat", np.ones((60, 4), dtype=np.float32))
    (judged,) = judge_same_design(families, colours, flat)
    assert judged.values["first"].sum() <= 2  # row 1 for seed 0, row 0 for seed 1


@pytest.mark.parametrize("count", [0, 1, 5])
def test_without_families_there_are_no_seeds(count):
    none = np.full(count, -1, dtype=np.int64)
    rows = np.ones((count, 3), dtype=np.float32)
    (judged,) = judge_same_design(none, np.zeros(count, dtype=np.int64), Contender("x", rows))
    assert judged.seeds == 0


def test_a_sibling_of_the_same_colour_counts_neither_for_nor_against():
    families, colours = np.zeros(3, dtype=np.int64), np.array([0, 0, 1])
    rows = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    (judged,) = judge_same_design(families, colours, Contender("x", rows))
    assert judged.values["first"].tolist() == [1, 1, 1]


def test_the_rank_is_that_of_the_best_right_answer():
    scores = np.array([[0.9, 0.8, 0.8, 0.1]], dtype=np.float32)
    right = np.array([[False, False, True, True]])
    assert first_ranks(scores, right, np.zeros_like(right)).tolist() == [3]  # ties by column
    left_out = np.array([[True, False, False, False]])
    assert first_ranks(scores, right, left_out).tolist() == [2]
