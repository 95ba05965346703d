"""The report page: what the panels achieve, for the shop's staff."""

from datetime import timedelta

from flask import Blueprint, Response, render_template, request

from catalog.events.intervals import Interval
from catalog.events.report import Report
from catalog.utc import utc_now
from web.app.context import shop
from web.app.params import int_param
from web.pages import report_access

blueprint = Blueprint("report", __name__)

DAYS = 30
MAX_DAYS = 3_650
MOST_STYLES = 20  # those least shown
SCALES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75)


@blueprint.get("/report")
def show() -> Response:
    """Click rates, coverage, fallbacks and experiments of the last ``days``."""
    if not report_access.is_staff():
        return report_access.login()
    days = int_param(request.args, "days", default=DAYS, low=1, high=MAX_DAYS)
    now = utc_now()
    report = shop().report(now - timedelta(days=days), now)
    html = render_template(
        "report.html",
        report=report,
        days=days,
        scale=scale(report),
        ranged=shop().range_numbers(report.since, report.until),
        most_styles=MOST_STYLES,
    )
    response = Response(html)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def scale(report: Report) -> float:
    """The share at the right end of the bars: the highest upper bound, rounded up."""
    parts = (report.positions, report.rules, report.facets, report.categories)
    ends = [report.clicks.interval[1]] if report.clicks.of else []
    ends += [group.clicks.interval[1] for part in parts for group in part]
    highest = max(ends, default=1.0)
    return next((end for end in SCALES if highest <= end), 1.0)


def percent(share: float | None) -> str:
    """A share as text: 12.3%; a dash for None."""
    return "–" if share is None else f"{100 * share:.1f}%"


def span(interval: Interval) -> str:
    """An interval as text: 10.1 to 14.9%."""
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}%"


def points(share: float) -> str:
    """A difference of shares in percentage points, with its sign: +1.2."""
    return f"{100 * share:+.1f}".replace("-", "−")


blueprint.add_app_template_global(percent)
blueprint.add_app_template_global(span)
blueprint.add_app_template_global(points)
