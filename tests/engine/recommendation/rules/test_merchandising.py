"""What rules do to rows, beside slow twins that go product by product."""

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.filters.filter import Filter
from catalog.records import Availability, Product
from catalog.rules.rule import Action, Rule
from catalog.rules.ruleset import RuleSet
from engine.recommendation.rules.merchandising import Merchandising
from engine.recommendation.rules.pins import Pin, assign_positions, merge
from tests.catalog.rules.some_rules import DAY, books

PLAIN = Product(
    "", "", None, (), None, None, None, None, None, None, Availability.IN_STOCK, None, None, {}, ()
)


@st.composite
def shops(draw):
    ids = [*"abcd", "p1", "p2", "p3"]
    return [
        replace(
            PLAIN,
            product_id=one,
            brand=draw(st.sampled_from(["Ours", "Theirs", None])),
            category=draw(st.sampled_from([("Tops",), ("Tops", "T-shirts"), ("Shoes",), ()])),
            colour=draw(st.sampled_from(["red", "=red", None])),
            gender=draw(st.sampled_from(["female", "unisex", None])),
            price=Decimal(draw(st.integers(1, 60))),
            attributes=draw(st.sampled_from([{}, {"sleeve": "long"}, {"sleeve": "short"}])),
        )
        for one in ids
    ]


def matches(product: Product, wanted: Filter) -> bool:
    """What a filter means, for the fields that `some_rules` uses."""
    path = " > ".join(product.category)
    if wanted.category and not any(
        path == one or path.startswith(one + " > ") for one in wanted.category
    ):
        return False
    for name in ("brand", "gender", "age_group", "colour", "pattern"):
        if getattr(wanted, name) and getattr(product, name) not in getattr(wanted, name):
            return False
    for name, values in wanted.attributes.items():
        if product.attributes.get(name) not in values:
            return False
    if wanted.on_sale is not None and product.on_sale != wanted.on_sale:
        return False
    return (wanted.price_from is None or product.effective_price >= wanted.price_from) and (
        wanted.price_to is None or product.effective_price <= wanted.price_to
    )


def kept(product: Product, seed: Product | None, rules: list[Rule]) -> bool:
    """Whether the rules for a seed leave a product in, from their definition."""
    if any(rule.action is Action.OFF for rule in rules):
        return False
    includes = [rule for rule in rules if rule.action is Action.INCLUDE]
    if includes and not any(matches(product, rule.where) for rule in includes):
        return False
    for rule in rules:
        if rule.action is Action.BLOCK and rule.product_id == product.product_id:
            return False
        if rule.action is Action.EXCLUDE and matches(product, rule.where):
            return False
        if rule.action is Action.SAME and seed is not None:
            if rule.field.startswith("attributes."):
                mine, theirs = (one.attributes.get("sleeve") for one in (seed, product))
            elif rule.field == "category":
                mine, theirs = seed.category, product.category[: len(seed.category)]
            else:
                mine, theirs = (getattr(one, rule.field) for one in (seed, product))
            if mine and mine != theirs:
                return False
    return True


def added(product: Product, rules: list[Rule]) -> float:
    total = 0.0
    for rule in rules:
        if rule.action in (Action.BOOST, Action.BURY) and (
            rule.product_id == product.product_id
            if rule.where is None
            else matches(product, rule.where)
        ):
            total += rule.amount if rule.action is Action.BOOST else -rule.amount
    return total


@dataclass
class Masks:
    """Filters evaluated product by product."""

    shop: list[Product]

    def matching(self, wanted: Filter, rows: np.ndarray) -> np.ndarray:
        return np.array([matches(self.shop[row], wanted) for row in rows], dtype=bool)

    def rows(self, wanted: Filter) -> np.ndarray:
        every_row = np.arange(len(self.shop))
        return every_row[self.matching(wanted, every_row)]


def made(shop, rules, seeds) -> Merchandising:
    row_of = {product.product_id: row for row, product in enumerate(shop)}
    return Merchandising.of(rules, seeds, row_of, len(shop), Masks(shop))


def active(rules, seed):
    if seed is None:
        return RuleSet(rules).active(None, None, DAY)
    return RuleSet(rules).active(seed.product_id, seed.category, DAY)


@given(shops(), books, st.lists(st.integers(0, 6), max_size=3, unique=True), st.data())
def test_rules_do_what_their_definition_says(shop, rules, seeds, data):
    seeds = [shop[row] for row in seeds] or [None]
    each = [active(rules, seed) for seed in seeds]
    merchandising = made(shop, each, seeds)
    rows = np.array(data.draw(st.lists(st.integers(0, 6), unique=True)), dtype=np.int64)
    fits = np.array(
        [
            [kept(shop[row], seed, mine) for row in rows]
            for seed, mine in zip(seeds, each, strict=True)
        ],
        dtype=bool,
    ).reshape(len(seeds), len(rows))
    assert (merchandising.kept(rows) == fits).all()
    assert merchandising.restricts or fits.all()
    bonus = np.array([[added(product, mine) for product in shop] for mine in each])
    assert np.allclose(merchandising.bonus(rows), bonus[:, rows])
    assert merchandising.moves or not bonus.any()
    assert set(np.flatnonzero((bonus > 1e-9).any(axis=0))) <= set(merchandising.raised.tolist())
    assert not set(np.flatnonzero((bonus < -1e-9).all(axis=0))) & set(merchandising.raised)
    for query, mine in enumerate(each):
        for row in rows.tolist():
            movers = [rule.rule_id for rule in mine if added(shop[row], [rule])]
            assert list(merchandising.moved_by(row, query)) == movers
            missed = np.zeros(fits.shape, dtype=bool)
            missed[query, rows == row] = True
            excluding = merchandising.excluded_by(rows, missed)
            assert bool(excluding) == (not fits[query, rows == row].all())
            others = [rule for rule in mine if rule.rule_id not in excluding]
            assert kept(shop[row], seeds[query], others)


