"""The command ``fetch``: downloads photos from their addresses."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from catalog.commands.share_photos import share_photos_command
from catalog.console import json_option, plain_errors, progress
from catalog.database.database import Database
from catalog.fetching.download_status import failed_downloads
from catalog.fetching.report import FetchProgress, FetchReport
from catalog.fetching.run import fetch
from catalog.settings import CatalogSettings
from catalog.spreadsheet import SpreadsheetWriter
from catalog.text import counted

HEADER = ("id", "photo", "code", "reason", "tries", "last_try", "next_try", "earlier_photo_shown")


@click.command("fetch")
@click.option("--limit", type=click.IntRange(min=1), help="Fetch at most this many addresses.")
@click.option("--again", is_flag=True, help="Also retry failed downloads that are not due yet.")
@click.option(
    "--failures",
    "failures_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.csv",
    help="Fetch nothing; list the photos that could not be downloaded, with reasons, in a file.",
)
@json_option
@plain_errors(OSError)
def fetch_command(
    limit: int | None, again: bool, failures_file: Path | None, as_json: bool
) -> None:
    """Download the photos whose addresses `lookalike ingest` recorded.

    A download that fails is recorded with its reason and retried by a later run; the product stays
    in the catalogue. After LOOKALIKE_FETCH_AGE days a downloaded photo is requested again, with a
    conditional request.
    """
    if failures_file is not None and (again or limit is not None):
        raise click.UsageError("--failures fetches nothing; leave --again and --limit out.")
    settings = CatalogSettings()
    with Database.open(settings) as database:
        if failures_file is not None:
            count = write_failures(database, failures_file)
            click.echo(
                f"{failures_file} has {counted(count, 'photo')} that could not be downloaded."
            )
            return
        with progress("Fetch", "photos") as show:

            def on_progress(now: FetchProgress) -> None:
                show(now.done, now.total, f"{now.failed:,} failed")

            report = fetch(database, settings, limit=limit, again=again, on_progress=on_progress)
    if as_json:
        click.echo(json.dumps(report.as_json()))
    else:
        for line in format_report(report):
            click.echo(line)
    if report.nothing_worked:
        sys.exit(1)


COMMANDS: list[click.Command] = [fetch_command, share_photos_command]


def format_report(report: FetchReport) -> Iterator[str]:
    """The lines of a fetch's summary."""
    rate = (report.fetched + report.unchanged + report.failed) / max(report.seconds, 1e-9)
    yield (
        f"Photos: {report.fetched:,} fetched, {report.unchanged:,} unchanged, "
        f"{report.failed:,} failed in {report.seconds:.1f} s ({rate:.0f}/s); "
        f"{report.waiting:,} waiting"
    )
    for code, count in report.by_code.items():
        yield f"Failed: {code} {count:,}, such as: {report.reasons.get(code, '')}"
    if report.waiting and not report.failed:
        photos = counted(report.waiting, "photo")
        yield f"Without a file: {photos}, which failed before or --limit left."
    if report.changed:
        yield "Next: lookalike reindex"
    elif report.refused and report.refused == report.waiting:
        yield (
            "Next: add these hosts to LOOKALIKE_FETCH_HOSTS if they are your own, then "
            "lookalike fetch; lookalike fetch --failures FILE.csv lists them all"
        )
    elif report.by_code:
        yield (
            "Next: lookalike fetch --failures FILE.csv lists them all; later runs retry them at "
            "growing intervals, and lookalike fetch --again at once"
        )
    elif report.waiting:
        yield "Next: lookalike fetch --again"
    else:
        yield "Nothing is due."


def write_failures(database: Database, path: Path) -> int:
    """Writes the photos that could not be downloaded to a CSV file; returns their number."""
    count = 0
    with database.read() as connection, path.open("w", encoding="utf-8", newline="") as stream:
        writer = SpreadsheetWriter(stream, HEADER)
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
            writer.write(cells)
            count += 1
    return count
