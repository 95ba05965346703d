import numpy as np
import pytest

from engine.encoders.facets import unit_rows
from engine.recommendation.clusters.diversity import depths, diversify, take_turns
from engine.search.row_values import AllRows
from engine.search.search_query import Hit


@pytest.fixture
def ranked() -> tuple[np.ndarray, np.ndarray, list[Hit]]:
    """Thirty rows in clumps, a query's scale, and all rows ranked by it."""
    random = np.random.default_rng(3)
    clumps = random.normal(size=(5, 8))
    rows = unit_rows(clumps[np.arange(30) % 5] + 0.3 * random.normal(size=(30, 8)))
    rows = rows.astype(np.float32)
    scale = np.repeat([2.0, 0.5], 4)
    values = (rows * scale) @ rows[0]
    order = np.argsort(-values)
    hits = [Hit(int(row), float(values[row]), 0, float(values[row])) for row in order]
    return rows, scale, hits


def slow(rows, scale, hits, diversity, most, before=()):
    chosen: list[Hit] = []
    left = list(hits)
    while left and len(chosen) < most:

        def gain(hit: Hit) -> float:
            shown = [*before, *(one.row for one in chosen)]
            near = [float((rows[hit.row].astype(float) * scale) @ rows[row]) for row in shown]
            return round((1 - diversity) * hit.value - diversity * max(near, default=0.0), 6)

        best = max(left, key=lambda hit: (gain(hit), -left.index(hit)))
        chosen.append(best)
        left.remove(best)
    return chosen


@pytest.mark.parametrize("shown", [[], [4, 9]])
@pytest.mark.parametrize("diversity", [0.0, 0.2, 0.7, 1.0])
def test_the_order_is_that_of_maximal_marginal_relevance(ranked, diversity, shown):
    rows, scale, hits = ranked
    found = list(diversify(rows, scale, hits, diversity, 12, np.array(shown, dtype=np.int64)))
    assert found == slow(rows, scale, hits, diversity, 12, shown)
    if diversity == 0:
        assert found == hits[:12]


def test_more_diversity_shows_more_clumps(ranked):
    rows, scale, hits = ranked
    shown = [
        {hit.row % 5 for hit in diversify(rows, scale, hits, diversity, 5)}
        for diversity in (0.0, 0.8)
    ]
    assert len(shown[0]) < len(shown[1])


def test_a_line_whose_next_hit_is_a_duplicate_deals_the_one_after_it():
    rows = np.eye(6, dtype=np.float32)
    rows[5] = rows[0]  # the second cluster's best looks like the first one's
    first = [Hit(0, 1, 0, 1), Hit(1, 0.9, 0, 0.9), Hit(2, 0.8, 0, 0.8)]
    second = [Hit(5, 1, 1, 1), Hit(3, 0.5, 1, 0.5), Hit(4, 0.4, 1, 0.4)]
    line = take_turns(rows, [first, second], [1, 1], None, False)
    assert [hit.row for hit in line] == [0, 3, 1, 4, 2]
    both = take_turns(rows, [first, second], [1, 1], None, True)
    assert [hit.row for hit in both][:2] == [0, 5]
    codes = np.array([7, 8, 9, 8, -1, -1])
    grouped = take_turns(rows, [first, second], [1, 1], AllRows(codes), False)
    assert [hit.row for hit in grouped] == [0, 3, 2, 4]  # 1 is a variant of 3, which came first


@pytest.mark.parametrize("most", range(1, 8))
def test_a_short_panel_is_the_start_of_a_long_one_and_draws_no_more_than_it_needs(most):
    rows = np.eye(30, dtype=np.float32)
    rows[10:14] = rows[0:4]  # the second cluster begins with what the first one shows
    first, second = (
        [Hit(row, 1, one, 1 - row / 100, one) for row in range(10 * one, 10 * one + 10)]
        for one in (0, 1)
    )
    drawn: list[Hit] = []
    lazy = (drawn.append(hit) or hit for hit in second)
    line = take_turns(rows, [iter(first), lazy], [1, 1], None, False, most)
    assert line == take_turns(rows, [first, second], [1, 1], None, False)[:most]
    assert len(drawn) <= 2 * most


def test_several_lines_bring_more_than_is_shown_step_by_step():
    assert depths(12, 0, 1) == [12] and depths(12, 0, 3) == [24] and depths(24, 0, 12) == [20, 48]
    assert depths(100, 0, 100) == [16, 64, 200]
    assert depths(5, 0, 2) == [10]
    assert depths(12, 0.1, 1) == [100] and depths(100, 0.1, 1) == [200]
    assert depths(12, 0.1, 5) == [100] and depths(100, 0.1, 100) == [16, 64, 200]
