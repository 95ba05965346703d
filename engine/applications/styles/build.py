"""From the live index to its styles: graph, groups, lasting numbers, names."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from catalog.products.catalogue import Catalogue
from catalog.records import Facts
from engine.applications.styles.centres import centres_of
from engine.applications.styles.grouping import group_rows, usual_number
from engine.applications.styles.identity import lasting_numbers
from engine.applications.styles.naming import name_styles
from engine.applications.styles.styles import Style, Styles
from engine.arrays import Float32, Int64
from engine.errors import RequestError
from engine.index.generation import Generation
from engine.product_ids import ProductIds

LEAST = 2  # products that can belong together
STEADY = 1.25  # factor by which the usual number may change before it is followed

Step = Callable[[str], None]


def find_styles(
    generation: Generation,
    catalogue: Catalogue,
    wanted: int | None = None,
    before: Styles | None = None,
    on_step: Step = lambda text: None,
) -> Styles:
    """Group the products of an index that are not retired by looks, under the default weights.

    Args:
        generation: the live one.
        catalogue: what the products are called.
        wanted: about how many styles; None: see `number_for`.
        before: the styles of an earlier run, whose numbers are kept.
        on_step: called with what is done next.

    Raises:
        RequestError: there are not enough products, or more styles than products are wanted.
    """
    facts = catalogue.all_facts()
    rows = generation.ids.rows(facts.ids.tolist())
    shown = np.flatnonzero(rows >= 0)
    ids: list[str] = facts.ids[shown].tolist()
    check_count(len(ids), wanted)
    on_step("Reading the index")
    vectors = np.asarray(generation.vectors[rows[shown]], dtype=np.float32)
    same_index = before is not None and before.fingerprint == generation.manifest.fingerprint
    number = min(wanted or number_for(len(ids), before), len(ids))
    kept = before is not None and same_index and before.wanted == number
    on_step("Grouping")
    groups, resolution = group_rows(vectors, number, before.resolution if before and kept else None)
    total = int(groups.max()) + 1
    earlier = np.full(len(ids), -1) if before is None else before.numbers_of(ids)
    following = 1 if before is None else before.next_number
    numbers = lasting_numbers(groups, earlier, following)
    centres, closeness = centres_of(vectors, groups, total)
    on_step("Naming")
    listed = _listed(groups, closeness, numbers, _some(facts, shown), _titles(catalogue, ids))
    return Styles(
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        generation=generation.name,
        fingerprint=generation.manifest.fingerprint,
        wanted=number,
        resolution=resolution,
        next_number=max(following, int(numbers.max()) + 1),
        grouped=len(ids),
        changed=0,
        listed=listed,
        ids=ProductIds.of(ids),
        places=groups,
        closeness=closeness,
        centres=centres,
    )


def number_for(products: int, before: Styles | None) -> int:
    """About how many styles there should be, if nobody says: as many as before.

    Where there were as many as is usual, and the catalogue has become far larger or smaller since,
    there are as many as is usual now.
    """
    usual = usual_number(products)
    if before is None:
        return usual
    chosen = before.wanted != usual_number(before.grouped)
    steady = 1 / STEADY <= usual / before.wanted <= STEADY
    return before.wanted if chosen or steady else usual


def check_count(products: int, wanted: int | None) -> None:
    """Check that there is something to group.

    Raises:
        RequestError: there is not.
    """
    if products < LEAST:
        raise RequestError(
            f"Styles are groups of products, and the index has {products} that the shop sells. "
            "Ingest more, and run `lookalike reindex`."
        )
    if wanted is not None and wanted > products:
        raise RequestError(
            f"{products:,} products cannot form {wanted:,} styles. Ask for fewer, such as "
            f"{usual_number(products)}."
        )


def _listed(
    groups: Int64, closeness: Float32, numbers: Int64, facts: Facts, titles: list[str]
) -> tuple[Style, ...]:
    order = np.lexsort((-closeness, groups))
    members = np.split(order, np.cumsum(np.bincount(groups))[:-1])
    names = name_styles(members, facts, titles)
    # The nearest to the mean of unit rows has the largest sum of cosines with all others.
    return tuple(
        Style(number, name.name, name.words, str(facts.ids[rows[0]]), len(rows))
        for number, name, rows in zip(numbers.tolist(), names, members, strict=True)
    )


def _some(facts: Facts, rows: Int64) -> Facts:
    return Facts(**{name: getattr(facts, name)[rows] for name in Facts.__dataclass_fields__})


def _titles(catalogue: Catalogue, ids: list[str]) -> list[str]:
    place = {one: at for at, one in enumerate(ids)}
    titles = [""] * len(ids)
    for rows in catalogue.fact_rows():
        for row in rows:
            if row.product_id in place:
                titles[place[row.product_id]] = row.title
    return titles
