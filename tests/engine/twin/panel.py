"""The panel itself."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from catalog.filters.filter import Filter
from catalog.rules.rule import Action
from engine.recommendation.clusters.seed_clusters import cluster_seeds
from engine.recommendation.request import Request
from engine.search.cluster_threshold import cluster_threshold
from engine.search.duplicates import NEAR_DUPLICATE
from engine.search.search_query import LESS_SHARE
from tests.engine.twin.eligible import (
    bonus,
    guarded,
    has_photo_of_seed,
    kept,
    matches,
    names_categories,
)
from tests.engine.twin.scores import by_finer_values, fine_score, of_kind, reaches, what_it_is
from tests.engine.twin.turns import Distinct, in_turns
from tests.engine.twin.world import Found, World, cosine


@dataclass(frozen=True)
class Lines:
    """Which seeds rank their candidates together.

    Attributes:
        members: places of the seeds of each line.
        shares: weight of each line.
        for_each_seed: whether every seed has a line of its own.
    """

    members: list[list[int]]
    shares: list[float]
    for_each_seed: bool

    @classmethod
    def of(cls, world: World, request: Request) -> "Lines":
        rows = np.stack([world.vector(seed) for seed in request.seeds]).astype(np.float32)
        weights = [request.weights.get(seed, 1.0) for seed in request.seeds]
        clusters = cluster_seeds(
            rows,
            weights,
            threshold=cluster_threshold(world.generation.vectors),
            kinds=[what_it_is(world.products[seed]) for seed in request.seeds],
        )
        for_each_seed = len(request.seeds) <= request.k
        if for_each_seed:  # the first of each cluster, the second of each, ...
            places = sorted(
                (turn, n, place)
                for n, one in enumerate(clusters)
                for turn, place in enumerate(one.members)
            )
            members = [[place] for _, _, place in places]
        else:
            members = [list(one.members) for one in clusters]
        shares = [sum(weights[place] for place in line) for line in members]
        return cls(members, shares, for_each_seed)


class Candidate(NamedTuple):
    """A product in a line: ``order`` sorts it, ``finer`` is its value by the finer facets."""

    order: float
    product_id: str
    found: Found
    finer: float


def slow_panel(world: World, request: Request, wanted: Filter | None = None) -> list[Found]:
    """The results without a fallback."""
    lines = Lines.of(world, request)
    distinct = Distinct(world, request)
    ranked, pinnable = rank(world, request, request.filter if wanted is None else wanted, lines)
    pinned = slow_pins(world, request, pinnable, distinct.without_duplicates)
    taken = [found.product_id for found in pinned.values()]
    values = [{one.product_id: one.finer for one in line} for line in ranked]
    ordered = []
    for candidates, value_of in zip(ranked, values, strict=True):
        line = [one.found for one in sorted(candidates, key=lambda one: one[:2])]
        line = [found for found in line if found.product_id not in taken]
        line = [one for one in line if not has_photo_of_seed(world, request, one.product_id)]
        line = distinct.without_duplicates(line, list(pinned.values()))
        ordered.append(by_finer_values(line, value_of))
    others = in_turns(world, request, ordered, values, lines.shares, distinct, taken)
    shown = placed(others, pinned, request.k)
    if request.variants:
        return shown
    return [fold(world, one, shown, ranked, request) for one in shown]


def rank(
    world: World, request: Request, wanted: Filter, lines: Lines
) -> tuple[list[list[Candidate]], dict[str, Found]]:
    """The candidates of each line, and what may be pinned."""
    seeds = [world.products[seed] for seed in request.seeds]
    line_of = {place: n for n, line in enumerate(lines.members) for place in line}
    ranked: list[list[Candidate]] = [[] for _ in lines.members]
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
        _, place, score, *_ = max(fits)
        pinnable[product_id] = Found(product_id, score, seeds[-place].product_id)
        fits = [fit for fit in fits if fit[3]]
        for value, place, score, _, finer in fits if lines.for_each_seed else sorted(fits)[-1:]:
            found = Found(product_id, score, seeds[-place].product_id)
            ranked[line_of[-place]].append(Candidate(-value, product_id, found, finer))
    return ranked, pinnable


def placed(others: list[Found], pinned: dict[int, Found], k: int) -> list[Found]:
    """At most k results: each pin at its place, or as near to it as there are results."""
    others, pinned = list(others), dict(pinned)
    shown: list[Found] = []
    while len(shown) < k and (others or pinned):
        if len(shown) + 1 in pinned:
            shown.append(pinned.pop(len(shown) + 1))
        elif others:
            shown.append(others.pop(0))
        else:
            shown.append(pinned.pop(min(pinned)))
    return shown


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
