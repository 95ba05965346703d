"""Random catalogues and requests: no answer breaks a guard or a filter, all are the exact one."""

from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from catalog.filters.filter import Filter
from catalog.rules.rule import Action, Rule
from engine.recommendation.request import Request
from engine.recommendation.results import Fallback
from engine.search.duplicates import NEAR_DUPLICATE
from engine.search.guards import LIFTS, Lifts
from engine.settings import Colourways
from tests.engine import random_shop
from tests.engine.twin.designs import slow_offers
from tests.engine.twin.eligible import guarded, matches
from tests.engine.twin.panel import slow_panel
from tests.engine.twin.world import World

IDS = random_shop.ids()


def some(values: tuple) -> st.SearchStrategy:
    known = [value for value in values if value is not None]
    return st.lists(st.sampled_from(known), max_size=2, unique=True)


@st.composite
def filters(draw) -> Filter:
    low, high = sorted(draw(st.tuples(st.integers(0, 12), st.integers(0, 12))))
    return Filter.of(
        {
            name: value
            for name, value in {
                "category": draw(some((*random_shop.CATEGORIES, "None such"))),
                "brand": draw(some(random_shop.BRANDS)),
                "gender": draw(some(random_shop.GENDERS)),
                "age_group": draw(some(random_shop.AGES)),
                "colour": draw(some(random_shop.COLOURS)),
                "pattern": draw(some(("striped", "dotted"))),
                "price_from": Decimal(low),
                "price_to": Decimal(high),
                "availability": draw(some(random_shop.STOCK)),
                "on_sale": draw(st.booleans()),
                "attributes.sleeve": draw(some(random_shop.SLEEVES)),
                'attributes.größe "in"': ['6"'],
            }.items()
            if draw(st.integers(0, 5)) == 0
        }
    )


@st.composite
def requests(draw) -> Request:
    named = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=6, unique=True))
    seeds = tuple(named[: draw(st.integers(1, 3))])
    less = tuple(named[len(seeds) :])
    weight = st.sampled_from([0.0, 0.5, 1.0, 3.0])
    return Request(
        seeds=seeds,
        k=draw(st.sampled_from([1, 3, 12, 100])),
        weights={seeds[0]: draw(st.sampled_from([0.5, 1.0, 4.0]))},
        less=less,
        facets=draw(st.none() | st.fixed_dictionaries({"shape": st.just(1.0), "colour": weight})),
        filter=draw(st.just(Filter()) | filters()),
        exclude=tuple(draw(st.lists(st.sampled_from([*IDS, "unheard-of"]), max_size=3))),
        lifts=Lifts(**dict.fromkeys(draw(st.sets(st.sampled_from(LIFTS), max_size=2)), True)),
        diversity=draw(st.sampled_from([0.0, 0.0, 0.3, 1.0])),
        min_match=draw(st.sampled_from([None, None, None, 0, 40, 75.5])),
        variants=draw(st.booleans()),
        colourways=draw(st.sampled_from([None, *Colourways])),
        rules=draw(st.booleans()),
        fallback=draw(st.booleans()),
    )


@st.composite
def rules(draw) -> list[Rule]:
    """A few rules of every kind, some for one seed or category, some out of date."""
    made = []
    for number in range(draw(st.integers(0, 5))):
        action = draw(st.sampled_from([*Action, Action.PIN]))
        values: dict[str, object] = {"rule_id": f"rule{number}", "action": action}
        by_product = action in (Action.PIN, Action.BLOCK)
        if action in (Action.BOOST, Action.BURY):
            values["amount"] = draw(st.sampled_from([0.05, 0.5]))
            by_product = draw(st.booleans())
        if by_product:
            values["product_id"] = draw(st.sampled_from(IDS))
        elif action not in (Action.SAME, Action.OFF):
            values["where"] = draw(filters().filter(bool))
        if action == Action.PIN:
            values["position"] = draw(st.integers(1, 5))
        if action == Action.OFF:
            values["page"] = draw(st.sampled_from([None, "product", "wishlist", "cart"]))
        if action == Action.SAME:
            values["field"] = draw(st.sampled_from(["category", "colour", "brand"]))
        scope = draw(st.sampled_from([{}, {}, {"category": "Tops"}, {"seed": IDS[0]}]))
        ended = draw(st.sampled_from([{}, {}, {"ends": "2020-01-01"}]))
        made.append(Rule.of(values | scope | ended))
    return made


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    opened = random_shop.open_random_shop(tmp_path_factory.mktemp("random"))
    opened.recommenders = [random_shop.recommender(opened, home) for home in opened.homes]
    yield opened
    opened.db.close()


