"""A merchandising rule as it applies to one seed of a request."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from catalog.errors import FilterError
from catalog.filters.filter import Filter
from catalog.records import Product
from catalog.rules.rule import ATTRIBUTE, Action, Rule
from catalog.vocabulary import category_path


class AppliedRule(NamedTuple):
    """A rule as it applies to one seed: to one row (-1: it has none) or to what matches."""

    rule: Rule
    row: int
    where: Filter | None


def names_categories(rules: Iterable[AppliedRule]) -> bool:
    """Whether an include rule names categories: the shop says itself what is shown."""
    return any(
        one.rule.action is Action.INCLUDE and one.where is not None and bool(one.where.category)
        for one in rules
    )


def apply(rule: Rule, seed: Product | None, row_of: Mapping[str, int]) -> AppliedRule | None:
    """The rule for one seed; None if it does not concern it."""
    if rule.action is Action.SAME:
        where = _same_as(seed, rule.field or "") if seed is not None else None
        return None if where is None else AppliedRule(rule, -1, where)
    if rule.where is not None:
        return AppliedRule(rule, -1, rule.where)
    return AppliedRule(rule, row_of.get(rule.product_id or "", -1), None)


def _same_as(seed: Product, field: str) -> Filter | None:
    """A filter on the seed's value of a field; None if it has none, or none to filter by."""
    if field.startswith(ATTRIBUTE):
        value = seed.attributes.get(field.removeprefix(ATTRIBUTE))
    elif field == "category":
        value = category_path.join(seed.category)
    else:
        value = getattr(seed, field)
    try:
        return Filter.of({field: value}) if value else None
    except FilterError:  # such as a value that is too long for a filter
        return None
