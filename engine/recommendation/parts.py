"""What a `Recommender` answers from: the live index, query vectors, rules and fallbacks."""

from dataclasses import dataclass, replace
from typing import Self

from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from engine.arrays import Float32
from engine.recommendation.fallback import BestSellers
from engine.recommendation.panel import Sources, answer
from engine.recommendation.query_vectors import EncoderLoader, QueryVectors, encoder_loader
from engine.recommendation.request import Request
from engine.recommendation.request_context import RequestContext
from engine.recommendation.results import Panel
from engine.search.live_index import LiveGeneration, LiveIndex
from engine.settings import EngineSettings


@dataclass(frozen=True, slots=True, eq=False)
class RecommenderParts:
    """The parts of one process, safe to share between threads.

    Attributes:
        settings: where the index is.
        catalogue: what is sold now.
        index: the live generation.
        vectors: query vectors of products, photos and texts.
        sources: what panels are made of.
    """

    settings: EngineSettings
    catalogue: Catalogue
    index: LiveIndex
    vectors: QueryVectors
    sources: Sources

    @classmethod
    def of(
        cls,
        settings: EngineSettings,
        catalogue: Catalogue,
        load_encoder: EncoderLoader | None = None,
        best_sellers: BestSellers | None = None,
        rules: RuleBook | None = None,
    ) -> Self:
        """Those of a `Recommender` with these arguments."""
        return cls(
            settings,
            catalogue,
            LiveIndex.of(settings, catalogue),
            QueryVectors(settings, catalogue, encoder_loader(load_encoder)),
            Sources.of(settings, catalogue, rules, best_sellers),
        )

    def following(self, rules: RuleBook) -> Self:
        """The same, with other merchandising rules."""
        return replace(self, sources=self.sources._replace(book=rules))

    def answer(self, request: Request, live: LiveGeneration, vectors: Float32) -> Panel:
        """The panel of a request.

        Args:
            request: what is requested; its seeds have rows.
            live: the generation that answers.
            vectors: ``(S, D)`` float32, rows of the seeds, or what stands for them.

        Raises:
            UnknownProduct, NotIndexed, RequestError: as for `Recommender.answer`.
        """
        self.vectors.check_products(live.generation, request.less)
        context = RequestContext.of(request, live, vectors)
        return answer(context, self.sources)
