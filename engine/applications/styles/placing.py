"""New products join the style whose centre is nearest; products that are gone leave theirs."""

from dataclasses import dataclass, replace

import numpy as np

from engine.applications.styles.graph import nearest_centre
from engine.applications.styles.styles import Style, Styles
from engine.arrays import Float32, Int64
from engine.index.generation import Generation
from engine.product_ids import ProductIds


@dataclass(frozen=True, slots=True)
class Placed:
    """Styles that follow an index.

    Attributes:
        styles: they have the products of the index, and no others.
        joined: new products.
        left: products that are gone.
    """

    styles: Styles
    joined: int
    left: int


def place(styles: Styles, generation: Generation) -> Placed:
    """Let the styles follow an index of the same encoder, without finding them again.

    Centres, names and numbers stay. A style without products is gone, and so is its number.

    Args:
        styles: of an earlier index.
        generation: the live one; only the rows of new products are read.
    """
    ids = generation.ids.tolist()
    before = styles.ids.rows(ids)
    new = np.flatnonzero(before < 0)
    left = len(styles.ids) - (len(ids) - len(new))
    known = np.maximum(before, 0)
    places, closeness = styles.places[known], styles.closeness[known]
    if len(new):
        rows = np.asarray(generation.vectors[new], dtype=np.float32)
        places[new] = nearest_centre(rows, styles.centres)
        closeness[new] = np.einsum("nd,nd->n", rows, styles.centres[places[new]])
    listed, places, centres = _by_size(styles, ids, places, closeness)
    followed = replace(
        styles,
        generation=generation.name,
        changed=styles.changed + len(new) + left,
        listed=listed,
        ids=ProductIds.of(ids),
        places=places,
        closeness=closeness,
        centres=centres,
    )
    return Placed(followed, len(new), left)


def _by_size(
    styles: Styles, ids: list[str], places: Int64, closeness: Float32
) -> tuple[tuple[Style, ...], Int64, Float32]:
    """The styles that have products, the largest first, with their places and centres."""
    sizes = np.bincount(places, minlength=len(styles))
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] > 0]
    new_place = np.full(len(styles), -1, dtype=np.int64)
    new_place[order] = np.arange(len(order))
    best = np.full(len(styles), -1, dtype=np.int64)
    by_closeness = np.argsort(closeness, kind="stable")
    best[places[by_closeness]] = by_closeness  # the last one that is written is the nearest
    listed = tuple(
        replace(styles.listed[one], medoid=ids[best[one]], size=int(sizes[one]))
        for one in order.tolist()
    )
    return listed, new_place[places], styles.centres[order]
