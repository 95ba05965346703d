"""`lookalike evaluate`: retrieval quality of an encoder, beside baselines."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from catalog.console import fail, plain_errors, progress_bar
from catalog.settings import CatalogSettings
from engine.calibration.store import find_calibration
from engine.commands.options import parse_facet_weights
from engine.encoders import loading
from engine.errors import EngineError
from engine.evaluation.data import Material, Progress, from_catalogue, from_sources
from engine.evaluation.looks.recoloured import VIEWS
from engine.evaluation.pipeline import (
    Job,
    embed,
    judge,
    judge_queries,
    planned,
    sheet_gallery,
    sheet_queries,
    two_sets,
)
from engine.evaluation.reports.html import write_html
from engine.evaluation.reports.text import as_json, as_text
from engine.evaluation.sheets.write import write_sheets
from engine.index.generation import live_manifest
from engine.labels.label_file import read_rules
from engine.labels.labels import RULES
from engine.labels.splits import SPLITS
from engine.labels.type_words import TYPE_WORDS, read_type_words
from engine.settings import EngineSettings

REDUCED = "reduced to fit 60x80 pixels"
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
@click.option(
    "--queries",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A second source whose photos are queries against --data, such as people's photos.",
)
@split_option
@click.option("--encoder", help="Encoder to evaluate. Default: LOOKALIKE_ENCODER.")
@click.option(
    "--baseline",
    "--compare",
    "baseline",
    help="A second encoder to compare with, seed by seed, such as an untrained one.",
)
@click.option("--labels", type=click.Path(path_type=Path), help="A TOML file of label rules.")
@click.option(
    "--types",
    type=click.Path(path_type=Path),
    help="A TOML file of types that answer the types of --queries.",
)
@click.option(
    "--facet",
    "facets",
    multiple=True,
    metavar="NAME=WEIGHT",
    help="Facet weights that --queries are also judged by; repeatable.",
)
@click.option("--small", is_flag=True, help="Reduce all photos to fit 60x80 pixels first.")
@click.option(
    "--views",
    type=click.IntRange(min=0),
    default=VIEWS,
    show_default=True,
    help="Number of recoloured views to judge shape by; 0: none.",
)
@click.option(
    "--applications",
    is_flag=True,
    help="Also judge same product by changed photos, recognition, styles and search in words.",
)
@click.option(
    "--recognition",
    is_flag=True,
    help="Also judge how labels are recognised by neighbours, beside a linear probe.",
)
@click.option("--json", "as_json_", is_flag=True, help="Print JSON.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write an HTML report to this file.",
)
@click.option(
    "--sheets",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also write contact sheets of seeds and their results to this folder.",
)
@plain_errors(EngineError, OSError)
def evaluate_command(
    data: tuple[Path, ...],
    queries: tuple[Path, ...],
    split: str,
    encoder: str | None,
    baseline: str | None,
    labels: Path | None,
    types: Path | None,
    facets: tuple[str, ...],
    small: bool,
    views: int,
    applications: bool,
    recognition: bool,
    as_json_: bool,
    html: Path | None,
    sheets: Path | None,
) -> None:
    """Measure item-to-item retrieval, with 95% intervals.

    Every product of the validation side is a seed once, and all other products of that side are
    ranked for it. A colour histogram and a random order are shown as baselines. If the encoder has
    a calibration, it is judged on the half of the products that it was not fitted on.

    Looks are judged beside labels: whether the same design in another colour comes first, and
    whether a photo is found again with its garment recoloured.
    """
    settings, photos = EngineSettings(), CatalogSettings()
    chosen = _query_weights(facets, types, queries)
    words = read_type_words(types) if types else TYPE_WORDS
    rules = read_rules(labels) if labels else RULES
    everything = from_sources(data) if data else from_catalogue(photos)
    material = _side(everything, split, 2, "--data")
    query_material = _side(from_sources(queries), split, 1, "--queries") if queries else None
    names = [encoder or settings.encoder, *([baseline] if baseline else [])]
    loaded = [loading.load(settings, name) for name in names]
    if chosen:
        loaded[0].layout.requested_weights(chosen)  # a misspelt facet is reported before the work
    kept = find_calibration(settings.models_dir, loaded[0].name, loaded[0].fingerprint)
    for note in kept.notes:
        click.echo(f"Note: {note}", err=True)
    job = Job(loaded, rules, photos, small, views)
    with watched(planned(material, job)) as show:
        embedded = embed(material, job, show)
    report = judge(embedded, job, kept.calibration)
    if applications:
        from engine.applications.judging.changed_photos import planned as changed
        from engine.applications.judging.report import with_applications  # scikit-learn

        with watched(changed(embedded)) as show:
            report = with_applications(report, embedded, job, show)
    elif recognition:
        from engine.applications.recognition.judged import recognition_section  # scikit-learn

        first = embedded.contenders[0]
        section = recognition_section(embedded.material.products, embedded.table, first)
        report = replace(report, recognition=section)
    embedded_queries, shown = None, None
    if query_material is not None:
        with watched(len(query_material.photos)) as show:
            embedded_queries = embed(query_material, job, show, views=0)
        sets = two_sets(embedded_queries, embedded, words)
        report = judge_queries(report, embedded_queries, embedded, sets, chosen)
        shown = sheet_queries(embedded_queries, job, sets) if sheets else None
    drawn = write_sheets(sheets, sheet_gallery(embedded, job), shown, chosen) if sheets else []
    judged = f"{len(material.products):,} of {len(everything.products):,}"
    facts = {
        "split": split,
        "products judged": judged,
        "encoder": loaded[0].name,
        **({"photos": REDUCED} if small else {}),
    }
    if html is not None:
        write_html(report, html, facts, drawn)
    unreadable = embedded.unreadable + (embedded_queries.unreadable if embedded_queries else 0)
    live = live_manifest(settings.index_dir)
    if as_json_:
        recall = live.recall_at_10 if live else None
        more = {"unreadable_photos": unreadable, "index_recall_at_10": recall, "small": small}
        click.echo(as_json(report, split=split, of_products=len(everything.products), **more))
        return
    of = f" of {len(everything.products):,} products"
    click.echo(f"Validation side of split {split}{of}: " if split != ALL else "", nl=False)
    click.echo(as_text(report))
    if split != ALL:
        click.echo(
            f"Judged: the {len(material.products):,} of {len(everything.products):,} products that "
            f"split {split} holds out. For data that the encoder was not trained on: --split all."
        )
    if sheets:
        click.echo(f"{len(drawn)} contact sheets are in {sheets}.")
    if small:
        click.echo(f"Photos were {REDUCED}.")
    if unreadable:
        click.echo(f"{unreadable} photos could not be read and were left out.")
    if live:
        click.echo(
            f"The live index {live.name} finds {live.recall_at_10:.1%} of the exact 10 nearest."
        )


def _query_weights(
    facets: Sequence[str], types: Path | None, queries: Sequence[Path]
) -> dict[str, float]:
    """The weights of --facet.

    Raises:
        click.UsageError: an option that needs --queries without it.
    """
    for name, given in (("--facet", facets), ("--types", types)):
        if given and not queries:
            raise click.UsageError(f"{name} is about --queries; give --queries SOURCE too.")
    return parse_facet_weights(facets)


def _side(material: Material, split: str, least: int, option: str) -> Material:
    """The part of a material that is evaluated; exits where fewer products are left than needed."""
    side = material if split == ALL else material.held_out(split)
    if len(side.products) < least:
        fail(
            f"Split {split} leaves {len(side.products)} products with a photo, and "
            f"{('one is', 'two are')[least - 1]} needed. Ingest more, give more {option}, or use "
            "--split all."
        )
    if len(side.products) < len(material.products):
        click.echo(f"Note: {_share(material, side, split, option)}", err=True)
    return side


def _share(material: Material, side: Material, split: str, option: str) -> str:
    """Which products are evaluated, why, and how to evaluate all of them."""
    judged, total = len(side.products), len(material.products)
    what = "query products" if option == "--queries" else "products"
    return (
        f"{judged:,} of {total:,} {what} ({judged / total:.0%}) are judged: those that split "
        f"{split} keeps from training. If the encoder was not trained on these products, --split "
        "all judges all of them."
    )


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
