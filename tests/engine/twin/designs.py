"""The colours of one design: what is one, what is folded, what is offered."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.labels.kinds import type_of
from engine.recommendation.request import Request
from engine.settings import Colourways
from tests.engine.twin.eligible import guarded, kept, matches
from tests.engine.twin.world import Found, World, cosine


def folds(request: Request) -> bool:
    """Whether other colours of one design share a place."""
    own_terms = request.min_match is not None or request.facets or request.filter
    colourways = request.colourways or Colourways.FOLD
    return colourways == Colourways.FOLD and not own_terms and not request.variants


def one_design(world: World, one: Found, other: Found) -> bool:
    """Whether two products are one design in two colours."""
    a, b = world.products[one.product_id], world.products[other.product_id]
    titles = {
        " ".join(word for word in product.title.split() if word not in ("red", "blue"))
        for product in (a, b)
    }
    if len(titles) > 1 or len(titles.pop().split()) < 4:
        return False
    if type_of(" > ".join(a.category) or None) != type_of(" > ".join(b.category) or None):
        return False
    if a.gender != b.gender or None in (a.colour, b.colour) or a.colour == b.colour:
        return False
    if a.group_id is not None and b.group_id is not None and a.group_id != b.group_id:
        return False
    threshold = world.calibration and world.calibration.one_design
    if threshold is None:
        layout, close = world.generation.layout, world.generation.manifest.close
        others = {name: layout.weights[name] for name in layout.names if name != "colour"}
        total = sum(weight * close[name] for name, weight in others.items())
        threshold = total / sum(others.values())
    return looks(world, a.product_id, b.product_id) >= threshold


def looks(world: World, a: str, b: str) -> float:
    """The mean of two products' facet cosines but that of colour."""
    weights = {**world.generation.layout.weights, "colour": 0}
    return round(cosine(world, Request(seeds=(), facets=weights), a, b), 6)


def fold_designs(
    world: World, line: list[Found], pinned: Sequence[str], pool: int
) -> tuple[list[Found], dict[str, list[str]]]:
    """A line of which each design has its first product, and what was folded into each."""
    kept: list[Found] = []
    folded: dict[str, list[str]] = {}
    for more in (2, 4, 8):
        folded = {}
        stays = [Found(product_id, 0, "") for product_id in pinned]
        for one in line[: more * pool]:
            into = next((other for other in stays if one_design(world, one, other)), None)
            if into is None:
                stays.append(one)
                folded[one.product_id] = []
            elif into.product_id not in pinned:
                folded[into.product_id].append(one.product_id)
        kept = stays[len(pinned) :]
        if len(kept) >= pool or len(line) < more * pool:
            break
    return kept, folded


def colours_of(world: World, one: Found, folded: Mapping[str, list[str]]) -> tuple[str, ...]:
    """The first product of each colour that was folded into one."""
    first: dict[str, str] = {}
    for product_id in folded.get(one.product_id, []):
        first.setdefault(world.products[product_id].colour, product_id)
    return tuple(first.values())


def slow_offers(world: World, request: Request) -> list[str]:
    """The other colours of the only seed: its shop's own variants first, then those found."""
    if len(request.seeds) != 1 or request.colourways == Colourways.OFF:
        return []
    seed = world.products[request.seeds[0]]
    itself = Found(seed.product_id, 1.0, "")
    lifted = replace(request, lifts=replace(request.lifts, variants_of_seed=True))
    found = []
    for product_id in world.generation.ids:
        product = world.products[product_id]
        one = Found(product_id, 0.0, "")
        grouped = product.group_id is not None and product.group_id == seed.group_id
        if product_id == seed.product_id or not (grouped or one_design(world, one, itself)):
            continue
        rules = world.rules.get(seed.product_id, ())
        if guarded(product, seed, [seed], lifted) or not kept(product, seed, rules):
            continue
        if matches(product, request.filter):
            near = looks(world, seed.product_id, product_id)
            found.append((not grouped, -near, product_id, product.colour))
    first: dict[str, str] = {}
    for _, _, product_id, colour in sorted(found):
        if colour is not None and colour != seed.colour:
            first.setdefault(colour, product_id)
    return list(first.values())
