"""Places of products in two dimensions: t-SNE of the neighbour graph (van der Maaten 2014).

openTSNE (Policar et al. 2019) lays out what the graph of the styles has linked. Its interpolation
takes time in proportion to the products (Linderman et al. 2019), and nothing is compiled at the
first run.
"""

from importlib.util import find_spec

import numpy as np

from engine.applications.map.progress import Report
from engine.applications.styles.graph import neighbour_graph
from engine.arrays import Float32, Float64, UInt16
from engine.encoders.facets import FacetLayout, unit_rows
from engine.errors import RequestError, SettingsError

LEAST = 3  # products of a map
NEIGHBOURS = 15
EARLY, LATE = 250, 500  # steps: first groups gather, then they spread
EARLY_PULL, LATE_PULL = 12.0, 1.5  # of neighbours; at 1, late steps take twice as long
INTERPOLATED = 3_000  # products from which on forces are interpolated
SEED = 20
REPORTED = 10  # steps between two reports
LARGEST = 65_535  # coordinate
DEFAULT = "default"
NOT_INSTALLED = "A map needs the package openTSNE: pip install 'lookalike[map]'."


def rows_by(rows: Float32, layout: FacetLayout, facet: str) -> Float32:
    """The unit rows that a layout is made of.

    Args:
        rows: ``(N, D)`` under the default weights.
        layout: their blocks.
        facet: one of them, or `DEFAULT` for all with their default weights.

    Raises:
        RequestError: there is no such facet.
    """
    if facet == DEFAULT:
        return rows
    if facet not in layout.slices:
        names = ", ".join((DEFAULT, *layout.names))
        raise RequestError(f"This index has no facet {facet!r} to lay out by; it has {names}.")
    return unit_rows(np.ascontiguousarray(layout.block(rows, facet)))


def start_of(rows: Float32) -> Float64:
    """Where products start, ``(N, 2)``: their main components, the same for all layouts."""
    _check_installed()
    from openTSNE import initialization

    check_count(len(rows))
    found: Float64 = initialization.pca(rows, random_state=SEED)
    return found


def places_of(rows: Float32, start: Float64, report: Report = lambda done, total: None) -> UInt16:
    """Places ``(N, 2)`` uint16, both axes in one scale; the same in each run.

    Args:
        rows: ``(N, D)`` unit rows, `LEAST` or more.
        start: ``(N, 2)``, see `start_of`; layouts of one start are turned alike.
        report: called with the steps that are done, and all of them.

    Raises:
        RequestError: there are too few.
        SettingsError: openTSNE is not installed.
    """
    _check_installed()
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities

    check_count(len(rows))
    method = "fft" if len(rows) >= INTERPOLATED else "bh"
    graph = neighbour_graph(rows, NEIGHBOURS).astype(np.float64)
    affinities = PrecomputedAffinities(graph, normalize=True)
    found = TSNEEmbedding(
        np.array(start), affinities, negative_gradient_method=method, random_state=SEED
    )
    before = 0

    def count(step: int, error: float, places: Float64) -> None:
        report(before + step, EARLY + LATE)

    watched = {"inplace": True, "callbacks": count, "callbacks_every_iters": REPORTED}
    found.optimize(EARLY, exaggeration=EARLY_PULL, momentum=0.5, **watched)
    before = EARLY
    found.optimize(LATE, exaggeration=LATE_PULL, momentum=0.8, **watched)
    places = np.asarray(found, dtype=np.float64)
    low, high = places.min(axis=0), places.max(axis=0)
    middle, extent = (low + high) / 2, max(float((high - low).max()), 1e-9)
    scaled: UInt16 = (((places - middle) / extent + 0.5).clip(0, 1) * LARGEST).astype(np.uint16)
    return scaled


def check_count(count: int) -> None:
    """Check that there are enough products for a map.

    Raises:
        RequestError: there are not.
    """
    if count < LEAST:
        raise RequestError(
            f"A map needs {LEAST} products or more, and the index has {count} that the shop sells. "
            "Ingest more, and run `lookalike reindex`."
        )


def _check_installed() -> None:
    if find_spec("openTSNE") is None:
        raise SettingsError(NOT_INSTALLED)
