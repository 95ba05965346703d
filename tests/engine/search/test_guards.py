import itertools

import numpy as np
import pytest

from catalog.products.fact_rows import FactRow
from engine.errors import RequestError
from engine.facts.builder import ColumnsBuilder
from engine.facts.guard_columns import Coder, GuardColumns
from engine.search.guards import LIFTS, Lifts, guard_mask
from tests.engine.facts.rows import fact_row

KEYS = ("known", "retired", "sold_out", "gender", "age_group", "group_id")
PRODUCTS = [
    dict(zip(KEYS, values, strict=True))
    for values in itertools.product(
        (True, False),
        (True, False),
        (True, False),
        ("male", "female", "unisex", None),
        ("adult", "kids", None),
        ("g1", "g2", None),
    )
]


def columns_of(products: list[dict]) -> GuardColumns:
    """The columns of products; those that are not known are left out of the catalogue."""
    builder = ColumnsBuilder(len(products), Coder())
    known = [row for row, product in enumerate(products) if product["known"]]
    builder.add(np.array(known), [row_of(products[row]) for row in known])
    return builder.finish().guards(np.arange(len(products)))


def row_of(product: dict) -> FactRow:
    stock = "out_of_stock" if product["sold_out"] else "in_stock"
    given = {name: value for name, value in product.items() if name in FactRow._fields}
    return fact_row(availability=stock, **given)


def slow_guards(seeds: list[dict], product: dict, lifts: Lifts) -> list[bool]:
    answers = []
    for seed in seeds:
        fine = product["known"]
        fine = fine and (lifts.retired or not product["retired"])
        fine = fine and (lifts.sold_out or not product["sold_out"])
        for any_seed in seeds:
            group = any_seed["group_id"]
            variant = group is not None and group == product["group_id"]
            if variant and not lifts.variants_of_seed and product not in seeds:
                fine = False
        for key, lifted in (("gender", lifts.any_gender), ("age_group", lifts.any_age_group)):
            free = {seed[key], product[key]} & {None, "unisex"}
            if not lifted and not free and seed[key] != product[key]:
                fine = False
        answers.append(fine)
    return answers


@pytest.mark.parametrize("lifts", [Lifts(), *(Lifts(**{name: True}) for name in LIFTS)])
@pytest.mark.parametrize("picked", [[0], [13], [25], [100], [130], [0, 17], [5, 20, 33]])
def test_guards_are_those_of_their_definition(lifts: Lifts, picked: list[int]):
    seeds = [PRODUCTS[row] for row in picked]
    columns = columns_of(seeds + PRODUCTS)
    own = np.array([product in seeds for product in PRODUCTS])
    mask = guard_mask(*columns.split(len(seeds)), lifts, own)
    expected = [slow_guards(seeds, product, lifts) for product in PRODUCTS]
    assert mask.T.tolist() == expected
    assert 0 < mask.sum() < mask.size


def test_without_a_seed_only_what_is_for_sale_is_shown():
    columns = columns_of(PRODUCTS)
    mask = guard_mask(*columns.split(0), Lifts())
    assert mask.shape == (1, len(PRODUCTS))
    fine = [p["known"] and not p["retired"] and not p["sold_out"] for p in PRODUCTS]
    assert mask[0].tolist() == fine


@pytest.mark.parametrize("options", [{"gender": True}, {"any_gender": "yes"}, {"any_gender": 1}])
def test_only_guards_can_be_lifted(options):
    with pytest.raises(RequestError, match="any_gender, any_age_group, sold_out"):
        Lifts.of(options)
