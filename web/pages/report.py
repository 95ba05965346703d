"""The report page: what the panels are worth, for the shop and not for its visitors."""

import hmac
import ipaddress
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request

from catalog.events.intervals import Interval
from catalog.events.report import Report
from catalog.utc import utc_now
from web.app import params
from web.app.context import shop
from web.app.errors import NotForVisitors

blueprint = Blueprint("report", __name__)

DAYS = 30
MOST_DAYS = 3_650
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
CLOSED = (
    "The report is for the shop itself. Open it on the machine that serves it, or set "
    "LOOKALIKE_REPORT_TOKEN and sign in with it as the password."
)


@blueprint.get("/report")
def show() -> Response:
    """Click rates, coverage, fallbacks and experiments of the last ``days``."""
    if shop().settings.report_token is None:
        if not from_this_machine():
            raise NotForVisitors(CLOSED)
    elif not has_token():
        asks = {"WWW-Authenticate": 'Basic realm="Lookalike report", charset="UTF-8"'}
        return Response(CLOSED, 401, asks, mimetype="text/plain")
    days = params.number(request.args, "days", default=DAYS, low=1, high=MOST_DAYS)
    now = utc_now()
    found = shop().report(now - timedelta(days=days), now)
    page = Response(render_template("report.html", report=found, days=days, scale=scale(found)))
    page.headers["Cache-Control"] = "private, no-store"
    return page


def from_this_machine() -> bool:
    """Whether the request was sent by this machine to itself, and through no proxy.

    The name that was asked for counts too: a page elsewhere can give its own name our address.
    """
    if any(name in request.headers for name in FORWARDED):
        return False
    return is_loopback(request.remote_addr or "") and is_loopback(
        urlsplit(f"//{request.host}").hostname or ""
    )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def has_token() -> bool:
    """Whether the request carries the token: as a bearer token, or as a browser's password."""
    wanted, told = shop().settings.report_token, request.authorization
    if wanted is None or told is None:
        return False
    given = told.token if told.type == "bearer" else told.password
    return hmac.compare_digest((given or "").encode(), wanted.get_secret_value().encode())


def scale(report: Report) -> float:
    """The share at the right end of the page's bars: the highest upper end, rounded up."""
    parts = (report.positions, report.rules, report.facets, report.categories)
    ends = [report.clicks.interval[1]] if report.clicks.of else []
    ends += [group.clicks.interval[1] for part in parts for group in part]
    highest = max(ends, default=1.0)
    return next((end for end in (0.05, 0.1, 0.2, 0.3, 0.5, 0.75) if highest <= end), 1.0)


def percent(share: float | None) -> str:
    """A share as people read it: 12.3%; a dash for none."""
    return "–" if share is None else f"{100 * share:.1f}%"


def span(interval: Interval) -> str:
    """An interval as people read it: 10.1 to 14.9%."""
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}%"


def points(share: float) -> str:
    """A difference of shares, with its sign: +1.2 points."""
    return f"{100 * share:+.1f}".replace("-", "−")


blueprint.add_app_template_global(percent)
blueprint.add_app_template_global(span)
blueprint.add_app_template_global(points)
