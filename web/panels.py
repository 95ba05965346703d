"""The similar-items panel as a page shows it: cards with reasons, or a kind word why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from catalog.records import Product
from engine.errors import GenerationError, NotIndexed
from engine.results import Recommendation
from web.context import Shop

SHOWN = 12
EMPHASIS = 4.0  # "more alike in colour" asks for this weight, against defaults that sum to 1
NOT_YET = "No look-alikes yet: run `lookalike reindex`."
NEVER = "No look-alikes: there is no photo of this, or it is no longer sold."
NOTHING_LEFT = "Nothing else in the shop looks enough like this to be shown here."


@dataclass(frozen=True, slots=True)
class Pick:
    """One product of a panel and why it is there."""

    product: Product
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PanelView:
    """What a panel shows. ``facets`` names what a visitor may ask more of; ``note`` says why
    there are no picks."""

    picks: tuple[Pick, ...] = ()
    facets: tuple[str, ...] = ()
    note: str | None = None


def beside_product(shop: Shop, seed: Product, weights: Mapping[str, float] | None) -> PanelView:
    """The panel of a product page; without an index it says so, and never fills up at random."""
    try:
        return view(shop, shop.recommender.similar_to(seed.product_id, k=SHOWN, facets=weights))
    except NotIndexed:
        return PanelView(note=NOT_YET if seed.photos and not seed.retired else NEVER)
    except GenerationError as error:
        return unavailable(shop, error)


def beside_wishlist(shop: Shop, ids: Sequence[str]) -> PanelView | None:
    """The panel of a wishlist, or None when nothing is saved. What is not indexed is passed by."""
    if not ids:
        return None
    try:
        seeds = indexed(shop, ids)
        if not seeds:
            return PanelView(note=NOT_YET)
        return view(shop, shop.recommender.similar_to_many(seeds, k=SHOWN, exclude=ids))
    except GenerationError as error:
        return unavailable(shop, error)


def beside_photo(shop: Shop, image: Image.Image) -> PanelView:
    """The products that look like a visitor's photo."""
    try:
        return view(shop, shop.recommender.similar_to_image(image, k=SHOWN))
    except GenerationError as error:
        return unavailable(shop, error)


def indexed(shop: Shop, ids: Sequence[str]) -> list[str]:
    """Those products that the live generation has a row of: one new arrival on a wishlist must
    not cost the panel of all the others."""
    rows = shop.recommender.live().row_of
    return [product_id for product_id in ids if product_id in rows]


def view(shop: Shop, results: Sequence[Recommendation]) -> PanelView:
    """Results with their products, in order; one that left the catalogue meanwhile is dropped."""
    products = shop.catalogue.products([result.product_id for result in results])
    picks = tuple(
        Pick(products[result.product_id], result.reasons)
        for result in results
        if result.product_id in products
    )
    names = shop.recommender.live().layout.names
    return PanelView(picks, names if len(names) > 1 else (), None if picks else NOTHING_LEFT)


def unavailable(shop: Shop, error: GenerationError) -> PanelView:
    """The note of a panel whose index is missing or broken; the page around it stays whole."""
    shop.warn_once(str(error))
    return PanelView(note=NOT_YET)


def emphasis(facet: str) -> str:
    """The ``facets=`` parameter that asks for more of one facet."""
    return f"{facet}:{EMPHASIS:g}"
