"""Names of designs: equal for products whose titles are equal but for the words of colours.

Type and gender must be equal too; see `engine.labels.design_families.DesignWords`.
"""

import hashlib
import json
from collections.abc import Collection
from types import SimpleNamespace

from catalog.frozen_dict import FrozenDict
from catalog.products.fact_rows import FactRow
from engine.labels.design_families import TELLING_WORDS, DesignWords
from engine.labels.kinds import type_of
from engine.labels.labels import RULES

VERSION = 1  # of the names: raised when other words of a title count
ORIGINAL_COLOUR = "original_colour"
_NOTHING: FrozenDict[str, str] = FrozenDict()


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
        attributes = json.loads(row.attributes) if ORIGINAL_COLOUR in row.attributes else _NOTHING
        titled = SimpleNamespace(title=row.title, colour=row.colour, attributes=attributes)
        words = self._words(titled)
        if words is None:
            return None
        gender = "" if row.gender is None else f"={row.gender}"
        return "\0".join((" ".join(words), type_of(row.category) or "", gender))
