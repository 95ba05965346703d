"""A panel of similar items as pages show it: cards with reasons, or a note why there are none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from catalog.records import Product
from engine.errors import GenerationError
from engine.recommendation.results import Colourway, Fallback, Panel, Recommendation
from web.answering import answers
from web.answering.weights import default_weights
from web.app.context import Shop

NO_INDEX = "No similar items yet: run `lookalike reindex`."
NEW = "No similar items yet: this has only just come in."
NOTHING_LEFT = "Nothing else in the shop is similar enough to be shown here."
NOTHING_MATCHES = "Nothing similar matches your filters. Try removing one."
BEST_SELLERS = "Nothing is close enough, so here are the best sellers in this category."
FILTER_NAMES = {
    "price_from": "price",
    "price_to": "price",
    "on_sale": "“on sale”",
    "min_match": "match",
}


@dataclass(frozen=True, slots=True)
class OtherColour:
    """A product of the same design in another ``colour``."""

    product: Product
    colour: str


@dataclass(frozen=True, slots=True)
class PanelItem:
    """One result on a panel.

    Attributes:
        product: the product.
        position: its place in the panel, from 1.
        reasons: why it is shown, in short phrases.
        match: calibrated match in percent; None without a calibration.
        variants: how many variants it stands for, in words; empty if none.
        pinned: a merchandising rule put it there.
        seed: the seed that it is most similar to.
        also_in: the other colours of its design that it stands for.
    """

    product: Product
    position: int
    reasons: tuple[str, ...] = ()
    match: float | None = None
    variants: str = ""
    pinned: bool = False
    seed: str | None = None
    also_in: tuple[OtherColour, ...] = ()


@dataclass(frozen=True, slots=True)
class Taste:
    """The items of one seed cluster: its central saved product, and the number of other seeds."""

    medoid: Product
    others: int
    items: tuple[PanelItem, ...]


@dataclass(frozen=True, slots=True)
class PanelView:
    """The content of a panel.

    Attributes:
        items: the results, best first.
        tastes: the same, grouped by seed cluster; for a wishlist only.
        default_weights: facet -> default weight, if visitors can weigh facets.
        query_id: the id of the answer, for events.
        label: what the items are, if they are a fallback.
        note: why there are no items.
        also_in: the other colours of a product's design that are not its variants.
        nothing_similar: the items look nothing like the visitor's photo.
        off: a rule switches the panel off: the page has no place for it, not even a heading.
    """

    items: tuple[PanelItem, ...] = ()
    tastes: tuple[Taste, ...] = ()
    default_weights: Mapping[str, float] = field(default_factory=dict)
    query_id: str = ""
    label: str | None = None
    note: str | None = None
    also_in: tuple[OtherColour, ...] = ()
    nothing_similar: bool = False
    off: bool = False


def view_of(shop: Shop, panel: Panel, *, filtered: bool = False) -> PanelView:
    """The view of an answer; results that have just left the catalogue are dropped."""
    if panel.switched_off:
        return PanelView(query_id=panel.query_id, off=True)
    colourways = [*panel.also_in, *(one for result in panel.results for one in result.also_in)]
    ids = [one.product_id for one in panel.results] + [one.product_id for one in colourways]
    products = shop.catalogue.products(ids)
    shown = [result for result in panel.results if result.product_id in products]
    variants = variant_counts(shop, shown, products)
    pins = answers.acting_pins(shop, panel)
    items = tuple(
        PanelItem(
            product=products[result.product_id],
            position=result.rank,
            reasons=result.reasons,
            match=result.match,
            variants=variants.get(result.product_id, ""),
            pinned=result.rule in pins,
            seed=result.seed,
            also_in=other_colours(result.also_in, products),
        )
        for result in shown
    )
    return PanelView(
        items=items,
        default_weights=default_weights(shop),
        query_id=panel.query_id,
        label=fallback_label(panel) if items else None,
        note=None if items else NOTHING_MATCHES if filtered else NOTHING_LEFT,
        also_in=other_colours((one for one in panel.also_in if not one.grouped), products),
        nothing_similar=panel.nothing_similar,
    )


def other_colours(
    colourways: Iterable[Colourway], products: Mapping[str, Product]
) -> tuple[OtherColour, ...]:
    """Colourways with their products; those that have just left the catalogue are dropped."""
    return tuple(
        OtherColour(products[one.product_id], one.colour)
        for one in colourways
        if one.product_id in products
    )


def unavailable(shop: Shop, error: GenerationError) -> PanelView:
    """The view without a usable index: a note for visitors, and a warning in the log."""
    shop.warn_once(str(error))
    return PanelView(note=NO_INDEX)


def fallback_label(panel: Panel) -> str | None:
    """What the results of a fallback are; None for other results."""
    if panel.fallback is Fallback.BEST_SELLERS:
        return BEST_SELLERS
    if panel.fallback is not Fallback.RELAXED_FILTER:
        return None
    names = dict.fromkeys(FILTER_NAMES.get(name, name.rpartition(".")[2]) for name in panel.relaxed)
    plural = "" if len(names) == 1 else "s"
    return f"Nothing is close enough: shown without the {' and '.join(names)} filter{plural}."


def variant_counts(
    shop: Shop, results: Sequence[Recommendation], products: Mapping[str, Product]
) -> dict[str, str]:
    """Product id -> the number of variants that it stands for, such as "2 more colours"."""
    groups = {
        result.product_id: group
        for result in results
        if result.variants and (group := products[result.product_id].group_id)
    }
    if not groups:
        return {}
    colours = shop.catalogue.group_colours(tuple(groups.values()))
    counts = {}
    for result in results:
        if group := groups.get(result.product_id):
            kind = "colour" if colours.get(group, 0) > result.variants else "variant"
            plural = "" if result.variants == 1 else "s"
            counts[result.product_id] = f"{result.variants} more {kind}{plural}"
    return counts
