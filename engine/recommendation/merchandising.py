"""What the shop's rules do to a panel: which rows they keep out, raise, lower and pin.

Pure: it is told which rows match a filter, and reads nothing. How rules meet is written in
`catalog.rules.rule`. Use, for S seeds (or one photo) and a generation of N rows:

    shop = Merchandising.of(rules, seeds, generation.row_of, N, passes)
    fits = allowed(rows) & shop.keeps(rows)                  # (S, n); pins need it, too
    Question(..., bonus=shop.bonus, boosted=shop.boosted)    # if shop.bonuses
    line = place(ranked, slots(pins that fit), k)            # ranked holds none of the pinned
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self, TypeVar

import numpy as np

from catalog.errors import FilterError
from catalog.filters.filter import Filter
from catalog.records import Product
from catalog.rules.rule import ATTRIBUTE, Action, Rule
from catalog.vocabulary import category_path

T = TypeVar("T")
Rows = np.ndarray
# Takes a filter and (n,) rows, returns (n,) bool: which of them match it now.
Passes = Callable[[Filter, Rows], np.ndarray]


class Pin(NamedTuple):
    """A row that has a place; ``position`` counts from 1."""

    position: int
    row: int
    rule_id: str


class _Act(NamedTuple):
    """A rule as it applies to one seed: to one row (-1: it has none) or to what matches."""

    rule: Rule
    row: int
    where: Filter | None


@dataclass(frozen=True)
class Merchandising:
    """The rules of one request. Rows are those of the generation, seeds are its queries.

    Attributes:
        acts: of each of the S queries, the rules that hold for it, in order.
        size: N.
        passes: which rows match a filter.
    """

    acts: tuple[tuple[_Act, ...], ...]
    size: int
    passes: Passes

    @classmethod
    def of(
        cls,
        rules: Sequence[Sequence[Rule]],
        seeds: Sequence[Product | None],
        row_of: Mapping[str, int],
        size: int,
        passes: Passes,
    ) -> Self:
        """Bring rules to rows.

        Args:
            rules: of each of S seeds, those in force, as `catalog.rules.book.RuleBook` gives them.
            seeds: S products, None for a photo.
            row_of: product id -> row; a product without a row is left alone.
            size: N, the rows of the generation.
            passes: which rows match a filter now; it should remember.
        """
        acts = []
        for mine, seed in zip(rules, seeds, strict=True):
            applied = (_apply(rule, seed, row_of) for rule in mine)
            acts.append(tuple(act for act in applied if act is not None))
        return cls(tuple(acts), size, passes)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule that holds for some seed, the narrowest scope first."""
        found = {act.rule.rule_id: act.rule for mine in self.acts for act in mine}
        return tuple(sorted(found.values(), key=lambda rule: rule.order))

    def keeps(self, rows: Rows) -> np.ndarray:
        """``(S, n)`` bool: which of ``(n,)`` rows the rules leave in for which seed."""
        fits = np.ones((len(self.acts), len(rows)), dtype=bool)
        for first, queries in self._alike(NARROWING):
            for _, out in self._keep_out(self.acts[first], rows):
                fits[first] &= ~out
            fits[queries] = fits[first]
        return fits

    @cached_property
    def narrows(self) -> bool:
        """Whether any rule keeps rows out; if not, `keeps` is all True."""
        return any(act.rule.action in NARROWING for mine in self.acts for act in mine)

    @cached_property
    def bonuses(self) -> bool:
        """Whether any rule boosts or buries; if not, `bonus` is all 0."""
        return any(act.rule.action in SIGN for mine in self.acts for act in mine)

    def bonus(self, rows: Rows) -> np.ndarray:
        """``(S, n)`` float64: what is added to the cosines of ``(n,)`` rows with the seeds."""
        added = np.zeros((len(self.acts), len(rows)))
        for first, queries in self._alike(SIGN):
            for act in self.acts[first]:
                if act.rule.action in SIGN:
                    amount = SIGN[act.rule.action] * (act.rule.amount or 0)
                    np.add(added[first], amount, out=added[first], where=self._touches(act, rows))
            added[queries] = added[first]
        return added

    @cached_property
    def boosted(self) -> Rows:
        """The rows with a bonus above 0 for some seed, ascending."""
        if not any(act.rule.action is Action.BOOST for mine in self.acts for act in mine):
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero((self.bonus(np.arange(self.size)) > 0).any(axis=0))

    @cached_property
    def pins(self) -> tuple[Pin, ...]:
        """Rows with a place, the first in order first; of several pins of a row the first."""
        rows = {
            act.rule.rule_id: act.row
            for mine in self.acts
            for act in mine
            if act.rule.action is Action.PIN and act.row >= 0
        }
        pins: dict[int, Pin] = {}
        for rule in self.rules:
            if rule.rule_id in rows and rule.position is not None:
                row = rows[rule.rule_id]
                pins.setdefault(row, Pin(rule.position, row, rule.rule_id))
        return tuple(pins.values())

    def moved_by(self, row: int, query: int) -> tuple[str, ...]:
        """The rules that boost or bury a row for a seed, in order."""
        one = np.array([row])
        return tuple(
            act.rule.rule_id
            for act in self.acts[query]
            if act.rule.action in SIGN and self._touches(act, one)[0]
        )

    def blamed(self, rows: Rows, missed: np.ndarray) -> set[str]:
        """The rules that keep out some of the rows that are missed.

        Args:
            rows: ``(n,)``.
            missed: ``(S, n)`` bool; where `keeps` is True anyway, nobody is blamed.
        """
        found: set[str] = set()
        for query, mine in enumerate(self.acts):
            if missed[query].any():
                for ids, out in self._keep_out(mine, rows[missed[query]]):
                    if out.any():
                        found.update(ids)
        return found

    def in_order(self, rule_ids: Iterable[str]) -> tuple[str, ...]:
        """Rule ids once each, the narrowest scope first."""
        wanted = set(rule_ids)
        return tuple(rule.rule_id for rule in self.rules if rule.rule_id in wanted)

    def _alike(self, actions: Container[Action]) -> list[tuple[int, list[int]]]:
        """The queries that the same rules of some kinds hold for: the first of them, and all."""
        found: dict[tuple[object, ...], list[int]] = {}
        for query, mine in enumerate(self.acts):
            some = (act for act in mine if act.rule.action in actions)
            key = tuple((act.rule.rule_id, act.row, act.where) for act in some)
            found.setdefault(key, []).append(query)
        return [(queries[0], queries) for queries in found.values()]

    def _keep_out(
        self, mine: Sequence[_Act], rows: Rows
    ) -> Iterable[tuple[tuple[str, ...], np.ndarray]]:
        """Which rows each rule keeps out; includes do so together, because one match is enough."""
        includes = []
        included = np.zeros(len(rows), dtype=bool)
        for act in mine:
            match act.rule.action:
                case Action.BLOCK | Action.EXCLUDE:
                    yield (act.rule.rule_id,), self._touches(act, rows)
                case Action.SAME:
                    yield (act.rule.rule_id,), ~self._touches(act, rows)
                case Action.INCLUDE:
                    includes.append(act.rule.rule_id)
                    included |= self._touches(act, rows)
        if includes:
            yield tuple(includes), ~included

    def _touches(self, act: _Act, rows: Rows) -> np.ndarray:
        return rows == act.row if act.where is None else self.passes(act.where, rows)


