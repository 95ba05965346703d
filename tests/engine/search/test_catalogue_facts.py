import numpy as np
import pytest

from catalog.filters.filter import Filter
from engine.facts import reading
from engine.search.catalogue_facts import CatalogueFacts

ROWS = np.arange(6)


@pytest.fixture
def fresh(new_shop):
    """A shop of six products, and a function that opens their facts."""
    shop = new_shop(6)
    shop.change("p001", availability="in_stock", colour="red")
    shop.reindex()
    live = shop.recommender().live()
    return shop, lambda: CatalogueFacts(shop.catalogue, live, shop.settings.index_dir)


@pytest.mark.parametrize("small", [5_000, 0])
def test_facts_follow_the_catalogue(fresh, monkeypatch, small):
    shop, opened = fresh
    monkeypatch.setattr(reading, "SMALL", small)
    live = opened()
    for state in ("out_of_stock", "in_stock"):
        shop.change("p001", availability=state)
        for rows in ([1], [1, 2], [0, 1, 2, 3, 4, 5]):
            columns = live.snapshot().columns(np.array(rows))
            newly = opened().snapshot().columns(np.array(rows))
            assert columns.sold_out.tolist() == newly.sold_out.tolist()
            assert columns.sold_out[rows.index(1)] == (state == "out_of_stock")


def test_after_a_change_only_what_changed_is_read(fresh, monkeypatch):
    shop, opened = fresh
    live = opened()
    before = live.snapshot().columns(ROWS)
    read = []
    fact_rows = shop.catalogue.fact_rows

    def counted(product_ids=None):
        read.append(product_ids)
        return fact_rows(product_ids)

    monkeypatch.setattr(shop.catalogue, "fact_rows", counted)
    live.snapshot()
    assert read == []
    shop.change("p004", gender="unisex", group_id="another")
    after = live.snapshot().columns(ROWS)
    assert read == [("p004",)]
    assert after.gender[4] == -1 and after.group[4] not in (-1, *before.group.tolist())
    others = [0, 1, 2, 3, 5]
    for name in ("gender", "age_group", "group", "kind", "sold_out", "retired", "known"):
        ours, theirs = getattr(after, name), getattr(before, name)
        assert ours[others].tolist() == theirs[others].tolist()


def test_a_second_process_reads_the_file_and_not_the_catalogue(fresh, monkeypatch):
    shop, opened = fresh
    red = Filter.of({"colour": "red"})
    first = opened().snapshot()
    monkeypatch.setattr(shop.catalogue, "fact_rows", None)
    second = opened().snapshot()
    assert second.rows(red).tolist() == first.rows(red).tolist() != []
    assert second.columns(ROWS).group.tolist() == first.columns(ROWS).group.tolist()


def test_a_filter_follows_the_catalogue(fresh):
    shop, opened = fresh
    live, red = opened(), Filter.of({"colour": "red"})
    assert live.snapshot().rows(red).tolist() == opened().snapshot().rows(red).tolist()
    for colour in ("blue", "red"):
        shop.change("p001", colour=colour)
        assert (1 in live.snapshot().rows(red)) == (colour == "red")


def test_a_filter_is_the_same_for_a_few_rows_and_for_all(fresh):
    _, opened = fresh
    wanted = Filter.of({"colour": "red", "availability": ["in_stock", "preorder"]})
    everything = opened().snapshot().rows(wanted)
    assert 0 < len(everything) < 6
    live = opened()
    for rows in ([], [4], [5, 1], [0, 1, 2, 3, 4, 5], [4]):
        found = live.snapshot().matching(wanted, np.array(rows, dtype=int))
        assert found.tolist() == np.isin(rows, everything).tolist()


def test_variants_are_the_rows_of_the_same_group(fresh):
    shop, opened = fresh
    live = opened()
    for change in ({}, {"group_id": "g1"}, {"group_id": ""}, {"group_id": "new"}):
        shop.change("p002", **change)
        groups = [shop.catalogue.product(f"p{n:03}").group_id for n in range(6)]
        for row in range(6):
            mine = [n for n in range(6) if groups[row] is not None and groups[n] == groups[row]]
            for facts in (live, opened()):
                assert facts.snapshot().variants(np.array([row])).tolist() == mine
    assert any(groups.count(group) > 1 for group in groups if group)
