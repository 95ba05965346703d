"""The rows that are nearest to a row of a generation apart from colour."""

import numpy as np

from catalog.recent import Recent
from engine.arrays import Int32, Int64
from engine.index.generation import Generation
from engine.search.scoring import dots
from engine.search.search import nodes_to_inspect, scans

LOOKED_AT = 200
MOST_BYTES = 16_000_000  # of all neighbours that a process keeps of a generation


class Neighbours:
    """Neighbours of rows of one generation; safe to share between threads.

    They depend on the generation alone, so those found lately are kept.

    Args:
        generation: the generation.
    """

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._kept: Recent[Int32] = Recent(MOST_BYTES)

    def of(self, row: int) -> Int64:
        """``(m,)`` about `LOOKED_AT` rows that are nearest to one, itself among them."""
        found = self._kept.get(row)
        if found is None:
            found = self._find(row).astype(np.int32)
            self._kept.put(row, found, found.nbytes + 500)
        return found.astype(np.int64)

    def _find(self, row: int) -> Int64:
        generation = self._generation
        query = generation.vectors[row] * generation.layout.apart_from_colour()
        if not scans(generation):
            nodes = nodes_to_inspect(generation.manifest.search_k, LOOKED_AT)
            return generation.candidates(query, LOOKED_AT, nodes)[0]
        every_row = np.arange(len(generation.ids))
        if len(every_row) <= LOOKED_AT:
            return every_row
        cosines = dots(generation.vectors, every_row, query[np.newaxis])[0]
        return np.argpartition(-cosines, LOOKED_AT)[:LOOKED_AT]
