"""How lines take turns: each is looked at step by step, as far as the panel needs it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from engine.recommendation.clusters import diversity
from engine.recommendation.clusters.seed_clusters import interleave
from engine.recommendation.request import Request
from engine.search.duplicates import NEAR_DUPLICATE
from tests.engine.twin.designs import colours_of, fold_designs, folds, one_design
from tests.engine.twin.world import Found, World, cosine


@dataclass(frozen=True)
class Distinct:
    """Which results are too much like another one to stand beside it."""

    world: World
    request: Request

    def duplicates(self, a: str, b: str) -> bool:
        near = self.world.vector(a) @ self.world.vector(b) >= NEAR_DUPLICATE
        if near and not self.request.lifts.near_duplicates:
            return True
        ours, theirs = (self.world.products[one].group_id for one in (a, b))
        return not self.request.variants and ours is not None and ours == theirs

    def without_duplicates(
        self, found: Sequence[Found], shown: Sequence[Found] = ()
    ) -> list[Found]:
        kept: list[Found] = []
        for one in found:
            others = (*shown, *kept)
            if not any(self.duplicates(one.product_id, other.product_id) for other in others):
                kept.append(one)
        return kept


def in_turns(
    world: World,
    request: Request,
    lines: list[list[Found]],
    values: list[dict],
    shares: list[float],
    distinct: Distinct,
    taken: Sequence[str],
) -> list[Found]:
    """The lines' results in turns by share, without duplicates and designs shown already."""
    steps = depths(request, len(lines))
    ready = []
    for line, value_of in zip(lines, values, strict=True):
        if folds(request):
            line = fold_designs(world, line, taken, steps[-1])[0]
        ready.append(in_steps(world, request, line[: steps[-1]], value_of, taken, steps))
    asked = [0] * len(lines)

    def counted(number: int) -> Iterator[Found]:
        for one in ready[number]:
            asked[number] += 1
            yield one
        asked[number] = steps[-1]

    shown: list[Found] = []
    turns = interleave(
        [counted(number) for number in range(len(lines))],
        shares,
        key=lambda found: found.product_id,
        fits=lambda found: (
            len(distinct.without_duplicates([found], shown)) == 1
            and not (folds(request) and any(one_design(world, found, one) for one in shown))
        ),
    )
    dealt = []
    for number, found in islice(turns, request.k):
        shown.append(found)
        dealt.append((number, found))
    if not folds(request):
        return shown
    folded = {}
    for number in {number for number, _ in dealt}:
        depth = next(step for step in steps if step >= asked[number])
        folded[number] = fold_designs(world, lines[number], taken, depth)[1]
    return [replace(one, also_in=colours_of(world, one, folded[n])) for n, one in dealt]


def depths(request: Request, lines: int) -> list[int]:
    """How many results of a line are looked at: at first, and whenever these are used up."""
    if lines == 1:
        return [max(100, 2 * request.k) if request.diversity else request.k]
    first, most = max(16, diversity.FIRST_OF_LINES // lines), 2 * request.k
    if request.diversity:
        first, most = max(16, min(100, 1000 // lines)), max(100, most)
    return [*(first * 4**n for n in range(10) if first * 4**n < most), most]


def in_steps(
    world: World,
    request: Request,
    line: list[Found],
    value_of: dict,
    taken: Sequence[str],
    steps: Sequence[int],
) -> list[Found]:
    """A line whose results are diversified within each step, and beside the steps before."""
    if not request.diversity:
        return line
    chosen: list[Found] = []
    for start, end in pairwise([0, *steps]):
        beside = [*taken, *(one.product_id for one in chosen)]
        chosen += slow_mmr(world, request, line[start:end], value_of, beside)
    return chosen[: request.k] if len(steps) == 1 else chosen


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
