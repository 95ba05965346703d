"""`WordSearch`: the products that look like a text, are called so, and meet its wishes."""

import logging
from dataclasses import replace
from typing import NamedTuple, Self

import numpy as np

from catalog.filters.filter import Filter
from catalog.records import Product, SearchNote
from catalog.search.query import ParsedQuery
from catalog.text import one_line
from catalog.vocabulary import category_path
from engine.applications.words.changed_look import ChangedLook, EmbedTexts
from engine.applications.words.comparisons import Compared, read_comparisons
from engine.applications.words.fusion import fuse
from engine.applications.words.looks import Looks, of_types
from engine.applications.words.results import ChangedAnswer, Found, WordAnswer
from engine.applications.words.vocabulary import LiveVocabulary
from engine.applications.words.wishes import Wishes, joined
from engine.errors import EncoderError, RequestError
from engine.product_ids import ProductIds
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import Request, check_k
from engine.search.catalogue_facts import FactsSnapshot
from engine.search.live_index import LiveGeneration
from engine.settings import EngineSettings

log = logging.getLogger(__name__)

MAX_TEXT = 200  # characters of a text
CANDIDATES = 200  # of each voice
ENOUGH = 12  # results; of fewer, others of the type follow


class Voices(NamedTuple):
    """What is known of the candidates of one search.

    Attributes:
        wishes: how the text was understood, in its corrected spelling.
        looks: the candidates that look like it; None: there are none.
        named: the ids of those that are called so, the best first.
        note: what was changed of the text.
        words: those that titles and fields were searched for.
        by_look: False: the encoder embeds no texts.
        partly: as in `WordAnswer`.
    """

    wishes: Wishes
    looks: Looks | None
    named: list[str]
    note: SearchNote
    words: str = ""
    by_look: bool = True
    partly: bool = False


class WordSearch:
    """Searches a shop in words; long-lived, and safe to share between threads.

    Three voices order the results (`engine.applications.words.fusion`): how much a product looks
    like the text, by the model's text tower; the catalogue's search in titles and fields; and how
    many of the text's wishes for type, colour, pattern, people and attributes it meets. Prices and
    sales are kept to unless nothing does.

    Args:
        recommender: whose index and encoder it uses.

    Example:
        >>> from engine.applications.words.search import WordSearch
        >>> shop = WordSearch.open()
        >>> answer = shop.search("red dress under 500", k=3)
        >>> len(answer.results), str(answer.wishes.price)
        (3, 'under 500')
    """

    def __init__(self, recommender: Recommender) -> None:
        self._parts = recommender.parts
        self._vocabulary = LiveVocabulary(recommender.parts.catalogue)
        self._warned = ""

    @classmethod
    def open(cls, settings: EngineSettings | None = None) -> Self:
        """Connect to the catalogue and the live generation; errors as for `Recommender.open`."""
        return cls(Recommender.open(settings))

    @property
    def ready(self) -> bool:
        """Whether the encoder is loaded, so that the next search need not wait for that.

        Raises:
            GenerationError: there is no usable index.
        """
        return self._parts.vectors.has_encoder(self._parts.index.current().generation)

    def prepare(self) -> None:
        """Load the encoder, which the first search would otherwise wait for.

        Raises:
            EncoderError: it is not available, or embeds no texts.
            GenerationError: there is no usable index.
        """
        self._parts.vectors.of_texts(self._parts.index.current().generation, ["dress"])

    def search(self, text: str, k: int = 24, where: Filter | None = None) -> WordAnswer:
        """Up to ``k`` products for a text, the best first.

        Args:
            text: such as "red floral dress under 50", `MAX_TEXT` characters at most.
            k: results wanted, 1 to 1,000; each voice names `CANDIDATES` products.
            where: what results are narrowed to.

        Raises:
            RequestError: the text is empty or too long, or ``k`` is out of range.
            GenerationError: there is no usable index.
        """
        check_k(k)
        live, where = self._parts.index.current(), where or Filter()
        wishes = Wishes.read(checked(text), self._vocabulary.current())
        wanted = joined(where, wishes.strict())
        voices = self._voices(live, wishes, wanted)
        relaxed: tuple[str, ...] = ()
        if not voices.named and voices.looks is None and wishes.strict():
            relaxed = tuple(wishes.strict().as_json())
            wanted = where
            voices = self._voices(live, wishes, wanted)
        return WordAnswer(
            results=results_of(live.generation.ids, voices)[:k],
            wishes=voices.wishes,
            generation=live.generation.name,
            note=voices.note,
            relaxed=relaxed,
            where=wanted,
            words=voices.words,
            named=tuple(voices.named),
            by_look=voices.by_look,
            partly=voices.partly,
        )

    def changed(self, request: Request, text: str) -> ChangedAnswer:
        """Products like a seed, but for what words change: "in green", "longer", "as a skirt".

        Args:
            request: with one seed; its filter counts before the words.
            text: what to change, `MAX_TEXT` characters at most.

        Raises:
            RequestError: the text is empty or too long, or there is not one seed.
            UnknownProduct, NotIndexed: the seed is not in the catalogue, or has no row.
            EncoderError, GenerationError: as for `search`.

        Example:
            >>> from engine import Request
            >>> from engine.applications.words.search import WordSearch
            >>> answer = WordSearch.open().changed(Request(("LK000002",), k=3), "in green")
            >>> [wish.values for wish in answer.wishes.wishes]
            [('green',)]
        """
        if len(request.seeds) != 1:
            raise RequestError("Words change one product: give one seed.")
        comparisons, rest = read_comparisons(checked(text))
        live = self._parts.index.current()
        [row] = self._parts.vectors.of_products(live.generation, request.seeds)
        product = self._parts.catalogue.product(request.seeds[0])
        wishes = Wishes.read(rest, self._vocabulary.current())
        ignored: tuple[str, ...] = ()
        if wishes.text:
            words = wishes.without(wishes.of_attributes()).text
            ignored = note_of(self._parts.catalogue.parsed(words)).ignored if words else ()
        compared = Compared.of(comparisons, product)
        facts = live.facts.snapshot()
        look = ChangedLook(live.generation, facts, self._embed(live))
        vector = look.of(product, row, wishes.without(ignored))
        wanted = joined(joined(compared.filter, wishes.strict()), wishes.filter_of())
        wanted = of_type(joined(request.filter, wanted), product, facts, request.k)
        # Where nothing is of the type that the words name, nothing else will do.
        fallback = request.fallback and not any(one.field == "category" for one in wishes.wishes)
        changed = replace(request, filter=wanted, fallback=fallback)
        panel = self._parts.answer(changed, live, vector[np.newaxis])
        return ChangedAnswer(panel, wishes, compared.unknown, ignored)

    def _embed(self, live: LiveGeneration) -> EmbedTexts:
        return lambda texts: self._parts.vectors.of_texts(live.generation, texts)

    def _voices(self, live: LiveGeneration, wishes: Wishes, wanted: Filter) -> Voices:
        words, named, parsed = self._named(wishes, wanted)
        note = note_of(parsed) if words or not wishes.wishes else SearchNote()
        if note.corrected is not None:
            kept = [one for one in wishes.of_attributes() if words != wishes.text]
            spelled = " ".join([note.corrected, *kept])
            wishes = wishes.spelled(spelled, self._vocabulary.current())
        text = wishes.without(note.ignored).look()
        if not text or (parsed.expression is None and not wishes.wishes):
            # Nothing is called so, so nothing looks so.
            return Voices(wishes, None, named, note, words)
        try:
            [row] = self._parts.vectors.of_texts(live.generation, [text])
        except EncoderError as error:  # words alone find what they did before
            if str(error) != self._warned:
                self._warned = str(error)
                log.warning("Searches go by words alone. %s", error)
            return Voices(wishes, None, named, note, words, by_look=False)
        looks = Looks.of(live, row, wishes, wanted, CANDIDATES)
        kept = of_types(live, wishes, named) if note.some else named
        found = looks if len(looks.rows) else None
        return Voices(wishes, found, kept, note, words, partly=len(kept) < len(named))

    def _named(self, wishes: Wishes, wanted: Filter) -> tuple[str, list[str], ParsedQuery]:
        """The words that titles and fields are searched for, what has them, and their parse.

        Words of attributes, which titles need not have, are left out where they are not found:
        they are neither misspelt nor unknown.
        """
        words = wishes.text
        named, parsed = self._parts.catalogue.ranked(words, wanted, CANDIDATES)
        attributes = wishes.of_attributes()
        if attributes and (parsed.note is not None or parsed.expression is None):
            words = wishes.without(attributes).text
            named, parsed = self._parts.catalogue.ranked(words, wanted, CANDIDATES)
        return words, named if words or not wishes.wishes else [], parsed


