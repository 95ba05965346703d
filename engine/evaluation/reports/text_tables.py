"""Text tables of the report's further sections: looks, two sets, changes, and warnings."""

import math
import textwrap
from collections.abc import Iterator, Sequence

from engine.evaluation.intervals import Measure
from engine.evaluation.report import EvaluationReport
from engine.evaluation.reports.page import METRICS
from engine.evaluation.section import Change, ChangeTable, Section

WIDTH = 100


def further_sections(report: EvaluationReport) -> Iterator[str]:
    """The lines of all sections that exist, each followed by an empty line."""
    for section in report.sections:
        yield from section_table(section)
        yield ""
    for changes in ChangeTable.all_of(report.changes):
        yield from change_table(changes)
        yield ""


def section_table(section: Section) -> Iterator[str]:
    """One section: a row for each contender and its facet weights."""
    metrics = list(section.rows[0].values)
    rows = [
        [section.title, "weights", section.counted, *(METRICS.get(name, name) for name in metrics)]
    ]
    for row in section.rows:
        name = f"{row.about}: {row.contender}" if section.several else row.contender
        cells = [shown(row.values[metric]) for metric in metrics]
        rows.append([name, row.weights, f"{row.seeds:,}", *cells])
    yield from table(rows)


def change_table(changes: ChangeTable) -> Iterator[str]:
    """Paired changes from the baseline encoder to the encoder."""
    names = (METRICS.get(metric, metric) for metric in changes.metrics)
    rows = [["change from the baseline", "weights", "seeds", *names]]
    for row in changes.rows:
        first = row[0]
        cells = [difference(one) for one in row]
        rows.append([first.about, weights_of(first), f"{first.seeds:,}", *cells])
    yield from table(rows)


def notes(report: EvaluationReport) -> Iterator[str]:
    """What was not judged and why, and the warnings."""
    for one in report.not_judged:
        yield from textwrap.wrap(f"Not judged: {one.about}; {one.reason}.", WIDTH)
    for warning in report.warnings:
        yield from textwrap.wrap(f"Warning: {warning}", WIDTH)


def weights_of(change: Change) -> str:
    """The facet weights of a change, with the baseline's where they differ."""
    if change.weights == change.baseline_weights:
        return change.weights
    return f"{change.weights} (baseline: {change.baseline_weights})"


def difference(change: Change) -> str:
    """A signed difference with its interval."""
    found = change.difference
    if math.isnan(found.value):
        return "-"
    return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def shown(measure: Measure) -> str:
    """A mean with its interval; a dash for NaN."""
    if math.isnan(measure.value):
        return "-"
    return f"{measure.value:.3f} ({measure.low:.3f}–{measure.high:.3f})"


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table; the first column is aligned left, all others right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        first, *others = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([first, *others]).rstrip()
