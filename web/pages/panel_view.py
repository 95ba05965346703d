"""The similar-items panel as a page shows it: cards with reasons, or a kind word why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PIL import Image

from catalog.records import Product
from engine.errors import GenerationError, NotIndexed
from engine.recommendation.request import DEFAULT_K, Request
from engine.recommendation.results import Fallback, Panel, Recommendation
from web.answering import answers
from web.app.context import Shop
from web.pages.tuning import Tuning

SHOWN_TO_MANY = 2 * DEFAULT_K
NOT_YET = "No look-alikes yet: run `lookalike reindex`."
NEW = "No look-alikes yet: this has only just come in."
NEVER = "No look-alikes: there is no photo of this, or it is no longer sold."
NOTHING_LEFT = "Nothing else in the shop looks enough like this to be shown here."
NOTHING_FITS = "Nothing that looks like this fits your choice. Widen it."
BEST_SELLERS = "Nothing close enough: here is what sells best of this kind."
FIELDS = {
    "price_from": "price",
    "price_to": "price",
    "on_sale": "“on sale”",
    "min_match": "match",
}


@dataclass(frozen=True, slots=True)
class Pick:
    """One product of a panel, its place from 1, and why it is there.

    ``match`` is in percent, if there is a calibration; ``more`` says in words what was folded
    into it; ``pinned`` tells that the shop put it there.
    """

    product: Product
    position: int
    reasons: tuple[str, ...] = ()
    match: float | None = None
    more: str = ""
    pinned: bool = False
    seed: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The picks of one taste, the saved product in its middle, and how many more it stands for."""

    medoid: Product
    others: int
    picks: tuple[Pick, ...]


@dataclass(frozen=True, slots=True)
class PanelView:
    """What a panel shows.

    ``usual`` has the default weight of each facet that a visitor may weigh; ``label`` says what
    the picks are instead of what was asked for, and ``note`` why there are none.
    """

    picks: tuple[Pick, ...] = ()
    groups: tuple[Group, ...] = ()
    usual: Mapping[str, float] = field(default_factory=dict)
    query_id: str = ""
    label: str | None = None
    note: str | None = None


def beside_product(shop: Shop, seed: Product, tuning: Tuning) -> PanelView:
    """The panel of a product page; without an index it says so, and never fills up at random."""
    try:
        asked = Request(
            (seed.product_id,),
            k=DEFAULT_K,
            facets=tuning.facets(usual_weights(shop)),
            filter=tuning.filter,
            diversity=tuning.diversity,
        )
        return view(shop, answers.ask(shop, asked), narrowed=tuning.narrowed)
    except NotIndexed:
        return PanelView(note=NEW if seed.photos and not seed.retired else NEVER)
    except GenerationError as error:
        return unavailable(shop, error)


def beside_wishlist(
    shop: Shop, saved: Mapping[str, Product], less: Sequence[str]
) -> PanelView | None:
    """The panel of a wishlist, or None when nothing is saved. What is not indexed is passed by.

    Args:
        shop: whose.
        saved: the products saved, by id.
        less: ids of what the visitor wants less of.
    """
    if not saved:
        return None
    try:
        seeds = answers.indexed(shop, list(saved))
        if not seeds:
            return PanelView(note=NEW)
        away = [one for one in answers.indexed(shop, less) if one not in saved]
        asked = Request(tuple(seeds), k=SHOWN_TO_MANY, less=tuple(away), exclude=tuple(saved))
        panel = answers.ask(shop, asked)
        found = view(shop, panel)
    except GenerationError as error:
        return unavailable(shop, error)
    return PanelView(
        picks=found.picks,
        groups=by_taste(panel, found.picks, saved),
        usual=found.usual,
        query_id=found.query_id,
        label=found.label,
        note=found.note,
    )


def beside_photo(shop: Shop, image: Image.Image) -> PanelView:
    """The products that look like a visitor's photo."""
    try:
        return view(shop, answers.ask_photo(shop, image, Request((), k=DEFAULT_K)))
    except GenerationError as error:
        return unavailable(shop, error)


def usual_weights(shop: Shop) -> Mapping[str, float]:
    """The default weights of the facets, if there is more than one to weigh."""
    weights = shop.recommender.live().layout.weights
    return weights if len(weights) > 1 else {}


def view(shop: Shop, panel: Panel, *, narrowed: bool = False) -> PanelView:
    """An answer with its products; one that left the catalogue meanwhile is dropped."""
    products = shop.catalogue.products([result.product_id for result in panel.results])
    shown = [result for result in panel.results if result.product_id in products]
    more = folded(shop, shown, products)
    pinned = answers.pins(shop, panel)
    picks = tuple(
        Pick(
            product=products[result.product_id],
            position=result.rank,
            reasons=result.reasons,
            match=result.match,
            more=more.get(result.product_id, ""),
            pinned=result.rule in pinned,
            seed=result.seed,
        )
        for result in shown
    )
    return PanelView(
        picks=picks,
        usual=usual_weights(shop),
        query_id=panel.query_id,
        label=label(panel) if picks else None,
        note=None if picks else NOTHING_FITS if narrowed else NOTHING_LEFT,
    )


def label(panel: Panel) -> str | None:
    """What the results are instead of what was asked for, if they are."""
    if panel.fallback is Fallback.BEST_SELLERS:
        return BEST_SELLERS
    if panel.fallback is not Fallback.RELAXED_FILTER:
        return None
    names = dict.fromkeys(FIELDS.get(name, name.rpartition(".")[2]) for name in panel.relaxed)
    return f"Nothing close enough with this filter: shown whatever the {' and '.join(names)}."


def folded(
    shop: Shop, results: Sequence[Recommendation], products: Mapping[str, Product]
) -> dict[str, str]:
    """What was folded into each result, in words: other colours, if that is what they are."""
    groups = {
        result.product_id: group
        for result in results
        if result.variants and (group := products[result.product_id].group_id)
    }
    if not groups:
        return {}
    colours = shop.catalogue.group_colours(tuple(groups.values()))
    said = {}
    for result in results:
        if group := groups.get(result.product_id):
            what = "colour" if colours.get(group, 0) > result.variants else "variant"
            plural = "" if result.variants == 1 else "s"
            said[result.product_id] = f"{result.variants} more {what}{plural}"
    return said


def by_taste(
    panel: Panel, picks: Sequence[Pick], saved: Mapping[str, Product]
) -> tuple[Group, ...]:
    """Picks by the taste of the seed that each is like; a taste without picks is left out."""
    groups = []
    for taste in panel.tastes:
        its = tuple(pick for pick in picks if pick.seed in taste.seeds)
        if its and taste.medoid in saved:
            groups.append(Group(saved[taste.medoid], len(taste.seeds) - 1, its))
    return tuple(groups)


def unavailable(shop: Shop, error: GenerationError) -> PanelView:
    """The note of a panel whose index is missing or broken; the page around it stays whole."""
    shop.warn_once(str(error))
    return PanelView(note=NOT_YET)
