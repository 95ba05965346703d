"""``lookalike fetch``: photos from their addresses; `COMMANDS` joins it to ``lookalike``."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import click

from catalog.console import plain_errors, progress_bar
from catalog.database.database import Database
from catalog.fetching.download_status import failed_downloads
from catalog.fetching.report import FetchProgress, FetchReport
from catalog.fetching.run import fetch
from catalog.settings import CatalogSettings
from catalog.spreadsheet import escape_formula

HEADER = ("id", "photo", "code", "reason", "tries", "last_try", "next_try", "earlier_photo_shown")


@click.command("fetch")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many addresses.")
@click.option("--again", is_flag=True, help="Also try what failed and is not due yet.")
@click.option(
    "--failures",
    "failures_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.csv",
    help="Fetch nothing; write the photos that cannot be had, and why, to a file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@plain_errors(OSError)
def fetch_command(
    limit: int | None, again: bool, failures_file: Path | None, as_json: bool
) -> None:
    """Fetch the photos whose addresses `lookalike ingest` recorded.

    A photo that cannot be had is noted with its reason and tried again by a later run; its product
    stays. Photos that were fetched are asked for again after LOOKALIKE_FETCH_AGE days, on
    condition that they changed.
    """
    settings = CatalogSettings()
    with Database.open(settings) as database:
        if failures_file is not None:
            count = write_failures(database, failures_file)
            click.echo(f"{failures_file} has {count:,} photos that cannot be had.")
            return
        with progress_bar("photos") as bar:
            task = bar.add_task("Fetch", total=None)

            def show(now: FetchProgress) -> None:
                rate = bar.tasks[0].speed
                what = f"Fetch ({rate:.0f}/s, {now.failed:,} failed)" if rate else "Fetch"
                bar.update(task, completed=now.done, total=now.total, description=what)

            report = fetch(database, settings, limit=limit, again=again, on_progress=show)
    if as_json:
        click.echo(json.dumps(report.as_json()))
        return
    for line in told(report):
        click.echo(line)


COMMANDS: list[click.Command] = [fetch_command]


def told(report: FetchReport) -> Iterator[str]:
    """What a fetch did, in lines for people."""
    rate = (report.fetched + report.unchanged + report.failed) / max(report.seconds, 1e-9)
    yield (
        f"Photos: {report.fetched:,} fetched, {report.unchanged:,} unchanged, "
        f"{report.failed:,} failed in {report.seconds:.1f} s ({rate:.0f}/s); "
        f"{report.waiting:,} wait"
    )
    if report.by_code:
        listed = ", ".join(f"{code} {count:,}" for code, count in report.by_code.items())
        yield f"Failed: {listed}. Which, and why: lookalike fetch --failures FILE.csv"
        yield "They are tried again by later runs, at growing intervals; now with --again."
    if report.changed:
        yield "Next: lookalike reindex"


def write_failures(database: Database, path: Path) -> int:
    """Write the photos that cannot be had to a CSV file; how many there are."""
    count = 0
    with database.read() as connection, path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for one in failed_downloads(connection):
            cells = (
                one.product_id,
                one.address,
                one.code,
                one.reason,
                one.tries,
                f"{one.tried_at:%Y-%m-%dT%H:%M:%SZ}",
                f"{one.next_try:%Y-%m-%dT%H:%M:%SZ}",
                "yes" if one.shown else "no",
            )
            writer.writerow([escape_formula(str(cell)) for cell in cells])
            count += 1
    return count
