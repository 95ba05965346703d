"""A panel computed product by product from its definition: slow, obvious, without the engine.

Only how seeds are clustered and take turns comes from
`engine.recommendation.clusters.seed_clusters`, which has its own twins.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from catalog.filters.filter import Filter
from catalog.records import Product
from catalog.rules.rule import Action, Rule
from engine.calibration.calibration import Calibration
from engine.index.generation import Generation
from engine.labels.kinds import kind_of, type_of
from engine.recommendation import fine_order
from engine.recommendation.clusters.seed_clusters import cluster_seeds, interleave
from engine.recommendation.request import Request
from engine.search.cluster_threshold import cluster_threshold
from engine.search.duplicates import NEAR_DUPLICATE, SAME_PHOTO
from engine.search.search_query import LESS_SHARE
from engine.settings import Colourways


@dataclass(frozen=True)
class Found:
    """A result by the definition."""

    product_id: str
    score: float
    seed: str
    variants: int = 0
    also_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class World:
    """A catalogue at one moment, and the rows of its index."""

    products: dict[str, Product]
    generation: Generation
    calibration: Calibration | None = None
    rules: Mapping[str, Sequence[Rule]] = field(default_factory=dict)  # of each seed, in order

    def vector(self, product_id: str) -> np.ndarray:
        return self.generation.vectors[self.generation.row_of[product_id]].astype(float)


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


def cosine(world: World, request: Request, a: str, b: str) -> float:
    """The weighted mean of two products' facet cosines."""
    layout = world.generation.layout
    weights = dict(layout.weights) | dict(request.facets or {})
    mean = 0.0
    for name in layout.names:
        x, y = layout.block(world.vector(a), name), layout.block(world.vector(b), name)
        mean += weights[name] * float(x @ y) / layout.weights[name]
    return mean / sum(weights.values())


