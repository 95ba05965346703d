"""Search in words in the evaluation report: all voices, and the catalogue's words alone.

The judged products are ingested into a catalogue of their own in a temporary folder and indexed
there with the rows that are known already, so that what answers is what a shop would have.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from catalog.database.database import Database
from catalog.filters.filter import Filter
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.records import ProductRecord
from catalog.settings import CatalogSettings
from engine.applications.words.search import MAX_TEXT, WordSearch
from engine.arrays import Bool
from engine.embedding.caches.choose import open_cache
from engine.errors import EngineError
from engine.evaluation.contender import DEFAULT
from engine.evaluation.looks import text_search
from engine.evaluation.looks.text_search import FIRST, PHRASES, TITLES, phrases
from engine.evaluation.pipeline import Embedded, Job
from engine.evaluation.report import EvaluationReport
from engine.evaluation.section import Judged, Section
from engine.index.reindex import reindex
from engine.labels.labels import encode_words
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings

ALL, WORDS = "all voices", "words alone"
MOST = 250  # titles, and phrases, that are searched for
MARK = 8  # pixels of the edge of a mark
SEED = 3
MORE = (
    " All voices are those of `lookalike search`; words alone, the catalogue's search in titles "
    f"and fields. Both are judged on {MOST} titles at most."
)

Ask = Callable[[str], list[int]]  # the rows of the first products for a text


def with_words(report: EvaluationReport, embedded: Embedded, job: Job) -> EvaluationReport:
    """The report with rows of all voices and of words alone under search in words."""
    judged = judge_words(embedded, job)
    if not judged:
        return report
    looks = report.text_search
    found = Section.of(text_search.TITLE, text_search.NOTE + MORE, judged)
    rows = found.rows if looks is None else (*looks.rows, *found.rows)
    order = {TITLES: 0, PHRASES: 1}
    table = replace(found, rows=tuple(sorted(rows, key=lambda row: order[row.about])))
    return replace(report, text_search=table)


def judge_words(embedded: Embedded, job: Job) -> list[tuple[str, Judged]]:
    """Both ways to search, by titles and by phrases of a colour and a type; nothing of no words."""
    titles = [product.title for product in embedded.material.products]
    draw = np.random.default_rng(SEED)
    sample = draw.permutation(len(titles))[:MOST].tolist()
    wanted = sorted(titles[row] for row in sample if titles[row].strip())
    texts, named = phrases(embedded.table)
    chosen = np.sort(draw.permutation(len(texts))[:MOST])
    texts, named = [texts[row] for row in chosen.tolist()], named[chosen]
    if not wanted:
        return []
    judged = []
    with shop_of(embedded, job) as voices:
        for name, ask in voices.items():
            judged.append((name, _titles(wanted, titles, ask)))
            if texts:
                judged.append((name, _phrases(texts, named, ask)))
    return judged


@contextmanager
def shop_of(embedded: Embedded, job: Job) -> Iterator[dict[str, Ask]]:
    """The ways to search the products of a material, by name."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="lookalike-evaluation-")))
        own = {"home": home, "database_url": None, "photos": None}
        caps = CatalogSettings.model_validate(job.settings.model_dump() | own)
        Database.migrate(caps)
        database = stack.enter_context(Database.open(caps))
        ingest(database, Judging(embedded, home), settings=caps)
        catalogue = Catalogue(database)
        settings = own_settings(home)
        _save_rows(embedded, job, catalogue, settings)
        encoder = job.loaded[0]
        try:
            reindex(catalogue, encoder, settings, caps=caps)
        except EngineError:  # too few products for an index: words alone are judged
            yield {WORDS: _by_words(catalogue)}
            return
        search = WordSearch(Recommender.open(settings, catalogue, encoder=encoder))

        def by_all(text: str) -> list[int]:
            results = search.search(text[:MAX_TEXT], FIRST).results
            return [row_of(one.product_id) for one in results]

        yield {ALL: by_all, WORDS: _by_words(catalogue)}


def own_settings(home: Path) -> EngineSettings:
    """Settings of an index in a folder of its own, whatever those of the shop are."""
    return EngineSettings(
        home=home,
        store="annoy",
        shared_index=None,
        vector_cache="",
        embedder="local",
        min_recall=0.0,
        min_facet_recall=0.0,
    )


def _by_words(catalogue: Catalogue) -> Ask:
    def ask(text: str) -> list[int]:
        ids, _ = catalogue.ranked(text[:MAX_TEXT], Filter(), FIRST)
        return [row_of(one) for one in ids]

    return ask


class Judging:
    """The products of a material as a source, in a folder; ids are those of `id_of`.

    Each has a mark in place of its photos, which were embedded already and may be elsewhere.
    """

    name = format = "evaluation"

    def __init__(self, embedded: Embedded, folder: Path) -> None:
        self._material, self.root = embedded.material, folder.resolve()

    def records(self) -> Iterator[ProductRecord]:
        """Each product, with its mark."""
        for row, product in enumerate(self._material.products):
            mark = f"{id_of(row)}.png"
            Image.new("RGB", (MARK, MARK), tuple(row.to_bytes(3))).save(self.root / mark)
            yield ProductRecord(
                product_id=id_of(row),
                title=product.title,
                line=row + 1,
                photos=(mark,),
                brand=product.brand,
                category=product.category,
                gender=product.gender,
                age_group=product.age_group,
                colour=product.colour,
                pattern=product.pattern,
                price=product.price,
                sale_price=product.sale_price,
                currency=product.currency,
                attributes=dict(product.attributes),
            )

    def size_hint(self) -> int:
        """The number of products."""
        return len(self._material.products)

    def describe(self) -> str:
        """One line for people."""
        return f"{self.size_hint()} products that are judged"


def id_of(row: int) -> str:
    """The id of a product in the catalogue that is judged; ids of several sources may be equal."""
    return f"e{row:08}"


def row_of(product_id: str) -> int:
    """The row of an id."""
    return int(product_id[1:])


def _save_rows(
    embedded: Embedded, job: Job, catalogue: Catalogue, settings: EngineSettings
) -> None:
    """Put the rows of products into the cache by their marks, so that nothing is embedded."""
    rows = embedded.contenders[0].products
    known = {photo.content_hash: rows[row_of(photo.product_id)] for photo in catalogue.photos()}
    with open_cache(settings) as cache:
        cache.put(job.loaded[0].fingerprint, known)


def _titles(wanted: Sequence[str], titles: Sequence[str], ask: Ask) -> Judged:
    """Whether a product of that title is among the first."""
    hits = [any(titles[row] == text for row in ask(text)) for text in wanted]
    codes, _ = encode_words(list(wanted))
    found = np.array(hits, dtype=np.float64)
    return Judged(TITLES, DEFAULT, text_search.values_of(len(found), recall=found), codes)


def _phrases(texts: Sequence[str], named: Bool, ask: Ask) -> Judged:
    """The share of the first that are of both words, over `FIRST` or all there are."""
    most = np.minimum(FIRST, named.sum(axis=1))
    hits = [named[place][ask(text)].sum() for place, text in enumerate(texts)]
    found = np.array(hits, dtype=np.float64) / most
    return Judged(PHRASES, DEFAULT, text_search.values_of(len(found), precision=found))
