import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.encoders.facets import unit_rows
from engine.recommendation.clusters.seed_clusters import SeedCluster, cluster_seeds, interleave
from engine.search.cluster_threshold import EXCEEDING_SHARE, cluster_threshold


def around(centre, count, spread=0.05, seed=0, dim=8):
    """Unit rows near one axis."""
    draw = np.random.default_rng([seed, centre])
    return unit_rows(np.eye(dim)[centre] + spread * draw.normal(size=(count, dim)))


def slow_ward(rows, bound):
    """Groups by the definition: join the two whose joint variance grows least, while it may."""
    groups = [[n] for n in range(len(rows))]

    def cost(one, two):
        apart = np.mean(rows[one], axis=0) - np.mean(rows[two], axis=0)
        return np.sqrt(2 * len(one) * len(two) / (len(one) + len(two)) * (apart @ apart))

    while len(groups) > 1:
        costs = {pair: cost(*pair_of(groups, pair)) for pair in pairs(groups)}
        best = min(costs, key=costs.get)
        if costs[best] > bound:
            break
        one, two = pair_of(groups, best)
        groups = [g for g in groups if g is not one and g is not two] + [sorted(one + two)]
    return {tuple(group) for group in groups}


def pairs(groups):
    return itertools.combinations(range(len(groups)), 2)


def pair_of(groups, pair):
    return groups[pair[0]], groups[pair[1]]


def members(found):
    return {cluster.members for cluster in found}


def first_of(k, *groups, **options):
    return list(itertools.islice(interleave(*groups, **options), k))


@given(st.integers(1, 14), st.integers(0, 10_000), st.floats(-0.5, 0.95))
def test_groups_are_those_of_wards_definition(count, seed, threshold):
    rows = unit_rows(np.random.default_rng(seed).normal(size=(count, 4)))
    expected = slow_ward(rows, np.sqrt(2 - 2 * threshold))
    assert members(cluster_seeds(rows, threshold=threshold, most=99)) == expected


