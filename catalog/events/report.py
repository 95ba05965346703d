"""The report of the event log as data: click rates by part, and experiments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.events.intervals import Clusters, Interval, Rate, newcombe

VIEWED = "viewed"
ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Group:
    """The click rate of a part of the panels.

    ``own`` is for a rule: of the panels in which it placed products, those where one of these was
    clicked.
    """

    name: str
    clicks: Rate
    own: Rate | None = None


@dataclass(frozen=True, slots=True)
class ArmResult:
    """One arm of an experiment.

    ``difference`` is its click rate minus that of the first arm, and ``interval`` the difference's
    95% interval; both are None for the first arm.
    """

    name: str
    panels: Clusters
    difference: float | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Experiment:
    """The arms of an experiment; the first is the one that the others are compared with."""

    name: str
    arms: tuple[ArmResult, ...]


@dataclass(frozen=True, slots=True)
class Searches:
    """The searches in words of a period.

    Attributes:
        count: all of them.
        unclicked: those without a click, of those that found something.
        nothing: those that found nothing, of all.
        unmet: the most frequent texts that found nothing, each with its number.
    """

    count: int = 0
    unclicked: Rate = field(default_factory=lambda: Rate(0, 0))
    nothing: Rate = field(default_factory=lambda: Rate(0, 0))
    unmet: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of the answers from ``since`` to before ``until`` (UTC).

    Attributes:
        basis: what counts as a shown panel: "viewed", an answer of which a visitor viewed or used
            a product; or "answered", any answer with products, if no view was ever sent.
        answers: all answers.
        empty: answers without any product.
        clicks: shown panels with at least one click, of all shown panels.
        fallback: answers that were filled by a fallback, of all answers.
        coverage: products in a shown panel, of all that can be bought now.
        fallbacks: the number of answers by fallback.
        positions: the shown panels by position, the first position first.
        rules: the shown panels by rule, the largest group first.
        facets: by facet weights, likewise.
        categories: by category of the seed, likewise.
        experiments: by experiment and arm.
        events: the number of events by kind, for answers in this time.
        lost_answers: answers that were dropped (full queue, failing database).
        lost_events: events that were dropped.
        searches: the searches in words, which count in nothing else here.
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
    searches: Searches = field(default_factory=Searches)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON: each rate with its share and 95% interval."""
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
            "searches": searches_json(self.searches),
            "lost": {"answers": self.lost_answers, "events": self.lost_events},
        }


def compare_arms(name: str, arms: Mapping[str, Clusters]) -> Experiment:
    """An experiment whose arms are compared with "control", or else with the first by name."""
    first = "control" if "control" in arms else min(arms)
    results = [ArmResult(first, arms[first])]
    for other in sorted(set(arms) - {first}):
        panels = arms[other]
        share, base = panels.rate.share, arms[first].rate.share
        difference = None if share is None or base is None else share - base
        results.append(ArmResult(other, panels, difference, newcombe(panels, arms[first])))
    return Experiment(name, tuple(results))


def searches_json(searches: Searches) -> dict[str, Any]:
    """The searches as JSON."""
    return {
        "count": searches.count,
        "without_click": rate_json(searches.unclicked),
        "found_nothing": rate_json(searches.nothing),
        "unmet": [{"text": text, "count": count} for text, count in searches.unmet],
    }


def rate_json(rate: Rate) -> dict[str, Any]:
    """A rate as JSON; its share is null without cases."""
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
    """A group as JSON."""
    own = {} if group.own is None else {"own": rate_json(group.own)}
    return {"name": group.name, **rate_json(group.clicks), **own}


def experiment_json(experiment: Experiment) -> dict[str, Any]:
    """An experiment as JSON; the intervals take into account that a visitor has several panels."""
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
