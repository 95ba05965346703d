"""The report compared with a slow twin by its definition, on random logs."""

import json
import random
from collections import Counter
from datetime import timedelta

import pytest

from catalog.events.event import DroppedCounts, EventKind
from catalog.events.intervals import Clusters, Rate, newcombe
from catalog.events.log import EventLog
from catalog.events.report import ANSWERED, VIEWED, compare_arms
from catalog.events.report_queries import DEFAULT_FACETS, NO_CATEGORY, build_report
from tests.catalog.events.event_rows import NOON, answer, event, put_products

SINCE, UNTIL = NOON, NOON + timedelta(days=7)
PRODUCTS = {
    f"p{number}": (
        ("Tops > T-shirts", "Dresses", None)[number % 3],
        "out_of_stock" if number % 7 == 0 else "in_stock",
        number % 11 == 0,
    )
    for number in range(40)
}
WORDS = ("none", "none", "none", "relaxed-filter", "best-sellers")


def draw(seed, kinds=tuple(EventKind)):
    """A random log: some answers out of time, some events of no answer or of another product."""
    dice = random.Random(seed)
    answers, events = [], []
    for number in range(150):
        at = SINCE + timedelta(hours=dice.uniform(-30, 24 * 7 + 30))
        shown = dice.sample(sorted(PRODUCTS), dice.choice((0, 1, 3, 6)))
        rules = {one: dice.choice(("pin-1", "boost-2")) for one in shown if dice.random() < 0.2}
        arm = dice.choice((None, "control", "new", "odd"))
        answers.append(
            answer(
                number, *shown, at=at, rules=rules,
                seeds=tuple(dice.sample(sorted(PRODUCTS), dice.choice((1, 1, 2)))),
                facets=dice.choice(("", "", "colour:2", "colour:2,shape:1")),
                fallback=dice.choice(WORDS) if shown else "nothing",
                visitor=None if arm is None else f"{dice.randrange(12):032x}",
                experiment=None if arm is None else dice.choice(("one", "two")),
                arm=arm,
            )
        )  # fmt: skip
        for _ in range(dice.choice((0, 0, 1, 4))):
            other = dice.choice((number, number, number, dice.randrange(400)))
            product = dice.choice([*shown, *shown, "p1"])
            events.append(event(dice.choice(kinds), other, product, at))
    return answers, events


class Twin:
    """The numbers of a report, counted one answer after the other."""

    def __init__(self, answers, events):
        self.answers = [one for one in answers if SINCE <= one.at < UNTIL]
        self.did = {(one.query_id, one.product_id, one.kind) for one in events}
        with_products = [one for one in self.answers if one.shown]
        viewed = any(self.any_of(one, EventKind.VIEW) for one in with_products)
        self.basis = VIEWED if viewed else ANSWERED
        self.panels = [
            one for one in with_products
            if not viewed or any(self.any_of(one, kind) for kind in EventKind)
        ]  # fmt: skip

    def any_of(self, answer, kind, among=None):
        shown = [one.product_id for one in answer.shown] if among is None else among
        return any((answer.query_id, product, kind) in self.did for product in shown)

    def clicked(self, panels):
        return Rate(sum(self.any_of(one, EventKind.CLICK) for one in panels), len(panels))

    def parts(self, key):
        """Groups of the panels that share a key, the largest first, then by name."""
        names = Counter(key(one) for one in self.panels)
        ranked = sorted(names, key=lambda name: (-names[name], name))
        return [
            (name, self.clicked([one for one in self.panels if key(one) == name]))
            for name in ranked
        ]

    def positions(self):
        places = sorted({shown.position for one in self.panels for shown in one.shown})
        found = []
        for place in places:
            there = [
                (one, shown.product_id)
                for one in self.panels for shown in one.shown if shown.position == place
            ]  # fmt: skip
            hits = sum(self.any_of(one, EventKind.CLICK, [product]) for one, product in there)
            found.append((str(place), Rate(hits, len(there))))
        return found

    def rules(self):
        found = []
        names = Counter(rule for one in self.panels for rule in one.rules)
        for name in sorted(names, key=lambda name: (-names[name], name)):
            acted = [one for one in self.panels if name in one.rules]
            own = [
                self.any_of(
                    one, EventKind.CLICK, [s.product_id for s in one.shown if s.rule == name]
                )
                for one in acted
            ]
            found.append((name, self.clicked(acted), Rate(sum(own), len(own))))
        return found

    def coverage(self):
        sellable = {
            product for product, (_, stock, retired) in PRODUCTS.items()
            if stock == "in_stock" and not retired
        }  # fmt: skip
        shown = {one.product_id for panel in self.panels for one in panel.shown}
        return Rate(len(shown & sellable), len(sellable))

    def arms(self, experiment):
        found = {}
        for arm in {one.arm for one in self.panels if one.experiment == experiment}:
            mine = [o for o in self.panels if (o.experiment, o.arm) == (experiment, arm)]
            by_visitor = [
                self.clicked([one for one in mine if one.visitor == visitor])
                for visitor in {one.visitor for one in mine}
            ]
            found[arm] = Clusters(
                visitors=len(by_visitor),
                n=sum(rate.of for rate in by_visitor),
                x=sum(rate.hits for rate in by_visitor),
                nn=sum(rate.of**2 for rate in by_visitor),
                xn=sum(rate.of * rate.hits for rate in by_visitor),
                xx=sum(rate.hits**2 for rate in by_visitor),
            )
        return found


