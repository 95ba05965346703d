"""From photos to a report: embed, label, judge."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from catalog.photos.decode_squares import PhotoFile
from catalog.settings import CatalogSettings
from catalog.vocabulary.synonyms import Synonyms
from engine.arrays import Bool, Float32, Int64
from engine.calibration.calibration import Calibration
from engine.calibration.held_out_pairs import HeldOutSet, fitting_half
from engine.calibration.reliability import measure as measure_reliability
from engine.embedding.pooling import pool_products
from engine.encoders.encoder import Encoder
from engine.errors import EngineError
from engine.evaluation.baselines import histogram_rows
from engine.evaluation.contender import Contender
from engine.evaluation.data import (
    Embedder,
    Material,
    Progress,
    Transform,
    embed_photos,
    open_image,
    reduced,
)
from engine.evaluation.evaluate import Yardsticks, evaluate, seed_warnings
from engine.evaluation.looks.recolour import recoloured_view
from engine.evaluation.looks.recoloured import VIEWS, choose_photos
from engine.evaluation.looks.text_search import text_section
from engine.evaluation.report import EvaluationReport
from engine.evaluation.section import Judged, Section, changes
from engine.evaluation.sheets.album import Album
from engine.evaluation.sheets.draw import THUMB
from engine.evaluation.sheets.rows import Gallery, Queries
from engine.evaluation.two_sets.score import TITLE, TwoSets, judge_two_sets, note
from engine.labels.design_families import design_families
from engine.labels.labels import (
    LabelRule,
    LabelTable,
    encode_words,
    label_products,
)
from engine.labels.splits import family_of
from engine.labels.type_words import TYPE_WORDS, TypeWords

HISTOGRAM = "colour histogram"


@dataclass(frozen=True)
class Job:
    """How photos are embedded and labelled.

    Attributes:
        loaded: the encoder, and the baseline encoder if there is one.
        rules: label rules.
        settings: limits on the size of photos, and the shop's own colour words.
        small: reduce all photos to fit 60x80 first.
        views: the number of recoloured views; 0 judges none.
    """

    loaded: Sequence[Encoder]
    rules: Sequence[LabelRule]
    settings: CatalogSettings
    small: bool = False
    views: int = VIEWS

    @property
    def side(self) -> int:
        """The pixels that photos keep on their shorter side when decoded."""
        return 2 * max(one.image_size for one in self.loaded)


@dataclass(frozen=True)
class Embedded:
    """The readable part of a material and its rows by each contender, baseline encoders first.

    ``table`` labels the N products of ``material``; ``unreadable`` photos were left out.
    ``originals`` ``(V,)`` are the photo rows that the contenders' views were made from.
    """

    material: Material
    contenders: tuple[Contender, ...]
    table: LabelTable
    unreadable: int
    originals: Int64


def planned(material: Material, job: Job) -> int:
    """The number of photos and views that `embed` goes through."""
    return len(material.photos) + min(job.views, len(material.photos))


def embed(
    material: Material, job: Job, on_progress: Progress | None = None, views: int | None = None
) -> Embedded:
    """Embed photos, and recoloured views of some of them, with the encoders and the histogram.

    Args:
        material: products and their photos.
        job: how.
        on_progress: called with the number of photos and views done, and of all.
        views: in place of the job's number of views.

    Raises:
        EngineError: no photo could be read.
    """
    count = min(job.views if views is None else views, len(material.photos))
    total = len(material.photos) + count
    report = on_progress or (lambda done, all_: None)
    rows, kept = _rows(material.photos, job, lambda done, _: report(done, total))
    shown = material.only(kept)
    if not shown.products:
        raise EngineError("None of the photos could be read. Ingest the source again to see why.")
    originals = choose_photos(photo_names(shown), count)
    done_before = len(material.photos)
    turned, again = _rows(
        [shown.photos[row] for row in originals.tolist()],
        job,
        lambda done, _: report(done_before + done, total),
        recoloured_view,
    )
    return Embedded(
        shown,
        tuple(_contenders(job, rows, shown.owners, turned if again.any() else {})),
        label_products(shown.products, job.rules),
        int(np.sum(~kept)),
        originals[again],
    )


def photo_names(material: Material) -> list[str]:
    """A stable name of each photo: the product's id and the photo's position."""
    return [
        f"{product.product_id} {position}"
        for product, files in zip(material.products, material.files, strict=True)
        for position in range(len(files))
    ]


def _rows(
    photos: Sequence[PhotoFile], job: Job, on_progress: Progress, view: Transform | None = None
) -> tuple[dict[str, Float32], Bool]:
    embedders: dict[str, Embedder] = {f"{at}": one.encode for at, one in enumerate(job.loaded)}
    return embed_photos(
        photos,
        {**embedders, HISTOGRAM: histogram_rows},
        side=job.side,
        settings=job.settings,
        on_progress=on_progress,
        transform=chain(reduced if job.small else None, view),
    )


def chain(*steps: Transform | None) -> Transform | None:
    """The transforms one after the other, without those that are None; None of none."""
    given = [step for step in steps if step is not None]

    def transform(image: Image.Image) -> Image.Image:
        for step in given:
            image = step(image)
        return image

    return transform if given else None


def _contenders(
    job: Job, rows: Mapping[str, Float32], owners: Int64, views: Mapping[str, Float32]
) -> Iterator[Contender]:
    for at, one in enumerate(job.loaded):
        found = rows[f"{at}"]
        products = pool_products(found, owners, one.layout)
        yield Contender(one.name, products, found, one.layout, views.get(f"{at}"))
    found = rows[HISTOGRAM]
    products = pool_products(found, owners, None)
    yield Contender(HISTOGRAM, products, found, None, views.get(HISTOGRAM))


def judge(embedded: Embedded, job: Job, calibration: Calibration | None = None) -> EvaluationReport:
    """Evaluate the contenders item to item; ``calibration`` is the first encoder's."""
    products, table = embedded.material.products, embedded.table
    synonyms = Synonyms.load(job.settings.words).colours
    yardsticks = Yardsticks(
        families=design_families(products, table, job.rules, synonyms),
        originals=embedded.originals if len(embedded.originals) else None,
        baseline=1 if len(job.loaded) > 1 else None,
    )
    report = evaluate(table, embedded.contenders, embedded.material.owners, yardsticks)
    titles = [product.title for product in products]
    texts = text_section(titles, table, job.loaded, embedded.contenders)
    report = replace(report, text_search=texts)
    report = replace(report, warnings=tuple(seed_warnings(report)))
    if calibration is None:
        return report
    held = HeldOutSet.of(products, embedded.contenders[0].products, table)
    judged = measure_reliability(held, ~fitting_half(products), calibration)
    return replace(report, reliability=judged)


