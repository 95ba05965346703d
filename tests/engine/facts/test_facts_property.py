"""Facts in columns against the catalogue, product by product, with changes between requests."""

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.facts import reading, selection
from engine.labels.audience import FITS_ALL
from engine.labels.kinds import kind_of
from engine.search.catalogue_facts import CatalogueFacts, FactsSnapshot
from engine.settings import EngineSettings
from tests.engine import random_shop
from tests.engine.recommendation.test_panel_property import filters

IDS = random_shop.ids()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    opened = random_shop.open_random_shop(tmp_path_factory.mktemp("random"))
    random_shop.fill(opened, 0)
    yield opened
    opened.db.close()


def facts_of(shop: SimpleNamespace, home: int) -> CatalogueFacts:
    settings = EngineSettings(home=shop.homes[home])
    live = random_shop.recommender(shop, settings.home).live()
    return CatalogueFacts(shop.catalogue, live, settings.index_dir)


@pytest.mark.parametrize("small", [5_000, 40])
@given(
    changes=st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0.01, 0.1, 0.6])), max_size=4),
    wanted=filters(),
    ratio=st.sampled_from([0, 16, 10**6]),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_facts_are_those_of_the_catalogue_at_this_moment(shop, small, changes, wanted, ratio):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "SMALL", small)
        patch.setattr(reading, "MERGED", small // 2)
        patch.setattr(selection, "LOOKUP_RATIO", ratio)
        facts = facts_of(shop, 0)
        check(shop, facts.snapshot(), wanted)
        for seed, share in changes:
            before = facts.snapshot()
            kept = before.rows(wanted).tolist()
            random_shop.change(shop, seed, share)
            check(shop, facts.snapshot(), wanted)
            assert before.rows(wanted).tolist() == kept


def check(shop: SimpleNamespace, found: FactsSnapshot, wanted) -> None:
    known = shop.catalogue.products(IDS)
    products = [known[product_id] for product_id in IDS]
    rows = np.arange(len(IDS))
    matching = [row for row in rows.tolist() if wanted.matches(products[row])]
    assert found.rows(wanted).tolist() == matching
    some = np.random.default_rng(1).permutation(rows)[:50]
    assert found.matching(wanted, some).tolist() == np.isin(some, matching).tolist()
    columns = found.columns(some)
    assert columns.known.all()
    assert columns.retired.tolist() == [products[row].retired for row in some]
    assert columns.sold_out.tolist() == [
        products[row].availability == "out_of_stock" for row in some
    ]
    words = {
        "gender": [None if p.gender in FITS_ALL else p.gender for p in products],
        "age_group": [None if p.age_group in FITS_ALL else p.age_group for p in products],
        "group": [p.group_id for p in products],
        "kind": [kind_of(" > ".join(p.category) or None) for p in products],
    }
    for name, each in words.items():
        mine, codes = [each[row] for row in some], getattr(columns, name).tolist()
        assert [code == -1 for code in codes] == [word is None for word in mine]
        assert len(set(zip(mine, codes, strict=True))) == len(set(mine)) == len(set(codes))
    stated = found.stated(some)
    mine = [products[row] for row in some]
    assert list(stated.colour) == [product.colour for product in mine]
    assert list(stated.pattern) == [product.pattern for product in mine]
    assert list(stated.category) == [" > ".join(product.category) or None for product in mine]
    pairs = {(product.group_id, code) for product, code in zip(mine, stated.group_id, strict=True)}
    assert len(pairs) == len({one for one, _ in pairs}) == len({one for _, one in pairs})
    for row in some[:5].tolist():
        group = products[row].group_id
        same = [other for other in rows.tolist() if group and products[other].group_id == group]
        assert found.variants(np.array([row])).tolist() == same
