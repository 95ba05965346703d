"""What merchandising rules do to a search: which rows they exclude, boost, bury and pin.

How rules combine is written in `catalog.rules.rule`. Nothing is read from the database here.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

import numpy as np

from catalog.filters.filter import Filter
from catalog.records import Product
from catalog.rules.rule import Action, Rule
from engine.arrays import Bool, Float64, Int64
from engine.recommendation.rules.applied_rule import AppliedRule, apply, names_categories
from engine.recommendation.rules.pins import Pin
from engine.search.row_values import NO_ROWS, AllBonuses, AllRows, Bonus, RowValues

RESTRICTING = frozenset({Action.BLOCK, Action.EXCLUDE, Action.INCLUDE, Action.SAME, Action.OFF})
SIGN = {Action.BOOST: 1.0, Action.BURY: -1.0}


class FilterMatches(Protocol):
    """Tells what matches filters, such as `engine.search.catalogue_facts.FactsSnapshot`."""

    def matching(self, wanted: Filter, rows: Int64, /) -> Bool:
        """``(n,)`` bool: which of some rows match."""
        ...

    def rows(self, wanted: Filter, /) -> Int64:
        """The rows that match, ascending."""
        ...


@dataclass(frozen=True)
class RuleEffects:
    """What rules do to one search; by default, nothing.

    Attributes:
        kept: ``(S, n)`` bool, the rows that the rules leave in; None: all of them.
        bonus: what is added to cosines; None: nothing.
        pins: rows with a position, by the order of their rules.
        own_categories: ``(S,)`` bool, the seeds for which an include rule names categories: the
            shop says itself what is shown, so their results may be of another kind, and unlike.
            None: there are none.
    """

    kept: RowValues[np.bool_] | None = None
    bonus: Bonus | None = None
    pins: tuple[Pin, ...] = ()
    own_categories: Bool | None = None


NO_EFFECTS = RuleEffects()


@dataclass(frozen=True)
class Merchandising:
    """The rules of one request, applied to the rows of a generation.

    Attributes:
        applied: for each of the S seeds (or the one photo), the rules in force, in order.
        size: N, the rows of the generation.
        matches: tells what matches the rules' filters.
    """

    applied: tuple[tuple[AppliedRule, ...], ...]
    size: int
    matches: FilterMatches

    @classmethod
    def of(
        cls,
        rules: Sequence[Sequence[Rule]],
        seeds: Sequence[Product | None],
        row_of: Mapping[str, int],
        size: int,
        matches: FilterMatches,
    ) -> Self:
        """Apply rules to rows.

        Args:
            rules: for each of S seeds, those in force, in the order of
                `catalog.rules.book.RuleBook.active`.
            seeds: S products, None for a photo.
            row_of: product id -> row; rules on a product without a row have no effect.
            size: N, the rows of the generation.
            matches: tells what matches the rules' filters.
        """
        applied = []
        for in_force, seed in zip(rules, seeds, strict=True):
            each = (apply(rule, seed, row_of) for rule in in_force)
            applied.append(tuple(one for one in each if one is not None))
        return cls(tuple(applied), size, matches)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule that applies to some seed, the narrowest scope first."""
        found = {one.rule.rule_id: one.rule for rules in self.applied for one in rules}
        return tuple(sorted(found.values(), key=lambda rule: rule.order))

    def effects(self, *, all_rows: bool) -> RuleEffects:
        """What the rules do to a search.

        Args:
            all_rows: compute them for all rows now, not for some as they are needed.
        """
        kept: RowValues[np.bool_] | None = None
        bonus: Bonus | None = None
        every_row = np.arange(self.size)
        if self.restricts:
            kept = AllRows(self.kept(every_row)) if all_rows else KeptMask(self)
        if self.moves:
            bonus = AllBonuses(self.bonus(every_row)) if all_rows else RuleBonus(self)
        named = np.array([names_categories(rules) for rules in self.applied], dtype=bool)
        return RuleEffects(kept, bonus, self.pins, named if named.any() else None)

    def kept(self, rows: Int64) -> Bool:
        """``(S, n)`` bool: which of rows ``(n,)`` the rules leave in for which seed."""
        kept = np.ones((len(self.applied), len(rows)), dtype=bool)
        for first, seeds in self._seeds_by_rules(RESTRICTING):
            for _, excluded in self._exclusions(self.applied[first], rows):
                kept[first] &= ~excluded
            kept[seeds] = kept[first]
        return kept

    @cached_property
    def off(self) -> tuple[str, ...]:
        """The off rules, if they are in force for every seed, so that the panel is switched off."""
        found = [
            [one.rule.rule_id for one in rules if one.rule.action is Action.OFF]
            for rules in self.applied
        ]
        return self.in_order(one for each in found for one in each) if all(found) else ()

    @cached_property
    def restricts(self) -> bool:
        """Whether any rule excludes rows; if not, `kept` is all True."""
        return any(one.rule.action in RESTRICTING for rules in self.applied for one in rules)

    @cached_property
    def moves(self) -> bool:
        """Whether any rule boosts or buries; if not, `bonus` is all 0."""
        return any(one.rule.action in SIGN for rules in self.applied for one in rules)

    def bonus(self, rows: Int64) -> Float64:
        """``(S, n)`` float64: what is added to the cosines of rows ``(n,)`` with the seeds."""
        added = np.zeros((len(self.applied), len(rows)))
        for first, seeds in self._seeds_by_rules(SIGN):
            for one in self.applied[first]:
                if one.rule.action in SIGN:
                    amount = SIGN[one.rule.action] * (one.rule.amount or 0)
                    np.add(added[first], amount, out=added[first], where=self._touched(one, rows))
            added[seeds] = added[first]
        return added

    @cached_property
    def raised(self) -> Int64:
        """The rows with a bonus above 0 for some seed, ascending."""
        boosts = {
            (one.row, one.where)
            for rules in self.applied
            for one in rules
            if one.rule.action is Action.BOOST
        }
        found = [
            np.array([row] if row >= 0 else [], dtype=np.int64)
            if where is None
            else self.matches.rows(where)
            for row, where in boosts
        ]
        rows = np.unique(np.concatenate([NO_ROWS, *found]))
        return rows[(self.bonus(rows) > 0).any(axis=0)]

    @cached_property
    def pins(self) -> tuple[Pin, ...]:
        """Rows with a position, by the order of their rules; of several pins of a row the first."""
        rows = {
            one.rule.rule_id: one.row
            for rules in self.applied
            for one in rules
            if one.rule.action is Action.PIN and one.row >= 0
        }
        pins: dict[int, Pin] = {}
        for rule in self.rules:
            if rule.rule_id in rows and rule.position is not None:
                row = rows[rule.rule_id]
                pins.setdefault(row, Pin(rule.position, row, rule.rule_id))
        return tuple(pins.values())

    def moved_by(self, row: int, seed: int) -> tuple[str, ...]:
        """The rules that boost or bury a row for the seed with this number, in order."""
        rows = np.array([row])
        return tuple(
            one.rule.rule_id
            for one in self.applied[seed]
            if one.rule.action in SIGN and self._touched(one, rows)[0]
        )

    def excluded_by(self, rows: Int64, missing: Bool) -> set[str]:
        """The rules that exclude any of some rows that are missing from a panel.

        Args:
            rows: ``(n,)``.
            missing: ``(S, n)`` bool: for which seed a row is missing.
        """
        found: set[str] = set()
        for seed, rules in enumerate(self.applied):
            if missing[seed].any():
                for ids, excluded in self._exclusions(rules, rows[missing[seed]]):
                    if excluded.any():
                        found.update(ids)
        return found

    def in_order(self, rule_ids: Iterable[str]) -> tuple[str, ...]:
        """Rule ids once each, the narrowest scope first."""
        wanted = set(rule_ids)
        return tuple(rule.rule_id for rule in self.rules if rule.rule_id in wanted)

    def _seeds_by_rules(self, actions: Container[Action]) -> list[tuple[int, list[int]]]:
        """Seeds to which the same rules of some kinds apply: the first of them, and all."""
        found: dict[tuple[object, ...], list[int]] = {}
        for seed, rules in enumerate(self.applied):
            some = (one for one in rules if one.rule.action in actions)
            key = tuple((one.rule.rule_id, one.row, one.where) for one in some)
            found.setdefault(key, []).append(seed)
        return [(seeds[0], seeds) for seeds in found.values()]

    def _exclusions(
        self, rules: Sequence[AppliedRule], rows: Int64
    ) -> Iterable[tuple[tuple[str, ...], Bool]]:
        """Rule ids, and ``(n,)`` bool: the rows they exclude.

        Includes exclude together, because matching one of them is enough.
        """
        includes = []
        included = np.zeros(len(rows), dtype=bool)
        for one in rules:
            match one.rule.action:
                case Action.BLOCK | Action.EXCLUDE:
                    yield (one.rule.rule_id,), self._touched(one, rows)
                case Action.SAME:
                    yield (one.rule.rule_id,), ~self._touched(one, rows)
                case Action.OFF:
                    yield (one.rule.rule_id,), np.ones(len(rows), dtype=bool)
                case Action.INCLUDE:
                    includes.append(one.rule.rule_id)
                    included |= self._touched(one, rows)
        if includes:
            yield tuple(includes), ~included

    def _touched(self, one: AppliedRule, rows: Int64) -> Bool:
        """``(n,)`` bool: which rows are the rule's product, or match its filter."""
        if one.where is None:
            return np.asarray(rows == one.row)
        return self.matches.matching(one.where, rows)


@dataclass(frozen=True)
class KeptMask:
    """`Merchandising.kept`, computed for the rows taken."""

    rules: Merchandising

    def take(self, rows: Int64) -> Bool:
        """See `engine.search.row_values.RowValues`."""
        return self.rules.kept(rows)


@dataclass(frozen=True)
class RuleBonus:
    """`Merchandising.bonus`, computed for the rows taken."""

    rules: Merchandising

    def take(self, rows: Int64) -> Float64:
        """See `engine.search.row_values.RowValues`."""
        return self.rules.bonus(rows)

    @property
    def raised(self) -> Int64:
        """See `engine.search.row_values.Bonus`."""
        return self.rules.raised
