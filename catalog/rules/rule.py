"""What a rule of the shop is: one thing that its panels do, where, and from when to when.

How rules meet is decided once, here and in `engine.recommendation.merchandising`:

- The narrowest scope comes first: a seed, then a category (a deeper one before a wider one), then
  everywhere; within a scope, by ``rule_id``.
- What block, exclude, include, same, a guard or the request's filter keeps out stays out: each of
  them beats a pin.
- Of several include rules in force, matching one is enough; several same rules must all hold.
- Two pins of one product: the first in order counts. Two pins at one place: the first in order
  takes it, the other the next free one.
- Boosts and buries of one product add up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Self

from catalog.errors import FilterError, RuleError
from catalog.filters.filter import Filter
from catalog.rules.values import amount_of, moment_of, moment_text, path_of, position_of, text_of
from catalog.vocabulary import category_path

SAME_FIELDS = ("brand", "category", "gender", "age_group", "colour", "pattern")
ATTRIBUTE = "attributes."


class Action(StrEnum):
    """What a rule does."""

    PIN = "pin"
    BLOCK = "block"
    BOOST = "boost"
    BURY = "bury"
    INCLUDE = "include"
    EXCLUDE = "exclude"
    SAME = "same"


# What an action is done to and how: of each group it needs exactly one, and nothing else.
NEEDS: Mapping[Action, tuple[tuple[str, ...], ...]] = {
    Action.PIN: (("product_id",), ("position",)),
    Action.BLOCK: (("product_id",),),
    Action.BOOST: (("product_id", "where"), ("amount",)),
    Action.BURY: (("product_id", "where"), ("amount",)),
    Action.INCLUDE: (("where",),),
    Action.EXCLUDE: (("where",),),
    Action.SAME: (("field",),),
}
OPERANDS = ("product_id", "where", "field", "position", "amount")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, checked. Times become UTC (naive ones are taken for it), a category one path.

    Attributes:
        rule_id: the shop's own name for it, unique.
        action: what it does.
        product_id: pin, block, boost, bury: which product; it need not exist (yet).
        where: boost, bury (instead of a product), include, exclude: which products.
        field: same: what a result shares with the seed, of `SAME_FIELDS` or ``attributes.NAME``.
        position: pin: the place, from 1 to 1,000.
        amount: boost, bury: added to or taken from the score, above 0 and at most 2.
        category: scope: seeds in this category or below it ...
        seed: ... or this seed only; neither: everywhere.
        starts: in force from this moment on; None: always was.
        ends: in force until before this moment; None: for ever.

    Raises:
        RuleError: something is missing, superfluous or out of range.
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
                f"Rule {name!r}: it is for one seed or for a category, not for both. "
                "Leave one out.",
            )
        if self.starts and self.ends and self.starts >= self.ends:
            raise RuleError(
                "bad-date",
                "ends",
                f"Rule {name!r}: it ends at {moment_text(self.ends)}, which must be after its "
                f"start, {moment_text(self.starts)}.",
            )

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """From JSON, CSV or command line values; None and "" are not given.

        ``where`` is what `Filter.of` takes; numbers and ISO 8601 times may be texts.

        Raises:
            RuleError: an unknown field, or as for the class.
        """
        given = {
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
        return cls(**({"rule_id": "", "action": ""} | given))  # type: ignore[arg-type]  # __post_init__ checks

    def as_json(self) -> dict[str, object]:
        """What is given, in a form that `of` reads: ``Rule.of(rule.as_json()) == rule``."""
        return {name: value for name, value in self._said() if value is not None}

    def _said(self) -> Iterator[tuple[str, object]]:
        for name in FIELDS:
            value = getattr(self, name)
            if isinstance(value, Filter):
                value = value.as_json()
            elif isinstance(value, datetime):
                value = moment_text(value)
            yield name, str(value) if isinstance(value, Action) else value

    @property
    def scope(self) -> str:
        """``seed``, ``category`` or ``global``."""
        return "seed" if self.seed else "category" if self.category else "global"

    @property
    def order(self) -> tuple[int, int, str]:
        """Sorts rules by how narrow they are, the narrowest first, and then by name."""
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
        return Action(value)  # type: ignore[arg-type]  # what is none raises
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
        f"Rule {rule!r}: results cannot be held to the same {field!r}. "
        f"It can be {', '.join(SAME_FIELDS)} or {ATTRIBUTE}NAME.",
    )


def _check_operands(rule: Rule) -> None:
    """An action has what it needs, and nothing that it would ignore."""
    given = {name for name in OPERANDS if getattr(rule, name) is not None}
    needs = NEEDS[rule.action]
    for group in needs:
        here = len(given & set(group))
        if here != 1:
            raise RuleError(
                "superfluous" if here else "missing",
                group[0],
                f"Rule {rule.rule_id!r}: {rule.action} needs {' or '.join(group)}"
                f"{', not both' if here else ''}.",
            )
    for name in OPERANDS:
        if name in given and not any(name in group for group in needs):
            raise RuleError(
                "superfluous",
                name,
                f"Rule {rule.rule_id!r}: {rule.action} takes no {name}. "
                f"It takes {', '.join(' or '.join(group) for group in needs)}.",
            )
    if rule.where is not None and not rule.where.as_json():
        raise RuleError(
            "missing",
            "where",
            f"Rule {rule.rule_id!r}: where is empty and would mean every product. "
            'Say which, such as {"brand": "Ours"}.',
        )
