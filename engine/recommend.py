"""What looks like this: the one question that everything else here is for."""

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import numpy as np
from PIL import Image

from catalog.db import Database
from catalog.queries import Catalogue
from catalog.settings import CatalogSettings
from engine import encoders
from engine.artifacts import Generation
from engine.encoder import Encoder
from engine.errors import GenerationError, NotIndexed, RequestError
from engine.guards import Lifts, allowed
from engine.live import Live, LiveIndex
from engine.reasons import explain
from engine.results import Panel, Recommendation
from engine.search import Question, search
from engine.settings import EngineSettings

MAX_K = 1_000
MAX_SEEDS = 200

Weights = Mapping[str, float]
EncoderLoader = Callable[[EngineSettings, str], Encoder]


class Recommender:
    """Answers with similar products; long-lived, and safe to share between threads.

    It follows the index: a new generation is served from the first request after it was
    published. Processes that fork must open theirs after the fork.

    Args:
        settings: where the index is.
        catalogue: what is sold now.
        load_encoder: gives the encoder of a name; called at the first photo, not before.
    """

    def __init__(
        self,
        settings: EngineSettings,
        catalogue: Catalogue,
        load_encoder: EncoderLoader = encoders.load,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._index = LiveIndex(settings.index_dir, catalogue)
        self._load_encoder = load_encoder
        self._encoder: Encoder | None = None
        self._encoder_lock = threading.Lock()

    @classmethod
    def open(
        cls, settings: EngineSettings | None = None, catalogue: Catalogue | None = None
    ) -> Self:
        """Connect to the catalogue and the live generation, and check both.

        Raises:
            catalog.errors.DatabaseError: the catalogue cannot be read.
            NoGeneration, BrokenGeneration: there is no usable index.
        """
        if catalogue is None:
            home = CatalogSettings() if settings is None else CatalogSettings(home=settings.home)
            catalogue = Catalogue(Database.open(home))
        recommender = cls(settings or EngineSettings(), catalogue)
        recommender.live()
        return recommender

    @property
    def generation(self) -> str:
        """The name of the generation that answers now."""
        return self.live().name

    def live(self) -> Generation:
        """The generation that answers now, checked and mapped.

        Raises:
            NoGeneration, BrokenGeneration: there is no usable one, nor an earlier one in memory.
        """
        return self._index.current().generation

    def similar_to(
        self, product_id: str, k: int = 12, facets: Weights | None = None, **lifts: bool
    ) -> list[Recommendation]:
        """Up to ``k`` products that look like one; see `panel`."""
        return list(self._panel([product_id], k, facets, (), lifts).results)

    def similar_to_many(
        self,
        product_ids: Sequence[str],
        k: int = 12,
        exclude: Sequence[str] = (),
        facets: Weights | None = None,
        **lifts: bool,
    ) -> list[Recommendation]:
        """Up to ``k`` products, each like at least one of several; see `panel`."""
        return list(self._panel(product_ids, k, facets, exclude, lifts).results)

    def panel(
        self,
        *product_ids: str,
        k: int = 12,
        facets: Weights | None = None,
        exclude: Sequence[str] = (),
        **lifts: bool,
    ) -> Panel:
        """The similar products of one seed or several, best first.

        Never the seeds or their variants, never what is sold out, retired or of the wrong gender
        or age group, and no two that look the same. Several seeds are several tastes: a product's
        score is that with the seed it is most like, of those that it is allowed for.

        Args:
            product_ids: the seeds, 1 to `MAX_SEEDS`; one named twice counts once.
            k: results wanted, 1 to `MAX_K`; fewer come when fewer are left.
            facets: relative weights of facets, such as ``{"colour": 2}``; the others keep their
                default.
            exclude: further products not to show; unknown ones do no harm.
            lifts: ``any_gender=True`` and ``any_age_group=True`` lift that guard.

        Raises:
            catalog.errors.UnknownProduct: a seed is not in the catalogue.
            NotIndexed: a seed has no row in the live generation.
            RequestError: no seeds, too many, or ``k``, ``facets`` or ``lifts`` make no sense.
            GenerationError: there is no usable index.
        """
        return self._panel(product_ids, k, facets, exclude, lifts)

    def similar_to_image(
        self, image: Image.Image, k: int = 12, facets: Weights | None = None
    ) -> list[Recommendation]:
        """Up to ``k`` products that look like a photo; see `panel_of_image`."""
        return list(self.panel_of_image(image, k, facets).results)

    def panel_of_image(
        self, image: Image.Image, k: int = 12, facets: Weights | None = None
    ) -> Panel:
        """The products that look like a photo, best first; the first call loads the encoder.

        Raises:
            EncoderError: the encoder of the live generation cannot be had.
            RequestError, GenerationError: as for `panel`.
        """
        check_k(k)
        live = self._index.current()
        query = self._encoder_of(live.generation).encode([image])
        return self._answer(live, (), query, k, facets, (), Lifts())

    def _panel(
        self,
        product_ids: Sequence[str],
        k: int,
        facets: Weights | None,
        exclude: Sequence[str],
        lifts: Mapping[str, object],
    ) -> Panel:
        check_k(k)
        wanted = Lifts.of(lifts)
        seeds = tuple(dict.fromkeys(product_ids))
        if not 1 <= len(seeds) <= MAX_SEEDS:
            raise RequestError(f"Ask with 1 to {MAX_SEEDS} products, not {len(seeds)}.")
        live = self._index.current()
        rows = [self._row(live.generation, seed) for seed in seeds]
        queries = live.generation.vectors[rows]
        return self._answer(live, seeds, queries, k, facets, exclude, wanted)

    def _answer(
        self,
        live: Live,
        seeds: tuple[str, ...],
        queries: np.ndarray,
        k: int,
        facets: Weights | None,
        exclude: Sequence[str],
        lifts: Lifts,
    ) -> Panel:
        generation = live.generation
        seed_rows = np.array([generation.row_of[seed] for seed in seeds], dtype=np.int64)
        known = [generation.row_of[other] for other in exclude if other in generation.row_of]
        never = np.array([*seed_rows, *known], dtype=np.int64)

        def may_show(rows: np.ndarray) -> np.ndarray:
            # Codes of facts are comparable within one reading only, so seeds are read along.
            columns = live.facts.columns(np.concatenate([seed_rows, rows]))
            seed_facts, facts = columns.split(len(seed_rows))
            return allowed(seed_facts, facts, lifts) & ~np.isin(rows, never)

        asked = np.stack([generation.layout.reweigh(query, facets or {}) for query in queries])
        hits = search(generation, Question(asked, may_show, k))
        facts = self._catalogue.facts([*seeds, *(generation.ids[hit.row] for hit in hits)])
        return Panel(seeds, generation.name, explain(generation, queries, hits, facts))

    def _row(self, generation: Generation, product_id: str) -> int:
        row = generation.row_of.get(product_id)
        if row is not None:
            return row
        product = self._catalogue.product(product_id)  # raises if there is none
        if product.retired:
            raise NotIndexed(f"Product {product_id!r} is retired: it is not sold any more.")
        if not product.photos:
            raise NotIndexed(
                f"Product {product_id!r} has no usable photo, so nothing can look like it. "
                "Give it one in its source and ingest that again."
            )
        raise NotIndexed(
            f"Product {product_id!r} is not in the index: it came in after the index was built, "
            "or its photos could not be read. Run `lookalike reindex`."
        )

    def _encoder_of(self, generation: Generation) -> Encoder:
        """The encoder that made this generation's rows, and no other."""
        manifest = generation.manifest
        with self._encoder_lock:
            if self._encoder is None or self._encoder.fingerprint != manifest.fingerprint:
                encoder = self._load_encoder(self._settings, manifest.encoder)
                if encoder.fingerprint != manifest.fingerprint:
                    raise GenerationError(
                        f"The encoder {manifest.encoder!r} has changed since generation "
                        f"{manifest.name} was built. Run `lookalike reindex`."
                    )
                self._encoder = encoder
            return self._encoder


def recommend(
    product_id: str, k: int = 12, facets: Weights | None = None, **lifts: bool
) -> list[Recommendation]:
    """Up to ``k`` products that look like one, from the home that the environment names.

    The connection is opened once a process; see `Recommender` for more.
    """
    return _default().similar_to(product_id, k, facets, **lifts)


def check_k(k: int) -> None:
    """Refuse a number of results that makes no sense.

    Raises:
        RequestError: it is no whole number from 1 to `MAX_K`.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k <= MAX_K:
        raise RequestError(f"k must be a whole number from 1 to {MAX_K}, not {k!r}.")


@functools.cache
def _default() -> Recommender:
    return Recommender.open()