def slow_panel(world: World, request: Request, wanted: Filter | None = None) -> list[Found]:
    """The results without a fallback."""
    wanted = request.filter if wanted is None else wanted
    seeds = [world.products[seed] for seed in request.seeds]
    rows = np.stack([world.vector(seed) for seed in request.seeds]).astype(np.float32)
    weights = [request.weights.get(seed, 1.0) for seed in request.seeds]
    clusters = cluster_seeds(
        rows,
        weights,
        threshold=cluster_threshold(world.generation.vectors),
        kinds=[what_it_is(seed) for seed in seeds],
    )
    shared = len(seeds) <= request.k
    if shared:  # a turn for each seed: the first of each cluster, the second of each, ...
        places = sorted(
            (turn, n, place)
            for n, one in enumerate(clusters)
            for turn, place in enumerate(one.members)
        )
        members = [[place] for _, _, place in places]
    else:
        members = [list(one.members) for one in clusters]
    shares = [sum(weights[place] for place in line) for line in members]

    ranked: list[list[tuple[float, str, Found, float]]] = [[] for _ in members]
    pinnable: dict[str, Found] = {}
    for product_id in world.generation.ids:
        product = world.products[product_id]
        fits = []
        for place, seed in enumerate(seeds):
            rules = world.rules.get(seed.product_id, ())
            if guarded(product, seed, seeds, request) or not kept(product, seed, rules):
                continue
            plain = round(cosine(world, request, seed.product_id, product_id), 6)
            score = fine_score(world, request, seed, product_id, plain)
            near = [round(cosine(world, request, other, product_id), 6) for other in request.less]
            moved = bonus(product, rules) - LESS_SHARE * max([0.0, *near])
            value = round(plain + moved, 6)
            good = reaches(world, request, seed, product) and of_kind(request, seed, product)
            good = good or (request.min_match is None and names_categories(rules))
            fits.append((value, -place, score, good, round(value + score - plain, 6)))
        if not fits or not matches(product, wanted):
            continue
        value, place, score, *_ = max(fits)
        pinnable[product_id] = Found(product_id, score, seeds[-place].product_id)
        fits = [fit for fit in fits if fit[3]]
        for value, place, score, _, finer in fits if shared else sorted(fits)[-1:]:
            found = Found(product_id, score, seeds[-place].product_id)
            line = next(n for n, line in enumerate(members) if -place in line)
            ranked[line].append((-value, product_id, found, finer))

    def duplicates(a: str, b: str) -> bool:
        if (
            not request.lifts.near_duplicates
            and world.vector(a) @ world.vector(b) >= NEAR_DUPLICATE
        ):
            return True
        ours = world.products[a].group_id
        return not request.variants and ours is not None and ours == world.products[b].group_id

    def without_duplicates(found: Sequence[Found], shown: Sequence[Found] = ()) -> list[Found]:
        fine: list[Found] = []
        for one in found:
            if not any(duplicates(one.product_id, other.product_id) for other in (*shown, *fine)):
                fine.append(one)
        return fine

    pinned = slow_pins(world, request, pinnable, without_duplicates)
    taken = [found.product_id for found in pinned.values()]
    values, lines = [], []
    for candidates in ranked:
        value_of = {product_id: finer for _, product_id, _, finer in candidates}
        line = [found for _, _, found, _ in sorted(candidates, key=lambda one: one[:2])]
        line = [found for found in line if found.product_id not in taken]
        line = [one for one in line if not has_photo_of_seed(world, request, one.product_id)]
        line = without_duplicates(line, list(pinned.values()))
        lines.append(by_finer_values(line, value_of))
        values.append(value_of)
    pool = request.k if len(members) == 1 else 2 * request.k
    if request.diversity:
        pool = max(100, 2 * request.k)
    folded: dict[str, list[str]] = {}
    if folds(request):
        lines, folded = fold_designs(world, lines, taken, pool)
    lines = [line[:pool] for line in lines]
    if request.diversity:
        lines = [
            slow_mmr(world, request, line, value_of, taken)
            for line, value_of in zip(lines, values, strict=True)
        ]
    lines = [line[: request.k if len(members) == 1 else 2 * request.k] for line in lines]
    others: list[Found] = []
    turns = interleave(
        lines,
        shares,
        key=lambda found: found.product_id,
        fits=lambda found: (
            len(without_duplicates([found], others)) == 1
            and not (folds(request) and any(one_design(world, found, one) for one in others))
        ),
    )
    for _, found in turns:
        others.append(found)
    shown: list[Found] = []
    while len(shown) < request.k and (others or pinned):
        if len(shown) + 1 in pinned:
            shown.append(pinned.pop(len(shown) + 1))
        elif others:
            shown.append(others.pop(0))
        else:
            shown.append(pinned.pop(min(pinned)))
    shown = [replace(one, also_in=colours_of(world, one, folded)) for one in shown]
    if request.variants:
        return shown
    return [fold(world, one, shown, ranked, request) for one in shown]


def has_photo_of_seed(world: World, request: Request, product_id: str) -> bool:
    """Whether a product has the same photo as a seed and is another one, such as another size."""
    return (
        not request.lifts.near_duplicates
        and product_id not in request.seeds
        and any(
            world.vector(product_id) @ world.vector(seed) >= SAME_PHOTO for seed in request.seeds
        )
    )


def what_it_is(product: Product) -> tuple:
    """Seeds that differ in this are never of one cluster."""
    path = " > ".join(product.category) or None
    gender = None if product.gender == "unisex" else product.gender
    return type_of(path), gender, product.age_group


def names_categories(rules: Sequence[Rule]) -> bool:
    """Whether the shop says itself which categories are shown for a seed."""
    return any(rule.action == Action.INCLUDE and rule.where.category for rule in rules)


