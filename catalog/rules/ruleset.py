"""An immutable set of all rules, which finds those in force for a seed at a moment."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from catalog.rules.rule import Rule
from catalog.utc import in_utc
from catalog.vocabulary import category_path

MAX_CACHED_PERIODS = 8  # mostly one is requested: the current one


class _Period(NamedTuple):
    """The rules in force between two moments at which one starts or ends; by scope, in order."""

    seeds: dict[str, tuple[Rule, ...]]
    categories: dict[str, tuple[Rule, ...]]
    everywhere: tuple[Rule, ...]


class RuleSet:
    """Immutable rules; safe to share between threads.

    Args:
        rules: in any order, with unique names.
        problems: messages about stored rules that this version cannot read.
    """

    def __init__(self, rules: Iterable[Rule] = (), problems: Sequence[str] = ()) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.order))
        self.problems = tuple(problems)
        moments = {moment for rule in self.rules for moment in (rule.starts, rule.ends)}
        self._moments = sorted(moment for moment in moments if moment is not None)
        self._periods: dict[int, _Period] = {}

    def active(
        self, seed: str | None, category: str | Sequence[str] | None, now: datetime
    ) -> tuple[Rule, ...]:
        """The rules in force for one seed, the narrowest scope first; see `catalog.rules.rule`.

        Args:
            seed: its id; None for a photo, to which only rules without a scope apply.
            category: its path, as text or as names.
            now: the moment; UTC if it is naive.
        """
        period = self._at(in_utc(now))
        found: list[Rule] = list(period.seeds.get(seed, ())) if seed is not None else []
        if period.categories and category:
            path = category if isinstance(category, str) else category_path.join(category)
            for level in reversed(category_path.levels(path)):
                found += period.categories.get(level, ())
        return (*found, *period.everywhere)

    def period(self, now: datetime) -> int:
        """The number of the period of a moment: the same until a rule starts or ends."""
        return bisect_right(self._moments, in_utc(now))

    def _at(self, now: datetime) -> _Period:
        number = self.period(now)
        period = self._periods.get(number)
        if period is None:
            period = _by_scope([rule for rule in self.rules if rule.in_force(now)])
            if len(self._periods) >= MAX_CACHED_PERIODS:
                self._periods = {}
            self._periods[number] = period
        return period


def _by_scope(rules: Sequence[Rule]) -> _Period:
    seeds: dict[str, list[Rule]] = {}
    categories: dict[str, list[Rule]] = {}
    everywhere = []
    for rule in rules:
        if rule.seed is not None:
            seeds.setdefault(rule.seed, []).append(rule)
        elif rule.category is not None:
            categories.setdefault(rule.category, []).append(rule)
        else:
            everywhere.append(rule)
    return _Period(
        {seed: tuple(listed) for seed, listed in seeds.items()},
        {path: tuple(listed) for path, listed in categories.items()},
        tuple(everywhere),
    )
