"""Groups at a chosen grain, and numbers that last."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.applications.styles.graph import neighbour_graph
from engine.applications.styles.grouping import by_size, find_groups, group_rows, usual_number
from engine.applications.styles.identity import lasting_numbers
from engine.encoders.facets import unit_rows
from tests.engine.applications.styles.test_graph import clumps

codes = st.lists(st.integers(0, 5), min_size=1, max_size=30)


def test_clumps_are_groups_and_two_runs_are_equal():
    graph = neighbour_graph(clumps(240, number=6), 8)
    groups, resolution = find_groups(graph, 6)
    again, same = find_groups(graph, 6)
    assert groups.max() == 5 and (np.diff(np.bincount(groups)) <= 0).all()
    assert groups.tolist() == again.tolist() and resolution == same


@pytest.mark.parametrize("wanted", [12, 25, 50])
def test_about_as_many_groups_as_wanted(wanted):
    rows = unit_rows(np.random.default_rng(2).normal(size=(600, 4)).astype(np.float32))
    groups, _ = find_groups(neighbour_graph(rows, 8), wanted)
    assert 0.7 * wanted <= groups.max() + 1 <= 1.4 * wanted


def test_rows_in_more_parts_than_wanted_are_grouped_by_their_centres():
    random = np.random.default_rng(4)
    kinds = unit_rows(random.normal(size=(5, 16)))
    copied = unit_rows(np.repeat(kinds, 12, axis=0) + 0.1 * random.normal(size=(60, 16)))
    rows = np.repeat(copied, 14, axis=0) + 0.001 * random.normal(size=(840, 16))
    groups, _ = group_rows(unit_rows(rows.astype(np.float32)), 5)
    assert groups.max() == 4
    assert len(set(zip(groups.tolist(), np.repeat(range(5), 168), strict=True))) == 5


def test_a_resolution_of_before_is_kept_while_its_number_fits():
    graph = neighbour_graph(clumps(240, number=6), 8)
    assert find_groups(graph, 6, start=1.25)[1] == 1.25
    assert find_groups(graph, 30, start=0.01)[1] != 0.01


def test_large_catalogues_have_more_styles_but_not_in_proportion():
    assert usual_number(1) == 2 and usual_number(7_646) == 131 and usual_number(10**6) == 1_500


@given(codes)
def test_groups_are_numbered_by_size(groups):
    found = by_size(np.array(groups))
    sizes = np.bincount(found)
    assert (np.diff(sizes) <= 0).all() and sizes.min() > 0
    assert len(set(zip(groups, found.tolist(), strict=True))) == len(set(groups))


@given(codes, st.data())
def test_a_group_has_the_number_of_a_style_only_with_most_of_it(groups, data):
    groups = np.unique(np.array(groups), return_inverse=True)[1].reshape(-1)
    before = np.array([data.draw(st.integers(-1, 4)) for _ in groups])
    numbers = lasting_numbers(groups, before, 9)
    assert len(set(numbers.tolist())) == groups.max() + 1
    for group, number in enumerate(numbers.tolist()):
        if number < 9:
            together = ((groups == group) & (before == number)).sum()
            assert 2 * together > (before == number).sum()


def test_a_style_keeps_its_number_when_it_loses_some_and_gets_others():
    before = np.array([4, 4, 4, 4, 4, 7, 7, 7, -1, -1])
    groups = np.array([0, 0, 0, 1, 1, 2, 2, 0, 0, 3])
    assert lasting_numbers(groups, before, 20).tolist() == [4, 20, 7, 21]


def test_of_two_styles_that_become_one_the_larger_part_gives_the_number():
    before = np.array([1, 1, 2, 2, 2])
    assert lasting_numbers(np.zeros(5, np.int64), before, 3).tolist() == [2]


def test_a_style_that_is_halved_gives_its_number_to_nobody():
    before = np.array([1, 1, 1, 1])
    assert lasting_numbers(np.array([0, 0, 1, 1]), before, 2).tolist() == [2, 3]