def two_sets(queries: Embedded, gallery: Embedded, words: TypeWords = TYPE_WORDS) -> TwoSets:
    """Which products of the gallery answer which query photos; see `TwoSets.of`."""
    groups, _ = encode_words([family_of(record) for record in queries.material.products])
    return TwoSets.of(queries.table, queries.material.owners, gallery.table, groups, words)


def sheet_gallery(embedded: Embedded, job: Job) -> Gallery:
    """The products of a material for contact sheets."""
    models = embedded.contenders[: len(job.loaded)]
    keys = [product.product_id for product in embedded.material.products]
    return Gallery(_album(embedded, job), keys, models)


def sheet_queries(queries: Embedded, job: Job, sets: TwoSets) -> Queries:
    """The query photos of another set for contact sheets."""
    count = len(queries.material.products)
    first = np.searchsorted(queries.material.owners, np.arange(count))
    right = np.append(sets.right[first], np.zeros((count, 1), dtype=bool), axis=1)
    rows = [
        (one.products if one.photos is None else one.photos)[first]
        for one in queries.contenders[: len(job.loaded)]
    ]
    keys = [product.product_id for product in queries.material.products]
    return Queries(_album(queries, job), keys, rows, right[:, sets.types])


def _album(embedded: Embedded, job: Job) -> Album:
    def show(row: int) -> Image.Image | None:
        return open_image(
            embedded.material.files[row][0],
            side=2 * THUMB,
            settings=job.settings,
            transform=reduced if job.small else None,
        )

    return Album(embedded.table, show)


def judge_queries(
    report: EvaluationReport,
    queries: Embedded,
    gallery: Embedded,
    sets: TwoSets,
    chosen: Mapping[str, float] | None = None,
) -> EvaluationReport:
    """The report with the table of queries from another set, and its changes.

    Args:
        report: of the gallery alone.
        queries, gallery: embedded by the same job.
        sets: which products answer which query photos.
        chosen: facet weights to judge beside the default ones.

    Raises:
        RequestError: a chosen facet that the encoder lacks, or a weight out of range.
    """
    judged: list[list[Judged]] = []
    for asking, answering in zip(queries.contenders, gallery.contenders, strict=True):
        layout = asking.layout
        shared = layout is not None and set(chosen or {}) <= set(layout.names)
        wanted = chosen if not judged or shared else None  # a baseline may lack the facets
        rows = asking.products if asking.photos is None else asking.photos
        judged.append(judge_two_sets(sets, rows, answering.products, layout, wanted))
    names = [contender.name for contender in gallery.contenders]
    found = [(name, one) for name, ones in zip(names, judged, strict=True) for one in ones]
    section = Section.of(TITLE, note(sets), [(name, one) for name, one in found if one.seeds])
    paired = changes(judged[0], judged[1]) if len(judged) > 2 else ()
    with_queries = replace(
        report, two_sets=section if section.rows else None, changes=(*report.changes, *paired)
    )
    return replace(with_queries, warnings=tuple(seed_warnings(with_queries)))
