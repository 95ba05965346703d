"""Where the shop's words contradict the looks: "labelled Heels, looks like Flats".

Each product is recognised by the others, and what they say instead of the shop's word is ranked: by
the share of the vote that their word has more than the shop's, less what is common. Where one in
fifty of a shop's tops looks like a T-shirt, that is how the shop uses these words, and no mistake.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.applications.recognition.recogniser import Evidence, Recogniser
from engine.applications.recognition.words import KnownWords
from engine.index.generation import Generation

JUDGED = ("category", "colour", "gender")
COMMON = 10.0  # by how much the share of products with a word that look like another counts
MOST_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A product whose neighbours have another word for it.

    Attributes:
        product_id: the product.
        attribute: what is contradicted.
        labelled: the shop's word.
        looks_like: the neighbours' word.
        agreeing: the number of neighbours that say it, of ``voters``.
        score: the higher, the more likely a mistake.
        evidence: the neighbours, the nearest first.
    """

    product_id: str
    attribute: str
    labelled: str
    looks_like: str
    agreeing: int
    voters: int
    score: float
    evidence: tuple[Evidence, ...]


def find_contradictions(
    recogniser: Recogniser,
    generation: Generation,
    words: KnownWords,
    attributes: Sequence[str] = JUDGED,
    on_progress: Callable[[int], None] | None = None,
) -> list[Contradiction]:
    """The contradictions of all products, those most likely mistakes first.

    Args:
        recogniser: of the generation.
        generation: of the products.
        words: of its rows.
        attributes: what is compared.
        on_progress: called with the number of products that were looked at.
    """
    found: list[Contradiction] = []
    stated: Counter[tuple[str, str]] = Counter()
    for row, votes in recogniser.votes_of(range(len(generation.ids))):
        known = words.words(row)
        for name in attributes:
            if name not in known or name not in votes:
                continue
            labelled, (result, evidence) = known[name], votes[name]
            stated[name, labelled] += 1
            if result.word != labelled and len(found) < MOST_KEPT:
                share = result.share - result.shares.get(labelled, 0.0)
                found.append(
                    Contradiction(
                        str(generation.ids[row]),
                        name,
                        labelled,
                        result.word,
                        result.agreeing,
                        result.voters,
                        share,
                        tuple(evidence),
                    )
                )
        if on_progress is not None and (row % 100 == 99 or row + 1 == len(generation.ids)):
            on_progress(row + 1)
    return _ranked(found, stated)


def _ranked(
    found: Sequence[Contradiction], stated: Counter[tuple[str, str]]
) -> list[Contradiction]:
    confused = Counter((one.attribute, one.labelled, one.looks_like) for one in found)

    def score(one: Contradiction) -> float:
        others = confused[one.attribute, one.labelled, one.looks_like] - 1
        return one.score - COMMON * others / stated[one.attribute, one.labelled]

    scored = [replace(one, score=round(score(one), 4)) for one in found]
    return sorted(scored, key=lambda one: (-one.score, one.product_id, one.attribute))
