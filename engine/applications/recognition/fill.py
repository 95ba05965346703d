"""Proposes words for the products that lack them; the shop's own words stay as they are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from catalog.desk.proposals import Proposal
from catalog.products.catalogue import Catalogue
from engine.applications.recognition.recogniser import Recognised, Recogniser
from engine.applications.recognition.words import words_of
from engine.arrays import Float32
from engine.index.generation import Generation

BLOCK = 1_000  # products that are read at once
MOST_LETTERS = 100  # of an attribute's name

NewRows = Callable[[Sequence[str]], Mapping[str, Float32]]


def propose(
    recogniser: Recogniser,
    generation: Generation,
    catalogue: Catalogue,
    new_rows: NewRows,
    on_progress: Callable[[int], None] | None = None,
) -> Iterator[Proposal]:
    """The words that are certain, of attributes that a product lacks.

    Args:
        recogniser: of the generation.
        generation: the live one.
        catalogue: whose products are looked at, retired ones left out.
        new_rows: the rows ``(D,)`` of products that the generation lacks, as far as they have
            photos that can be read, by id.
        on_progress: called with the number of products that were looked at.
    """
    ids = iter(str(one) for one in catalogue.all_facts().ids)
    done = 0
    while block := list(islice(ids, BLOCK)):
        products = catalogue.products(block)
        words = dict(zip(products, words_of(list(products.values())), strict=True))
        lacking = [
            one for one in block if recogniser.confidences.keys() - words.get(one, {}).keys()
        ]
        fresh = new_rows([one for one in lacking if one not in generation.row_of])
        for product_id in lacking:
            if product_id in generation.row_of:
                recognised = recogniser.of_row(generation.row_of[product_id])
            elif product_id in fresh:
                recognised = recogniser.of_vector(fresh[product_id])
            else:
                continue
            yield from _proposals(product_id, recognised, words[product_id])
        done += len(block)
        if on_progress is not None:
            on_progress(done)


def _proposals(
    product_id: str, recognised: Sequence[Recognised], known: Mapping[str, str]
) -> Iterator[Proposal]:
    for one in recognised:
        if one.certain and one.attribute not in known and len(one.attribute) <= MOST_LETTERS:
            note = f"{one.agreeing} of {one.voters} neighbours"
            voters = tuple((voter.product_id, voter.word) for voter in one.evidence)
            yield Proposal(product_id, one.attribute, one.word, one.confidence, note, voters)
