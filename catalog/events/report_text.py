"""The report as text, for `lookalike report`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from catalog.events.intervals import Interval, Rate
from catalog.events.report import VIEWED, Experiment, Group, Report, Searches


def report_lines(report: Report) -> Iterator[str]:
    """The report, line by line."""
    yield f"Answers from {report.since:%Y-%m-%d %H:%M} to {report.until:%Y-%m-%d %H:%M} UTC"
    yield ""
    yield f"click rate    {format_rate(report.clicks, 'shown panels')}"
    yield f"coverage      {format_rate(report.coverage, 'products for sale')}"
    yield f"fell back     {format_rate(report.fallback, 'answers')}"
    if fallbacks := {k: n for k, n in report.fallbacks.items() if k != "none"}:
        yield f"              {format_counts(fallbacks)}"
    yield f"answers       {report.answers:,}, of them {report.empty:,} empty"
    yield f"events        {format_counts(report.events)}"
    if report.lost_answers or report.lost_events:
        yield f"lost          {report.lost_answers:,} answers, {report.lost_events:,} events"
    yield from search_lines(report.searches)
    yield from group_lines("By position", report.positions)
    yield from group_lines("By rule", report.rules)
    yield from group_lines("By facet setting", report.facets)
    yield from group_lines("By category of the seed", report.categories)
    for experiment in report.experiments:
        yield from experiment_lines(experiment)
    yield ""
    if report.basis == VIEWED:
        yield "A panel counts as shown when a visitor viewed or used one of its products."
    else:
        yield "No views were reported: every answer with a product counts as shown."
    yield "Intervals are Wilson's at 95%, with panels taken as independent; those of experiments"
    yield "take into account that a visitor sees several panels."


def search_lines(searches: Searches) -> Iterator[str]:
    """The searches in words; nothing without any."""
    if not searches.count:
        return
    yield ""
    yield f"Searches in words: {searches.count:,}"
    yield f"  without click  {format_rate(searches.unclicked, 'that found something')}"
    yield f"  found nothing  {format_rate(searches.nothing, 'searches')}"
    for text, count in searches.unmet:
        yield f"    {count:,} x {text}"


def group_lines(title: str, groups: Sequence[Group]) -> Iterator[str]:
    """A table of the click rates of some groups; nothing without groups."""
    if not groups:
        return
    yield ""
    yield title
    names = aligned(group.name for group in groups)
    for name, group in zip(names, groups, strict=True):
        own = f"; its own products {format_rate(group.own)}" if group.own else ""
        yield f"  {name}  {format_rate(group.clicks)}{own}"


def experiment_lines(experiment: Experiment) -> Iterator[str]:
    """The arms of an experiment, each compared with the first."""
    yield ""
    yield f"Experiment: {experiment.name}"
    first = experiment.arms[0].name
    names = aligned(arm.name for arm in experiment.arms)
    for name, arm in zip(names, experiment.arms, strict=True):
        rate = format_share(arm.panels.rate.share, arm.panels.interval)
        against = ""
        if arm.difference is not None and arm.interval is not None:
            low, high = (f"{100 * end:+.1f}" for end in arm.interval)
            against = f"; against {first} {100 * arm.difference:+.1f} points ({low} to {high})"
        yield (
            f"  {name}  {rate} of {arm.panels.n:,} panels, "
            f"{arm.panels.visitors:,} visitors{against}"
        )


def aligned(names: Iterable[str]) -> list[str]:
    """Names padded to the width of the longest."""
    listed = list(names)
    width = max(map(len, listed))
    return [name.ljust(width) for name in listed]


def format_rate(rate: Rate, what: str = "") -> str:
    """A rate with its interval and its number of cases, named by ``what``."""
    return f"{format_share(rate.share, rate.interval)} of {rate.of:,} {what}".rstrip()


def format_share(share: float | None, interval: Interval) -> str:
    """A share with its interval, both in per cent; a dash without cases."""
    if share is None:
        return "–"
    return f"{100 * share:5.1f}% ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"


def format_counts(counts: Mapping[str, int]) -> str:
    """Names with their counts, separated by commas."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