def test_two_unlike_clusters_do_not_average_into_a_third():
    rows = np.concatenate([around(0, 3), around(1, 2)])
    between = unit_rows(np.eye(8)[0] + np.eye(8)[1])  # where an average would search
    found = cluster_seeds(rows)
    assert members(found) == {(0, 1, 2), (3, 4)}
    catalogue = np.concatenate([around(0, 4, seed=1), around(1, 4, seed=1), between[None]])
    ranked = [np.argsort(-(catalogue @ rows[cluster.medoid])).tolist() for cluster in found]
    shown = [item for _, item in first_of(6, ranked, [cluster.weight for cluster in found])]
    assert 8 not in shown  # and the average would have put it first
    assert np.argmax(catalogue @ rows.mean(axis=0)) == 8
    assert {item // 4 for item in shown[:2]} == {0, 1}


@given(st.integers(1, 14), st.integers(0, 10_000), st.integers(1, 4))
def test_seeds_of_different_kinds_are_never_clustered_and_kinds_do_not_move_each_other(
    count, seed, most
):
    draw = np.random.default_rng(seed)
    rows = unit_rows(draw.normal(size=(count, 4)))
    kinds = draw.choice(["boot", "watch", "bag"], count).tolist()
    found = cluster_seeds(rows, threshold=-0.9, most=99, kinds=kinds)
    apart = {
        tuple(places[member] for member in cluster.members)
        for kind in set(kinds)
        if (places := [place for place, one in enumerate(kinds) if one == kind])
        for cluster in cluster_seeds(rows[places], threshold=-0.9, most=99)
    }
    assert members(found) == apart
    limited = cluster_seeds(rows, threshold=0.99, most=most, kinds=kinds)
    assert all(len({kinds[seed] for seed in cluster.members}) == 1 for cluster in limited)
    assert len(limited) <= max(most, len(set(kinds)))


def test_boots_and_a_watch_that_look_alike_are_two_tastes():
    rows = around(0, 4, spread=0.01)
    assert members(cluster_seeds(rows)) == {(0, 1, 2, 3)}
    kinds = ["boot", "boot", "watch", "boot"]
    assert members(cluster_seeds(rows, kinds=kinds)) == {(0, 1, 3), (2,)}
    assert members(cluster_seeds(rows, kinds=kinds, most=1)) == {(0, 1, 3), (2,)}
    with pytest.raises(ValueError, match="4 seeds and 3 kinds"):
        cluster_seeds(rows, kinds=kinds[1:])


def test_one_seed_is_one_cluster():
    assert cluster_seeds(np.eye(3)[:1], [2.5]) == [SeedCluster(0, (0,), 2.5)]


def test_identical_seeds_are_one_cluster_of_all_their_weight():
    assert cluster_seeds(np.repeat(np.eye(3)[:1], 4, axis=0), [1, 2, 1, 1]) == [
        SeedCluster(0, (0, 1, 2, 3), 5)
    ]


def test_what_was_saved_twice_does_not_move_the_border():
    rows = unit_rows(np.random.default_rng(3).normal(size=(9, 4)))
    again = np.concatenate([rows, np.repeat(rows[:1], 20, axis=0)])
    once = members(cluster_seeds(rows, most=99))
    twice = members(cluster_seeds(again, most=99))
    assert {tuple(n for n in group if n < 9) for group in twice} == once


def test_the_medoid_is_the_member_nearest_to_all_by_weight():
    angles = np.array([0.0, 0.3, 0.5])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert cluster_seeds(rows, threshold=0)[0].medoid == 1
    assert cluster_seeds(rows, [1, 1, 9], threshold=0)[0].medoid == 2


def test_equal_members_and_equal_clusters_keep_the_order_given():
    rows = np.concatenate([around(1, 1), around(0, 1), around(1, 1, seed=1), around(0, 1, seed=1)])
    assert cluster_seeds(rows) == [SeedCluster(0, (0, 2), 2.0), SeedCluster(1, (1, 3), 2.0)]


def test_the_heaviest_cluster_comes_first():
    rows = np.concatenate([around(0, 2), around(1, 1)])
    assert [cluster.members for cluster in cluster_seeds(rows, [1, 1, 3])] == [(2,), (0, 1)]


@given(st.integers(0, 10_000), st.integers(2, 12))
def test_who_belongs_to_whom_does_not_depend_on_the_order(seed, count):
    draw = np.random.default_rng(seed)
    # Few different values, so that there are ties, and copies.
    rows = draw.integers(0, 2, size=(count, 3)) + np.array([0.0, 0.0, 1.0])
    order = draw.permutation(count)
    turned = {tuple(sorted(order[list(g)].tolist())) for g in members(cluster_seeds(rows[order]))}
    assert turned == members(cluster_seeds(rows))


def test_the_number_of_clusters_is_capped_and_no_seed_is_lost():
    rows = np.eye(12)
    assert len(cluster_seeds(rows, most=12)) == 12
    few = cluster_seeds(rows, most=4)
    assert len(few) <= 4
    assert sorted(n for cluster in few for n in cluster.members) == list(range(12))


@pytest.mark.parametrize(
    ("vectors", "weights"),
    [
        (np.zeros((0, 3)), None),
        (np.eye(3)[0], None),
        (np.eye(3), [1, 1]),
        (np.eye(3), [1, 1, 0]),
        (np.eye(3), [1, 1, np.nan]),
        (np.full((2, 3), np.inf), None),
    ],
)
def test_seeds_that_make_no_sense_are_refused(vectors, weights):
    with pytest.raises(ValueError, match=r"vectors must be|must be finite"):
        cluster_seeds(vectors, weights)


def test_the_threshold_is_a_quantile_of_random_pairs():
    rows = unit_rows(np.random.default_rng(0).normal(size=(200, 6)))
    cosines = [float(a @ b) for a, b in itertools.combinations(rows, 2)]
    share = np.mean(np.array(cosines) > cluster_threshold(rows))
    assert share == pytest.approx(EXCEEDING_SHARE, abs=0.002)
    assert -1 <= cluster_threshold(rows[:1]) < 1


def test_turns_follow_the_weights():
    panel = first_of(8, ["abcdefgh", "ABCDEFGH", "12345678"], [4, 2, 2])
    assert "".join(item for _, item in panel) == "aA1bcB2d"
    assert [group for group, _ in panel].count(0) == 4


def test_every_group_has_one_turn_before_any_has_two():
    panel = first_of(3, ["abc", "A", "1"], [1, 1000, 1])
    assert panel == [(1, "A"), (0, "a"), (2, "1")]


def test_no_product_is_shown_twice_and_an_empty_group_passes():
    panel = first_of(10, [[1, 2, 3], [2, 1, 4], []], [1, 1, 5])
    assert panel == [(0, 1), (1, 2), (0, 3), (1, 4)]
    assert first_of(5, [[(1, "x")], [(1, "y")]], [1, 1], key=lambda hit: hit[0]) == [(0, (1, "x"))]
    assert first_of(5, [], []) == first_of(0, [[1]], [1]) == []


def test_a_group_whose_next_item_does_not_fit_deals_the_one_after_it():
    dealt: list[str] = []

    def fits(item: str) -> bool:
        return item.lower() not in [one.lower() for one in dealt]

    for _, item in interleave(["abc", "ABC"], [1, 1], fits=fits):
        dealt.append(item)
    assert "".join(dealt) == "aBc"


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 12), max_size=8), st.floats(0.1, 10)), max_size=4),
    st.integers(0, 20),
)
def test_a_panel_is_full_distinct_and_keeps_each_groups_order(groups, k):
    ranked = [items for items, _ in groups]
    panel = first_of(k, ranked, [weight for _, weight in groups])
    shown = [item for _, item in panel]
    assert len(shown) == len(set(shown)) == min(k, len(set().union(*ranked)))
    for at, items in enumerate(ranked):
        first = [items.index(item) for group, item in panel if group == at]
        assert first == sorted(first)