def category(answer):
    paths = {PRODUCTS[seed][0] for seed in answer.seeds}
    return (paths.pop() if len(paths) == 1 else None) or NO_CATEGORY


CASES = [(seed, tuple(EventKind)) for seed in range(6)] + [(9, (EventKind.CLICK,))]


@pytest.mark.parametrize(("seed", "kinds"), CASES)
def test_a_report_equals_its_slow_twin(db, seed, kinds):
    put_products(db, [(product, *facts) for product, facts in PRODUCTS.items()])
    answers, events = draw(seed, kinds)
    EventLog(db).write([*answers, *events, *events[:50], *answers[:20]])
    EventLog(db).write(
        [DroppedCounts(SINCE, 2, 3), DroppedCounts(UNTIL, 5, 7), DroppedCounts(NOON, 10, 20)]
    )
    found, twin = build_report(db, SINCE, UNTIL), Twin(answers, events)
    known = {one.query_id for one in twin.answers}
    assert found.basis == twin.basis == (VIEWED if EventKind.VIEW in kinds else ANSWERED)
    assert found.answers == len(twin.answers)
    assert found.empty == sum(not one.shown for one in twin.answers)
    assert found.clicks == twin.clicked(twin.panels)
    assert found.fallback == Rate(
        sum(one.fallback != "none" for one in twin.answers), len(twin.answers)
    )
    assert found.fallbacks == Counter(one.fallback for one in twin.answers)
    assert found.coverage == twin.coverage()
    assert [(one.name, one.clicks) for one in found.positions] == twin.positions()
    assert [(one.name, one.clicks, one.own) for one in found.rules] == twin.rules()
    facets = twin.parts(lambda one: one.facets or DEFAULT_FACETS)
    assert [(one.name, one.clicks) for one in found.facets] == facets
    assert [(one.name, one.clicks) for one in found.categories] == twin.parts(category)
    assert found.events == {
        kind.value: sum(query in known and did == kind for query, _, did in twin.did)
        for kind in EventKind
    }
    assert [one.name for one in found.experiments] == ["one", "two"]
    for experiment in found.experiments:
        assert experiment == compare_arms(experiment.name, twin.arms(experiment.name))
    assert (found.lost_answers, found.lost_events) == (12, 23)
    assert found.clicks.hits, "a log without clicks would show nothing"


def test_an_empty_log_has_a_report_too(db):
    found = build_report(db, SINCE, UNTIL)
    assert (found.answers, found.clicks, found.coverage) == (0, Rate(0, 0), Rate(0, 0))
    decoded = json.loads(json.dumps(found.as_json()))
    assert decoded["click_rate"] == {"hits": 0, "of": 0, "share": None, "low": 0, "high": 1}


def test_a_click_on_a_product_that_was_not_shown_does_not_count(db):
    log = EventLog(db)
    log.write([answer(1, "a"), event("view", 1, "a"), event("click", 1, "other")])
    found = build_report(db, SINCE, UNTIL)
    assert found.clicks == Rate(0, 1)
    assert found.positions[0].clicks == Rate(0, 1)


def test_a_rule_that_places_no_product_has_no_own_rate(db):
    log = EventLog(db)
    log.write([answer(1, "a", rules={}, fallback="none"), event("click", 1, "a")])
    log.write([answer(2, "a"), event("view", 2, "a")])
    given = answer(3, "a")
    log.write([type(given)(**{**fields(given), "rules": ("block-1",)}), event("click", 3, "a")])
    (group,) = build_report(db, SINCE, UNTIL).rules
    assert (group.name, group.clicks, group.own) == ("block-1", Rate(1, 1), None)


def fields(one):
    return {name: getattr(one, name) for name in type(one).__dataclass_fields__}


def test_arms_are_compared_with_control_or_the_first():
    def sums(visitors, hits):
        return Clusters(visitors, visitors, hits, visitors, hits, hits)

    arms = {"a": sums(50, 20), "control": sums(60, 10), "z": sums(10, 0)}
    experiment = compare_arms("x", arms)
    assert [arm.name for arm in experiment.arms] == ["control", "a", "z"]
    assert experiment.arms[0].difference is None
    assert experiment.arms[1].difference == pytest.approx(20 / 50 - 10 / 60)
    assert experiment.arms[1].interval == newcombe(arms["a"], arms["control"])
    del arms["control"]
    assert [arm.name for arm in compare_arms("x", arms).arms] == ["a", "z"]
