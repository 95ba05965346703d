"""The answer to a search in words: frozen values."""

from dataclasses import dataclass, field

from catalog.filters.filter import Filter
from catalog.records import SearchNote
from engine.applications.words.wishes import Wishes
from engine.recommendation.results import Panel


@dataclass(frozen=True, slots=True)
class Found:
    """A product that a text finds.

    Attributes:
        product_id: of the product.
        rank: from 1.
        score: of the fusion, see `engine.applications.words.fusion`; it orders this answer alone.
        similarity: cosine of its photos with the text, -1 to 1; None if it was found by its words
            alone.
        meets: the phrases of the text that are true of it.
        in_words: whether its title and fields have the words.
    """

    product_id: str
    rank: int
    score: float
    similarity: float | None = None
    meets: tuple[str, ...] = ()
    in_words: bool = False


@dataclass(frozen=True, slots=True)
class WordAnswer:
    """What a text finds.

    Attributes:
        results: the best first.
        wishes: how the text was understood.
        generation: the index generation that answered.
        note: what was changed of the text: its spelling, or words that nothing is called.
        relaxed: strict wishes that were dropped, as nothing meets them: ``price_from``,
            ``price_to``, ``on_sale``.
        where: what every product matches: the filter that was given, and the strict wishes.
        words: those that titles and fields were searched for.
        named: the ids of the first of those that have the words, in the order of the words.
        by_look: whether looks were compared; False: the encoder embeds no texts.
        partly: whether products were left out that have some of the words and are of another type
            than these name, as none has all of them.
    """

    results: tuple[Found, ...]
    wishes: Wishes
    generation: str
    note: SearchNote = field(default_factory=SearchNote)
    relaxed: tuple[str, ...] = ()
    where: Filter = field(default_factory=Filter)
    words: str = ""
    named: tuple[str, ...] = ()
    by_look: bool = True
    partly: bool = False


@dataclass(frozen=True, slots=True)
class ChangedAnswer:
    """Products like another one, but for what words change.

    Attributes:
        panel: the similar items; ``panel.relaxed`` names the fields that nothing met.
        wishes: how the text was understood.
        unknown: what it compares by and the product has no value for: ``price``, ``length`` or
            ``sleeve``.
        ignored: words that nothing in the shop is called.
    """

    panel: Panel
    wishes: Wishes
    unknown: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
