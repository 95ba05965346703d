"""The responses to "same product?" and "what is it?"; see `web.api.schemas`."""

from pydantic import Field

from engine.applications.recognition.recogniser import Recognised
from engine.applications.recognition.recognition import RecognitionAnswer
from engine.recommendation.comparison.same_product import SameAnswer
from web.api.schemas import Answer


class Same(Answer):
    """Whether two are one product."""

    first: str | None = Field(description="the product's id; null: an uploaded photo")
    second: str = Field(description="the other product's id")
    same: bool = Field(description="whether `cosine` reaches `threshold`")
    probability: float = Field(
        description="that both are one product, where half of the pairs that are asked about are, "
        "and the others look most alike of all others"
    )
    cosine: float
    threshold: float = Field(description="the least cosine that is accepted at `far`")
    far: float = Field(description="the false-accept rate of the threshold")
    facets: dict[str, float] = Field(description="facet -> cosine")
    one_photo: bool = Field(description="whether both have one photo, or copies of it")
    other_colour: bool = Field(description="whether they look like one design in two colours")

    @classmethod
    def of(cls, first: str | None, second: str, answer: SameAnswer) -> "Same":
        """From what was compared, and the answer."""
        return cls(
            first=first,
            second=second,
            same=answer.same,
            probability=round(answer.probability, 6),
            cosine=answer.cosine,
            threshold=answer.threshold,
            far=answer.far,
            facets=dict(answer.facets),
            one_photo=answer.one_photo,
            other_colour=answer.other_colour,
        )


class Neighbour(Answer):
    """A product that voted."""

    product_id: str
    word: str
    cosine: float = Field(description="in the facet that tells the attribute")


class RecognisedWord(Answer):
    """One attribute."""

    attribute: str
    word: str | None = Field(description="null: it is not sure enough to say one")
    likeliest: str = Field(description="the neighbours' word, however sure")
    confidence: float = Field(description="the probability that `likeliest` is right")
    agreeing: int = Field(description="neighbours that have this word, of `voters`")
    voters: int
    known: str | None = Field(description="the shop's own word for the product")
    neighbours: tuple[Neighbour, ...] = Field(description="who voted, the nearest first")

    @classmethod
    def of(cls, one: Recognised) -> "RecognisedWord":
        """From a recognised attribute."""
        return cls(
            attribute=one.attribute,
            word=one.word if one.certain else None,
            likeliest=one.word,
            confidence=one.confidence,
            agreeing=one.agreeing,
            voters=one.voters,
            known=one.known,
            neighbours=tuple(
                Neighbour(product_id=voter.product_id, word=voter.word, cosine=voter.cosine)
                for voter in one.evidence
            ),
        )


class Recognition(Answer):
    """What a product or photo is, by the shop's own products."""

    generation: str
    product_id: str | None = Field(description="null: an uploaded photo")
    least: float = Field(description="the confidence from which on a word is said")
    attributes: tuple[RecognisedWord, ...] = Field(
        description="in order of the alphabet; none of which fewer than 50 products have a word"
    )

    @classmethod
    def of(cls, product_id: str | None, least: float, answer: RecognitionAnswer) -> "Recognition":
        """From what was recognised, and the answer."""
        return cls(
            generation=answer.generation,
            product_id=product_id,
            least=least,
            attributes=tuple(map(RecognisedWord.of, answer.recognised)),
        )
