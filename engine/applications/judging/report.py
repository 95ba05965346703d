"""The evaluation report with what the same embedding answers beside panels."""

from dataclasses import replace

from catalog.vocabulary.synonyms import Synonyms
from engine.applications.judging.changed_photos import with_changed_photos
from engine.applications.judging.styles import styles_section
from engine.applications.judging.words import with_words
from engine.applications.recognition.judged import recognition_section
from engine.applications.verification.learning import FEWEST
from engine.evaluation.data import Progress
from engine.evaluation.evaluate import seed_warnings
from engine.evaluation.pipeline import Embedded, Job
from engine.evaluation.report import EvaluationReport
from engine.labels.design_families import design_families
from engine.labels.labels import encode_words
from engine.labels.splits import family_of


def with_applications(
    report: EvaluationReport, embedded: Embedded, job: Job, on_progress: Progress
) -> EvaluationReport:
    """The report with changed photos, recognition, styles and search in words.

    Changed photos stand in for second photos where fewer than `FEWEST` products have two.

    Args:
        report: of the same material.
        embedded: the products that are judged.
        job: how they were embedded.
        on_progress: called with the number of changed photos embedded, and of all.
    """
    products, table = embedded.material.products, embedded.table
    families, _ = encode_words([family_of(product) for product in products])
    if sum(len(files) > 1 for files in embedded.material.files) < FEWEST:
        report = with_changed_photos(report, embedded, job, families, on_progress)
    synonyms = Synonyms.load(job.settings.words).colours
    designs = design_families(products, table, job.rules, synonyms)
    report = replace(
        report,
        recognition=recognition_section(products, table, embedded.contenders[0]),
        styles=styles_section(table, designs, families, embedded.contenders),
    )
    report = with_words(report, embedded, job)
    return replace(report, warnings=tuple(seed_warnings(report)))
