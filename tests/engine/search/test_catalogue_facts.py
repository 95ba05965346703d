import numpy as np
import pytest

from catalog.filters.filter import Filter
from engine.search import catalogue_facts as module
from engine.search.catalogue_facts import CatalogueFacts
from engine.search.guards import COLUMNS, Coder

ROWS = np.arange(6)


@pytest.fixture
def fresh(new_shop):
    """A shop of six products, and a function that opens their facts."""
    shop = new_shop(6)
    shop.change("p001", availability="in_stock", colour="red")
    ids = np.array([f"p{n:03}" for n in range(6)], dtype=object)
    row_of = {product_id: row for row, product_id in enumerate(ids)}
    return shop, lambda: CatalogueFacts(shop.catalogue, ids, row_of)


@pytest.mark.parametrize("whole", [50_000, 3])
def test_facts_follow_the_catalogue_whether_kept_or_read_each_time(fresh, monkeypatch, whole):
    shop, opened = fresh
    monkeypatch.setattr(module, "MAX_IN_MEMORY", whole)
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
    facts = shop.catalogue.facts

    def counted(product_ids):
        read.append(list(product_ids))
        return facts(product_ids)

    monkeypatch.setattr(shop.catalogue, "facts", counted)
    live.snapshot()
    assert read == []
    shop.change("p004", gender="unisex", group_id="another")
    after = live.snapshot().columns(ROWS)
    assert read == [["p004"]]
    newly = Coder()(facts([f"p{n:03}" for n in range(6)]))
    for name in COLUMNS:
        ours, theirs = getattr(after, name), getattr(newly, name)
        assert [(ours == one).tolist() for one in ours] == [(theirs == o).tolist() for o in theirs]
        assert (ours[:4] == getattr(before, name)[:4]).all()


@pytest.mark.parametrize(("small", "reads"), [(200, 0), (0, 2)])
def test_a_mask_follows_the_catalogue_and_reads_what_changed_only(fresh, monkeypatch, small, reads):
    shop, opened = fresh
    live, red = opened(), Filter.of({"colour": "red"})
    monkeypatch.setattr(module, "MAX_CHANGED", small)
    assert live.snapshot().mask(red).tolist() == opened().snapshot().mask(red).tolist()
    read = []
    matching = shop.catalogue.matching

    def counted(wanted, product_ids=None):
        read.append(product_ids)
        return matching(wanted, product_ids)

    monkeypatch.setattr(shop.catalogue, "matching", counted)
    for colour in ("blue", "red"):
        shop.change("p001", colour=colour)
        assert live.snapshot().mask(red)[1] == (colour == "red")
        live.snapshot().mask(red)
    assert len(read) == reads


@pytest.mark.parametrize("few", [8, 1])
def test_a_filter_is_evaluated_for_a_few_rows_or_for_all(fresh, monkeypatch, few):
    _, opened = fresh
    monkeypatch.setattr(module, "FULL_SCAN_RATIO", few)
    wanted = Filter.of({"colour": "red", "availability": ["in_stock", "preorder"]})
    everything = opened().snapshot().mask(wanted)
    assert 0 < everything.sum() < 6
    live = opened()
    for rows in ([], [4], [5, 1], [0, 1, 2, 3, 4, 5], [4]):
        found = live.snapshot().matching(wanted, np.array(rows, dtype=int))
        assert found.tolist() == everything[rows].tolist()


@pytest.mark.parametrize("whole", [50_000, 3])
def test_variants_are_the_rows_of_the_same_group(fresh, monkeypatch, whole):
    shop, opened = fresh
    monkeypatch.setattr(module, "MAX_IN_MEMORY", whole)
    groups = [shop.catalogue.product(f"p{n:03}").group_id for n in range(6)]
    for row in range(6):
        mine = [n for n in range(6) if groups[row] is not None and groups[n] == groups[row]]
        assert opened().snapshot().variants(np.array([row])).tolist() == mine
    assert any(groups.count(group) > 1 for group in groups if group)


def test_a_filter_of_many_fields_is_read_in_one_go(fresh, monkeypatch):
    shop, opened = fresh
    wanted = Filter.of({"colour": "red"} | {f"attributes.a{n}": "x" for n in range(20)})
    monkeypatch.setattr(module, "MAX_PARTS", 1)
    both = Filter.of({"colour": "red", "availability": ["in_stock", "preorder"]})
    together = opened().snapshot().mask(both).tolist()
    monkeypatch.setattr(module, "MAX_PARTS", 12)
    assert opened().snapshot().mask(both).tolist() == together
    read, matching = [], shop.catalogue.matching
    monkeypatch.setattr(shop.catalogue, "matching", lambda one: read.append(one) or matching(one))
    assert not opened().snapshot().mask(wanted).any()
    assert read == [wanted]


def test_whether_any_product_matches_is_asked_of_a_large_catalogue(fresh, monkeypatch):
    _, opened = fresh
    for rows in (10_000, 0):
        monkeypatch.setattr(module, "FAST_MASK_ROWS", rows)
        snapshot = opened().snapshot()
        assert snapshot.any_matches(Filter.of({"colour": "red"}))
        assert snapshot.any_matches(Filter())
        assert not snapshot.any_matches(Filter.of({"colour": "red", "brand": "None"}))