def results_of(ids: ProductIds, voices: Voices) -> tuple[Found, ...]:
    """The results of all voices in one order.

    They are what has the words, what meets all wishes, and what looks nearly as much like the text
    as the nearest. If those are few, others of the type and for the people follow.

    Args:
        ids: of the generation's rows.
        voices: what was found.
    """
    looks, in_words = voices.looks, set(voices.named)
    orders = {"some words" if voices.note.some else "words": voices.named}
    places: dict[str, int] = {}
    if looks is not None:
        places = {ids[row]: place for place, row in enumerate(looks.rows.tolist())}
        orders["look"] = [ids[row] for row in looks.by_look().tolist()]
        if voices.wishes.wishes:
            orders["wishes"] = [ids[row] for row in looks.by_wishes().tolist()]
    fused = fuse(orders)
    alike = {} if looks is None else dict(zip(places, looks.near.tolist(), strict=True))
    near = [one for one in fused if one in in_words or alike.get(one)]
    if looks is not None and len(near) < ENOUGH:
        chosen = set(near)
        of_kind = dict(zip(places, looks.of_kind.tolist(), strict=True))
        others = [one for one in fused if one not in chosen and of_kind.get(one)]
        near += others[: ENOUGH - len(near)]
    return tuple(
        Found(
            one,
            rank,
            fused[one],
            None if looks is None or one not in places else float(looks.cosines[places[one]]),
            () if looks is None or one not in places else looks.phrases(places[one]),
            one in in_words,
        )
        for rank, one in enumerate(near, start=1)
    )


def of_type(wanted: Filter, product: Product, facts: FactsSnapshot, k: int) -> Filter:
    """A filter for the type of a product, or where few match, for what is above it.

    A filter that names a category stays as it is.
    """
    path = product.category
    if wanted.category or not path:
        return wanted
    own = joined(wanted, Filter(category=(category_path.join(path),)))
    if len(path) == 1 or len(facts.rows(own)) >= k:
        return own
    return joined(wanted, Filter(category=(category_path.join(path[:-1]),)))


def note_of(parsed: ParsedQuery) -> SearchNote:
    """What was changed of a text: of one that nothing in the shop is called, all is ignored."""
    if parsed.note is None and parsed.expression is None:
        return SearchNote(ignored=parsed.words)
    return parsed.note or SearchNote()


def checked(text: str) -> str:
    """A text that can be searched for.

    Raises:
        RequestError: it is empty or too long.
    """
    text = one_line(text)
    if not text:
        raise RequestError("There is nothing to search for. Write some words, such as red dress.")
    if len(text) > MAX_TEXT:
        raise RequestError(f"A search has {MAX_TEXT} characters at most, not {len(text)}.")
    return text
