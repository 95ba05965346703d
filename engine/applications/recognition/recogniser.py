"""What is it? A product's attributes by its nearest neighbours, in the facet that knows.

Shape tells category, gender and cut, colour tells colour, pattern tells pattern. The neighbours
that have a word for an attribute vote, the nearer with more weight. Nothing is trained, so a
category with a single product is recognised at once.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.applications.nearest import nearest
from engine.applications.recognition.confidence import Confidence, Trial, learn_confidences
from engine.applications.recognition.vote import VOTERS, Vote, vote
from engine.applications.recognition.words import KNOWS, SHAPE, KnownWords
from engine.arrays import Float32, Float64, Int64
from engine.index.generation import Generation
from engine.index.stores.recall import sample_rows
from engine.search.duplicates import SAME_PHOTO

FETCHED = 60  # neighbours, of which those with a word vote
SAMPLE = 600  # products that confidences are learned from
SAMPLE_SEED = 12
NEARLY_SAME = 0.999  # cosine of a facet below which two rows are not of one photo
BLOCK = 500  # products whose neighbours are read at once
LEAST = 0.8  # confidence from which on a word is said


@dataclass(frozen=True, slots=True)
class Evidence:
    """A neighbour that voted: its id, its word, and its cosine in the facet that knows."""

    product_id: str
    word: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Recognised:
    """One attribute of a product or photo.

    Attributes:
        attribute: such as ``category`` or ``colour``.
        word: what the neighbours say.
        confidence: the probability that it is right, in (0, 1).
        certain: whether the confidence is high enough to say it.
        agreeing: the number of neighbours that say it, of ``voters``.
        known: the shop's own word, if it has one.
        evidence: the neighbours that voted, the nearest first.
    """

    attribute: str
    word: str
    confidence: float
    certain: bool
    agreeing: int
    voters: int
    known: str | None
    evidence: tuple[Evidence, ...]


Votes = dict[str, tuple[Vote, list[Evidence]]]  # attribute -> the vote on it and who voted
Near = dict[str | None, tuple[Int64, Float64]]  # facet -> the nearest rows and their cosines


class Recogniser:
    """Recognises products of a generation, and photos. For one thread at a time.

    Args:
        generation: of N rows.
        words: those of its rows.
        least: the confidence from which on a word is certain.
        attributes: only these; None: all that enough products have.
        confidences: how sure votes are, by attribute; None: learned now, from 600 products.
    """

    def __init__(
        self,
        generation: Generation,
        words: KnownWords,
        least: float = LEAST,
        attributes: Collection[str] | None = None,
        confidences: Mapping[str, Confidence] | None = None,
    ) -> None:
        self._generation, self._words, self._least = generation, words, least
        self._attributes = None if attributes is None else frozenset(attributes)
        learned = learn_confidences(self._trials()) if confidences is None else confidences
        self.confidences: Mapping[str, Confidence] = {
            name: one for name, one in learned.items() if attributes is None or name in attributes
        }

    def of_row(self, row: int) -> tuple[Recognised, ...]:
        """What a product of the generation is, by all others; see `of_vector`."""
        [(_, votes)] = self.votes_of([row])
        return self._recognised(votes, self._words.words(row))

    def of_vector(self, vector: Float32) -> tuple[Recognised, ...]:
        """What a photo shows.

        Args:
            vector: ``(D,)`` its row by the generation's encoder.

        Returns:
            Each attribute that some neighbour has a word for, in order of the alphabet.
        """
        near = self._near(vector)
        self._words.read(np.unique(np.concatenate([rows for rows, _ in near.values()])))
        return self._recognised(self._votes(near, None, related=True), {})

    def votes_of(self, rows: Sequence[int]) -> Iterator[tuple[int, Votes]]:
        """Each product's row with the votes of all others on it; words are read some at a time."""
        for row, near in self._near_rows(rows):
            yield row, self._votes(near, row, related=True)

    def _near_rows(self, rows: Sequence[int]) -> Iterator[tuple[int, Near]]:
        """Each row with its neighbours, whose words are read."""
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            near = [self._near(self._generation.vectors[row]) for row in block]
            met = [found for one in near for found, _ in one.values()]
            self._words.read(np.unique(np.concatenate([np.array(block, dtype=np.int64), *met])))
            yield from zip(block, near, strict=True)

    def _votes(self, near: Near, row: int | None, related: bool) -> Votes:
        """Attribute -> the vote on it and who voted.

        Args:
            near: the neighbours, whose words were read.
            row: the product's own, which has no vote; None: a photo's.
            related: whether products of its title family vote.
        """
        found: Votes = {}
        knowing: dict[str, str | None] = {}  # attribute -> the facet that knows
        for facet, (rows, cosines) in near.items():
            heard: dict[str, list[Evidence]] = defaultdict(list)
            for other, cosine in zip(rows.tolist(), cosines.tolist(), strict=True):
                if other == row or (not related and self._related(row, other, cosine)):
                    continue
                product_id = str(self._generation.ids[other])
                for name, word in self._words.words(other).items():
                    if name not in knowing:
                        knowing[name] = self._facet_of(name)
                    if knowing[name] == facet and len(heard[name]) < VOTERS:
                        heard[name].append(Evidence(product_id, word, round(cosine, 6)))
            for name, some in heard.items():
                result = vote([one.word for one in some], [one.cosine for one in some])
                if result is not None:
                    found[name] = (result, some)
        return found

    def _recognised(self, votes: Votes, known: Mapping[str, str]) -> tuple[Recognised, ...]:
        found = []
        for name, (result, evidence) in sorted(votes.items()):
            if name not in self.confidences:
                continue
            confidence = self.confidences[name].of(result.share)
            found.append(
                Recognised(
                    name,
                    result.word,
                    round(confidence, 4),
                    confidence >= self._least,
                    result.agreeing,
                    result.voters,
                    known.get(name),
                    tuple(evidence),
                )
            )
        return tuple(found)

    def _facet_of(self, attribute: str) -> str | None:
        """The facet that knows an attribute; None: whole rows."""
        if self._attributes is not None and attribute not in self._attributes:
            return "ignored"
        facet = KNOWS.get(attribute, SHAPE)
        return facet if facet in self._generation.layout.names else None

    def _near(self, vector: Float32) -> Near:
        """Facet -> the nearest rows in it and their cosines."""
        layout, found = self._generation.layout, {}
        facets = {one if one in layout.names else None for one in (SHAPE, *KNOWS.values())}
        for facet in sorted(facets, key=str):
            query = vector
            if facet is not None:
                others = {name: float(name == facet) for name in layout.names}
                query = layout.reweigh(vector, others)
            found[facet] = nearest(self._generation, query, FETCHED + 1)
        return found

    def _related(self, row: int | None, other: int, cosine: float) -> bool:
        """Whether two rows are of one title family, or have one photo."""
        if row is None:
            return False
        if self._words.family(row) == self._words.family(other):
            return True
        vectors = self._generation.vectors
        return cosine >= NEARLY_SAME and float(vectors[row] @ vectors[other]) >= SAME_PHOTO

    def _trials(self) -> dict[str, list[Trial]]:
        """Attribute -> votes of strangers on a sample of products that have a word for it."""
        count = len(self._generation.ids)
        sample = sample_rows(count, SAMPLE_SEED, SAMPLE).tolist() if count else []
        found: dict[str, list[Trial]] = defaultdict(list)
        for row, near in self._near_rows(sample):
            known, family = self._words.words(row), self._words.family(row)
            for name, (result, _) in self._votes(near, row, related=False).items():
                if name in known:
                    found[name].append(Trial(family, known[name], result.word, result.share))
        return found
