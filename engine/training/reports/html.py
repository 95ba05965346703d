"""The report of a run: one HTML file that needs nothing else."""

from dataclasses import dataclass, fields
from pathlib import Path

from engine.evaluation.intervals import Measure
from engine.evaluation.report import Confusion, EvaluationReport, Result
from engine.evaluation.report_page import render, write_page
from engine.labels.labels import UNKNOWN
from engine.training.reports.neighbour_pictures import Album, neighbour_rows, worst_mistakes
from engine.training.reports.results import TrainResult
from engine.training.reports.step_log import read_step_log

REPORT_FILE = "report.html"
COLOURS_SHOWN = 12


@dataclass(frozen=True)
class Change:
    """One number before and after, for the top of the report."""

    name: str
    seeds: int
    before: Measure
    after: Measure


@dataclass(frozen=True)
class ConfusionHeatmap:
    """The colour confusion: words, and rows of shares in [0, 1], the last one all others."""

    words: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]


def write_report(result: TrainResult) -> Path:
    """Write ``report.html`` into the model's folder and return its path."""
    from engine.training.reports.charts import charts_of  # loads matplotlib

    evaluation = result.evaluation
    page = render(
        "training_report.html",
        name=result.folder.name,
        facts=facts(result),
        config=settings(result),
        changes=changes(evaluation),
        same_product=same_product(evaluation),
        evaluation=evaluation,
        charts=charts_of(
            read_step_log(result.folder / "steps.csv"), result.config.contrastive_steps
        ),
        terms=labels_used(result),
        weights=result.weights,
        weights_given=result.weights_given,
        matching=Album(result.evaluation_set).matching,
        rows=neighbour_rows(result.evaluation_set, result.before, result.after),
        mistakes=worst_mistakes(result.evaluation_set, result.after),
        heat=None if evaluation.confusion is None else heat(evaluation.confusion),
        skipped=result.prepared.bank.skipped,
        held_out=result.evaluation_set.held_out,
    )
    path = result.folder / REPORT_FILE
    write_page(path, page)
    return path


def facts(result: TrainResult) -> list[tuple[str, str]]:
    """What was trained, on what, as pairs of words."""
    prepared, config = result.prepared, result.config
    trained_on = int(prepared.data.train.sum())
    kept = "held out" if result.evaluation_set.held_out else "of a source of their own"
    stages = [(config.contrastive_steps, "with titles"), (config.steps, "of triplets")]
    pixels = f"{config.side} × {config.side}"
    if result.use_side != config.side:
        pixels += f", in use {result.use_side} × {result.use_side}"
    return [
        ("Start", config.encoder),
        ("Photos", f"{len(prepared.bank):,} of {len(prepared.bank.records):,} products"),
        ("Trained on", f"{trained_on:,} photos"),
        ("Judged on", f"{len(result.evaluation_set.products):,} products {kept}"),
        ("Steps", " and ".join(f"{steps:,} {what}" for steps, what in stages if steps) or "none"),
        ("Batch", f"{config.labels_per_batch} labels × {config.photos_per_label} photos"),
        ("Pixels", pixels),
        ("Seed", str(config.seed)),
    ]


def settings(result: TrainResult) -> list[tuple[str, str, str]]:
    """Every knob with its value and meaning."""
    return [
        (knob.name, str(getattr(result.config, knob.name)), knob.metadata.get("help", ""))
        for knob in fields(result.config)
    ]


def labels_used(result: TrainResult) -> list[tuple[str, str, int, int, float]]:
    """Of each triplet loss: its label, its facets, distinct labels, labelled products, weight."""
    table = result.prepared.table
    used = []
    for term in result.prepared.terms:
        codes = table.columns[term.label]
        known = codes[codes != UNKNOWN]
        facets = ", ".join(term.blocks)
        used.append((term.name, facets, len(set(known.tolist())), len(known), term.weight))
    return used


def named(evaluation: EvaluationReport, name: str) -> Result:
    """One contender's result."""
    return next(result for result in evaluation.results if result.name == name)


def changes(evaluation: EvaluationReport) -> list[Change]:
    """P@10 of every relation that could be judged, before and after."""
    before, after = named(evaluation, "start"), named(evaluation, "trained")
    return [
        Change(new.relation, new.seeds, old.precision_at_10, new.precision_at_10)
        for old, new in zip(before.relations, after.relations, strict=True)
        if new.seeds
    ]


def same_product(evaluation: EvaluationReport) -> Change | None:
    """How often the photo nearest to a photo is another one of its product (R@1)."""
    before = named(evaluation, "start").same_product
    after = named(evaluation, "trained").same_product
    if before is None or after is None or not after.seeds:
        return None
    return Change("same product", after.seeds, before.recall_at_1, after.recall_at_1)


def heat(confusion: Confusion) -> ConfusionHeatmap:
    """The colour confusion as shares of each row, the commonest colours by name."""
    words = confusion.words[:COLOURS_SHOWN]
    rows = []
    for word, counts in zip(words, confusion.counts, strict=False):
        total = max(1, sum(counts))
        cells = [*counts[: len(words)], sum(counts[len(words) :])]
        rows.append((word, tuple(cell / total for cell in cells)))
    return ConfusionHeatmap(words, tuple(rows))
