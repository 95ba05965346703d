"""`Recommender` and `recommend`: similar products for a product, several, or a photo."""

import functools
import threading
from collections.abc import Callable
from typing import Self, Unpack

from PIL import Image

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from catalog.settings import CatalogSettings
from engine.arrays import Float32
from engine.encoders import loading
from engine.encoders.encoder import Encoder
from engine.errors import GenerationError, NotIndexed, RequestError
from engine.index.generation import Generation
from engine.recommendation.fallback import BestSellers
from engine.recommendation.panel import answer
from engine.recommendation.request import (
    DEFAULT_K,
    FacetWeights,
    ProductIds,
    Request,
    RequestOptions,
    seed_count_message,
)
from engine.recommendation.request_context import RequestContext
from engine.recommendation.results import Panel, Recommendation
from engine.search.live_index import LiveGeneration, LiveIndex
from engine.settings import EngineSettings

EncoderLoader = Callable[[EngineSettings, str], Encoder]


class Recommender:
    """Recommends similar products; long-lived, and safe to share between threads.

    It follows the index: a new generation is served from the first request after it was
    published. Processes that fork must open theirs after the fork.

    Args:
        settings: where the index is.
        catalogue: what is sold now.
        load_encoder: loads the encoder of a name; called at the first photo, not before.
        best_sellers: returns up to n ids of the best sellers in a category path, the best first,
            for panels that have nothing else to show; None if the shop has no numbers.
        rules: the merchandising rules; by default, those of the catalogue's database.
    """

    def __init__(
        self,
        settings: EngineSettings,
        catalogue: Catalogue,
        load_encoder: EncoderLoader = loading.load,
        best_sellers: BestSellers | None = None,
        rules: RuleBook | None = None,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._rules = RuleBook(catalogue.db) if rules is None else rules
        self._index = LiveIndex(settings.index_dir, catalogue)
        self._load_encoder = load_encoder
        self._best_sellers = best_sellers
        self._encoder: Encoder | None = None
        self._encoder_lock = threading.Lock()

    @classmethod
    def open(
        cls,
        settings: EngineSettings | None = None,
        catalogue: Catalogue | None = None,
        best_sellers: BestSellers | None = None,
        rules: RuleBook | None = None,
    ) -> Self:
        """Connect to the catalogue and the live generation, and check both.

        Raises:
            catalog.errors.DatabaseError: the catalogue cannot be read.
            NoGeneration, BrokenGeneration: there is no usable index.
        """
        if catalogue is None:
            home = CatalogSettings() if settings is None else CatalogSettings(home=settings.home)
            catalogue = Catalogue(Database.open(home))
        recommender = cls(
            settings or EngineSettings(), catalogue, best_sellers=best_sellers, rules=rules
        )
        recommender.live()
        return recommender

    @property
    def generation(self) -> str:
        """The name of the live generation."""
        return self.live().name

    def live(self) -> Generation:
        """The live generation, checked and mapped.

        Raises:
            NoGeneration, BrokenGeneration: there is no usable one, nor an earlier one in memory.
        """
        return self._index.current().generation

    def similar_to(
        self,
        product_id: str,
        k: int = DEFAULT_K,
        facets: FacetWeights | None = None,
        *,
        exclude: ProductIds = (),
        **options: Unpack[RequestOptions],
    ) -> list[Recommendation]:
        """Up to ``k`` products that are similar to one; arguments and errors as for `panel`."""
        panel = self.panel(product_id, k=k, facets=facets, exclude=exclude, **options)
        return list(panel.results)

    def similar_to_many(
        self,
        product_ids: ProductIds,
        k: int = DEFAULT_K,
        exclude: ProductIds = (),
        facets: FacetWeights | None = None,
        **options: Unpack[RequestOptions],
    ) -> list[Recommendation]:
        """Up to ``k`` products, each similar to at least one of several.

        Arguments and errors are those of `panel`.
        """
        panel = self.panel(*product_ids, k=k, facets=facets, exclude=exclude, **options)
        return list(panel.results)

    def panel(
        self,
        *product_ids: str,
        k: int = DEFAULT_K,
        facets: FacetWeights | None = None,
        exclude: ProductIds = (),
        **options: Unpack[RequestOptions],
    ) -> Panel:
        """The similar products of one seed or several, best first; see `answer`.

        Args:
            product_ids: the seeds.
            k: results wanted.
            facets: facet -> relative weight, such as ``{"colour": 2}``; those left out keep
                their default.
            exclude: further products never to show.
            options: see `engine.RequestOptions`; among them ``filter``, also as a mapping, and
                guards to lift by their names, such as ``any_gender=True``.

        Raises:
            catalog.errors.FilterError: the filter is not valid.
            RequestError: an option is unknown or not valid.
            Exception: and all that `answer` raises.
        """
        values = {"k": k, "facets": facets, "exclude": exclude, **options}
        return self.answer(Request.of(product_ids, values))

    def answer(self, request: Request) -> Panel:
        """The panel of a request: products that are similar to its seeds and may be shown.

        Never the seeds or their variants, never a product that is sold out, retired or for the
        wrong gender or age group, no two that look the same, no two of one variant group, and
        none that does not match the filter. Several seeds are clustered by their similarity; the
        clusters take turns in the panel, and a product's score is its cosine with the seed that
        it is most like, of those that it may be shown for.

        Raises:
            catalog.errors.UnknownProduct: a seed, or one of ``less``, is not in the catalogue.
            NotIndexed: one of them has no row in the live generation.
            RequestError: no seeds, or facets or a match that this generation does not have.
            GenerationError: there is no usable index.
        """
        if not request.seeds:
            raise RequestError(seed_count_message(0))
        live = self._index.current()
        rows = [self._row(live.generation, seed) for seed in request.seeds]
        for other in request.less:
            self._row(live.generation, other)
        return self._answer(request, live, live.generation.vectors[rows])

    def similar_to_image(
        self,
        image: Image.Image,
        k: int = DEFAULT_K,
        facets: FacetWeights | None = None,
        *,
        exclude: ProductIds = (),
        **options: Unpack[RequestOptions],
    ) -> list[Recommendation]:
        """Up to ``k`` products that look like a photo; see `panel_of_image`."""
        panel = self.panel_of_image(image, k, facets, exclude=exclude, **options)
        return list(panel.results)

    def panel_of_image(
        self,
        image: Image.Image,
        k: int = DEFAULT_K,
        facets: FacetWeights | None = None,
        *,
        exclude: ProductIds = (),
        **options: Unpack[RequestOptions],
    ) -> Panel:
        """The products that look like a photo, best first; the first call loads the encoder.

        Args:
            image: the photo.
            k: as for `panel`, like all that follow.
            facets: facet -> relative weight.
            exclude: products never to show.
            options: see `engine.RequestOptions`.

        Raises:
            EncoderError: the encoder of the live generation is not available.
            RequestError, GenerationError: as for `answer`.
        """
        values = {"k": k, "facets": facets, "exclude": exclude, **options}
        return self.answer_to_image(image, Request.of((), values))

    def answer_to_image(self, image: Image.Image, request: Request) -> Panel:
        """The panel of a photo; the request has no seeds.

        Raises:
            EncoderError, RequestError, GenerationError: as for `panel_of_image`.
        """
        live = self._index.current()
        for other in request.less:
            self._row(live.generation, other)
        vectors = self._encoder_of(live.generation).encode([image])
        return self._answer(request, live, vectors)

    def _answer(self, request: Request, live: LiveGeneration, vectors: Float32) -> Panel:
        context = RequestContext.of(request, live, self._catalogue, vectors)
        return answer(context, self._catalogue, self._rules, self._best_sellers)

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
    product_id: str,
    k: int = DEFAULT_K,
    facets: FacetWeights | None = None,
    *,
    exclude: ProductIds = (),
    **options: Unpack[RequestOptions],
) -> list[Recommendation]:
    """Up to ``k`` products that are similar to one, from the home that LOOKALIKE_HOME names.

    The connection is opened once a process. Arguments and errors are those of `Recommender.panel`.
    """
    return _default().similar_to(product_id, k, facets, exclude=exclude, **options)


@functools.cache
def _default() -> Recommender:
    return Recommender.open()
