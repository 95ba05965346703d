"""The rules in force, compared with a slow twin that checks each rule."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.rules.ruleset import RuleSet
from tests.catalog.rules.some_rules import CATEGORIES, DAY, PRODUCTS, books


def slowly(rules, seed, category, now):
    """By the definition, one rule after another."""
    found = []
    for rule in rules:
        started = rule.starts is None or now >= rule.starts
        ended = rule.ends is not None and now >= rule.ends
        if rule.seed is not None:
            rank = 0 if rule.seed == seed else None
        elif rule.category is not None:
            inside = category == rule.category or (category or "").startswith(rule.category + " > ")
            rank = 100 - len(rule.category.split(" > ")) if inside else None
        else:
            rank = 200
        if rank is not None and started and not ended:
            found.append((rank, rule.rule_id, rule))
    return tuple(rule for _, _, rule in sorted(found, key=lambda one: one[:2]))


@given(
    books,
    st.lists(
        st.tuples(
            st.sampled_from([*PRODUCTS, None]),
            st.sampled_from([*CATEGORIES, "Tops and more", "Other", None]),
            st.integers(-2, 14),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_active_rules_equal_the_slow_twin(rules, questions):
    book = RuleSet(rules)
    for seed, category, half_days in questions:
        now = DAY + timedelta(hours=12 * half_days)
        wanted = slowly(rules, seed, category, now)
        assert book.active(seed, category, now) == wanted
        parts = None if category is None else tuple(category.split(" > "))
        assert book.active(seed, parts, now) == wanted


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 3),
        datetime(2026, 11, 3, 2, tzinfo=timezone(timedelta(hours=2))),
    ],
)
@given(rules=books)
def test_a_moment_may_be_in_any_time_zone(rules, now):
    book = RuleSet(rules)
    assert book.active("p1", "Tops", now) == book.active("p1", "Tops", DAY + timedelta(days=2))
