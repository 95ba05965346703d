"""`Recommender`: similar products for a product, several, or a photo."""

from copy import copy
from typing import Self, Unpack

from PIL import Image

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from catalog.settings import CatalogSettings
from engine.encoders.encoder import Encoder
from engine.errors import RequestError
from engine.index.generation import Generation
from engine.recommendation.comparison.same_product import Comparing
from engine.recommendation.fallback import BestSellers
from engine.recommendation.parts import RecommenderParts
from engine.recommendation.photo import EmbeddedPhoto, Photo
from engine.recommendation.query_vectors import EncoderLoader, encoder_loader
from engine.recommendation.request import (
    DEFAULT_K,
    FacetWeights,
    ProductIds,
    Request,
    RequestOptions,
    seed_count_message,
)
from engine.recommendation.results import Panel, Recommendation
from engine.settings import EngineSettings


class Recommender(Comparing):
    """Recommends similar products; long-lived, and safe to share between threads.

    A new generation is served from the first request on. Open it after a fork, not before.

    Args:
        settings: where the index is.
        catalogue: what is sold now.
        load_encoder: loads the encoder of a name, by default as `engine.encoders.loading.load`
            does; called at the first photo, not before.
        best_sellers: up to n ids of the best sellers in a category path, the best first, for
            panels that have nothing else to show; None if the shop has no numbers.
        rules: the merchandising rules; by default, those of the catalogue's database.

    Attributes:
        parts: what it answers from, for other applications of the same index and encoder.

    Example:
        >>> from engine import Recommender
        >>> shop = Recommender.open()
        >>> len(shop.similar_to("LK000002", k=3))
        3
    """

    def __init__(
        self,
        settings: EngineSettings,
        catalogue: Catalogue,
        load_encoder: EncoderLoader | None = None,
        best_sellers: BestSellers | None = None,
        rules: RuleBook | None = None,
    ) -> None:
        self.parts = RecommenderParts.of(settings, catalogue, load_encoder, best_sellers, rules)

    @classmethod
    def open(
        cls,
        settings: EngineSettings | None = None,
        catalogue: Catalogue | None = None,
        best_sellers: BestSellers | None = None,
        rules: RuleBook | None = None,
        *,
        encoder: Encoder | EncoderLoader | None = None,
    ) -> Self:
        """Connect to the catalogue and the live generation, and check both.

        Args are those of the class, and ``encoder``: that of photos, an
        `engine.encoders.encoder.Encoder` or a loader of one; by default, the index's own. It must
        have the fingerprint of the index, else the first photo raises a GenerationError.

        Raises:
            catalog.errors.DatabaseError: the catalogue cannot be read.
            NoGeneration, BrokenGeneration: there is no usable index.

        Example:
            >>> from engine import Recommender
            >>> from engine.encoders.loading import load
            >>> from engine.settings import EngineSettings
            >>> shop = Recommender.open(encoder=load(EngineSettings()))
            >>> shop.generation == shop.live().name
            True
        """
        if catalogue is None:
            home = {} if settings is None else {"home": settings.home}
            catalogue = Catalogue(Database.open(CatalogSettings.model_validate(home)))
        settings = settings or EngineSettings()
        recommender = cls(settings, catalogue, encoder_loader(encoder), best_sellers, rules)
        recommender.live()
        return recommender

    @property
    def generation(self) -> str:
        """The name of the live generation."""
        return self.live().name

    def following(self, rules: RuleBook) -> Self:
        """The same, with other merchandising rules, such as a draft of one."""
        other = copy(self)
        other.parts = self.parts.following(rules)
        return other

    def live(self) -> Generation:
        """The live generation, checked and mapped.

        Raises:
            NoGeneration, BrokenGeneration: there is no usable one, nor an earlier one in memory.
        """
        return self.parts.index.current().generation

    def similar_to(
        self,
        product_id: str,
        k: int = DEFAULT_K,
        facets: FacetWeights | None = None,
        *,
        exclude: ProductIds = (),
        **options: Unpack[RequestOptions],
    ) -> list[Recommendation]:
        """Up to ``k`` products that are similar to one; arguments and errors as for `panel`.

        Example:
            >>> from engine import Recommender
            >>> shop = Recommender.open()
            >>> [one.rank for one in shop.similar_to("LK000002", k=3, facets={"colour": 2})]
            [1, 2, 3]
        """
        return list(self.panel(product_id, k=k, facets=facets, exclude=exclude, **options).results)

    def similar_to_many(
        self,
        product_ids: ProductIds,
        k: int = DEFAULT_K,
        exclude: ProductIds = (),
        facets: FacetWeights | None = None,
        **options: Unpack[RequestOptions],
    ) -> list[Recommendation]:
        """Up to ``k`` products, each similar to one of several; arguments as for `panel`.

        Example:
            >>> from engine import Recommender
            >>> shop = Recommender.open()
            >>> results = shop.similar_to_many(["LK000002", "LK000003"], k=4, exclude=["LK000012"])
            >>> all(result.seed in ("LK000002", "LK000003") for result in results)
            True
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
            facets: facet -> relative weight, such as ``{"colour": 2}``; others keep their default.
            exclude: further products never to show.
            options: see `engine.RequestOptions`; among them ``filter``, also as a mapping, and
                guards to lift by their names, such as ``any_gender=True``.

        Raises:
            catalog.errors.FilterError: the filter is not valid.
            RequestError: an option is unknown or not valid; and all that `answer` raises.

        Example:
            >>> from engine import Recommender
            >>> shop = Recommender.open()
            >>> panel = shop.panel(
            ...     "LK000002", "LK000003", k=6, weights={"LK000003": 2}, filter={"price_to": 300}
            ... )
            >>> panel.seeds, len(panel.results)
            (('LK000002', 'LK000003'), 6)
        """
        values = {"k": k, "facets": facets, "exclude": exclude, **options}
        return self.answer(Request.of(product_ids, values))

    def answer(self, request: Request) -> Panel:
        """The panel of a request: products that are similar to its seeds and may be shown.

        Never the seeds or their variants, no product that is sold out, retired, for the wrong
        gender or age group or outside the filter, no two that look the same or are of one variant
        group. Several seeds are clustered by similarity; the clusters take turns in the panel, and
        a product's score is its cosine with the seed it is most like, of those it may follow.

        Raises:
            catalog.errors.UnknownProduct: a seed, or one of ``less``, is not in the catalogue.
            NotIndexed: one of them has no row in the live generation.
            RequestError: no seeds, or facets or a match that this generation does not have.
            GenerationError: there is no usable index.

        Example:
            >>> from engine import Recommender, Request
            >>> shop = Recommender.open()
            >>> len(shop.answer(Request(seeds=("LK000002",), k=3, diversity=0.3)).results)
            3
        """
        if not request.seeds:
            raise RequestError(seed_count_message(0))
        live = self.parts.index.current()
        vectors = self.parts.vectors.of_products(live.generation, request.seeds)
        return self.parts.answer(request, live, vectors)

    def similar_to_image(
        self,
        image: Image.Image,
        k: int = DEFAULT_K,
        facets: FacetWeights | None = None,
        *,
        exclude: ProductIds = (),
        **options: Unpack[RequestOptions],
    ) -> list[Recommendation]:
        """Up to ``k`` products that look like a photo; see `panel_of_image`.

        Example:
            >>> from engine import Recommender
            >>> from PIL import Image
            >>> shop = Recommender.open()
            >>> photo = Image.new("RGB", (300, 400), "navy")  # or Image.open("photo.jpg")
            >>> len(shop.similar_to_image(photo, k=3))
            3
        """
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
            image, k, facets, exclude, options: the photo, and as for `panel`.

        Raises:
            EncoderError: the encoder of the live generation is not available.
            RequestError, GenerationError: as for `answer`.

        Example:
            >>> from engine import Recommender
            >>> from PIL import Image
            >>> shop = Recommender.open()
            >>> photo = Image.new("RGB", (300, 400), "navy")  # or Image.open("photo.jpg")
            >>> panel = shop.panel_of_image(photo, k=3, filter={"price_to": 300})
            >>> panel.seeds, len(panel.results)
            ((), 3)
        """
        values = {"k": k, "facets": facets, "exclude": exclude, **options}
        return self.answer_to_image(image, Request.of((), values))

    def embed(self, image: Image.Image) -> EmbeddedPhoto:
        """A photo with its embedding, for several calls of `answer_to_image`; errors as there."""
        return self.parts.vectors.embed(self.live(), image)

    def answer_to_image(self, image: Photo, request: Request) -> Panel:
        """The panel of a photo, embedded or not; the request has no seeds.

        Raises:
            EncoderError, RequestError, GenerationError: as for `panel_of_image`.

        Example:
            >>> from engine import Recommender, Request
            >>> from PIL import Image
            >>> shop = Recommender.open()
            >>> photo = shop.embed(Image.new("RGB", (300, 400), "navy"))
            >>> len(shop.answer_to_image(photo, Request(seeds=(), k=3)).results)
            3
        """
        live = self.parts.index.current()
        vectors = self.parts.vectors.of_image(live.generation, image)
        return self.parts.answer(request, live, vectors)
