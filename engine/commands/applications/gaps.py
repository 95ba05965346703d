"""``lookalike gaps``: styles of which the range has too few products, or too many."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click

from catalog.console import json_option, plain_errors
from catalog.database.database import Database
from catalog.events.product_counts import count_products
from catalog.events.report import VIEWED
from catalog.files import replacing
from catalog.products.catalogue import Catalogue
from catalog.spreadsheet import SpreadsheetWriter
from catalog.text import counted
from catalog.utc import utc_now
from engine.applications.styles.range_numbers import (
    COLUMNS,
    RangeNumbers,
    StyleNumbers,
    Verdict,
    range_numbers,
)
from engine.commands.applications.clusters import stored
from engine.errors import EngineError
from engine.settings import EngineSettings

DAYS = 90
SHOWN = 15
NO_EVENTS = (
    "No product of these styles was seen in this time. Send events: the storefront does, and other "
    "shops POST them to /api/v1/events (see web/README.md)."
)
NOT_WANTED = "Products were seen, but none was clicked, saved or bought: nothing can be compared."


@click.command("gaps")
@click.option(
    "--days",
    type=click.IntRange(1, 3_650),
    default=DAYS,
    show_default=True,
    help="Days of the event log, up to now.",
)
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the numbers of each style to this file.",
)
@json_option
@plain_errors(EngineError, OSError)
def gaps_command(days: int, csv_file: Path | None, as_json: bool) -> None:
    """List styles that visitors want and the shop has few of, and the other way round.

    A style is a gap if its products are clicked, saved or bought clearly more often than usual
    where they are seen, and it has fewer products than a style has on average; a glut is the
    opposite. `lookalike clusters` finds the styles.
    """
    if csv_file is not None and not csv_file.parent.is_dir():
        raise click.UsageError(
            f"There is no folder {csv_file.parent}. Create it, or choose another."
        )
    now = utc_now()
    with Database.open() as database:
        styles = stored(EngineSettings(), database)
        counts = count_products(database, now - timedelta(days=days), now)
        found = range_numbers(styles, Catalogue(database).all_facts(), counts)
    if csv_file is not None:
        write_csv(found, csv_file)
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
        return
    for line in lines(found):
        click.echo(line)
    if csv_file is not None:
        click.echo(f"{csv_file} has the numbers of each style.")


def lines(found: RangeNumbers) -> Iterator[str]:
    """The numbers as text."""
    yield (
        f"{counted(len(found.styles), 'style')}, on average {found.average:,.1f} products each "
        f"that can be bought; answers from {found.since:%Y-%m-%d} to {found.until:%Y-%m-%d}."
    )
    if not found.usual:
        yield NO_EVENTS if found.usual is None else NOT_WANTED
        return
    seen = "seen" if found.basis == VIEWED else "shown"
    yield (
        f"A product of a usual style is clicked, saved or bought in {found.usual:.1%} of the "
        f"places where it is {seen}."
    )
    gaps = sorted(found.of(Verdict.GAP), key=lambda one: -one.low)
    gluts = sorted(found.of(Verdict.GLUT), key=lambda one: (one.high, -one.products))
    yield from table("Gaps: wanted more than usual, few products", gaps)
    yield from table("Gluts: wanted less than usual, many products", gluts)
    unclear = len(found.of(Verdict.UNCLEAR))
    yield ""
    yield f"{counted(unclear, 'style')} seen too seldom to tell. --csv FILE and --json have all."


def table(title: str, styles: list[StyleNumbers]) -> Iterator[str]:
    """A table of some styles."""
    yield ""
    if not styles:
        yield f"{title}: none."
        return
    yield f"{title}:"
    yield f"{'style':>7}  {'products':>8}  {'seen':>9}  wanted (95% interval)     name"
    for one in styles[:SHOWN]:
        share = f"{one.rate or 0:.1%} ({one.low:.1%} to {one.high:.1%})"
        yield (
            f"{one.style.number:>7}  {one.products:>8,}  {one.counts.seen:>9,}  {share:<24}  "
            f"{one.style.name}"
        )
    if len(styles) > SHOWN:
        yield f"... and {len(styles) - SHOWN:,} more"


def write_csv(found: RangeNumbers, path: Path) -> None:
    """Write a row for each style."""
    with replacing(path) as draft, draft.open("w", newline="", encoding="utf-8") as stream:
        writer = SpreadsheetWriter(stream, COLUMNS, line_end="\n")
        for row in found.rows():
            writer.write(row)
