"""The engine's commands; `COMMANDS` joins them to ``lookalike``."""

import json
import os
from pathlib import Path
from typing import Any

import click
import numpy as np

from catalog.console import plain_errors, progress_bar
from catalog.db import Database
from catalog.queries import Catalogue
from engine import encoders
from engine.artifacts import Generation, open_live
from engine.embed import EmbedProgress
from engine.errors import EngineError
from engine.recommend_cli import recommend_command
from engine.reindex import reindex
from engine.results import ReindexReport
from engine.settings import EngineSettings
from engine.status import Status, take_status

SHOWN_FAILURES = 10


@click.command("reindex")
@click.option("--encoder", help="Instead of LOOKALIKE_ENCODER.")
@click.option("--workers", type=click.IntRange(min=0), help="Processes that decode; 0: one a core.")
@click.option("--device", help="auto, cpu, cuda or cuda:N.")
@click.option("--force", is_flag=True, help="Build a new generation even if nothing changed.")
@plain_errors(EngineError, OSError)
def reindex_command(
    encoder: str | None, workers: int | None, device: str | None, force: bool
) -> None:
    """Embed what changed, build a new generation beside the live one, check and publish it."""
    given: dict[str, Any] = {"encoder": encoder, "workers": workers, "device": device}
    settings = EngineSettings(**{key: value for key, value in given.items() if value is not None})
    with Database.open() as database:
        loaded = encoders.load(settings)
        click.echo(f"Encoder: {loaded.name} ({loaded.fingerprint[:12]})")
        with progress_bar("photos") as bar:
            task = bar.add_task("Embed", total=None)

            def show(now: EmbedProgress) -> None:
                rate = bar.tasks[0].speed
                what = f"Embed ({rate:.0f}/s)" if rate else "Embed"
                bar.update(task, completed=now.done, total=now.total, description=what)

            report = reindex(Catalogue(database), loaded, settings, force=force, on_progress=show)
    _tell(report)


@click.command("vectors")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@plain_errors(EngineError, OSError)
def vectors_command(out: Path) -> None:
    """Write the live generation's ids, vectors and facets to OUT, a NumPy .npz file."""
    generation = open_live(EngineSettings().index_dir)
    export_vectors(generation, out)
    rows, dim = generation.vectors.shape
    click.echo(f"{out} has {rows:,} rows of {dim} numbers, of generation {generation.name}.")


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@plain_errors(EngineError)
def status_command(as_json: bool) -> None:
    """Show what is ingested, embedded and published, what is stale, and what to run next."""
    status = take_status(EngineSettings())
    if as_json:
        click.echo(json.dumps(status.plain(), ensure_ascii=False))
        return
    for line in _status_lines(status):
        click.echo(line)


COMMANDS: list[click.Command] = [
    reindex_command,
    recommend_command,
    vectors_command,
    status_command,
]


def export_vectors(generation: Generation, out: Path) -> None:
    """Write ``ids`` (str), ``vectors`` (float32, N x D) and ``facets`` (JSON) to a file.

    It is written beside its place first, so that a kill leaves no half file.
    """
    facets = {name: list(span) for name, span in generation.layout.slices.items()}
    draft = out.with_name(f"{out.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as stream:
            np.savez(
                stream,
                ids=generation.ids.astype(str),
                vectors=generation.vectors,
                facets=np.array(json.dumps(facets)),
            )
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


def _tell(report: ReindexReport) -> None:
    for note in report.notes:
        click.echo(f"Note: {note}", err=True)
    for failure in report.failures[:SHOWN_FAILURES]:
        click.echo(f"Not embedded: {failure.path}: {failure.reason}", err=True)
    if len(report.failures) > SHOWN_FAILURES:
        click.echo(f"... and {len(report.failures) - SHOWN_FAILURES:,} more", err=True)
    click.echo(
        f"{report.photos_embedded:,} photos embedded, {report.photos_failed:,} failed, "
        f"{report.photos - report.photos_embedded:,} known before."
    )
    if not report.published:
        click.echo(f"Nothing changed: generation {report.generation} is up to date.")
        return
    click.echo(
        f"Published generation {report.generation}: {report.products:,} products, recall@10 "
        f"{report.recall_at_10:.4f}, in {report.seconds:.1f} s. Next: lookalike serve"
    )


def _status_lines(status: Status) -> list[str]:
    lines = []
    if status.catalogue:
        counts = ", ".join(
            f"{n:,} {name.replace('_', ' ')}" for name, n in status.catalogue.items()
        )
        lines.append(f"Catalogue:  {counts}")
    if status.generation:
        lines += [
            f"Generation: {status.generation}, {status.indexed_products:,} products of "
            f"{status.indexed_photos:,} photos, recall@10 {status.recall_at_10:.4f}",
            f"Encoder:    {status.encoder} ({status.fingerprint[:12]}), "
            f"{status.cached_vectors:,} vectors cached",
        ]
    lines += [f"Stale:      {reason}" for reason in status.stale]
    lines.append(f"Next:       {status.next_step}")
    return lines
