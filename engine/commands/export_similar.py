"""``lookalike export-similar``: the look-alikes of every product as a file."""

import os
from pathlib import Path

import click

from catalog.console import note, plain_errors, progress
from catalog.database.database import Database
from catalog.lock import exclusive_lock
from catalog.text import counted
from engine.errors import EngineError
from engine.operations.export.draft import Draft
from engine.operations.export.formats import FORMATS
from engine.operations.export.lists import Answerer, all_look_alikes
from engine.recommendation.request import DEFAULT_K, MAX_K
from engine.settings import EngineSettings


@click.command("export-similar")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "-k",
    "k",
    type=click.IntRange(1, MAX_K),
    default=DEFAULT_K,
    show_default=True,
    help="Products of a list.",
)
@click.option("--workers", type=click.IntRange(min=0), help="Processes; 0: one per core.")
@plain_errors(EngineError, OSError)
def export_similar_command(out: Path, k: int, workers: int | None) -> None:
    """Write the look-alikes of every product to OUT, a .csv, .jsonl or .parquet file.

    The lists are those of the panel on a product's page: guards, rules and fallbacks hold. A run
    that was killed goes on where it was, unless index, catalogue or rules changed since.
    """
    if out.suffix.lower() not in FORMATS:
        raise click.UsageError(f"{out.name} should end in {', '.join(FORMATS)}.")
    if not out.parent.is_dir():
        raise click.UsageError(f"There is no folder {out.parent}. Create it, or choose another.")
    settings = EngineSettings()
    with exclusive_lock(out.with_name(f".{out.name}.lock"), "export"), Database.open() as database:
        answerer = Answerer(settings, database)
        products, state = answerer.products(), answerer.state(k)
        draft = Draft(out, state)
        try:
            if draft.restarted:
                note("Index, catalogue, rules or -k changed since the last run: from the start.")
            elif draft.known:
                note(f"Goes on: {len(draft.known):,} of {len(products):,} products are done.")
            missing = [one for one in products if one not in draft.known]
            compute(settings, draft, missing, k, workers or os.cpu_count() or 1, len(products))
            FORMATS[out.suffix.lower()](draft.lists(), out)
            draft.remove()
        finally:
            draft.close()
    click.echo(f"{out} has the look-alikes of {counted(len(products), 'product')}.")


def compute(
    settings: EngineSettings, draft: Draft, missing: list[str], k: int, workers: int, total: int
) -> None:
    """Add the missing lists to a draft, with progress on stderr."""
    if not missing:
        return
    with progress("Export", "products") as show:
        done = total - len(missing)
        show(done, total)
        for lists in all_look_alikes(settings, missing, k, workers):
            draft.add(lists)
            done += len(lists)
            show(done, total)
