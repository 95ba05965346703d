from collections import Counter
from decimal import Decimal
from itertools import islice

from catalog.sample.garments.wardrobe import BY_NAME
from catalog.sample.painting.patterns import PATTERNS
from catalog.sample.plan import plan
from catalog.sample.shapes.palette import COLOURS

SHOP = list(plan(1500, seed=0))


def test_a_smaller_shop_is_the_beginning_of_a_larger_one():
    assert list(plan(137, seed=0)) == SHOP[:137]


def test_seeds_give_different_shops():
    assert list(plan(20, seed=1)) != SHOP[:20]


def test_planning_streams():
    assert len(list(islice(plan(10**9, seed=0), 5))) == 5


def test_ids_are_unique_and_facts_are_known():
    assert len({p.product_id for p in SHOP}) == len(SHOP)
    for product in SHOP:
        kind = BY_NAME[product.style.type]
        assert product.category == kind.category
        assert product.fabric in kind.fabrics
        assert product.pattern in kind.patterns
        assert product.colour in COLOURS
        assert product.gender in kind.genders
        assert 2 <= len(product.shots) <= 4
        assert len(set(product.shots)) == len(product.shots)


def test_a_group_is_one_design_in_several_colours():
    groups: dict[str, list] = {}
    for product in SHOP:
        groups.setdefault(product.group_id, []).append(product)
    sizes = Counter(len(group) for group in groups.values())
    assert set(sizes) <= {1, 2, 3, 4}
    assert sum(sizes[n] for n in (2, 3, 4)) > len(groups) / 3
    for group in groups.values():
        assert len({p.colour for p in group}) == len(group)
        for fact in (
            "style",
            "pattern",
            "fabric",
            "brand",
            "price",
            "sale_price",
            "gender",
            "scale",
        ):
            assert len({getattr(p, fact) for p in group}) == 1


def test_the_shop_is_varied():
    assert len({p.style.type for p in SHOP}) == len(BY_NAME)
    assert {p.pattern for p in SHOP} == PATTERNS.keys()
    assert {p.colour for p in SHOP} == COLOURS.keys()
    assert {p.gender for p in SHOP} == {"female", "male", "unisex"}
    assert {p.age_group for p in SHOP} == {"adult", "kids"}
    assert len({p.brand for p in SHOP}) > 20
    stock = Counter(p.availability for p in SHOP)
    assert 0.02 < stock["out_of_stock"] / len(SHOP) < 0.12


def test_some_designs_are_on_sale_and_cost_less():
    reduced = [p for p in SHOP if p.sale_price]
    assert 0.05 < len(reduced) / len(SHOP) < 0.25
    for product in reduced:
        assert Decimal(0) < Decimal(product.sale_price) < Decimal(product.price)


def test_titles_have_brand_and_colour_and_no_word_twice():
    for product in SHOP:
        assert product.title.startswith(product.brand + " ")
        assert product.title.endswith(", " + product.colour.title())
        assert "  " not in product.title
        words = product.title.removeprefix(product.brand).split(",")[0].split()
        assert len(words) == len(set(words))


def test_no_impossible_combination_is_sold():
    for product in SHOP:
        style = product.style
        assert style.type != "boots" or style.cut != "chelsea" or style.length == "ankle"
        assert style.neck != "straps" or style.sleeve == "sleeveless"
        assert product.gender == "female" or style.neck != "straps"
