"""`lookalike evaluate`: retrieval quality of an encoder, beside baselines."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from catalog.console import fail, plain_errors, progress_bar
from catalog.settings import CatalogSettings
from engine.calibration.calibration import Calibration
from engine.calibration.held_out_pairs import HeldOutSet, fitting_half
from engine.calibration.reliability import measure as measure_reliability
from engine.calibration.store import find_calibration
from engine.encoders import loading
from engine.errors import EngineError
from engine.evaluation.baselines import histogram_rows
from engine.evaluation.data import (
    Embedder,
    Material,
    Progress,
    embed_photos,
    from_catalogue,
    from_sources,
    pool_products,
)
from engine.evaluation.evaluate import Contender, EvaluationReport, evaluate
from engine.evaluation.html import write_html
from engine.evaluation.text import as_json, as_text
from engine.index.generation import live_manifest
from engine.labels.label_file import read_rules
from engine.labels.labels import RULES, LabelRule, label_products
from engine.labels.splits import SPLITS
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from engine.encoders.encoder import Encoder

ALL = "all"


split_option = click.option(
    "--split",
    type=click.Choice([*SPLITS, ALL]),
    default="v1",
    show_default=True,
    help="Split whose validation side is used; all: every product, for data not trained on.",
)


@click.command("evaluate")
@click.option(
    "--data",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A source to evaluate on, read in place; repeatable. Default: the catalogue.",
)
@split_option
@click.option("--encoder", help="Encoder to evaluate. Default: LOOKALIKE_ENCODER.")
@click.option("--baseline", help="A second encoder to compare with, such as an untrained one.")
@click.option("--labels", type=click.Path(path_type=Path), help="A TOML file of label rules.")
@click.option("--json", "as_json_", is_flag=True, help="Print JSON.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write an HTML report to this file.",
)
@plain_errors(EngineError, OSError)
def evaluate_command(
    data: tuple[Path, ...],
    split: str,
    encoder: str | None,
    baseline: str | None,
    labels: Path | None,
    as_json_: bool,
    html: Path | None,
) -> None:
    """Measure item-to-item retrieval, with 95% intervals.

    Every product of the validation side is a seed once, and all other products of that side are
    ranked for it. A colour histogram and a random order are shown as baselines. If the encoder has
    a calibration, it is judged on the half of the products that it was not fitted on.
    """
    settings, photos = EngineSettings(), CatalogSettings()
    rules = read_rules(labels) if labels else RULES
    material = from_sources(data) if data else from_catalogue(photos)
    if split != ALL:
        material = material.held_out(split)
    if len(material.products) < 2:
        fail(
            f"Split {split} leaves {len(material.products)} products with a photo, and two are "
            "needed. Ingest more, give more --data, or use --split all."
        )
    names = [encoder or settings.encoder, *([baseline] if baseline else [])]
    loaded = [loading.load(settings, name) for name in names]
    kept = find_calibration(settings.models_dir, loaded[0].name, loaded[0].fingerprint)
    for note in kept.notes:
        click.echo(f"Note: {note}", err=True)
    with watched(len(material.photos)) as show:
        report, unreadable = run(material, loaded, rules, photos, show, kept.calibration)
    live = live_manifest(settings.index_dir)
    recall = live.recall_at_10 if live else None
    if html is not None:
        write_html(report, html, split=split, encoder=loaded[0].name)
    if as_json_:
        click.echo(
            as_json(report, split=split, unreadable_photos=unreadable, index_recall_at_10=recall)
        )
        return
    click.echo(f"Validation side of split {split}: " if split != ALL else "", nl=False)
    click.echo(as_text(report))
    if unreadable:
        click.echo(f"{unreadable} photos could not be read and were left out.")
    if live:
        click.echo(
            f"The live index {live.name} finds {live.recall_at_10:.1%} of the exact 10 nearest."
        )


def run(
    material: Material,
    loaded: Sequence["Encoder"],
    rules: Sequence[LabelRule],
    settings: CatalogSettings,
    on_progress: Progress | None = None,
    calibration: Calibration | None = None,
) -> tuple[EvaluationReport, int]:
    """Embed photos with the encoders and the histogram, and evaluate them.

    ``calibration`` is the first encoder's. Returns the report and the number of unreadable photos.

    Raises:
        EngineError: no photo could be read.
    """
    embedders: dict[str, Embedder] = {f"{at}": one.encode for at, one in enumerate(loaded)}
    rows, kept = embed_photos(
        material.photos,
        {**embedders, "histogram": histogram_rows},
        side=2 * max(one.image_size for one in loaded),
        settings=settings,
        on_progress=on_progress,
    )
    shown = material.only(kept)
    if not shown.products:
        raise EngineError("None of the photos could be read. Ingest the source again to see why.")
    owners = shown.owners
    contenders = [
        Contender(
            one.name, pool_products(found, owners, one.layout), photos=found, layout=one.layout
        )
        for one, found in ((one, rows[f"{at}"]) for at, one in enumerate(loaded))
    ]
    histogram = pool_products(rows["histogram"], owners, None)
    contenders.append(Contender("colour histogram", histogram, photos=rows["histogram"]))
    table = label_products(shown.products, rules)
    report = evaluate(table, contenders, owners)
    if calibration is not None:
        held = HeldOutSet.of(shown.products, contenders[0].products, table)
        judged = measure_reliability(held, ~fitting_half(shown.products), calibration)
        report = replace(report, reliability=judged)
    return report, int(np.sum(~kept))


@contextmanager
def watched(total: int) -> Iterator[Progress]:
    """A progress bar over photos, with the rate in photos per second."""
    started = time.monotonic()
    with progress_bar("photos") as bar:
        task = bar.add_task("Embed", total=total)

        def show(done: int, _: int) -> None:
            rate = done / max(time.monotonic() - started, 1e-9)
            bar.update(task, completed=done, description=f"Embed ({rate:,.0f} a second)")

        yield show


COMMANDS = [evaluate_command]
