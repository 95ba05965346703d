"""A generation merged with its delta: searched like the generation of a full rebuild."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.arrays import Float32, Float64, Int64
from engine.errors import BrokenGeneration
from engine.index.delta import Delta, open_delta
from engine.index.generation import Generation, open_live
from engine.index.pointer import read_pointer
from engine.index.stacked_rows import Stacked
from engine.index.stores.annoy import ANNOY
from engine.index.stores.store import VectorStore
from engine.product_ids import StackedIds

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MergedGeneration(Generation):
    """The rows of both, in the order of their ids; the delta's row replaces the generation's.

    Attributes:
        base: the generation without its delta.
        delta: the changes since.
        base_rows: ``(N,)`` the row here of each row of the base, -1 if it was replaced or removed.
        delta_rows: ``(M,)`` the row here of each row of the delta.
        place: ``(N,)`` where each row here is from: a row of the base, or, from the number of those
            on, a row of the delta.
    """

    base: Generation
    delta: Delta
    base_rows: Int64
    delta_rows: Int64
    place: Int64

    @property
    def name(self) -> str:
        """The name of the generation, and the number of the delta."""
        return f"{self.manifest.name}+{self.delta.manifest.number}"

    def candidates(self, query: Float32 | Float64, n: int, search_k: int) -> tuple[Int64, float]:
        """As for a generation; up to ``n`` exact nearest rows of the delta are added."""
        rows, bound = self.base.candidates(query, n, search_k)
        rows = self.base_rows[rows]
        added = self.delta_rows
        if len(added) > n:
            scores = self.delta.vectors @ query
            best = np.argpartition(scores, len(scores) - n)[-n:]
            bound = max(bound, float(scores[best].min()))
            added = added[best]
        return np.concatenate([rows[rows >= 0], added]), bound


def base_and_delta(live: Generation) -> tuple[Generation, Delta | None]:
    """The generation without its delta, and the delta."""
    return (live.base, live.delta) if isinstance(live, MergedGeneration) else (live, None)


def merge(base: Generation, delta: Delta) -> MergedGeneration:
    """Merge a generation with its delta; the generation's vectors are not copied."""
    leaving = base.ids.rows([*delta.gone, *delta.ids])
    leaving = np.sort(leaving[leaving >= 0])
    kept = np.delete(np.arange(len(base.ids)), leaving)
    at = base.ids.places(delta.ids)
    at -= np.searchsorted(leaving, at)
    place = np.insert(kept, at, np.arange(len(at)) + len(base.ids))
    late = place >= len(base.ids)
    base_rows = np.full(len(base.ids), -1, dtype=np.int64)
    base_rows[place[~late]] = np.flatnonzero(~late)
    manifest = base.manifest.model_copy(
        update={"count": len(place), "close": delta.manifest.close or base.manifest.close}
    )
    vectors = Stacked(base.vectors, delta.vectors, place)
    delta_rows = np.flatnonzero(late)
    ids = StackedIds(base.ids, delta.ids, place, base_rows, delta_rows)
    return MergedGeneration(
        manifest, ids, vectors, base.index, base, delta, base_rows, delta_rows, place
    )


def open_merged(
    index_dir: Path, held: Generation | None = None, store: VectorStore = ANNOY
) -> Generation:
    """Open the live generation, merged with its delta if it has one.

    A delta that is broken or of another generation is logged and left out.

    Args:
        index_dir: the folder of generations and their pointer.
        held: an open generation, which is not opened again if it is still live.
        store: that of the settings.

    Raises:
        NoGeneration: nothing has been published yet.
        BrokenGeneration: the generation's files do not match its manifest.
    """
    base = None if held is None else base_and_delta(held)[0]
    while True:
        pointer = read_pointer(index_dir)
        if base is None or pointer is None or base.manifest.name != pointer.generation:
            base = open_live(index_dir, store)
        if pointer is None or base.manifest.name != pointer.generation:
            continue  # published between the two
        if pointer.delta is None:
            return base
        try:
            return merge(base, open_delta(index_dir / Path(pointer.delta).name, base.manifest))
        except BrokenGeneration as error:
            # Another one may have been published and this one pruned since the pointer was read.
            if read_pointer(index_dir) == pointer:
                log.error("Continuing without the delta of generation %s. %s", base.name, error)
                return base
