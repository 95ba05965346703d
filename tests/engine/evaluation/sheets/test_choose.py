import numpy as np
import pytest

from engine.evaluation.sheets.choose import in_turns, seeds_across, wishlists


def keys(count):
    return [f"p{n}" for n in range(count)]


def test_types_take_turns_the_largest_first():
    types = np.repeat([0, 1, 2], [30, 20, 1])
    seeds = seeds_across(types, keys(51), 10)
    assert types[seeds].tolist() == [0, 1, 2, 0, 1, 0, 1, 0, 1, 0]
    assert len(set(seeds)) == 10


def test_the_choice_is_fixed_and_does_not_depend_on_the_order_of_products():
    types = np.arange(60) % 5
    names = keys(60)
    chosen = {names[row] for row in seeds_across(types, names, 20)}
    assert chosen == {names[row] for row in seeds_across(types, names, 20)}
    back = seeds_across(types[::-1], names[::-1], 20)
    assert chosen == {names[::-1][row] for row in back}


def test_products_without_a_type_come_last():
    types = np.array([-1, -1, 4, 4])
    seeds = seeds_across(types, keys(4))
    assert types[seeds].tolist() == [4, 4, -1, -1]


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (39, 39), (100, 40)])
def test_there_are_at_most_forty_seeds(count, expected):
    assert len(seeds_across(np.zeros(count, dtype=np.int64), keys(count))) == expected


def test_more_types_than_seeds_show_the_largest_types():
    types = np.concatenate([np.arange(50), np.arange(10)])  # ten types have two products
    assert sorted(types[seeds_across(types, keys(60), 10)].tolist()) == list(range(10))


def test_wishlists_are_of_unlike_seeds():
    types = np.arange(60) % 6
    for seeds in wishlists(seeds_across(types, keys(60))):
        assert len(seeds) == 3 == len(set(types[seeds].tolist()))
    assert len(wishlists(list(range(40)))) == 3
    assert wishlists([1, 2, 3, 4]) == [[1, 2, 3]]
    assert wishlists([7]) == wishlists([]) == []


def test_seeds_give_results_in_turns_each_once():
    rankings = [[5, 6, 7], [5, 6, 8, 9], [1]]
    assert in_turns(rankings, {9}, 10) == [(0, 5), (1, 6), (2, 1), (0, 7), (1, 8)]
    assert in_turns(rankings, set(), 2) == [(0, 5), (1, 6)]
    assert in_turns([[], []], set(), 5) == in_turns([], set(), 5) == []
