"""The other colours that a panel offers: of its seed, and of results that they were folded into.

The colours of a seed are looked for among its shop's own variants, and among the rows whose titles
name its design. Of a title that very many products have, only those that are nearest to the seed
apart from colour (`engine.search.neighbours`) are looked at, so the cost of a request has a bound.
What is offered is in stock at this moment.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.arrays import Int64
from engine.recommendation.panel_search import PanelSearch
from engine.recommendation.request_context import RequestContext
from engine.recommendation.results import Colourway
from engine.search.designs import Designs, close_apart_from_colour
from engine.search.row_facts import GuardMask
from engine.search.search_query import Hit

MAX_OFFERED = 24
MOST_OF_NAME = 2_000  # rows of a design's name that are all looked at


def designs_of(context: RequestContext) -> Designs:
    """The designs of one request."""
    generation, calibration = context.generation, context.live.calibration
    threshold = None if calibration is None else calibration.one_design
    if threshold is None:
        threshold = close_apart_from_colour(generation.manifest.close, generation.layout)
    return Designs(generation, context.facts, threshold)


def seed_offers(search: PanelSearch, designs: Designs) -> tuple[Colourway, ...]:
    """The colourways of a request's only seed, one for each colour, the shop's own variants first.

    Guards, rules and the filter hold for them as for results.
    """
    context = search.context
    if len(context.seed_rows) != 1:
        return ()
    seed = int(context.seed_rows[0])
    variants = context.facts.variants(context.seed_rows)
    named = context.facts.one_name(seed)
    if len(named) > MOST_OF_NAME:
        named = context.live.neighbours.of(seed)
    rows = np.union1d(variants, named)
    rows = rows[rows != seed]
    lifts = replace(context.request.lifts, variants_of_seed=True)
    mask = GuardMask(context.facts, context.seed_rows, context.excluded, lifts).take(rows)[0]
    if search.effects.kept is not None:
        mask = mask & search.effects.kept.take(rows)[0]
    rows = rows[mask]
    rows = rows[context.facts.matching(context.request.filter, rows)]
    grouped = np.isin(rows, variants)
    return offers(designs, seed, rows[grouped], rows[~grouped])


def offers(designs: Designs, seed: int, variants: Int64, near: Int64) -> tuple[Colourway, ...]:
    """The colourways of a seed among rows that may be shown, one for each colour.

    Args:
        designs: of the request.
        seed: its row.
        variants: the other rows of its variant group.
        near: other rows.
    """
    designs.read([seed, *variants.tolist(), *near.tolist()])
    found = near[designs.colourways(seed, near)]
    taken = {designs.colour(seed), None}
    offered: list[Colourway] = []
    for rows, grouped in ((variants, True), (found, False)):
        order = np.lexsort((rows, -designs.looks(seed, rows)))
        for row in rows[order].tolist():
            colour = designs.colour(row)
            if colour is not None and colour not in taken:
                taken.add(colour)
                offered.append(Colourway(designs.generation.ids[row], colour, grouped))
    return tuple(offered[:MAX_OFFERED])


def of_seeds(designs: Designs, seed_rows: Int64, hits: Sequence[Hit]) -> list[bool]:
    """Whether each hit is a colourway of the seed that it answers; never of a photo."""
    if not len(seed_rows):
        return [False] * len(hits)
    designs.read([*seed_rows.tolist(), *(hit.row for hit in hits)])
    return [
        bool(designs.colourways(int(seed_rows[hit.query]), np.array([hit.row]))[0]) for hit in hits
    ]


def folded_colours(designs: Designs, hit: Hit) -> tuple[Colourway, ...]:
    """The colourways that were folded into a hit in its line, one for each colour, in order."""
    found: dict[str, Colourway] = {}
    for other in designs.folded.get(hit.cluster, {}).get(hit.row, ()):
        colour = designs.colour(other)
        if colour is not None:
            found.setdefault(colour, Colourway(designs.generation.ids[other], colour))
    return tuple(found.values())
