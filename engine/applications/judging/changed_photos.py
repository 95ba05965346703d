"""Is a photo that another seller changed taken for the same product?

Most shops have one photo of a product, so that nothing says which two photos show one. Views of a
photo stand in for them: recompressed, cropped, mirrored, or before another background.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from engine.applications.verification.views import VIEWS, view
from engine.arrays import Float32, Int64
from engine.evaluation.data import Embedder, Progress, embed_photos
from engine.evaluation.evaluate import VERIFICATION
from engine.evaluation.looks import verification
from engine.evaluation.looks.recoloured import choose_photos
from engine.evaluation.looks.roc import roc_curves
from engine.evaluation.looks.verification import JudgedPairs, judge_pairs
from engine.evaluation.pipeline import Embedded, Job, photo_names
from engine.evaluation.report import EvaluationReport
from engine.evaluation.section import Section

CHANGED = "one product, changed photo"
MORE = (
    " A changed photo was recompressed, cropped, mirrored or put before another background, and "
    "belongs to the product of its original."
)
MOST = 250  # photos that are changed, each in four ways


def planned(embedded: Embedded) -> int:
    """How many photos are embedded."""
    return len(VIEWS) * min(MOST, len(embedded.material.photos))


def with_changed_photos(
    report: EvaluationReport, embedded: Embedded, job: Job, families: Int64, on_progress: Progress
) -> EvaluationReport:
    """The report with rows and curves of changed photos under verification.

    Args:
        report: of the same material.
        embedded: with P photos.
        job: how they were embedded.
        families: ``(N,)`` title families of the products: two of one family may be one product, and
            set no threshold.
        on_progress: called with the number of photos done, and of all.
    """
    judged = judge_changed(embedded, job, families, on_progress)
    if not judged:
        return report
    found = Section.of(VERIFICATION, verification.NOTE, judged)
    rows = found.rows if report.verification is None else report.verification.rows + found.rows
    table = replace(found, rows=rows, note=verification.NOTE + MORE, counted="pairs")
    return replace(report, verification=table, roc=report.roc + roc_curves(judged))


def judge_changed(
    embedded: Embedded, job: Job, families: Int64, on_progress: Progress
) -> list[tuple[str, JudgedPairs]]:
    """The pairs of a photo and its views, with the name of each encoder."""
    chosen = choose_photos(photo_names(embedded.material), MOST)
    paths = [embedded.material.photos[row] for row in chosen.tolist()]
    encoders: dict[str, Embedder] = {f"{at}": one.encode for at, one in enumerate(job.loaded)}
    parts: dict[str, list[Float32]] = {name: [] for name in encoders}
    originals: list[Int64] = []
    for place, name in enumerate(VIEWS):
        found, kept = embed_photos(
            paths,
            encoders,
            side=job.side,
            settings=job.settings,
            on_progress=partial(_later, on_progress, place),
            transform=partial(view, name=name),
        )
        originals.append(chosen[kept])
        for key, rows in found.items():
            if kept.any():
                parts[key].append(rows)
    left = np.concatenate(originals)
    pairs = np.stack([left, np.arange(len(left))], axis=1)
    identities = families[embedded.material.owners]
    judged = []
    for key, contender in zip(encoders, embedded.contenders, strict=False):
        photos = contender.products if contender.photos is None else contender.photos
        if parts[key]:
            views = np.concatenate(parts[key])
            found_pairs = judge_pairs(CHANGED, photos, contender, identities, pairs, views)
            judged += [(contender.name, one) for one in found_pairs]
    return judged


def _later(show: Progress, place: int, done: int, of: int) -> None:
    """Show the progress of one kind of views after those before it."""
    show(place * of + done, len(VIEWS) * of)
