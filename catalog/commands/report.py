"""The command ``report``: statistics of the event log."""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import click

from catalog.console import json_option, plain_errors
from catalog.database.database import Database
from catalog.events.report import Report
from catalog.events.report_queries import build_report
from catalog.events.report_text import report_lines
from catalog.utc import utc_now

Addition = tuple[dict[str, Any], Iterable[str]]  # fields of the JSON, and lines of the text


@click.command("report")
@click.option(
    "--days",
    type=click.IntRange(1, 3_650),
    default=30,
    show_default=True,
    help="Days to report on, up to now.",
)
@json_option
@plain_errors()
def report_command(days: int, as_json: bool) -> None:
    """Report how the panels perform: clicks, coverage, fallbacks, experiments."""
    run_report(days, as_json)


def run_report(
    days: int, as_json: bool, add: Callable[[Database, Report], Addition] | None = None
) -> None:
    """Print the report, and what ``add`` makes of the same time.

    Raises:
        catalog.errors.DatabaseError: the log cannot be read.
    """
    now = utc_now()
    with Database.open() as database:
        found = build_report(database, now - timedelta(days=days), now)
        fields, lines = add(database, found) if add else ({}, ())
    if as_json:
        click.echo(json.dumps(found.as_json() | fields, indent=2, ensure_ascii=False))
        return
    for line in (*report_lines(found), *lines):
        click.echo(line)


COMMANDS: list[click.Command] = [report_command]
