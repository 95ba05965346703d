"""``lookalike tidy``: shows what a home no longer needs, and removes it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

import click

from catalog.console import json_option, plain_errors
from catalog.database.database import Database
from catalog.settings import CatalogSettings
from engine.errors import EngineError
from engine.operations.tidying import Leftover, Tidying, summarise
from engine.settings import EngineSettings


@click.command("tidy")
@json_option
@click.option("--yes", is_flag=True, help="Remove without asking.")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@plain_errors(EngineError, OSError)
def tidy_command(as_json: bool, yes: bool, dry_run: bool) -> None:
    """Show what is no longer needed, and remove it once you agree.

    That is: all but the latest rejects files of each source, fetched photos and thumbnails that no
    product shows, cached vectors of earlier encoders, and drafts of killed processes. Shared photos
    (LOOKALIKE_PHOTOS) that no product shows are moved aside and removed 7 days later. `lookalike
    watch` does the same by itself.
    """
    caps = CatalogSettings()
    with Database.open(caps) as database:
        tidying = Tidying(database, caps, EngineSettings())
        found = tidying.run(remove=False)
        remove = not dry_run and bool(found) and (yes or _agreed(found, as_json))
        if remove:
            found = tidying.run(remove=True)
    if as_json:
        click.echo(json.dumps({"removed": remove, "found": [asdict(one) for one in found]}))
        return
    if remove:
        click.echo(f"Removed {summarise(found)}.")
    elif not found:
        click.echo("Nothing to remove.")
    else:
        _show(found)
        click.echo("Nothing was removed. Next: lookalike tidy --yes")


def _agreed(found: Sequence[Leftover], as_json: bool) -> bool:
    """Show what would be removed and ask, if somebody is there."""
    if as_json or not sys.stdin.isatty():
        return False
    _show(found)
    return click.confirm("Remove?")


def _show(found: Sequence[Leftover]) -> None:
    for one in found:
        size = f"{one.bytes / 1e6:,.1f} MB" if one.count else ""
        click.echo(f"{one.count:>9,}  {size:>12}  {one.kind}{f' ({one.note})' if one.note else ''}")
