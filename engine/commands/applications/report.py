"""`lookalike report` with the coverage of styles."""

from collections.abc import Iterator

import click

from catalog.commands.report import Addition, report_command, run_report
from catalog.console import note, plain_errors
from catalog.database.database import Database
from catalog.events.product_counts import count_products
from catalog.events.report import Report
from catalog.events.report_text import aligned, format_rate
from catalog.products.catalogue import Catalogue
from engine.applications.styles.home import copy_shared, styles_file
from engine.applications.styles.range_numbers import RangeNumbers, range_numbers
from engine.applications.styles.styles import Styles
from engine.errors import BrokenStyles, EngineError
from engine.settings import EngineSettings

MOST_STYLES = 20  # those least shown


def with_styles(command: click.Command) -> click.Command:
    """The command, which also says what share of the products of each style is shown."""

    @plain_errors(EngineError, OSError)
    def run(*, days: int, as_json: bool) -> None:
        run_report(days, as_json, coverage_of_styles)

    return click.Command(command.name, params=command.params, callback=run, help=command.help)


def coverage_of_styles(database: Database, report: Report) -> Addition:
    """The coverage of each style as JSON and as text; null without styles."""
    settings = EngineSettings()
    try:
        copy_shared(settings, database)
        styles = Styles.load(styles_file(settings))
    except BrokenStyles as error:
        note(f"Coverage by style is missing. {error}")
        styles = None
    if styles is None:
        return {"styles": None}, ()
    counts = count_products(database, report.since, report.until)
    found = range_numbers(styles, Catalogue(database).all_facts(), counts)
    return {"styles": found.coverage_json()}, lines(found)


def lines(found: RangeNumbers) -> Iterator[str]:
    """The coverage as text, the styles least shown first."""
    if found.gini is None:
        return
    yield ""
    yield "Coverage by style"
    yield f"  ever shown     {format_rate(found.shown_styles, 'styles')}"
    yield (
        f"  concentration  {found.tenth_shown:.1%} of all places are of the most shown tenth of "
        f"the styles, with {found.tenth_products:.1%} of the products; Gini {found.gini:.2f}"
    )
    least = found.least_covered(MOST_STYLES)
    names = aligned(one.style.name for one in least)
    for name, one in zip(names, least, strict=True):
        yield f"  {name}  {format_rate(one.coverage, 'products for sale')}"


report_with_styles = with_styles(report_command)
