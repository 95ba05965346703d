"""Which products may stand in the panel of a seed: filters, guards and rules, one by one."""

from collections.abc import Sequence

from catalog.filters.filter import Filter
from catalog.records import Product
from catalog.rules.rule import Action, Rule
from engine.recommendation.request import Request
from engine.search.duplicates import SAME_PHOTO
from tests.engine.twin.world import World


def matches(product: Product, wanted: Filter) -> bool:
    """Whether a product matches a filter."""
    path = " > ".join(product.category)
    if wanted.category and not any(
        path == one or path.startswith(f"{one} > ") for one in wanted.category
    ):
        return False
    for name in ("brand", "gender", "age_group", "colour", "pattern"):
        values = getattr(wanted, name)
        if values and getattr(product, name) not in values:
            return False
    if wanted.availability and product.availability.value not in wanted.availability:
        return False
    pays = product.price if product.sale_price is None else product.sale_price
    if wanted.price_from is not None and (pays is None or pays < wanted.price_from):
        return False
    if wanted.price_to is not None and (pays is None or pays > wanted.price_to):
        return False
    if wanted.on_sale is not None:
        reduced = (
            product.price is not None
            and product.sale_price is not None
            and product.sale_price < product.price
        )
        if reduced != wanted.on_sale:
            return False
    return all(product.attributes.get(name) in values for name, values in wanted.attributes.items())


def guarded(product: Product, seed: Product, seeds: Sequence[Product], request: Request) -> bool:
    """Whether a guard keeps a product from being shown for a seed."""
    lifts = request.lifts
    itself = product.product_id in request.seeds
    if product.product_id in (*request.exclude, *request.less):
        return True
    if itself and not lifts.seed:
        return True
    if product.retired and not lifts.retired:
        return True
    if product.availability.value == "out_of_stock" and not lifts.sold_out:
        return True
    groups = {one.group_id for one in seeds} - {None}
    if product.group_id in groups and not itself and not lifts.variants_of_seed:
        return True
    for name, lifted in (("gender", lifts.any_gender), ("age_group", lifts.any_age_group)):
        ours, theirs = getattr(seed, name), getattr(product, name)
        if not lifted and not {ours, theirs} & {None, "unisex"} and ours != theirs:
            return True
    return False


def kept(product: Product, seed: Product, rules: Sequence[Rule]) -> bool:
    """Whether the shop's rules leave a product in for a seed."""
    included = []
    for rule in rules:
        if rule.action == Action.OFF:
            return False
        if rule.action == Action.BLOCK and rule.product_id == product.product_id:
            return False
        if rule.action == Action.EXCLUDE and matches(product, rule.where):
            return False
        if rule.action == Action.INCLUDE:
            included.append(matches(product, rule.where))
        if rule.action == Action.SAME:
            ours, theirs = getattr(seed, rule.field), getattr(product, rule.field)
            below = rule.field == "category" and theirs[: len(ours)] == ours
            if ours and ours != theirs and not below:
                return False
    return not included or any(included)


def bonus(product: Product, rules: Sequence[Rule]) -> float:
    """What the shop's rules add to a product's score."""
    added = 0.0
    for rule in rules:
        if rule.action in (Action.BOOST, Action.BURY):
            ours = rule.product_id == product.product_id
            if ours or (rule.where is not None and matches(product, rule.where)):
                added += rule.amount if rule.action == Action.BOOST else -rule.amount
    return added


def names_categories(rules: Sequence[Rule]) -> bool:
    """Whether the shop says itself which categories are shown for a seed."""
    return any(rule.action == Action.INCLUDE and rule.where.category for rule in rules)


def has_photo_of_seed(world: World, request: Request, product_id: str) -> bool:
    """Whether a product has the same photo as a seed and is another one, such as another size."""
    return (
        not request.lifts.near_duplicates
        and product_id not in request.seeds
        and any(
            world.vector(product_id) @ world.vector(seed) >= SAME_PHOTO for seed in request.seeds
        )
    )
