"""The words that a shop has for its products, by attribute: what recognition learns from.

Category, gender, age group, colour and pattern are the catalogue's; pattern, sleeve, neck and
length are also read from titles (`engine.labels`); every further attribute is as the feed wrote it.
"""

from collections.abc import Mapping, Sequence

from catalog.products.catalogue import Catalogue
from catalog.records import Product, ProductRecord
from catalog.vocabulary import category_path
from engine.arrays import Int64
from engine.index.generation import Generation
from engine.labels.labels import RULES, LabelRule, label_products
from engine.labels.splits import family_of

CATEGORY = "category"
READ_FROM_TITLES = (
    "sleeve",
    "neck",
    "length",
    "cut",
    "pattern",
    "colour",
    "gender",
)  # also by titles
SHAPE, COLOUR, PATTERN = "shape", "colour", "pattern"
KNOWS = {"colour": COLOUR, "pattern": PATTERN}  # attribute -> the facet that knows; others: shape
LONGEST = 40  # characters of a word; longer texts are descriptions
IGNORED = frozenset({"sku", "shop_id", "variant_id", "sender_id", "handle", "type"})
_CHUNK = 2_000

Words = Mapping[str, str]


def words_of(
    products: Sequence[Product | ProductRecord], rules: Sequence[LabelRule] = RULES
) -> list[dict[str, str]]:
    """The words of some products: attribute -> word, without attributes that nobody states."""
    wanted = [rule for rule in rules if rule.column in READ_FROM_TITLES]
    table = label_products(products, wanted)
    found = []
    for row, product in enumerate(products):
        words = {
            name: value.strip()
            for name, value in product.attributes.items()
            if _is_word(name, value.strip())
        }
        for column in table.columns:
            if (text := table.text(column, row)) is not None:
                words[column] = text
        stated = {
            CATEGORY: category_path.join(product.category) or None,
            "gender": product.gender,
            "age_group": product.age_group,
            "colour": product.colour,
            "pattern": product.pattern,
        }
        words |= {name: value for name, value in stated.items() if value}
        found.append(words)
    return found


def _is_word(name: str, value: str) -> bool:
    original = name.startswith("original_") or name in IGNORED
    return not original and 0 < len(value) <= LONGEST and not value.replace(".", "").isdigit()


class KnownWords:
    """The words of a generation's rows, read once; for one thread at a time.

    Args:
        catalogue: where they are from.
        generation: of the rows.
    """

    def __init__(self, catalogue: Catalogue, generation: Generation) -> None:
        self._catalogue, self._generation = catalogue, generation
        self._known: dict[int, tuple[Words, str]] = {}
        self._texts: dict[str, str] = {}  # equal words are kept once

    def read(self, rows: Sequence[int] | Int64) -> None:
        """Read the words of rows that were not read before."""
        new = [row for row in dict.fromkeys(int(one) for one in rows) if row not in self._known]
        for start in range(0, len(new), _CHUNK):
            some = new[start : start + _CHUNK]
            ids = [str(self._generation.ids[row]) for row in some]
            products = self._catalogue.products(ids)
            listed = [one for one in ids if one in products]
            words = dict(zip(listed, words_of([products[one] for one in listed]), strict=True))
            for row, product_id in zip(some, ids, strict=True):
                shared = {
                    name: self._once(word) for name, word in words.get(product_id, {}).items()
                }
                family = self._once(_family(products.get(product_id), product_id))
                self._known[row] = (shared, family)

    def words(self, row: int) -> Words:
        """The words of a row that was read."""
        return self._known[row][0]

    def family(self, row: int) -> str:
        """The title family of a row that was read; see `engine.labels.splits.family_of`."""
        return self._known[row][1]

    def _once(self, text: str) -> str:
        return self._texts.setdefault(text, text)


def _family(product: Product | None, product_id: str) -> str:
    return f"product {product_id}" if product is None else family_of(product)