@given(shops(), books, st.lists(st.integers(0, 6), min_size=1, max_size=3, unique=True))
def test_pins_are_the_first_in_order_of_each_product(shop, rules, seeds):
    seeds = [shop[row] for row in seeds]
    each = [active(rules, seed) for seed in seeds]
    expected: dict[str, Rule] = {}
    for rule in sorted({rule.rule_id: rule for mine in each for rule in mine}.values(),
                       key=lambda rule: rule.order):  # fmt: skip
        if rule.action is Action.PIN and rule.product_id in {one.product_id for one in shop}:
            expected.setdefault(rule.product_id, rule)
    pins = made(shop, each, seeds).pins
    assert [(shop[pin.row].product_id, pin.position, pin.rule_id) for pin in pins] == [
        (product_id, rule.position, rule.rule_id) for product_id, rule in expected.items()
    ]


@given(
    st.lists(st.integers(1, 12), max_size=6),
    st.integers(0, 12),
    st.integers(1, 14),
)
def test_positions(positions, others, k):
    pins = [Pin(position, 100 + n, str(n)) for n, position in enumerate(positions)]
    taken = assign_positions(pins)
    assert sorted(pin.rule_id for pin in taken.values()) == sorted(pin.rule_id for pin in pins)
    for position in set(positions):  # the first in order has its own place
        assert taken[position] == next(pin for pin in pins if pin.position == position)
    for at, pin in taken.items():  # the others are behind theirs, with no place free between
        assert all(between in taken for between in range(pin.position, at))
    ranked = list(range(others))
    line = merge(ranked, {at: pin.row for at, pin in taken.items()}, k)
    # The twin: a line with gaps at first, which then closes up.
    gaps: dict[float, int] = {at: pin.row for at, pin in taken.items()}
    free = (at for at in range(1, 100) if at not in taken)
    gaps |= {next(free): one for one in ranked}
    assert line == [gaps[at] for at in sorted(gaps)][:k]


def rule(rule_id: str, action: str, **fields: object) -> Rule:
    return Rule.of({"rule_id": rule_id, "action": action, **fields})


SHOP = [
    replace(PLAIN, product_id="a", brand="Ours", price=Decimal(10)),
    replace(PLAIN, product_id="b", brand="Theirs", price=Decimal(10), sale_price=Decimal(8)),
    replace(PLAIN, product_id="c", brand=None, price=Decimal(10)),
]


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ([], [True, True, True]),
        ([rule("1", "same", field="brand")], [True, False, False]),
        ([rule("1", "include", where={"brand": "Theirs"})], [False, True, False]),
        (
            [
                rule("1", "include", where={"brand": "Theirs"}),
                rule("2", "include", where={"brand": "Ours"}),
            ],
            [True, True, False],
        ),
        (
            [
                rule("1", "include", where={"brand": "Theirs"}),
                rule("2", "exclude", where={"on_sale": True}),
            ],
            [False, False, False],
        ),
        ([rule("1", "block", product_id="gone")], [True, True, True]),
    ],
)
def test_what_is_kept(rules, kept):
    assert made(SHOP, [rules], [SHOP[0]]).kept(np.arange(3)).tolist() == [kept]


def test_same_has_no_effect_for_a_seed_without_the_field():
    rules = [rule("1", "same", field="brand"), rule("2", "same", field="attributes.fit")]
    for seed in (SHOP[2], None):
        merchandising = made(SHOP, [rules], [seed])
        assert merchandising.kept(np.arange(3)).all() and not merchandising.restricts


def test_each_seed_has_its_own_rules():
    same = rule("1", "same", field="brand")
    merchandising = made(SHOP, [[same], [rule("2", "block", product_id="a")]], SHOP[:2])
    assert merchandising.kept(np.arange(3)).tolist() == [
        [True, False, False],
        [False, True, True],
    ]
    assert merchandising.excluded_by(np.arange(3), np.ones((2, 3), dtype=bool)) == {"1", "2"}
    assert merchandising.in_order({"2", "1", "9"}) == ("1", "2")


def test_a_block_beats_a_pin_and_a_pin_of_nothing_is_none():
    rules = [
        rule("1", "pin", product_id="b", position=1),
        rule("2", "block", product_id="b"),
        rule("3", "pin", product_id="gone", position=1),
    ]
    merchandising = made(SHOP, [rules], [SHOP[0]])
    (pin,) = merchandising.pins
    assert pin == Pin(1, 1, "1") and not merchandising.kept(np.array([pin.row])).any()
