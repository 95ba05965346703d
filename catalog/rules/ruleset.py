"""All the shop's rules at one time, ready to be asked which of them hold for a seed at a moment."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from catalog.rules.rule import Rule
from catalog.utc import in_utc
from catalog.vocabulary import category_path

KEPT = 8  # stretches of time between two changes; mostly one is asked for, now


class _Stretch(NamedTuple):
    """The rules in force in a stretch of time, by scope, each in order."""

    seeds: dict[str, tuple[Rule, ...]]
    categories: dict[str, tuple[Rule, ...]]
    everywhere: tuple[Rule, ...]


class RuleSet:
    """Rules that don't change; safe to share between threads.

    Args:
        rules: in any order, no two of one name.
        problems: what is stored, but is no rule that this version understands, in words.
    """

    def __init__(self, rules: Iterable[Rule] = (), problems: Sequence[str] = ()) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.order))
        self.problems = tuple(problems)
        moments = {moment for rule in self.rules for moment in (rule.starts, rule.ends)}
        self._moments = sorted(moment for moment in moments if moment is not None)
        self._stretches: dict[int, _Stretch] = {}

    def active(
        self, seed: str | None, category: str | Sequence[str] | None, now: datetime
    ) -> tuple[Rule, ...]:
        """The rules in force for one seed, the narrowest scope first; see `catalog.rules.rule`.

        Args:
            seed: its id; None for a photo, which only rules for everywhere hold for.
            category: its path, joined or in parts.
            now: the moment; a naive one is taken for UTC.
        """
        stretch = self._at(in_utc(now))
        found: list[Rule] = list(stretch.seeds.get(seed, ())) if seed is not None else []
        if stretch.categories and category:
            path = category if isinstance(category, str) else category_path.join(category)
            for level in reversed(category_path.levels(path)):
                found += stretch.categories.get(level, ())
        return (*found, *stretch.everywhere)

    def stretch(self, now: datetime) -> int:
        """A number that is the same for all moments between which no rule starts or ends."""
        return bisect_right(self._moments, in_utc(now))

    def _at(self, now: datetime) -> _Stretch:
        # Between two moments at which a rule starts or ends, the same ones are in force.
        number = self.stretch(now)
        stretch = self._stretches.get(number)
        if stretch is None:
            stretch = _stretch([rule for rule in self.rules if rule.in_force(now)])
            if len(self._stretches) >= KEPT:
                self._stretches = {}
            self._stretches[number] = stretch
        return stretch


def _stretch(rules: Sequence[Rule]) -> _Stretch:
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
    return _Stretch(
        {seed: tuple(listed) for seed, listed in seeds.items()},
        {path: tuple(listed) for path, listed in categories.items()},
        tuple(everywhere),
    )
