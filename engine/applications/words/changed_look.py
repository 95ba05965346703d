"""The row of a product with some of its look exchanged for what words say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from catalog.filters.filter import ATTRIBUTE, Filter
from catalog.records import Product
from catalog.vocabulary import category_path
from engine.applications.words.wishes import Wish, Wishes
from engine.arrays import Float32, Int64
from engine.index.generation import Generation
from engine.search.catalogue_facts import FactsSnapshot

# Field -> the facet that it shows in.
FACETS = {"colour": "colour", "pattern": "pattern", "category": "shape"}
SAMPLE = 200  # products whose mean stands for a value
TOWARDS = 0.7  # share of a difference between texts, or means, that is added
EmbedTexts = Callable[[Sequence[str]], Float32]


@dataclass(frozen=True, eq=False)
class ChangedLook:
    """Changes rows of one generation.

    Args:
        generation: whose rows are changed.
        facts: which of its products have a value.
        embed: texts -> ``(T, D)`` rows.
    """

    generation: Generation
    facts: FactsSnapshot
    embed: EmbedTexts

    def of(self, product: Product, row: Float32, wishes: Wishes) -> Float32:
        """The row ``(D,)`` of a product, changed as words wish.

        A colour, a pattern or a type takes the place of the product's own: the mean of the
        products that have it. An attribute moves the shape from the products of the type towards
        those of them that have it. Other words move all but the colour, as the text tower tells
        the type with them from the type alone.
        """
        changed = row.copy()
        for wish in wishes.wishes:
            facet = FACETS.get(wish.field)
            if facet is not None:
                self._exchange(changed, facet, wish)
            elif wish.field.startswith(ATTRIBUTE):
                self._move(changed, product, wish)
        meant = {wish.phrase for wish in wishes.wishes}
        others = " ".join(word for word in wishes.phrases if word not in meant)
        if others:
            kind = product.category[-1].lower() if product.category else "clothes"
            plain, with_words = self.embed([kind, f"{others} {kind}"])
            changed += TOWARDS * (with_words - plain) * self._factors()
        layout = self.generation.layout
        return layout.pool(changed[np.newaxis])

    def _exchange(self, row: Float32, facet: str, wish: Wish) -> None:
        """Put the mean of the products that have a value into a block of a row."""
        layout = self.generation.layout
        found = self._sample(wish.filter())
        if facet in layout.slices and len(found):
            block = layout.block(self.generation.vectors[found], facet).mean(axis=0)
            layout.block(row, facet)[:] = block

    def _move(self, row: Float32, product: Product, wish: Wish) -> None:
        """Move the shape of a row from products of a type towards those that have a value."""
        layout = self.generation.layout
        path = category_path.join(product.category)
        kind = Filter(category=(path,)) if path else Filter()
        having = Filter.of({**kind.as_json(), **wish.filter().as_json()})
        all_rows, rows = self._sample(kind), self._sample(having)
        if "shape" in layout.slices and len(rows) and len(all_rows):
            means = [
                layout.block(self.generation.vectors[some], "shape").mean(axis=0)
                for some in (all_rows, rows)
            ]
            layout.block(row, "shape")[:] += TOWARDS * (means[1] - means[0])

    def _sample(self, wanted: Filter) -> Int64:
        """Some of the rows that match a filter, evenly taken."""
        rows = self.facts.rows(wanted)
        return rows[:: max(1, len(rows) // SAMPLE)][:SAMPLE]

    def _factors(self) -> Float32:
        """1 for the numbers of a row that are not of its colour."""
        factors = np.ones(self.generation.layout.dim, dtype=np.float32)
        if "colour" in self.generation.layout.slices:
            self.generation.layout.block(factors, "colour")[:] = 0
        return factors
