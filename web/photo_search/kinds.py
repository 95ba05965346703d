"""The types and genders that a photo's garment may be, by the products nearest to it.

Each of the nearest products has a vote, the nearest the most: the one at rank ``r`` has ``1 / r``.
Types of few products would otherwise never be found.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from catalog.filters.filter import Filter
from catalog.records import Product
from catalog.vocabulary import category_path

NEAREST = 24  # products that are asked
SAME = 0.97  # least cosine similarity of a photo to a product whose own photo it is
MOST_TYPES = 6  # that are named
LEAST_SHARE = 0.02  # of their votes: a type or gender with less is not named
TYPE_SHARE = 0.35  # of their votes: a type with as many is taken for the photo's
GENDER_SHARE = 0.8
UNISEX = "unisex"
GENDERS = ("female", "male")


@dataclass(frozen=True, slots=True)
class Kind:
    """A category path or a gender, and its share of the nearest products' votes, 0 to 1."""

    value: str
    share: float


@dataclass(frozen=True, slots=True)
class Kinds:
    """What a photo may show, the likeliest first.

    Attributes:
        types: category paths.
        genders: female and male; unisex products count for neither.
        product: the product whose own photo it is, if it is one.
    """

    types: tuple[Kind, ...] = ()
    genders: tuple[Kind, ...] = ()
    product: Product | None = None

    @classmethod
    def of(cls, nearest: Sequence[Product], similarity: float = 0.0) -> Self:
        """The kinds of the products nearest to a photo, the nearest first.

        Args:
            nearest: the products.
            similarity: of the first, as a cosine.
        """
        types = (category_path.join(product.category) for product in nearest)
        genders = (product.gender if product.gender in GENDERS else "" for product in nearest)
        product = nearest[0] if nearest and similarity >= SAME else None
        return cls(_shares(types)[:MOST_TYPES], _shares(genders), product)

    def guess(self) -> "Chosen":
        """The type and the gender that are clear enough to narrow a search to.

        Those of a product whose own photo it is are: a search never hides it.
        """
        if self.product is not None:
            gender = self.product.gender if self.product.gender in GENDERS else None
            return Chosen(category_path.join(self.product.category) or None, gender)
        return Chosen(_clear(self.types, TYPE_SHARE), _clear(self.genders, GENDER_SHARE))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The type and the gender that a search is narrowed to; None: to none."""

    category: str | None = None
    gender: str | None = None

    def narrow(self, wanted: Filter) -> Filter:
        """A filter narrowed to these, in fields that it does not have itself."""
        fields = wanted.as_json()
        if self.category:
            fields.setdefault("category", [self.category])
        if self.gender:
            fields.setdefault("gender", [self.gender, UNISEX])
        return Filter.of(fields)


@dataclass(frozen=True, slots=True)
class Choice:
    """How a search is narrowed.

    Attributes:
        named: field, ``category`` or ``gender``, -> the value chosen; empty: any.
        guess: take what the photo's nearest products say for the fields that are not named.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    guess: bool = True

    def among(self, kinds: Kinds) -> Chosen:
        """What the search is narrowed to."""
        guessed = kinds.guess() if self.guess else Chosen()
        return Chosen(
            self.named.get("category", guessed.category) or None,
            self.named.get("gender", guessed.gender) or None,
        )


def _shares(values: Iterable[str]) -> tuple[Kind, ...]:
    """The shares of the votes of values by rank; an empty value has none."""
    votes: dict[str, float] = {}
    for rank, value in enumerate(values, start=1):
        if value:
            votes[value] = votes.get(value, 0.0) + 1 / rank
    total = sum(votes.values())
    kinds = [Kind(value, count / total) for value, count in votes.items()]
    kinds.sort(key=lambda kind: -kind.share)
    return tuple(kind for kind in kinds if kind.share >= LEAST_SHARE)


def _clear(kinds: Sequence[Kind], share: float) -> str | None:
    return kinds[0].value if kinds and kinds[0].share >= share else None