@pytest.mark.parametrize("path", ["scan", "index"])
@given(seed=st.integers(0, 9), rows=st.integers(0, 1), request=requests(), book=rules())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_answer_is_the_exact_one_and_breaks_nothing(shop, path, seed, rows, request, book):
    if seed < 2:
        random_shop.fill(shop, seed)
    else:
        random_shop.change(shop, seed, share=0.01 * seed**2)
    shop.rules.put(book, replace=True)
    with random_shop.searching(path):
        check(shop, shop.recommenders[rows], request)


def check(shop: SimpleNamespace, recommender, request: Request) -> None:
    products = shop.catalogue.products(IDS)
    page = "product" if len(request.seeds) == 1 else "wishlist"
    in_force = {
        seed: [
            rule
            for rule in shop.rules.active(seed, products[seed].category)
            if rule.page in (None, page)
        ]
        for seed in request.seeds
    }
    world = World(
        products, recommender.live(), random_shop.calibration(), in_force if request.rules else {}
    )
    panel = recommender.answer(request)
    event(f"fallback {panel.fallback}")
    off = [any(rule.action == Action.OFF for rule in mine) for mine in in_force.values()]
    assert panel.switched_off == (request.rules and all(off))
    expected = slow_panel(world, request)
    if not expected and request.fallback:
        for dropped in drops(request.filter):
            relaxed = request.filter.without(dropped)
            if expected := slow_panel(world, request, relaxed):
                assert panel.fallback == Fallback.RELAXED_FILTER and panel.relaxed == dropped
                break
        else:
            assert panel.fallback == Fallback.NOTHING
    else:
        assert panel.fallback == (Fallback.NONE if expected else Fallback.NOTHING)
    found = [
        (r.product_id, r.seed, r.variants, tuple(one.product_id for one in r.also_in))
        for r in panel.results
    ]
    assert found == [(one.product_id, one.seed, one.variants, one.also_in) for one in expected]
    assert [one.product_id for one in panel.also_in] == slow_offers(world, request)
    assert [r.score for r in panel.results] == pytest.approx([e.score for e in expected], abs=2e-6)
    breaks_nothing(world, request, panel)


def drops(wanted: Filter) -> list[tuple[str, ...]]:
    """The fields dropped, one more each time, in the documented order."""
    order = ['attributes.größe "in"', "attributes.sleeve", "on_sale", "pattern", "brand", "colour"]
    order += ["price_from", "price_to", "availability", "category"]
    present = [name for name in order if name in wanted.as_json()]
    return [tuple(present[: n + 1]) for n in range(len(present))]


def breaks_nothing(world: World, request: Request, panel) -> None:
    """What holds of every result, whatever the ranking; a fallback names what it dropped."""
    seeds = [world.products[seed] for seed in request.seeds]
    wanted = request.filter.without(panel.relaxed)
    shown = [world.products[r.product_id] for r in panel.results]
    assert len({product.product_id for product in shown}) == len(shown) <= request.k
    for result, product in zip(panel.results, shown, strict=True):
        assert matches(product, wanted)
        assert not guarded(product, world.products[result.seed], seeds, request)
    if not request.lifts.near_duplicates:
        vectors = [world.vector(product.product_id) for product in shown]
        assert not any(a @ b >= NEAR_DUPLICATE for n, a in enumerate(vectors) for b in vectors[:n])
    if not request.variants:
        groups = [product.group_id for product in shown if product.group_id is not None]
        assert len(groups) == len(set(groups))
