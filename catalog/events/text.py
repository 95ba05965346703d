"""The report as `lookalike report` prints it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from catalog.events.intervals import Interval, Rate
from catalog.events.report import VIEWED, Experiment, Group, Report


def lines(report: Report) -> Iterator[str]:
    """The report, line by line."""
    yield f"Answers from {report.since:%Y-%m-%d %H:%M} to {report.until:%Y-%m-%d %H:%M} UTC"
    yield ""
    yield f"click rate    {told(report.clicks, 'shown panels')}"
    yield f"coverage      {told(report.coverage, 'products for sale')}"
    yield f"fell back     {told(report.fallback, 'answers')}"
    if fallbacks := {k: n for k, n in report.fallbacks.items() if k != "none"}:
        yield f"              {counted(fallbacks)}"
    yield f"answers       {report.answers:,}, of them {report.empty:,} empty"
    yield f"events        {counted(report.events)}"
    if report.lost_answers or report.lost_events:
        yield f"lost          {report.lost_answers:,} answers, {report.lost_events:,} events"
    yield from part("By position", report.positions)
    yield from part("By rule", report.rules)
    yield from part("By facet setting", report.facets)
    yield from part("By category of the seed", report.categories)
    for experiment in report.experiments:
        yield from arms(experiment)
    yield ""
    if report.basis == VIEWED:
        yield "A panel is shown when a visitor saw or did anything with one of its products."
    else:
        yield "No views were reported: every answer with a product counts as shown."
    yield "Intervals are at 95%: Wilson's, each panel by itself; those of experiments heed that a"
    yield "visitor sees several panels."


def part(title: str, groups: Sequence[Group]) -> Iterator[str]:
    """One table."""
    if not groups:
        return
    yield ""
    yield title
    names = aligned(group.name for group in groups)
    for name, group in zip(names, groups, strict=True):
        own = f"; its own products {told(group.own)}" if group.own else ""
        yield f"  {name}  {told(group.clicks)}{own}"


def arms(experiment: Experiment) -> Iterator[str]:
    """The arms of an experiment, each held against the first."""
    yield ""
    yield f"Experiment: {experiment.name}"
    first = experiment.arms[0].name
    names = aligned(arm.name for arm in experiment.arms)
    for name, arm in zip(names, experiment.arms, strict=True):
        rate = share_of(arm.panels.rate.share, arm.panels.interval)
        against = ""
        if arm.difference is not None and arm.interval is not None:
            low, high = (f"{100 * end:+.1f}" for end in arm.interval)
            against = f"; against {first} {100 * arm.difference:+.1f} points ({low} to {high})"
        yield (
            f"  {name}  {rate} of {arm.panels.n:,} panels, "
            f"{arm.panels.visitors:,} visitors{against}"
        )


def aligned(names: Iterable[str]) -> list[str]:
    """Names at one width."""
    listed = list(names)
    width = max(map(len, listed))
    return [name.ljust(width) for name in listed]


def told(rate: Rate, what: str = "") -> str:
    """A rate with its interval and what it is of."""
    return f"{share_of(rate.share, rate.interval)} of {rate.of:,} {what}".rstrip()


def share_of(share: float | None, interval: Interval) -> str:
    """A share with its interval, both in percent."""
    if share is None:
        return "–"
    return f"{100 * share:5.1f}% ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"


def counted(counts: Mapping[str, int]) -> str:
    """Names and their counts."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
