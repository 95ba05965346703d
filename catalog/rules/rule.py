"""A merchandising rule: an action on the products of panels, its scope, and its time span.

How several rules combine is defined here, and implemented in
`engine.recommendation.rules.merchandising`:

- Rules are ordered from the narrowest scope to the widest: a seed, then a category (a deeper one
  before a wider one), then everywhere; within a scope by ``rule_id``.
- Products that a block, exclude, include or same rule, a guard or the request's filter removes
  stay removed: each of these takes precedence over a pin.
- A product must match at least one of the include rules in force, and all of the same rules.
- Of two pins of one product, the first in order counts. Of two pins at one position, the first in
  order takes it, and the other one the next free position.
- Where an off rule is in force for a seed, no product is shown for it, not even a pinned one.
- The amounts of several boosts and buries of one product add up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from catalog.errors import FilterError, RuleError
from catalog.filters.filter import Filter
from catalog.rules.values import amount_of, moment_of, moment_text, path_of, position_of, text_of
from catalog.vocabulary import category_path

SAME_FIELDS = ("brand", "category", "gender", "age_group", "colour", "pattern")
ATTRIBUTE = "attributes."


class Action(StrEnum):
    """What a rule does to products."""

    PIN = "pin"
    BLOCK = "block"
    BOOST = "boost"
    BURY = "bury"
    INCLUDE = "include"
    EXCLUDE = "exclude"
    SAME = "same"
    OFF = "off"


# The fields that an action takes: exactly one of each group, and none of the other `OPERANDS`.
REQUIRED: Mapping[Action, tuple[tuple[str, ...], ...]] = {
    Action.PIN: (("product_id",), ("position",)),
    Action.BLOCK: (("product_id",),),
    Action.BOOST: (("product_id", "where"), ("amount",)),
    Action.BURY: (("product_id", "where"), ("amount",)),
    Action.INCLUDE: (("where",),),
    Action.EXCLUDE: (("where",),),
    Action.SAME: (("field",),),
    Action.OFF: (),
}
OPERANDS = ("product_id", "where", "field", "position", "amount")
PAGED = frozenset({Action.OFF})  # actions that may be limited to a page
PAGES = ("product", "wishlist", "photo", "history", "cart")  # the shop's own; programs name others


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, validated. Times are converted to UTC (naive ones are UTC already).

    Attributes:
        rule_id: the shop's own name of the rule, unique.
        action: what it does.
        product_id: the product of a pin, block, boost or bury; it need not exist (yet).
        where: the products of an include or exclude, or of a boost or bury without a product.
        field: of a same rule, what results share with the seed: one of `SAME_FIELDS`, or
            ``attributes.NAME``.
        position: of a pin, from 1 to 1,000.
        amount: of a boost or bury, added to or subtracted from the score; above 0 and at most 2.
        category: limits the rule to seeds in this category path or below it.
        seed: limits the rule to this seed. Without both, it applies everywhere.
        starts: the moment from which on it is in force; None: always.
        ends: the moment from which on it is no longer in force; None: never.
        page: limits an off rule to the panels of a page, such as "wishlist"; see
            `engine.recommendation.request.Request.page`. None: those of all pages.

    Raises:
        RuleError: a field is missing, superfluous or out of range.
    """

    rule_id: str
    action: Action
    product_id: str | None = None
    where: Filter | None = None
    field: str | None = None
    position: int | None = None
    amount: float | None = None
    category: str | None = None
    seed: str | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    page: str | None = None

    def __post_init__(self) -> None:
        name = text_of(None, "rule_id", self.rule_id)
        if name is None:
            raise RuleError("missing", "rule_id", "A rule needs a rule_id, a name of your own.")
        checked = {
            "action": _action(name, self.action),
            "product_id": text_of(name, "product_id", self.product_id),
            "where": _where(name, self.where),
            "field": _same_field(name, self.field),
            "position": position_of(name, self.position),
            "amount": amount_of(name, self.amount),
            "category": path_of(name, self.category),
            "seed": text_of(name, "seed", self.seed),
            "page": text_of(name, "page", self.page),
            "starts": moment_of(name, "starts", self.starts),
            "ends": moment_of(name, "ends", self.ends),
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)
        _check_operands(self)
        if self.category and self.seed:
            raise RuleError(
                "bad-scope",
                "category",
                f"Rule {name!r}: a rule has a seed or a category, not both. Leave one out.",
            )
        if self.starts and self.ends and self.starts >= self.ends:
            raise RuleError(
                "bad-date",
                "ends",
                f"Rule {name!r}: it ends at {moment_text(self.ends)}, which must be after it "
                f"starts, {moment_text(self.starts)}.",
            )

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """A rule from JSON, CSV or command line values; None and "" count as absent.

        ``where`` is as for `Filter.of`; numbers and ISO 8601 times may be texts.

        Raises:
            RuleError: an unknown field, or as for the class.
        """
        given: dict[str, Any] = {
            key: value.strip() if isinstance(value, str) else value for key, value in values.items()
        }
        given = {key: value for key, value in given.items() if value not in (None, "")}
        unknown = next((key for key in given if key not in FIELDS), None)
        if unknown is not None:
            raise RuleError(
                "unknown-field",
                unknown,
                f"Rule {given.get('rule_id', '')!r}: there is no field {unknown!r}. "
                f"Fields are {', '.join(FIELDS)}.",
            )
        return cls(**({"rule_id": "", "action": ""} | given))  # __post_init__ checks the types

    def as_json(self) -> dict[str, object]:
        """The fields that are set, as JSON: ``Rule.of(rule.as_json()) == rule``."""
        return {name: value for name, value in self._json_fields() if value is not None}

    def _json_fields(self) -> Iterator[tuple[str, object]]:
        for name in FIELDS:
            value = getattr(self, name)
            if isinstance(value, Filter):
                value = value.as_json()
            elif isinstance(value, datetime):
                value = moment_text(value)
            yield name, str(value) if isinstance(value, Action) else value

    @property
    def order(self) -> tuple[int, int, str]:
        """A sort key: the narrowest scope first, then by name."""
        depth = len(category_path.split(self.category))
        return 0 if self.seed else 1 if self.category else 2, -depth, self.rule_id

    def in_force(self, now: datetime) -> bool:
        """Whether it is in force at a moment, which must have a time zone."""
        return (self.starts is None or self.starts <= now) and (
            self.ends is None or now < self.ends
        )


