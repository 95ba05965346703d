"""Names of designs: equal for products whose titles are equal but for the words of colours.

Type and gender must be equal too; see `engine.labels.design_families.DesignWords`.
"""

import hashlib
import json
from collections.abc import Collection

from catalog.products.fact_rows import FactRow
from engine.labels.design_families import TELLING_WORDS, DesignWords
from engine.labels.kinds import type_of
from engine.labels.labels import RULES

VERSION = 1  # of the names: raised when other words of a title count
ORIGINAL_COLOUR = "original_colour"


class DesignNames:
    """Names the designs of products.

    Args:
        synonyms: more colour words; see `engine.labels.design_families.design_families`.

    Attributes:
        digest: equal where equal products have equal names; stored beside names.
    """

    def __init__(self, synonyms: Collection[str] = ()) -> None:
        self._words = DesignWords(synonyms=synonyms)
        words = [dict(rule.words) for rule in RULES if rule.column == "colour"]
        inputs = json.dumps([VERSION, TELLING_WORDS, words, sorted(synonyms)])
        self.digest = hashlib.sha256(inputs.encode()).hexdigest()

    def __call__(self, row: FactRow) -> str | None:
        """The name of a product's design; None: its title has too few words that tell."""
        original = None
        if ORIGINAL_COLOUR in row.attributes:
            original = json.loads(row.attributes).get(ORIGINAL_COLOUR)
        words = self._words.of(row.title, row.colour, original)
        if words is None:
            return None
        gender = "" if row.gender is None else f"={row.gender}"
        return "\0".join((" ".join(words), type_of(row.category) or "", gender))
