"""Which products are one design in other colours, by their titles and looks together.

Two products are colourways of each other if their titles are equal but for the words of colours,
with enough words left to tell designs apart, type and gender are equal, their colours are known and
differ, and they look the same apart from colour. A title alone may name two prints, and looks
alone two T-shirts. Where the shop says itself which products are variants, by its groups, what it
says counts: products of two groups are two designs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from engine.arrays import Bool, Float64, Int64
from engine.encoders.facets import COLOUR, FacetLayout
from engine.index.generation import Generation
from engine.labels.audience import NO_CODE
from engine.search.catalogue_facts import FactsSnapshot
from engine.search.scoring import DECIMALS


class Design(NamedTuple):
    """What tells a row's design: codes of `engine.facts.columns.DesignColumns`, -1 for none."""

    name: int
    colour: int
    group: int


@dataclass
class Designs:
    """The designs of a generation's rows, for one request, which may read them once each.

    Attributes:
        generation: where the rows are from.
        facts: the catalogue's at this moment, which name the designs.
        threshold: the least cosine, apart from colour, of two colourways.
        folded: line -> each row that stayed in its last `fold` -> the rows folded into it.
    """

    generation: Generation
    facts: FactsSnapshot
    threshold: float
    folded: dict[int, dict[int, list[int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._of: dict[int, Design] = {}
        self._scale = self.generation.layout.apart_from_colour().astype(np.float64)

    def read(self, rows: Sequence[int]) -> None:
        """Read the designs of rows, those that are new in one go."""
        new = [row for row in dict.fromkeys(rows) if row not in self._of]
        if new:
            columns = self.facts.designs(np.array(new, dtype=np.int64))
            designs = zip(*(column.tolist() for column in columns), strict=True)
            self._of.update(zip(new, map(Design._make, designs), strict=True))

    def colour(self, row: int) -> str | None:
        """The colour of a row that was read."""
        return self.facts.colour(self._of[row].colour)

    def looks(self, row: int, others: Int64) -> Float64:
        """``(n,)`` cosines of a row with others apart from colour."""
        vectors = self.generation.vectors
        query = vectors[row].astype(np.float64) * self._scale
        found: Float64 = (vectors[others].astype(np.float64) @ query).round(DECIMALS)
        return found

    def colourways(self, row: int, others: Int64) -> Bool:
        """``(n,)`` bool: which of some rows are colourways of one; all must have been read."""
        one = self._of[row]
        named = [_one_name(one, self._of[other]) for other in others.tolist()]
        found = np.array(named, dtype=bool)
        if True in named:
            found[found] = self.looks(row, others[found]) >= self.threshold
        return found

    def follows(self, shown: Sequence[int], row: int) -> bool:
        """Whether a row is a colourway of one that is shown; all must have been read."""
        return bool(self.colourways(row, np.array(shown, dtype=np.int64)).any())

    def fold(self, rows: Sequence[int], shown: Sequence[int] = (), line: int = 0) -> list[int]:
        """The rows that stay when each colourway of an earlier one that stays is folded into it.

        Args:
            rows: in the order in which they would be shown.
            shown: rows that are shown before them; what is folded into one is dropped.
            line: the line of the panel that they are of.

        Returns:
            The rows that stay, in order.
        """
        self.read([*shown, *rows])
        named: dict[int, list[int]] = {}
        kept: dict[int, list[int]] = {}
        for place, row in enumerate((*shown, *rows)):
            name = self._of[row].name
            earlier = named.setdefault(name, []) if name != NO_CODE else []
            if place >= len(shown):
                if earlier:
                    same = self.colourways(row, np.array(earlier, dtype=np.int64))
                    if same.any():
                        into = earlier[int(same.argmax())]
                        if into in kept:
                            kept[into].append(row)
                        continue
                kept[row] = []
            earlier.append(row)
        self.folded[line] = kept
        return list(kept)


def close_apart_from_colour(close: Mapping[str, float], layout: FacetLayout) -> float:
    """The cosine apart from colour from which two products look close; see `Manifest.close`."""
    others = {name: weight for name, weight in layout.weights.items() if name != COLOUR}
    weights = others or layout.weights
    total = sum(weight * close.get(name, 1.0) for name, weight in weights.items())
    return total / sum(weights.values())


def _one_name(one: Design, other: Design) -> bool:
    if NO_CODE in (one.name, one.colour, other.colour) or one.name != other.name:
        return False
    grouped = NO_CODE not in (one.group, other.group)
    return one.colour != other.colour and not (grouped and one.group != other.group)
