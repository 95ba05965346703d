"""Gaps and gluts of the range: styles that visitors want and the shop has few of, and others."""

import io
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from flask import Response, render_template, request

from catalog.spreadsheet import SpreadsheetWriter
from catalog.utc import utc_now
from engine.applications.styles.range_numbers import COLUMNS, RangeNumbers, StyleNumbers, Verdict
from web.app.context import shop
from web.app.errors import ParameterError
from web.app.params import int_param
from web.desk.room import blueprint
from web.styles.style_links import current_styles
from web.styles.style_pages import StyleCard, cards_of

DAYS = 90
MAX_DAYS = 3_650
PER_PAGE = 24
MAX_PAGE = 100_000
SHOWS = {"gaps": (Verdict.GAP,), "gluts": (Verdict.GLUT,), "all": tuple(Verdict)}
SORTS: dict[str, tuple[str, Callable[[StyleNumbers], float]]] = {
    "most-wanted": ("most wanted first", lambda one: -(one.rate or 0)),
    "least-wanted": ("least wanted first", lambda one: one.rate or 0),
    "fewest-products": ("fewest products first", lambda one: one.products),
    "most-products": ("most products first", lambda one: -one.products),
    "most-seen": ("most seen first", lambda one: -one.counts.seen),
}
FIRST = {"gaps": "most-wanted", "gluts": "least-wanted", "all": "most-products"}


@blueprint.get("/gaps")
def gaps() -> str:
    """One page of the gaps, the gluts, or all styles, in an order."""
    days, since, until = period()
    chosen = choice("show", SHOWS, "gaps")
    sort = choice("sort", SORTS, FIRST[chosen])
    page = int_param(request.args, "page", default=1, low=1, high=MAX_PAGE)
    found = shop().range_numbers(since, until)
    wanted = sorted(found.of(*SHOWS[chosen]), key=SORTS[sort][1]) if found else []
    listed = wanted[(page - 1) * PER_PAGE : page * PER_PAGE]
    return render_template(
        "desk/gaps.html",
        found=found,
        listed=list(zip(listed, photos_of(listed), strict=True)),
        counts={name: len(found.of(*some)) if found else 0 for name, some in SHOWS.items()},
        shows=chosen,
        sort=sort,
        sorts={name: label for name, (label, _) in SORTS.items()},
        days=days,
        page=page,
        pages=max(1, -(-len(wanted) // PER_PAGE)),
        end=scale_end(found),
        section="gaps",
    )


@blueprint.get("/gaps.csv")
def gaps_csv() -> Response:
    """The numbers of all styles, a row for each."""
    days, since, until = period()
    found = shop().range_numbers(since, until)
    stream = io.StringIO()
    writer = SpreadsheetWriter(stream, COLUMNS)
    for row in found.rows() if found else ():
        writer.write(row)
    name = f"lookalike-gaps-{until:%Y-%m-%d}-{days}-days.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(stream.getvalue(), mimetype="text/csv", headers=headers)


def period() -> tuple[int, datetime, datetime]:
    """The days that the request asks for, their start and their end."""
    days = int_param(request.args, "days", default=DAYS, low=1, high=MAX_DAYS)
    now = utc_now()
    return days, now - timedelta(days=days), now


def choice(name: str, choices: Collection[str], default: str) -> str:
    """One of some words.

    Raises:
        ParameterError: the request has another one.
    """
    given = request.args.get(name, "").strip() or default
    if given not in choices:
        raise ParameterError(f"{name} must be one of {', '.join(choices)}, not {given[:40]!r}.")
    return given


def photos_of(listed: list[StyleNumbers]) -> list[StyleCard]:
    """The products that stand for each style, the medoid first."""
    styles = current_styles()
    known = [one.style for one in listed]
    if styles is None:  # they were removed meanwhile
        return [StyleCard(one, ()) for one in known]
    there = [one for one in known if styles.find(one.number) == one]
    cards = {card.style.number: card for card in cards_of(styles, there)}
    return [cards.get(one.number, StyleCard(one, ())) for one in known]


def scale_end(found: RangeNumbers | None) -> float:
    """The rate at the right end of the bars, 0 to 1: all verdicts fit, whatever is unclear."""
    known = [one.high for one in found.styles if one.verdict != Verdict.UNCLEAR] if found else []
    return max(known, default=1.0) or 1.0