FIELDS = tuple(field.name for field in fields(Rule))


def _action(rule: str, value: object) -> Action:
    try:
        return Action(str(value))
    except ValueError:
        raise RuleError(
            "unknown-action",
            "action",
            f"Rule {rule!r}: there is no action {value!r}. Actions are {', '.join(Action)}.",
        ) from None


def _where(rule: str, value: object) -> Filter | None:
    if value is None:
        return None
    try:
        if not isinstance(value, Filter):
            if not isinstance(value, Mapping):
                raise FilterError("bad-type", 'it must be an object such as {"brand": "Ours"}.')
            value = Filter.of(value)
    except FilterError as error:
        raise RuleError(f"where-{error.code}", "where", f"Rule {rule!r}: where: {error}") from error
    return value


def _same_field(rule: str, value: object) -> str | None:
    field = text_of(rule, "field", value)
    free = field is not None and field.startswith(ATTRIBUTE) and len(field) > len(ATTRIBUTE)
    if field is None or free or field in SAME_FIELDS:
        return field
    raise RuleError(
        "unknown-field",
        "field",
        f"Rule {rule!r}: a same rule cannot compare {field!r}. "
        f"It can be {', '.join(SAME_FIELDS)} or {ATTRIBUTE}NAME.",
    )


def _check_operands(rule: Rule) -> None:
    """Checks that an action has its fields, and no others, which it would ignore."""
    given = {name for name in OPERANDS if getattr(rule, name) is not None}
    required = REQUIRED[rule.action]
    for group in required:
        present = len(given & set(group))
        if present != 1:
            raise RuleError(
                "superfluous" if present else "missing",
                group[0],
                f"Rule {rule.rule_id!r}: {rule.action} needs {' or '.join(group)}"
                f"{', not both' if present else ''}.",
            )
    for name in OPERANDS:
        if name in given and not any(name in group for group in required):
            raise RuleError(
                "superfluous",
                name,
                f"Rule {rule.rule_id!r}: {rule.action} takes no {name}. "
                f"It takes {', '.join(' or '.join(group) for group in required) or 'none'}.",
            )
    if rule.page is not None and rule.action not in PAGED:
        raise RuleError(
            "superfluous",
            "page",
            f"Rule {rule.rule_id!r}: {rule.action} cannot be limited to a page, only off can.",
        )
    if rule.where is not None and not rule.where.as_json():
        raise RuleError(
            "missing",
            "where",
            f"Rule {rule.rule_id!r}: where is empty and would match every product. "
            'Write a condition such as {"brand": "Ours"}.',
        )
