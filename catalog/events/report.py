"""What a report of the event log says: rates by this and that, and experiments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.events.intervals import Clusters, Interval, Rate, newcombe

VIEWED = "viewed"
ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Group:
    """The click rate of a part of the panels. ``own`` is that of the products which a rule put
    where they are: the share of panels with one of them where one of them was clicked."""

    name: str
    clicks: Rate
    own: Rate | None = None


@dataclass(frozen=True, slots=True)
class ArmResult:
    """One arm of an experiment. ``difference`` is its click rate less the first arm's, with the
    95% interval; None for the first itself."""

    name: str
    panels: Clusters
    difference: float | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Experiment:
    """The arms of an experiment, the one that others are held against first."""

    name: str
    arms: tuple[ArmResult, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of the panels that were answered from ``since`` to ``until`` (UTC).

    Attributes:
        basis: what counts as a shown panel. "viewed": one of whose products a visitor did
            anything with, a view included. "answered", where no view was ever sent: every one
            with a product.
        answers, empty: all answers, and those without any product.
        clicks: shown panels with at least one click.
        fallback: answers that fell back on something, of all; ``fallbacks`` says on what.
        coverage: products that can be bought now and were in a shown panel, of all such.
        positions, rules, facets, categories: parts of the shown panels, the largest first;
            positions from the first on.
        events: how many of each kind, of panels in this time.
        lost_answers, lost_events: what a full queue or a failing database cost.
    """

    since: datetime
    until: datetime
    basis: str
    answers: int
    empty: int
    clicks: Rate
    fallback: Rate
    coverage: Rate
    fallbacks: Mapping[str, int] = field(default_factory=dict)
    positions: tuple[Group, ...] = ()
    rules: tuple[Group, ...] = ()
    facets: tuple[Group, ...] = ()
    categories: tuple[Group, ...] = ()
    experiments: tuple[Experiment, ...] = ()
    events: Mapping[str, int] = field(default_factory=dict)
    lost_answers: int = 0
    lost_events: int = 0

    def as_json(self) -> dict[str, Any]:
        """As a program reads it: each rate with its share and 95% interval."""
        groups = ("positions", "rules", "facets", "categories")
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "basis": self.basis,
            "answers": self.answers,
            "empty": self.empty,
            "click_rate": rate_json(self.clicks),
            "fallback_rate": rate_json(self.fallback),
            "fallbacks": dict(self.fallbacks),
            "coverage": rate_json(self.coverage),
            **{name: [group_json(one) for one in getattr(self, name)] for name in groups},
            "experiments": [experiment_json(one) for one in self.experiments],
            "events": dict(self.events),
            "lost": {"answers": self.lost_answers, "events": self.lost_events},
        }


def experiment_of(name: str, arms: Mapping[str, Clusters]) -> Experiment:
    """An experiment whose arms are held against "control", or the first by name without one."""
    first = "control" if "control" in arms else min(arms)
    results = [ArmResult(first, arms[first])]
    for other in sorted(set(arms) - {first}):
        panels = arms[other]
        share, base = panels.rate.share, arms[first].rate.share
        difference = None if share is None or base is None else share - base
        results.append(ArmResult(other, panels, difference, newcombe(panels, arms[first])))
    return Experiment(name, tuple(results))


def rate_json(rate: Rate) -> dict[str, Any]:
    """A rate; its share is null of no cases."""
    low, high = rate.interval
    share = None if rate.share is None else round(rate.share, 6)
    return {
        "hits": rate.hits,
        "of": rate.of,
        "share": share,
        "low": round(low, 6),
        "high": round(high, 6),
    }


def group_json(group: Group) -> dict[str, Any]:
    """A part of the panels."""
    own = {} if group.own is None else {"own": rate_json(group.own)}
    return {"name": group.name, **rate_json(group.clicks), **own}


def experiment_json(experiment: Experiment) -> dict[str, Any]:
    """An experiment with its arms; intervals heed that a visitor has several panels."""
    return {
        "name": experiment.name,
        "arms": [
            {
                "name": arm.name,
                "visitors": arm.panels.visitors,
                **rate_json(arm.panels.rate),
                "low": round(arm.panels.interval[0], 6),
                "high": round(arm.panels.interval[1], 6),
                "difference": arm.difference and round(arm.difference, 6),
                "interval": arm.interval and [round(end, 6) for end in arm.interval],
            }
            for arm in experiment.arms
        ],
    }
