"""The HTML report of a run, in one file without external resources."""

from dataclasses import dataclass, fields
from pathlib import Path

from engine.evaluation.intervals import Measure
from engine.evaluation.report import Confusion, EvaluationReport, Result
from engine.evaluation.reports.page import render, write_page
from engine.labels.labels import UNKNOWN
from engine.training.reports.neighbour_pictures import TileFactory, neighbour_rows, worst_mistakes
from engine.training.reports.results import TrainResult
from engine.training.reports.step_log import read_step_log

REPORT_FILE = "report.html"
COLOURS_SHOWN = 12


@dataclass(frozen=True)
class Change:
    """One measure of the initial and of the trained model."""

    name: str
    seeds: int
    before: Measure
    after: Measure


@dataclass(frozen=True)
class ConfusionHeatmap:
    """The colour confusion: words, and for each a row of shares in [0, 1], the last for others."""

    words: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]


def write_report(result: TrainResult) -> Path:
    """Writes ``report.html`` into the model's folder and returns its path."""
    from engine.training.reports.charts import charts_of  # loads matplotlib

    evaluation = result.evaluation
    # Without a step, a log in the folder is of an earlier run.
    log = read_step_log(result.folder / "steps.csv") if result.config.total_steps else {}
    page = render(
        "training_report.html",
        name=result.folder.name,
        facts=facts(result),
        config=settings(result),
        changes=changes(evaluation),
        same_product=same_product(evaluation),
        evaluation=evaluation,
        charts=charts_of(log, result.config.contrastive_steps),
        terms=labels_used(result),
        weights=result.weights,
        weights_reason=result.weights_reason,
        matching=TileFactory(result.evaluation_set).matching,
        rows=neighbour_rows(result.evaluation_set, result.before, result.after),
        mistakes=worst_mistakes(result.evaluation_set, result.after),
        heatmap=None if evaluation.confusion is None else heatmap(evaluation.confusion),
        skipped=result.prepared.bank.skipped,
        held_out=result.evaluation_set.held_out,
    )
    path = result.folder / REPORT_FILE
    write_page(path, page)
    return path


def facts(result: TrainResult) -> list[tuple[str, str]]:
    """Returns the facts of the run as pairs of name and value."""
    prepared, config = result.prepared, result.config
    trained_on = int(prepared.data.train.sum())
    origin = "held out" if result.evaluation_set.held_out else "of a separate source"
    stages = [(config.contrastive_steps, "contrastive"), (config.steps, "triplet")]
    pixels = f"{config.side} × {config.side}"
    if result.use_side != config.side:
        pixels += f", in use {result.use_side} × {result.use_side}"
    return [
        ("Initial model", config.encoder),
        ("Photos", f"{len(prepared.bank):,} of {len(prepared.bank.records):,} products"),
        ("Trained on", f"{trained_on:,} photos"),
        ("Evaluated on", f"{len(result.evaluation_set.products):,} products {origin}"),
        ("Steps", " and ".join(f"{steps:,} {name}" for steps, name in stages if steps) or "none"),
        ("Batch", f"{config.labels_per_batch} labels × {config.photos_per_label} photos"),
        ("Pixels", pixels),
        ("Seed", str(config.seed)),
    ]


def settings(result: TrainResult) -> list[tuple[str, str, str]]:
    """Returns every setting with its value and help text."""
    return [
        (one.name, str(getattr(result.config, one.name)), one.metadata.get("help", ""))
        for one in fields(result.config)
    ]


def labels_used(result: TrainResult) -> list[tuple[str, str, int, int, float]]:
    """Returns for each term: name, facets, number of labels, number of products, weight."""
    table = result.prepared.table
    used = []
    for term in result.prepared.terms:
        codes = table.columns[term.label]
        known = codes[codes != UNKNOWN]
        facets = ", ".join(term.blocks)
        used.append((term.name, facets, len(set(known.tolist())), len(known), term.weight))
    return used


def result_of(evaluation: EvaluationReport, name: str) -> Result:
    """Returns the result of one contender."""
    return next(result for result in evaluation.results if result.name == name)


def changes(evaluation: EvaluationReport) -> list[Change]:
    """Returns P@10 before and after, for every relation that has seeds."""
    before, after = result_of(evaluation, "initial"), result_of(evaluation, "trained")
    return [
        Change(new.relation, new.seeds, old.precision_at_10, new.precision_at_10)
        for old, new in zip(before.relations, after.relations, strict=True)
        if new.seeds
    ]


def same_product(evaluation: EvaluationReport) -> Change | None:
    """Returns R@1 of photos of the same product, before and after; None without such photos."""
    before = result_of(evaluation, "initial").same_product
    after = result_of(evaluation, "trained").same_product
    if before is None or after is None or not after.seeds:
        return None
    return Change("same product", after.seeds, before.recall_at_1, after.recall_at_1)


def heatmap(confusion: Confusion) -> ConfusionHeatmap:
    """Returns the colour confusion as shares of each row, with the most common colours by name."""
    words = confusion.words[:COLOURS_SHOWN]
    rows = []
    for word, counts in zip(words, confusion.counts, strict=False):
        total = max(1, sum(counts))
        cells = [*counts[: len(words)], sum(counts[len(words) :])]
        rows.append((word, tuple(cell / total for cell in cells)))
    return ConfusionHeatmap(words, tuple(rows))
