"""A generation together with its delta, seen as the generation that a full rebuild would be."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import BrokenGeneration
from engine.index.delta import Delta, open_delta
from engine.index.generation import Generation, open_live
from engine.index.pointer import read_pointer
from engine.index.stacked_rows import Stacked

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MergedGeneration(Generation):
    """Rows of both, in the order of their ids: where both have one, the delta's counts.

    Attributes:
        base: the generation alone.
        delta: what came since.
        moved: ``(N,)`` int64, the row here of each of the base's; -1 where it has none.
        fresh: ``(M,)`` int64, the row here of each of the delta's.
    """

    base: Generation
    delta: Delta
    moved: np.ndarray
    fresh: np.ndarray

    @property
    def name(self) -> str:
        """That of the generation, and the number of the delta."""
        return f"{self.manifest.name}+{self.delta.manifest.number}"

    def candidates(self, query: np.ndarray, n: int, search_k: int) -> tuple[np.ndarray, float]:
        """As for a generation: the index proposes its own, and the delta's nearest are added."""
        rows, bound = self.base.candidates(query, n, search_k)
        rows = self.moved[rows]
        fresh = self.fresh
        if len(fresh) > n:
            scores = self.delta.vectors @ query
            best = np.argpartition(scores, len(scores) - n)[-n:]
            bound = max(bound, float(scores[best].min()))
            fresh = fresh[best]
        return np.concatenate([rows[rows >= 0], fresh]), bound


def base_and_delta(live: Generation) -> tuple[Generation, Delta | None]:
    """The generation alone, and the delta that is served with it."""
    return (live.base, live.delta) if isinstance(live, MergedGeneration) else (live, None)


def merge(base: Generation, delta: Delta) -> MergedGeneration:
    """Join a delta to its generation; the generation's vectors are not copied."""
    old = base.row_of
    leaving = [old[one] for one in (*delta.gone, *delta.ids) if one in old]
    stays = np.ones(len(base.ids), dtype=bool)
    stays[leaving] = False
    kept = np.flatnonzero(stays)
    new = np.array(delta.ids, dtype=object)
    at = np.searchsorted(base.ids[kept], new)
    ids = np.insert(base.ids[kept], at, new)
    ids.setflags(write=False)
    place = np.insert(kept, at, np.arange(len(new)) + len(base.ids))
    late = place >= len(base.ids)
    moved = np.full(len(base.ids), -1, dtype=np.int64)
    moved[place[~late]] = np.flatnonzero(~late)
    manifest = base.manifest.model_copy(
        update={"count": len(ids), "close": delta.manifest.close or base.manifest.close}
    )
    vectors = Stacked(np.asarray(base.vectors), delta.vectors, place)
    return MergedGeneration(
        manifest, ids, vectors, base.index, base, delta, moved, np.flatnonzero(late)
    )


def open_merged(index_dir: Path, held: Generation | None = None) -> Generation:
    """The live generation, with its delta if it has one. A delta that is broken or of another
    generation is logged and left out.

    Args:
        index_dir: where generations and their pointer live.
        held: what is open already; its generation is not opened again if it is the live one.

    Raises:
        NoGeneration: nothing has been published yet.
        BrokenGeneration: the generation's files disagree with its manifest.
    """
    base = None if held is None else base_and_delta(held)[0]
    while True:
        pointer = read_pointer(index_dir)
        if base is None or pointer is None or base.manifest.name != pointer.generation:
            base = open_live(index_dir)
        if pointer is None or base.manifest.name != pointer.generation:
            continue  # published between the two
        if pointer.delta is None:
            return base
        try:
            return merge(base, open_delta(index_dir / Path(pointer.delta).name, base.manifest))
        except BrokenGeneration as error:
            # Another one may have been published, and this one pruned, since the pointer was read.
            if read_pointer(index_dir) == pointer:
                log.error("Going on without the delta of generation %s. %s", base.name, error)
                return base
