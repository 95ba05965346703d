"""Writes the contact sheets of an evaluation."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from catalog.files import write_whole
from engine.arrays import Float32
from engine.evaluation.contender import (
    DEFAULT,
    PHOTO_SEARCH,
    Contender,
    factors,
    query_weightings,
    weightings,
)
from engine.evaluation.sheets.choose import PEOPLE, seeds_across, wishlists
from engine.evaluation.sheets.draw import Row, draw_sheet
from engine.evaluation.sheets.rows import (
    Gallery,
    Queries,
    factors_of,
    query_rows,
    seed_rows,
    wishlist_rows,
)
from engine.evaluation.two_sets.score import weights_name

ROWS = 10  # rows of results on a sheet
KEY = (
    "Below a photo: type, colour, cosine. Green: the type and one of 16 coarse colours agree; "
    "orange: one of them, or the only one known."
)
QUERY_KEY = "Below a photo: type, colour, cosine. Green: a type that answers the query's."


def write_sheets(
    folder: Path,
    gallery: Gallery,
    queries: Queries | None = None,
    chosen: Mapping[str, float] | None = None,
) -> list[Path]:
    """Write all sheets and return their paths in order.

    Args:
        folder: made if it is missing; sheets of the same names are replaced.
        gallery: what is searched.
        queries: of another set, if there are any.
        chosen: facet weights that these queries are also shown with.

    Raises:
        OSError: a sheet cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in sheets(gallery, queries, chosen):
        path = folder / f"{name}.jpg"
        write_whole(path, content)
        written.append(path)
    return written


def sheets(
    gallery: Gallery, queries: Queries | None = None, chosen: Mapping[str, float] | None = None
) -> Iterator[tuple[str, bytes]]:
    """Name and JPEG of each sheet."""
    seeds = seeds_across(gallery.album.table.columns["type"], gallery.keys)
    for weights, _ in weightings(gallery.models[0].layout):
        yield from _seed_sheets(gallery, seeds, weights)
    if lists := wishlists(seeds):
        rows = [row for each in lists for row in wishlist_rows(gallery, each)]
        subtitle = f"Results of the seeds in turns, by the default weights. {KEY}"
        yield "wishlists", draw_sheet(_title("Wishlists", gallery), subtitle, rows)
    if queries is not None:
        yield from _query_sheets(gallery, queries, chosen or {})


def _seed_sheets(
    gallery: Gallery, seeds: Sequence[int], weights: str
) -> Iterator[tuple[str, bytes]]:
    step = ROWS // len(list(gallery.labelled()))
    title = _title(_weights_title(weights), gallery)
    for at in range(0, len(seeds), step):
        part = seeds[at : at + step]
        rows = [row for seed in part for row in seed_rows(gallery, seed, weights)]
        subtitle = f"Seeds {at + 1} to {at + len(part)} of {len(seeds)}. {KEY}"
        yield f"{weights}-{at // step + 1}", draw_sheet(title, subtitle, rows)


def _query_sheets(
    gallery: Gallery, queries: Queries, chosen: Mapping[str, float]
) -> Iterator[tuple[str, bytes]]:
    types = queries.album.table.columns["type"]
    answered = [
        bool(row.any()) for row in queries.right
    ]  # the others have no counterpart in the gallery
    drawn = seeds_across(types, queries.keys, len(types))
    shown = sorted(drawn, key=lambda row: not answered[row])[:PEOPLE]
    first, *_ = gallery.models
    choices: list[tuple[str, str, list[Float32 | None]]] = [
        (weights, _weights_title(weights), [factors_of(one, weights) for one in gallery.models])
        for weights, _ in query_weightings(first.layout)
    ]
    if chosen and first.layout is not None:
        name = f"Weights {weights_name(first.layout, chosen)}"
        choices.append(("chosen", name, [_chosen(one, chosen) for one in gallery.models]))
    for name, title, scales in choices:
        rows: list[Row] = []
        for query in shown:
            rows += query_rows(gallery, queries, query, scales)
        heading = _title(f"Queries from another set, {title[0].lower()}{title[1:]}", gallery)
        yield f"queries-{name.replace(' ', '-')}", draw_sheet(heading, QUERY_KEY, rows)


def _chosen(model: Contender, chosen: Mapping[str, float]) -> Float32 | None:
    """The factors of chosen weights; None, the default row, if the model lacks the facets."""
    if model.layout is None or not set(chosen) <= set(model.layout.names):
        return None
    return factors(model.layout, chosen)


def _title(text: str, gallery: Gallery) -> str:
    return f"{text}: {' and '.join(model.name for model in gallery.models)}"


def _weights_title(weights: str) -> str:
    if weights == PHOTO_SEARCH:
        return "Weights of searches by photo"
    return "Default weights" if weights == DEFAULT else f"All weight on {weights}"
