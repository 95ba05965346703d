"""The report's numbers as a CSV file."""

import io
from collections.abc import Iterator
from datetime import timedelta

from flask import Response, request

from catalog.events.report import Report
from catalog.spreadsheet import SpreadsheetWriter
from catalog.utc import utc_now
from web.app.context import shop
from web.app.params import int_param
from web.desk.room import blueprint
from web.pages.report import DAYS, MAX_DAYS

HEADER = ("part", "name", "panels", "clicked", "click_rate", "low", "high")


@blueprint.get("/report.csv")
def report_csv() -> Response:
    """The click rates of the last ``days``, a row for each group, with 95% intervals."""
    days = int_param(request.args, "days", default=DAYS, low=1, high=MAX_DAYS)
    now = utc_now()
    stream = io.StringIO()
    writer = SpreadsheetWriter(stream, HEADER)
    since = now - timedelta(days=days)
    for row in rows(shop().report(since, now)):
        writer.write(row)
    ranged = shop().range_numbers(since, now)
    for one in ranged.styles if ranged else ():
        rate = one.coverage
        name, values = f"{one.style.number} {one.style.name}", shares(rate.share, rate.interval)
        writer.write(("coverage of style", name, rate.of, rate.hits, *values))
    name = f"lookalike-report-{now:%Y-%m-%d}-{days}-days.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(stream.getvalue(), mimetype="text/csv", headers=headers)


def rows(report: Report) -> Iterator[tuple[object, ...]]:
    """The rows of the file."""
    parts = {
        "position": report.positions,
        "rule": report.rules,
        "weights": report.facets,
        "category": report.categories,
    }
    totals = {
        "clicks": report.clicks,
        "coverage": report.coverage,
        "fallbacks": report.fallback,
    }
    for name, rate in totals.items():
        yield ("total", name, rate.of, rate.hits, *shares(rate.share, rate.interval))
    for part, groups in parts.items():
        for group in groups:
            rate = group.clicks
            yield (part, group.name, rate.of, rate.hits, *shares(rate.share, rate.interval))
    for kind, count in report.events.items():
        yield ("events", kind, "", count, "", "", "")


def shares(share: float | None, interval: tuple[float, float]) -> tuple[str, ...]:
    """A share and its interval as numbers; empty without a share."""
    if share is None:
        return "", "", ""
    return tuple(f"{value:.6f}" for value in (share, *interval))
