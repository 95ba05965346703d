"""Item-to-item evaluation: every held-out product is a seed against all others held out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.arrays import Int64
from engine.evaluation.baselines import random_scores
from engine.evaluation.coarse_colours import COARSE, coarse_codes
from engine.evaluation.contender import Contender
from engine.evaluation.intervals import FEW_SEEDS
from engine.evaluation.looks import recoloured, same_design, verification, within_type
from engine.evaluation.looks.roc import roc_curves
from engine.evaluation.relations import (
    RELATIONS,
    SAME_PRODUCT,
    confusion,
    judged_relations,
    result,
    score,
    summarise,
)
from engine.evaluation.report import EvaluationReport, NotJudged, Result
from engine.evaluation.section import Judged, Section, changes
from engine.labels.labels import UNKNOWN, LabelTable

RANDOM = "random order"
SAME_DESIGN, RECOLOURED = "Same design, other colour", "Recoloured view"
WITHIN_TYPE, VERIFICATION = "Within a type", "Verification"
_NOTES = {
    SAME_DESIGN: same_design.NOTE,
    RECOLOURED: recoloured.NOTE,
    WITHIN_TYPE: within_type.NOTE,
    VERIFICATION: verification.NOTE,
}


@dataclass(frozen=True)
class Yardsticks:
    """What is known of N products and their P photos beside their labels.

    Attributes:
        families: ``(N,)`` design families, -1 for none; None: they are not judged.
        originals: ``(V,)`` photo rows that the contenders' views were made from; None: no views.
        baseline: the contender that the first one is compared with, seed by seed; None: no one.
    """

    families: Int64 | None = None
    originals: Int64 | None = None
    baseline: int | None = None


def evaluate(
    labels: LabelTable,
    contenders: Sequence[Contender],
    owners: Int64 | None = None,
    yardsticks: Yardsticks | None = None,
) -> EvaluationReport:
    """Score contenders and a random order on labelled products.

    Args:
        labels: of N products; those derived from pixels do not judge.
        contenders: the encoder first.
        owners: ``(P,)`` the product (row of ``labels``) of each photo, if there are photo rows.
        yardsticks: what else is judged, and what is not.

    Raises:
        ValueError: rows are not aligned with the labels or owners.
    """
    yardsticks = yardsticks or Yardsticks()
    known = judged_labels(labels)
    relations = {name: known.joint(*columns) for name, columns in RELATIONS.items()}
    scored = [score(contender, relations) for contender in contenders]
    chance = tuple(summarise(name, random_scores(codes)) for name, codes in relations.items())
    shared = None if owners is None else summarise(SAME_PRODUCT, random_scores(owners))
    coloured = "colour" not in labels.derived or (known.columns["colour"] != UNKNOWN).any()
    report = EvaluationReport(
        products=len(labels),
        photos=len(labels) if owners is None else len(owners),
        results=(*(result(one, owners) for one in scored), Result(RANDOM, chance, (), shared)),
        confusion=(
            confusion(known, contenders[0]) if contenders and len(labels) > 1 and coloured else None
        ),
    )
    looks = [list(judge_looks(known, contender, yardsticks, owners)) for contender in contenders]
    tables = _tables(known, contenders, looks)
    report = replace(
        report,
        same_design=tables.get(SAME_DESIGN),
        recoloured_view=tables.get(RECOLOURED),
        within_type=tables.get(WITHIN_TYPE),
        verification=tables.get(VERIFICATION),
        roc=roc_curves(
            (contender.name, one)
            for contender, parts in zip(contenders, looks, strict=True)
            for _, one in parts
        ),
    )
    if yardsticks.baseline is not None:
        new, old = (
            [*judged_relations(scored[at]), *(one for _, one in looks[at])]
            for at in (0, yardsticks.baseline)
        )
        report = replace(report, changes=changes(new, old))
    return replace(
        report,
        not_judged=tuple(_not_judged(report, labels, yardsticks)),
        warnings=tuple(seed_warnings(report)),
    )


def judged_labels(labels: LabelTable) -> LabelTable:
    """The labels that may judge: without derived ones, and with the coarse colour."""
    columns = dict(labels.columns)
    for column, mask in labels.derived.items():
        columns[column] = np.where(mask, UNKNOWN, columns[column])
    known = replace(labels, columns=columns)
    return replace(
        known,
        columns={**columns, "coarse colour": coarse_codes(known)},
        words={**labels.words, "coarse colour": tuple(COARSE)},
    )


def judge_looks(
    labels: LabelTable,
    contender: Contender,
    yardsticks: Yardsticks,
    owners: Int64 | None = None,
) -> Iterator[tuple[str, Judged]]:
    """What the yardsticks for looks find of one contender, by the title of the table."""
    if yardsticks.families is not None:
        families, colours = yardsticks.families, labels.columns["colour"]
        for one in same_design.judge_same_design(families, colours, contender):
            yield SAME_DESIGN, one
        for one in verification.judge_designs(families, colours, contender):
            yield VERIFICATION, one
    if yardsticks.originals is not None:
        for one in recoloured.judge_recoloured(yardsticks.originals, contender):
            yield RECOLOURED, one
    for one in within_type.judge_within_type(labels, contender):
        yield WITHIN_TYPE, one
    if owners is not None:
        for one in verification.judge_photos(owners, contender):
            yield VERIFICATION, one


def _tables(
    labels: LabelTable,
    contenders: Sequence[Contender],
    looks: Sequence[Sequence[tuple[str, Judged]]],
) -> dict[str, Section]:
    """The tables with at least one seed, by their titles."""
    found = {}
    for title, note in _NOTES.items():
        judged = [
            (contender.name, one)
            for contender, parts in zip(contenders, looks, strict=True)
            for name, one in parts
            if name == title and one.seeds
        ]
        if judged and title == WITHIN_TYPE:
            judged += [(RANDOM, one) for one in within_type.judge_chance(labels) if one.seeds]
        if judged:
            found[title] = Section.of(title, note, judged)
    if VERIFICATION in found:
        found[VERIFICATION] = replace(found[VERIFICATION], counted="pairs")
    return found


def _not_judged(
    report: EvaluationReport, labels: LabelTable, yardsticks: Yardsticks
) -> Iterator[NotJudged]:
    for column, mask in labels.derived.items():
        if mask.any():
            yield NotJudged(
                column,
                f"the {column} of {int(mask.sum()):,} of {len(mask):,} products was derived from "
                "the pixels of their photos, and a facet is not judged on labels that were "
                "derived from its own inputs",
            )
    for score_ in report.results[0].relations:
        if not score_.seeds:
            yield NotJudged(score_.relation, "no two products share a known label")
    if yardsticks.families is not None and report.same_design is None:
        yield NotJudged(same_design.NAME, "no two titles differ in nothing but a known colour")


def seed_warnings(report: EvaluationReport) -> Iterator[str]:
    """A warning where fewer than `FEW_SEEDS` seeds judge."""
    seeds = {one.relation: one.seeds for one in report.results[0].relations}
    for section in report.sections:
        seeds |= section.seeds
    few = [f"{name} ({count})" for name, count in seeds.items() if 0 < count < FEW_SEEDS]
    if few:
        yield (
            f"Fewer than {FEW_SEEDS} seeds judge {', '.join(few)}: a difference between two models "
            "may be chance there, so choose none by it."
        )