NARROWING = frozenset({Action.BLOCK, Action.EXCLUDE, Action.INCLUDE, Action.SAME})
SIGN = {Action.BOOST: 1.0, Action.BURY: -1.0}


def slots(pins: Iterable[Pin]) -> dict[int, Pin]:
    """Place -> pin, ascending. Of two at one place the later goes to the next without a pin.

    Args:
        pins: those that may be shown, in the order of `Merchandising.pins`.
    """
    taken: dict[int, Pin] = {}
    late = [pin for pin in pins if taken.setdefault(pin.position, pin) is not pin]
    for pin in late:
        place = pin.position
        while place in taken:
            place += 1
        taken[place] = pin
    return dict(sorted(taken.items()))


def place(ranked: Sequence[T], pinned: Mapping[int, T], k: int) -> list[T]:
    """Up to ``k`` things, the pinned ones at their places and the others in theirs around them.

    Args:
        ranked: best first, none of the pinned among them.
        pinned: place from 1 -> thing; one behind the end of the others comes right after them.
        k: how many are wanted.
    """
    line: list[T] = []
    others = iter(ranked)
    waiting = dict(sorted(pinned.items()))
    while len(line) < k:
        here = len(line) + 1
        if here in waiting:
            line.append(waiting.pop(here))
            continue
        try:
            line.append(next(others))
        except StopIteration:
            line += waiting.values()
            break
    return line[:k]


def _apply(rule: Rule, seed: Product | None, row_of: Mapping[str, int]) -> _Act | None:
    """The rule for one seed; None if it says nothing about it."""
    if rule.action is Action.SAME:
        where = _same_as(seed, rule.field or "") if seed is not None else None
        return None if where is None else _Act(rule, -1, where)
    if rule.where is not None:
        return _Act(rule, -1, rule.where)
    return _Act(rule, row_of.get(rule.product_id or "", -1), None)


def _same_as(seed: Product, field: str) -> Filter | None:
    """What has the seed's value of a field; None if it has none, or none to filter by."""
    if field.startswith(ATTRIBUTE):
        value = seed.attributes.get(field.removeprefix(ATTRIBUTE))
    elif field == "category":
        value = category_path.join(seed.category)
    else:
        value = getattr(seed, field)
    try:
        return Filter.of({field: value}) if value else None
    except FilterError:  # a value too long, say, which no filter takes
        return None
