"""The answer to a photo: its kinds by its nearest products, and a panel narrowed to them."""

from dataclasses import dataclass, replace

from PIL import Image

from engine.recommendation.request import Request
from engine.recommendation.results import Panel
from web.answering import answers
from web.app.context import Shop
from web.photo_search.kinds import NEAREST, Choice, Chosen, Kinds


@dataclass(frozen=True, slots=True)
class PhotoAnswer:
    """A panel, what the photo may show, and what the panel was narrowed to."""

    panel: Panel
    kinds: Kinds
    chosen: Chosen


def search(
    shop: Shop, photo: Image.Image, wanted: Request, visitor: str | None, choice: Choice
) -> PhotoAnswer:
    """Products similar to a photo; it is embedded once.

    Raises:
        engine.errors.EngineError: as for `web.answering.answers.answer`.
    """
    embedded = answers.embed(shop, photo, visitor)
    nearest = answers.nearest(shop, embedded, visitor, NEAREST)
    ids = [result.product_id for result in nearest.results]
    found = shop.catalogue.products(ids)
    similarity = nearest.results[0].score if ids and ids[0] in found else 0.0
    kinds = Kinds.of([found[one] for one in ids if one in found], similarity)
    if nearest.nothing_similar:  # what is nearest to a wall says nothing about it
        kinds = Kinds()
    chosen = choice.among(kinds)
    narrowed = replace(wanted, filter=chosen.narrow(wanted.filter))
    panel = answers.answer(shop, narrowed, visitor, embedded)
    return PhotoAnswer(panel, kinds, chosen)
