"""What a product is worth for a seed: its kind, its match, its finer score."""

from collections.abc import Mapping

from catalog.records import Product
from engine.labels.kinds import kind_of, type_of
from engine.recommendation import fine_order
from engine.recommendation.request import Request
from tests.engine.twin.world import Found, World


def what_it_is(product: Product) -> tuple:
    """Seeds that differ in this are never of one cluster."""
    path = " > ".join(product.category) or None
    gender = None if product.gender == "unisex" else product.gender
    return type_of(path), gender, product.age_group


def of_kind(request: Request, seed: Product, product: Product) -> bool:
    """Whether a product is of the seed's kind, as far as both are known."""
    if request.min_match is not None or request.facets or request.filter:
        return True
    kinds = {kind_of(" > ".join(one.category) or None) for one in (seed, product)}
    return len(kinds - {None}) < 2


def reaches(world: World, request: Request, seed: Product, product: Product) -> bool:
    """Whether a product's match with a seed is the minimum, or the floor, or more."""
    wanted = request.min_match
    if wanted is None and not request.facets and not request.filter:
        wanted = world.calibration.floor if world.calibration else None
    if not wanted:
        return True
    plain = round(float(world.vector(seed.product_id) @ world.vector(product.product_id)), 6)
    path = " > ".join(seed.category) or None
    return plain >= world.calibration.inverse(wanted, path)


def fine_score(
    world: World, request: Request, seed: Product, product_id: str, plain: float
) -> float:
    """The score of a product that is very near, by its finer facets."""
    detail = world.calibration.detail if world.calibration else None
    own_terms = request.min_match is not None or request.facets or request.filter
    if own_terms or detail is None or plain < detail.saturation:
        return plain
    layout = world.generation.layout
    ours, theirs = world.vector(seed.product_id), world.vector(product_id)
    fine = 0.0
    for name, weight in detail.weights.items():
        dot = float(layout.block(ours, name) @ layout.block(theirs, name))
        fine += weight * dot / layout.weights[name]
    for at in range(1, len(detail.fine)):
        low, high = detail.fine[at - 1], detail.fine[at]
        if fine <= high:
            below, above = detail.scores[at - 1], detail.scores[at]
            return round(below + (above - below) * (round(fine, 6) - low) / (high - low), 6)
    return 1.0


def by_finer_values(line: list[Found], value_of: Mapping[str, float]) -> list[Found]:
    """A line of which every window is ordered by its finer values."""
    ordered: list[Found] = []
    for start in range(0, len(line), fine_order.WINDOW):
        window = line[start : start + fine_order.WINDOW]
        ordered += sorted(window, key=lambda found: -value_of[found.product_id])
    return ordered