def of_kind(request: Request, seed: Product, product: Product) -> bool:
    """Whether a product is of the seed's kind, as far as both are known."""
    if request.min_match is not None or request.facets or request.filter:
        return True
    kinds = {kind_of(" > ".join(one.category) or None) for one in (seed, product)}
    return len(kinds - {None}) < 2


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
    world: World, lines: list[list[Found]], pinned: Sequence[str], pool: int
) -> tuple[list[list[Found]], dict[str, list[str]]]:
    """Lines of which each design has its first product, and what was folded into each."""
    for more in (2, 4, 8):
        kept: list[list[Found]] = []
        folded: dict[str, list[str]] = {}
        for line in lines:
            stays = [Found(product_id, 0, "") for product_id in pinned]
            for one in line[: more * pool]:
                into = next((other for other in stays if one_design(world, one, other)), None)
                if into is None:
                    stays.append(one)
                    folded[one.product_id] = []
                elif into.product_id not in pinned:
                    folded[into.product_id].append(one.product_id)
            kept.append(stays[len(pinned) :])
        enough = [
            len(few) >= pool or len(line) < more * pool
            for few, line in zip(kept, lines, strict=True)
        ]
        if all(enough):
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


def by_finer_values(line: list[Found], value_of: Mapping[str, float]) -> list[Found]:
    """A line of which every window is ordered by its finer values."""
    ordered: list[Found] = []
    for start in range(0, len(line), fine_order.WINDOW):
        window = line[start : start + fine_order.WINDOW]
        ordered += sorted(window, key=lambda found: -value_of[found.product_id])
    return ordered


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


def slow_pins(
    world: World, request: Request, pinnable: dict[str, Found], without_duplicates: Callable
) -> dict[int, Found]:
    """Place -> what is pinned there."""
    rules = {rule.rule_id: rule for mine in world.rules.values() for rule in mine}
    places: dict[str, int] = {}
    for rule in sorted(rules.values(), key=lambda rule: rule.order):
        if rule.action == Action.PIN and rule.product_id in pinnable:
            places.setdefault(rule.product_id, rule.position)
    pins = without_duplicates([pinnable[product_id] for product_id in places])
    pinned: dict[int, Found] = {}
    late = []
    for found in pins:
        if places[found.product_id] in pinned:
            late.append(found)
        else:
            pinned[places[found.product_id]] = found
    for found in late:
        place = places[found.product_id]
        while place in pinned:
            place += 1
        pinned[place] = found
    return {place: found for place, found in pinned.items() if place <= request.k}


def slow_mmr(
    world: World, request: Request, line: list[Found], value_of: dict, taken: Sequence[str]
) -> list[Found]:
    """Maximal marginal relevance, one choice after another."""
    chosen: list[Found] = []
    left = list(line)
    while left:
        gains = []
        for place, one in enumerate(left):
            shown = [*taken, *(other.product_id for other in chosen)]
            near = [cosine(world, request, one.product_id, other) for other in shown]
            value = value_of[one.product_id]
            gain = (1 - request.diversity) * value - request.diversity * max(near, default=0.0)
            gains.append((-round(gain, 6), place))
        chosen.append(left.pop(min(gains)[1]))
    return chosen


def fold(world: World, one: Found, shown: list[Found], ranked: list, request: Request) -> Found:
    """The same with the number of variants that stand behind it."""
    group = world.products[one.product_id].group_id
    places = {found.product_id for found in shown}
    best: dict[str, float] = {}
    for line in ranked:
        for value, product_id, _, _ in line:
            best[product_id] = min(value, best.get(product_id, value))
    behind = sorted(
        (value, product_id)
        for product_id, value in best.items()
        if group is not None
        and world.products[product_id].group_id == group
        and product_id not in places
    )
    seen = [one.product_id]
    for _, other in behind:
        duplicate = any(
            world.vector(other) @ world.vector(known) >= NEAR_DUPLICATE for known in seen
        )
        if request.lifts.near_duplicates or not duplicate:
            seen.append(other)
    return replace(one, variants=len(seen) - 1)
