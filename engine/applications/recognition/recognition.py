"""`Recognition`: what products and photos are, for programs and the web."""

from dataclasses import dataclass
from typing import Self

from PIL import Image

from catalog.products.catalogue import Catalogue
from engine.applications.recognition.learned import LearnedBook
from engine.applications.recognition.recogniser import LEAST, Recognised, Recogniser
from engine.applications.recognition.words import KnownWords
from engine.errors import NotLearned, RequestError
from engine.index.generation import Generation
from engine.recommendation.photo import EmbeddedPhoto, Photo
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings

NOT_LEARNED = (
    "How sure recognition is was not learned from this index yet. Run `lookalike reindex` on the "
    "server, or try again in a few seconds."
)


@dataclass(frozen=True, slots=True)
class RecognitionAnswer:
    """What a product or photo is.

    Attributes:
        generation: the index whose products voted.
        recognised: each attribute that some neighbour has a word for, by name. Those that are not
            ``certain`` are guesses that are not to be said.
    """

    generation: str
    recognised: tuple[Recognised, ...]


class Recognition:
    """Recognises a shop's products, and photos; long-lived, and safe to share between threads.

    How sure it is, it learns from the shop's own words once for each index (seconds), and keeps it
    in the home; `lookalike reindex` does so ahead.

    Args:
        recommender: whose index and encoder it uses.
        settings: of the home.

    Example:
        >>> from engine.applications.recognition.recognition import Recognition
        >>> answer = Recognition.open().recognise("LK000002")
        >>> [one.word for one in answer.recognised if one.attribute == "gender"]
        ['female']
    """

    def __init__(self, recommender: Recommender, settings: EngineSettings) -> None:
        self._parts = recommender.parts
        self._book = LearnedBook(settings)

    @classmethod
    def open(cls, settings: EngineSettings | None = None) -> Self:
        """Connect to the catalogue and the live generation; errors as for `Recommender.open`."""
        settings = settings or EngineSettings()
        return cls(Recommender.open(settings), settings)

    @property
    def learned_from(self) -> str:
        """The index that what it knows was learned from; empty: nothing was learned."""
        known = self._book.kept()
        return "" if known is None else known.generation

    def prepare(self) -> None:
        """Learn how sure it is of the live index, unless that is known.

        Raises:
            GenerationError: there is no usable index.
            RequestError: the index has fewer than two products.
        """
        generation = self._parts.index.current().generation
        self._book.learn(enough(generation), KnownWords(self._parts.catalogue, generation))

    def recognise(
        self, one: str | Photo, least: float = LEAST, learn: bool = True
    ) -> RecognitionAnswer:
        """What a product or photo is, by its nearest products.

        Args:
            one: the id of a product, which does not vote itself, or a photo.
            least: the confidence from which on a word is certain, in [0, 1].
            learn: False: never learn here; what was learned from an earlier index of the same
                encoder will do.

        Raises:
            catalog.errors.UnknownProduct: the product is not in the catalogue.
            NotIndexed: it has no row in the live generation.
            NotLearned: nothing was learned, and ``learn`` is False.
            RequestError: the index has fewer than two products.
            EncoderError, GenerationError: as for `Recommender.panel_of_image`.
        """
        generation = enough(self._parts.index.current().generation)
        if isinstance(one, str):
            self._row(generation, one)  # what is unknown is said before what was not learned
        words = KnownWords(self._parts.catalogue, generation)
        if learn:
            confidences = dict(self._book.learn(generation, words))
        else:
            known = self._book.kept()
            if known is None or not known.suits(generation):
                raise NotLearned(NOT_LEARNED)
            confidences = known.confidences
        recogniser = Recogniser(generation, words, least, confidences=confidences)
        if isinstance(one, Image.Image | EmbeddedPhoto):
            [vector] = self._parts.vectors.of_image(generation, one)
            found = recogniser.of_vector(vector)
        else:
            found = recogniser.of_row(self._row(generation, one))
        return RecognitionAnswer(generation.name, found)

    def _row(self, generation: Generation, product_id: str) -> int:
        known = self._parts.catalogue.product(product_id).product_id
        self._parts.vectors.check_products(generation, [known])
        return generation.row_of[known]


def recogniser_of(
    generation: Generation, catalogue: Catalogue, settings: EngineSettings
) -> Recogniser:
    """A recogniser for a batch; how sure it is is learned now if it was not before.

    Args:
        generation: the live one.
        catalogue: where the words of its products are from.
        settings: of the home.
    """
    words = KnownWords(catalogue, generation)
    confidences = LearnedBook(settings).learn(generation, words)
    return Recogniser(generation, words, confidences=confidences)


def enough(generation: Generation) -> Generation:
    """The same index, if there are others to recognise a product by.

    Raises:
        RequestError: it has fewer than two products.
    """
    count = len(generation.ids)
    if count < 2:
        raise RequestError(
            f"The index has {'one product' if count else 'no products'}, and others are needed to "
            "recognise one by. Ingest more, then `lookalike reindex`."
        )
    return generation
