"""How many variants of each result a panel does not show."""

from collections.abc import Sequence

import numpy as np

from catalog.filters.filter import Filter
from engine.recommendation.panel_search import PanelSearch
from engine.search.duplicates import distinct
from engine.search.guards import NO_CODE
from engine.search.scoring import exact_hits
from engine.search.search_query import Hit


def folded_variants(search: PanelSearch, hits: Sequence[Hit], wanted: Filter) -> list[int]:
    """For each hit, how many more variants of it could have been shown.

    Args:
        search: the panel's.
        hits: what the panel shows.
        wanted: the filter that they match.
    """
    context = search.context
    shown = np.array([hit.row for hit in hits], dtype=np.int64)
    none = [0] * len(hits)
    if context.groups is None or not hits:
        return none
    rows = np.setdiff1d(context.facts.variants(shown), shown)
    rows = rows[context.facts.matching(wanted, rows)] if len(rows) else rows
    if not len(rows):
        return none
    vectors = context.generation.vectors
    query = search.query(wanted, 1)
    others = exact_hits(vectors, query, rows, query.eligible(rows))
    rows = np.concatenate([shown, np.array([hit.row for hit in others], dtype=np.int64)])
    groups = context.groups.take(rows)
    counts = []
    for place, group in enumerate(groups[: len(shown)]):
        same = np.flatnonzero((groups[len(shown) :] == group) & (group != NO_CODE))
        mine = rows[np.concatenate([[place], len(shown) + same])]
        kept = distinct(vectors, mine, None, context.near_duplicates, shown=1)
        counts.append(len(kept))
    return counts
