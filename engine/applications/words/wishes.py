"""What a text wishes for: values of fields, a price, and words that name nothing in particular."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from catalog.filters.filter import ATTRIBUTE, Filter
from catalog.frozen_dict import FrozenDict
from catalog.search.documents import words_of
from catalog.search.query import FILLERS, MAX_WORDS
from catalog.search.synonyms import MAX_PHRASE
from catalog.vocabulary import category_path
from engine.applications.words.prices import PriceWish, read_price
from engine.applications.words.vocabulary import Meant, ShopVocabulary

# How much a wish counts: who looks for a dress may take another colour, but no watch.
WEIGHTS = {"category": 3.0, "gender": 2.0, "age_group": 2.0}
NAMED = ("category", "colour", "pattern")  # fields whose values name a look
ON_SALE = (("on", "sale"), ("reduced",), ("discounted",))


@dataclass(frozen=True, slots=True)
class Wish:
    """One phrase of a text, and the products that it means.

    Attributes:
        phrase: as it stands in the text.
        field: of a filter, such as ``colour``.
        values: any of them will do.
    """

    phrase: str
    field: str
    values: tuple[str, ...]

    @property
    def weight(self) -> float:
        """How much it counts beside other wishes."""
        return WEIGHTS.get(self.field, 1.0)

    def filter(self) -> Filter:
        """The products that it means."""
        return Filter.of({self.field: list(self.values)})


@dataclass(frozen=True, slots=True)
class Wishes:
    """A text as it is understood.

    Attributes:
        wishes: what its phrases mean; a phrase may mean several fields.
        price: what it may cost; None: anything.
        on_sale: whether only reduced products are wanted.
        phrases: phrase -> what the shop calls it: "trainers" may be "sports shoes" there. One that
            means no value of a field is called itself.
    """

    wishes: tuple[Wish, ...] = ()
    price: PriceWish | None = None
    on_sale: bool = False
    phrases: Mapping[str, str] = field(default_factory=FrozenDict)

    @classmethod
    def read(cls, text: str, vocabulary: ShopVocabulary) -> Self:
        """Read a text; the longest phrases count, and at most `MAX_WORDS` words.

        Example:
            >>> from catalog.db import Database
            >>> from catalog.products.catalogue import Catalogue
            >>> from engine.applications.words.vocabulary import Meant, ShopVocabulary
            >>> from engine.applications.words.wishes import Wishes
            >>> with Database.open() as database:
            ...     vocabulary = ShopVocabulary.of(Catalogue(database))
            >>> read = Wishes.read("a red dress under 50", vocabulary)
            >>> [wish.field for wish in read.wishes], str(read.price)
            (['colour', 'category'], 'under 50')
        """
        price, rest = read_price(text)
        words, on_sale = _without_sale(words_of(rest))
        words = ([word for word in words if word not in FILLERS] or words)[:MAX_WORDS]
        wishes: list[Wish] = []
        # Signs alone, such as an emoji, are searched for in titles: else everything would be found.
        phrases = {} if words or price is not None or on_sale else {text: text}
        at = 0
        while at < len(words):
            for length in range(min(MAX_PHRASE, len(words) - at), 0, -1):
                phrase = words[at : at + length]
                found = vocabulary.find(phrase)
                if not found and length == 1:
                    found = vocabulary.find(vocabulary.completed(phrase[0]))
                if found or length == 1:
                    name = " ".join(phrase)
                    wishes += (Wish(name, one.field, one.values) for one in found)
                    phrases[name] = _called(name, found)
                    at += length
                    break
        return cls(tuple(wishes), price, on_sale, FrozenDict(phrases))

    def spelled(self, text: str, vocabulary: ShopVocabulary) -> Self:
        """The same with other words, such as those of a corrected spelling."""
        read = type(self).read(text, vocabulary)
        return replace(read, price=self.price, on_sale=self.on_sale)

    def without(self, ignored: Sequence[str]) -> Self:
        """The same without some phrases in its text; the wishes stay."""
        kept = {one: name for one, name in self.phrases.items() if one not in ignored}
        return replace(self, phrases=FrozenDict(kept))

    def of_attributes(self) -> tuple[str, ...]:
        """The phrases that mean attributes, which titles and search do not have."""
        return tuple(wish.phrase for wish in self.wishes if wish.field.startswith(ATTRIBUTE))

    @property
    def text(self) -> str:
        """The words to search titles by: all but those of prices and sales."""
        return " ".join(self.phrases)

    def look(self) -> str:
        """The text whose look is searched for, in the shop's words."""
        return " ".join(self.phrases.values())

    def strict(self) -> Filter:
        """What every result must match: the price, and the sale."""
        price = Filter() if self.price is None else self.price.filter()
        return Filter.of({**price.as_json(), "on_sale": self.on_sale or None})

    def filter_of(self, fields: frozenset[str] | None = None) -> Filter:
        """The products that match all wishes of some fields, or of all; strict ones apart.

        Of several wishes for one field, any will do: "black or brown shoes".
        """
        wanted: dict[str, list[str]] = {}
        for wish in self.wishes:
            if fields is None or wish.field in fields:
                wanted.setdefault(wish.field, []).extend(wish.values)
        return Filter.of({field: _most(values) for field, values in wanted.items()})

    def as_json(self) -> dict[str, object]:
        """What the text means, as fields of a filter."""
        return self.filter_of().as_json() | self.strict().as_json()


def joined(first: Filter, second: Filter) -> Filter:
    """Both filters; a field of the first counts where both have it."""
    return Filter.of({**second.as_json(), **first.as_json()})


def _called(phrase: str, found: Sequence[Meant]) -> str:
    """What the shop calls a phrase, where it has one name for it."""
    [*meant] = (one for one in found if one.field in NAMED)
    if len(meant) != 1 or len(meant[0].values) != 1:
        return phrase
    return " ".join(words_of(category_path.split(meant[0].values[0])[-1])) or phrase


def _most(values: list[str]) -> list[str]:
    """As many values as a filter may have."""
    return list(dict.fromkeys(values))[:100]


def _without_sale(words: list[str]) -> tuple[list[str], bool]:
    for phrase in ON_SALE:
        for at in range(len(words) - len(phrase) + 1):
            if tuple(words[at : at + len(phrase)]) == phrase:
                return words[:at] + words[at + len(phrase) :], True
    return words, False
