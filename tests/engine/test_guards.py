import itertools

import numpy as np
import pytest

from catalog.records import Facts
from engine.errors import RequestError
from engine.guards import Columns, Lifts, allowed

KEYS = ("known", "available", "gender", "age_group", "group_id")
PRODUCTS = [
    dict(zip(KEYS, values, strict=True))
    for values in itertools.product(
        (True, False),
        (True, False),
        ("male", "female", "unisex", None),
        ("adult", "kids", None),
        ("g1", "g2", None),
    )
]


def facts(products: list[dict]) -> Facts:
    def column(key: str, kind: type = object) -> np.ndarray:
        return np.array([product.get(key) for product in products], dtype=kind)

    return Facts(
        ids=np.array([str(n) for n in range(len(products))], dtype=object),
        known=column("known", bool),
        available=column("available", bool),
        gender=column("gender"),
        age_group=column("age_group"),
        group_id=column("group_id"),
        category=column("category"),
        colour=column("colour"),
        pattern=column("pattern"),
    )


def slow_allowed(seeds: list[dict], product: dict, lifts: Lifts) -> list[bool]:
    answers = []
    for seed in seeds:
        fine = product["known"] and product["available"]
        for any_seed in seeds:
            if any_seed["group_id"] is not None and any_seed["group_id"] == product["group_id"]:
                fine = False
        for key, lifted in (("gender", lifts.any_gender), ("age_group", lifts.any_age_group)):
            free = {seed[key], product[key]} & {None, "unisex"}
            if not lifted and not free and seed[key] != product[key]:
                fine = False
        answers.append(fine)
    return answers


@pytest.mark.parametrize("lifts", [Lifts(), Lifts(True, False), Lifts(False, True)])
@pytest.mark.parametrize("picked", [[0], [13], [25], [70], [0, 17], [5, 20, 33]])
def test_guards_are_those_of_their_definition(lifts: Lifts, picked: list[int]):
    seeds = [PRODUCTS[row] for row in picked]
    columns = Columns.of(facts(seeds + PRODUCTS))
    mask = allowed(*columns.split(len(seeds)), lifts)
    expected = [slow_allowed(seeds, product, lifts) for product in PRODUCTS]
    assert mask.T.tolist() == expected
    assert 0 < mask.sum() < mask.size


def test_without_a_seed_only_what_is_for_sale_is_shown():
    columns = Columns.of(facts(PRODUCTS))
    mask = allowed(*columns.split(0), Lifts())
    assert mask.shape == (1, len(PRODUCTS))
    assert mask[0].tolist() == [p["known"] and p["available"] for p in PRODUCTS]


@pytest.mark.parametrize("wishes", [{"gender": True}, {"any_gender": "yes"}, {"any_gender": 1}])
def test_only_guards_can_be_lifted(wishes):
    with pytest.raises(RequestError, match="any_gender or any_age_group"):
        Lifts.of(wishes)


def test_facts_follow_the_catalogue_whether_kept_or_asked_for(new_shop, monkeypatch):
    from engine import guards

    shop = new_shop(6)
    shop.change("p001", availability="in_stock")
    ids = np.array([f"p{n:03}" for n in range(6)], dtype=object)
    for whole in (50_000, 3):
        monkeypatch.setattr(guards, "WHOLE", whole)
        live = guards.LiveFacts(shop.catalogue, ids)
        for state in ("out_of_stock", "in_stock"):
            shop.change("p001", availability=state)
            for rows in ([1], [1, 2], [0, 1, 2, 3, 4, 5]):
                columns = live.columns(np.array(rows))
                fresh = Columns.of(shop.catalogue.facts(ids[rows].tolist()))
                assert columns.available.tolist() == fresh.available.tolist()
                assert columns.available[rows.index(1)] == (state == "in_stock")
