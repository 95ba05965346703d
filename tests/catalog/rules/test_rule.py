"""A rule is validated when it is created, and its errors explain what is wrong."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given

from catalog.errors import RuleError
from catalog.filters.filter import Filter
from catalog.rules.rule import Action, Rule
from tests.catalog.rules.some_rules import rules

PIN = {"rule_id": "r", "action": "pin", "product_id": "p", "position": 1}
BOOST = {"rule_id": "r", "action": "boost", "where": {"brand": "Ours"}, "amount": 0.1}


@given(rules())
def test_a_rule_survives_json(rule):
    assert Rule.of(rule.as_json()) == rule


def test_texts_are_parsed():
    rule = Rule.of(PIN | {"position": " 3 ", "starts": "2026-11-27", "ends": "", "seed": None})
    assert rule == Rule("r", Action.PIN, "p", position=3, starts=datetime(2026, 11, 27, tzinfo=UTC))
    assert Rule.of(BOOST | {"amount": "5e-2"}).amount == 0.05
    assert Rule.of(BOOST | {"category": " Tops>T-shirts > "}).category == "Tops > T-shirts"
    assert Rule.of(BOOST | {"where": {"price_from": 5}}).where == Filter(price_from=Decimal(5))


@pytest.mark.parametrize(
    "start",
    [
        "2026-11-27T18:00:00Z",
        "2026-11-27T18:00:00",
        "2026-11-27 19:00+01:00",
        datetime(2026, 11, 27, 18),
        datetime(2026, 11, 27, 13, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_every_time_becomes_utc(start):
    rule = Rule.of(PIN | {"starts": start})
    assert rule.starts == datetime(2026, 11, 27, 18, tzinfo=UTC)
    assert rule.starts.utcoffset() == timedelta(0)
    assert rule.as_json()["starts"] == "2026-11-27T18:00:00Z"


@pytest.mark.parametrize(
    ("changes", "code", "field", "message"),
    [
        ({"rule_id": ""}, "missing", "rule_id", "name of your own"),
        ({"rule_id": "a\nb"}, "bad-text", "rule_id", "one line"),
        ({"rule_id": "x" * 201}, "bad-text", "rule_id", "200"),
        ({"action": "promote"}, "unknown-action", "action", "pin, block, boost"),
        ({"action": None}, "unknown-action", "action", "pin, block, boost"),
        ({"product": "p"}, "unknown-field", "product", "Fields are rule_id"),
        ({"product_id": 7}, "bad-type", "product_id", "7 is not text"),
        ({"product_id": ""}, "missing", "product_id", "pin needs product_id"),
        ({"position": None}, "missing", "position", "pin needs position"),
        ({"position": 0}, "bad-position", "position", "from 1 to 1,000"),
        ({"position": 1001}, "bad-position", "position", "from 1 to 1,000"),
        ({"position": 1.5}, "bad-position", "position", "whole number"),
        ({"position": True}, "bad-position", "position", "True"),
        ({"position": "first"}, "bad-position", "position", "'first'"),
        ({"position": "²"}, "bad-position", "position", "'²'"),
        ({"amount": 0.1}, "superfluous", "amount", "pin takes no amount"),
        ({"where": {"brand": "Ours"}}, "superfluous", "where", "pin takes no where"),
        ({"starts": "soon"}, "bad-date", "starts", "2026-11-27T18:00:00Z"),
        ({"starts": "2026-02-30"}, "bad-date", "starts", "'2026-02-30'"),
        ({"starts": 20261127}, "bad-date", "starts", "not a date"),
        ({"ends": "0001-01-01T00:00:00+02:00"}, "bad-date", "ends", "not a date"),
        ({"starts": "2026-11-27", "ends": "2026-11-27"}, "bad-date", "ends", "after it starts"),
        ({"seed": "s", "category": "Tops"}, "bad-scope", "category", "not both"),
        ({"category": ">"}, "bad-text", "category", "is empty"),
    ],
)
def test_an_invalid_pin(changes, code, field, message):
    with pytest.raises(RuleError) as caught:
        Rule.of(PIN | changes)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "code", "field", "message"),
    [
        ({"amount": None}, "missing", "amount", "boost needs amount"),
        ({"amount": 0}, "bad-amount", "amount", "above 0"),
        ({"amount": -0.1}, "bad-amount", "amount", "above 0"),
        ({"amount": 2.01}, "bad-amount", "amount", "at most 2"),
        ({"amount": "nan"}, "bad-amount", "amount", "'nan'"),
        ({"amount": 10**400}, "bad-amount", "amount", "at most 2"),
        ({"amount": "much"}, "bad-amount", "amount", "'much'"),
        ({"amount": True}, "bad-amount", "amount", "True"),
        ({"product_id": "p"}, "superfluous", "product_id", "product_id or where, not both"),
        ({"where": None}, "missing", "product_id", "needs product_id or where."),
        ({"where": {}}, "missing", "where", "every product"),
        ({"where": []}, "where-bad-type", "where", "object"),
        ({"where": {"bland": "x"}}, "where-unknown-field", "where", "'bland'"),
        ({"where": {"price_from": 2, "price_to": 1}}, "where-bad-range", "where", "price_from"),
        ({"action": "include"}, "superfluous", "amount", "include takes no amount"),
        ({"action": "block"}, "missing", "product_id", "block needs product_id"),
    ],
)
def test_an_invalid_boost(changes, code, field, message):
    with pytest.raises(RuleError) as caught:
        Rule.of(BOOST | changes)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert message in str(caught.value)


def test_the_fields_of_a_same_rule():
    assert Rule("r", Action.SAME, field="attributes.sleeve").field == "attributes.sleeve"
    for field in ("price", "attributes.", "availability", "sleeve"):
        with pytest.raises(RuleError, match="brand, category"):
            Rule("r", Action.SAME, field=field)


def test_in_force_from_its_start_until_before_its_end():
    rule = Rule.of(PIN | {"starts": "2026-11-27", "ends": "2026-11-28"})
    moment = datetime(2026, 11, 27, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    shown = [rule.in_force(moment + after) for after in (-tick, 0 * tick, timedelta(1) - tick)]
    assert shown == [False, True, True] and not rule.in_force(moment + timedelta(1))


def test_the_narrowest_scope_comes_first():
    scopes = [
        {"seed": "s"},
        {"category": "Tops > T-shirts > Long"},
        {"category": "Tops > T-shirts"},
        {"category": "Tops"},
        {},
    ]
    listed = [Rule.of(PIN | scope | {"rule_id": name}) for scope in scopes for name in "ab"]
    assert sorted(reversed(listed), key=lambda rule: rule.order) == listed


def test_only_an_off_rule_is_limited_to_a_page_and_it_takes_nothing_else():
    assert Rule("r", Action.OFF).page is None
    assert Rule("r", Action.OFF, page="wishlist", category="Tops").page == "wishlist"
    for values in ({"product_id": "p"}, {"field": "brand"}, {"amount": 1}):
        with pytest.raises(RuleError, match="off takes no"):
            Rule("r", Action.OFF, **values)
    with pytest.raises(RuleError, match="block cannot be limited to a page"):
        Rule("r", Action.BLOCK, product_id="p", page="wishlist")
