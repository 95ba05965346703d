"""Listings that are the same product twice.

The index proposes each product's nearest ones, so the time grows with the number of products and
not with its square. What is near enough is compared by its photos (`photo_print`): one photo, also
when it was saved again, mirrored, cropped or put before another background, is one product. Where
the shop names a false-accept rate, what reaches its threshold is listed too, whatever its photos.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from catalog.products.catalogue import Catalogue
from catalog.records import Product
from engine.applications.nearest import nearest
from engine.applications.verification.prints import Prints
from engine.index.generation import Generation
from engine.search.duplicates import SAME_PHOTO

NEAREST = 6  # products that each is compared with
LEAST_COSINE = 0.85  # of 400 changed copies of photos, 98% are nearer to the original
BLOCK = 256  # products that are read at once

Pair = tuple[int, int, float]  # two rows in order, and their cosine


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two listings of one product.

    Attributes:
        first, second: their ids, in order.
        cosine: of their rows.
        difference: of their photos where those differ least, in 0 to 255; None if no photos could
            be compared.
        reason: why they are listed.
    """

    first: str
    second: str
    cosine: float
    difference: float | None
    reason: str


@dataclass(frozen=True)
class LooksAlone:
    """The ``threshold`` from which on looks alone count, of the false-accept rate ``far``."""

    threshold: float
    far: float


class DuplicateSearch:
    """Searches a catalogue for products that are listed twice. For one thread at a time.

    Args:
        generation: the live one.
        catalogue: what is sold.
        prints: of the products' photos.
        known: pairs of ids that were decided on, which are left out.
        looks: from when on looks alone count; None: they do not.
    """

    def __init__(
        self,
        generation: Generation,
        catalogue: Catalogue,
        prints: Prints,
        known: Collection[tuple[str, str]] = frozenset(),
        looks: LooksAlone | None = None,
    ) -> None:
        self._generation, self._catalogue, self._prints = generation, catalogue, prints
        self._known, self._looks = known, looks

    def find(
        self,
        rows: Sequence[int] | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> Iterator[Duplicate]:
        """Each pair once, as it is found.

        Args:
            rows: only pairs of these, in ascending order, with any others; None: of all.
            on_progress: called with the number of products that were looked at.
        """
        wanted = range(len(self._generation.ids)) if rows is None else rows
        later: set[tuple[int, int]] = set()  # pairs that are met again
        for start in range(0, len(wanted), BLOCK):
            block = wanted[start : start + BLOCK]
            pairs = {pair[:2]: pair for row in block for pair in self._near(row)}
            yield from self._judged([pair for key, pair in pairs.items() if key not in later])
            later = {pair for pair in later | pairs.keys() if pair[1] > block[-1]}
            if on_progress is not None:
                on_progress(start + len(block))

    def _near(self, row: int) -> Iterator[Pair]:
        """The rows that are near enough to one to be compared with it."""
        generation = self._generation
        others, cosines = nearest(generation, generation.vectors[row], NEAREST + 1)
        for other, cosine in zip(others.tolist(), cosines.tolist(), strict=True):
            if other != row and cosine >= LEAST_COSINE:
                yield min(row, other), max(row, other), round(cosine, 6)

    def _judged(self, pairs: Sequence[Pair]) -> Iterator[Duplicate]:
        ids = self._generation.ids
        named = [(str(ids[first]), str(ids[second]), cosine) for first, second, cosine in pairs]
        products = self._catalogue.products([one for pair in named for one in pair[:2]])
        wanted = []
        for first, second, cosine in named:
            names = (min(first, second), max(first, second))
            if names not in self._known and first in products and second in products:
                pair = products[names[0]], products[names[1]], cosine
                wanted += [pair] if _may_be_one(*pair[:2]) else []
        compared = [item for pair in wanted if not _have_one_photo(*pair) for item in pair[:2]]
        self._prints.prepare(compared)
        for pair in wanted:
            found = self._judge(*pair)
            if found is not None:
                yield found

    def _judge(self, first: Product, second: Product, cosine: float) -> Duplicate | None:
        names = (first.product_id, second.product_id)
        if _have_one_photo(first, second, cosine):
            return Duplicate(*names, cosine, 0.0, "one photo")
        likeness = self._prints.likeness(first.photos, second.photos)
        difference = None if likeness is None else round(likeness.difference, 2)
        if likeness is not None and likeness.one_photo:
            return Duplicate(*names, cosine, difference, "one photo, changed")
        if self._looks is not None and cosine >= self._looks.threshold:
            reason = f"looks, at a false-accept rate of {self._looks.far:g}"
            return Duplicate(*names, cosine, difference, reason)
        return None


def _may_be_one(first: Product, second: Product) -> bool:
    """Whether two products are sold, and not known to be variants of one group."""
    grouped = first.group_id is not None and first.group_id == second.group_id
    return not (grouped or first.retired or second.retired)


def _have_one_photo(first: Product, second: Product, cosine: float) -> bool:
    """Whether they share a photo, pixel for pixel."""
    ours, theirs = ({one.content_hash for one in item.photos} for item in (first, second))
    return bool(ours & theirs) or cosine >= SAME_PHOTO
