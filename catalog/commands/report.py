"""The command ``report``: statistics of the event log."""

import json
from datetime import timedelta

import click

from catalog.console import json_option, plain_errors
from catalog.database.database import Database
from catalog.events.report_queries import build_report
from catalog.events.report_text import report_lines
from catalog.utc import utc_now


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
    now = utc_now()
    with Database.open() as database:
        found = build_report(database, now - timedelta(days=days), now)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
        return
    for line in report_lines(found):
        click.echo(line)


COMMANDS: list[click.Command] = [report_command]
