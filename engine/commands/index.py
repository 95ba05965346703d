"""``lookalike reindex`` and ``vectors``, and `COMMANDS`, the engine's commands."""

import json
from pathlib import Path

import click
import numpy as np

from catalog.console import note, plain_errors, progress
from catalog.database.database import Database
from catalog.errors import CatalogError
from catalog.files import replacing
from catalog.products.catalogue import Catalogue
from catalog.text import counted
from engine.applications.map.keeping import map_facts
from engine.applications.recognition.learned import learn_ahead
from engine.applications.styles.keeping import follow_index, regroup
from engine.commands.export_similar import export_similar_command
from engine.commands.recommend import recommend_command
from engine.commands.status import status_command
from engine.commands.tidy import tidy_command
from engine.commands.watch import load_encoder, watch_command
from engine.embedding.embed import EmbedProgress
from engine.errors import EngineError
from engine.index.generation import Generation
from engine.index.merged import open_merged
from engine.index.reindex import reindex
from engine.index.reports import ReindexReport
from engine.index.stores.choose import open_store
from engine.index.update import Updater
from engine.settings import EngineSettings

SHOWN_FAILURES = 10


@click.command("reindex")
@click.option("--encoder", help="Encoder to use; default: LOOKALIKE_ENCODER.")
@click.option("--workers", type=click.IntRange(min=0), help="Decoding processes; 0: one per core.")
@click.option("--device", help="auto, cpu, cuda or cuda:N.")
@click.option("--force", is_flag=True, help="Build a new generation even if nothing changed.")
@click.option("--delta", is_flag=True, help="Only add what changed to the live generation.")
@plain_errors(EngineError, OSError)
def reindex_command(
    encoder: str | None, workers: int | None, device: str | None, force: bool, delta: bool
) -> None:
    """Embed what changed, build a new generation beside the live one, check it and publish it.

    With --delta no index is built: what changed is written to a delta beside the live generation
    and searched with it; the next reindex without --delta merges it.
    """
    if force and delta:
        raise click.UsageError("--force builds a new generation, --delta does not. Leave one out.")
    given = {"encoder": encoder, "workers": workers, "device": device}
    settings = EngineSettings.model_validate(
        {name: value for name, value in given.items() if value is not None}
    )
    with Database.open() as database:
        loaded = None if delta else load_encoder(settings)
        with progress("Embed", "photos") as show:

            def on_progress(now: EmbedProgress) -> None:
                show(now.done, now.total)

            catalogue = Catalogue(database)
            if loaded is None:
                updater = Updater(catalogue, lambda: load_encoder(settings), settings)
                report = updater.update(delta_only=True, on_progress=on_progress)
            else:
                report = reindex(catalogue, loaded, settings, force=force, on_progress=on_progress)
        learn_ahead(settings, catalogue)
        print_report(report)
        keep_styles(settings, catalogue, regroups=not delta)
        compare_map(settings, catalogue)


@click.command("vectors")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@plain_errors(EngineError, OSError)
def vectors_command(out: Path) -> None:
    """Write the live generation's ids, vectors and facets to OUT, a NumPy .npz file."""
    settings = EngineSettings()
    if not settings.index_is_shared:  # which needs no catalogue
        generation = open_merged(settings.index_dir)
        export_vectors(generation, out)
    else:
        with Database.open() as database:
            store = open_store(settings, Catalogue(database))
            store.follow(settings.index_dir)
            generation = open_merged(settings.index_dir, store=store)
            export_vectors(generation, out)
    rows, dim = generation.vectors.shape
    click.echo(
        f"{out} has {counted(rows, 'row')} of {dim} numbers, of generation {generation.name}."
    )


def keep_styles(settings: EngineSettings, catalogue: Catalogue, *, regroups: bool) -> None:
    """Let the styles follow what was published, if there are any, and print what became of them.

    Args:
        settings, catalogue: of the home.
        regroups: also find them again where that is due.
    """
    try:
        followed = follow_index(settings, catalogue)
        if followed.joined or followed.left:
            click.echo(f"Styles: {followed}.")
        if not followed.due:
            return
        if not regroups:
            click.echo("Many products changed: run `lookalike clusters` to find the styles again.")
            return
        click.echo("Many products changed: the styles are found again. The index is live already.")
        styles, _ = regroup(settings, catalogue)
        click.echo(f"Found {counted(len(styles), 'style')}.")
    except (EngineError, CatalogError, OSError) as error:
        note(f"The index is live, and the styles stay as they were. {error}")


def compare_map(settings: EngineSettings, catalogue: Catalogue) -> None:
    """Print how the home's map differs from what was published, if there is one and it does."""
    try:
        store = open_store(settings, catalogue)
        store.follow(settings.index_dir)
        found = map_facts(settings, open_merged(settings.index_dir, store=store))
    except EngineError as error:
        note(f"The index is live, and the map cannot be compared with it. {error}")
        return
    if found is not None and found.is_stale:
        click.echo(f"The map shows {found}: run `lookalike map` to make it again.")


COMMANDS: list[click.Command] = [
    reindex_command,
    recommend_command,
    vectors_command,
    export_similar_command,
    status_command,
    tidy_command,
    watch_command,
]


def export_vectors(generation: Generation, out: Path) -> None:
    """Write ``ids`` (str), ``vectors`` ``(N, D)`` float32 and ``facets`` (JSON) to a file.

    Written in one step, so that a kill leaves no half file.
    """
    facets = {name: list(span) for name, span in generation.layout.slices.items()}
    with replacing(out) as draft, draft.open("wb") as stream:
        np.savez(
            stream,
            ids=generation.ids[:].astype(str),
            vectors=np.asarray(generation.vectors),
            facets=np.array(json.dumps(facets)),
        )


def print_report(report: ReindexReport) -> None:
    """Print what a reindex did, and what failed."""
    for text in report.notes:
        note(text)
    for failure in report.failures[:SHOWN_FAILURES]:
        click.echo(f"Not embedded: {failure.path}: {failure.reason}", err=True)
    if len(report.failures) > SHOWN_FAILURES:
        click.echo(f"... and {len(report.failures) - SHOWN_FAILURES:,} more", err=True)
    click.echo(
        f"{counted(report.photos_embedded, 'photo')} embedded, {report.photos_failed:,} failed, "
        f"{report.photos - report.photos_embedded:,} known before."
    )
    if report.delta and report.published:
        size = report.delta_products + report.delta_gone
        click.echo(
            f"Published {report.delta}: {counted(report.delta_products, 'product')}, "
            f"{report.delta_gone:,} gone, {size / max(1, report.products):.1%} of "
            f"{report.products:,}, in {report.seconds:.1f} s."
        )
        return
    if not report.published:
        click.echo(f"Nothing changed: generation {report.generation} is up to date.")
        return
    click.echo(
        f"Published generation {report.generation}: {counted(report.products, 'product')}, "
        f"recall@10 {report.recall_at_10:.4f}, in {report.seconds:.1f} s. Next: lookalike serve"
    )
