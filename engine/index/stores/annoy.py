"""The default store: rows and Annoy's index in files of the generation's folder, mapped by readers.

No server, and nothing to start: right for a machine that holds its whole catalogue.
"""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

import numpy as np

from engine.arrays import Float32
from engine.encoders.facets import FacetLayout
from engine.index.annoy_index import METRIC, RowIndex, build
from engine.index.manifest import Manifest
from engine.index.pointer import Pointer, write_pointer
from engine.index.stacked_rows import Matrix
from engine.index.stores.store import Built
from engine.settings import EngineSettings

VECTORS, INDEX = "vectors.npy", "index.ann"
SEED = 20  # of Annoy's random generator
SEARCH_PER_TREE = 100  # nodes to inspect per tree, unless the settings have a search_k


class AnnoyStore:
    """See `engine.index.stores.store.VectorStore`."""

    name: Final = "annoy"
    metric: Final = METRIC
    files: Final = (VECTORS, INDEX)

    def build(
        self,
        generation: str,
        folder: Path,
        vectors: Float32,
        layout: FacetLayout,
        settings: EngineSettings,
    ) -> Built:
        """Write the rows and the index; rows that are mapped from their file are not written again.

        Raises:
            ValueError: there are no rows, or they are no unit rows.
        """
        if not (folder / VECTORS).exists():
            np.save(folder / VECTORS, vectors, allow_pickle=False)
        count, dim = vectors.shape
        trees = build(folder / INDEX, vectors, settings.trees, SEED)
        return Built(
            index=RowIndex(folder / INDEX, dim=dim, count=count, trees=trees),
            files=self.files,
            trees=trees,
            search_k=settings.search_k or settings.trees * SEARCH_PER_TREE,
            most=settings.trees * count,
            all_rows=count,
            advice="Raise LOOKALIKE_TREES, or lower that.",
            faster=f"More LOOKALIKE_TREES (now {settings.trees}) keep it fast.",
        )

    def vectors(self, folder: Path, manifest: Manifest) -> Float32:
        """The rows, mapped from their file; as a plain array, since an np.memmap is slow."""
        rows: Float32 = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
        return rows.view(np.ndarray)

    def index(self, folder: Path, manifest: Manifest, vectors: Matrix) -> RowIndex:
        """The index, mapped from its file."""
        return RowIndex(
            folder / INDEX, dim=manifest.dim, count=manifest.count, trees=manifest.trees_found
        )

    def fits(self, manifest: Manifest, settings: EngineSettings) -> bool:
        """Whether trees and search_k are those of the settings."""
        built_with = (manifest.trees, manifest.asked_search_k)
        return built_with == (settings.trees, settings.search_k)

    def exclusive(self) -> AbstractContextManager[None]:
        """Nothing: the home has a lock."""
        return nullcontext()

    def check_home(self, index_dir: Path, encoder: str, fingerprint: str) -> None:
        """Nothing: a home has its own index."""

    def publish(self, index_dir: Path, to: Pointer) -> None:
        """Replace the home's pointer."""
        write_pointer(index_dir, to)

    def follow(self, index_dir: Path) -> None:
        """Nothing: a home has its own index."""

    def prune(self, keep: int) -> None:
        """Nothing: rows go with the folders of their generations."""


ANNOY: Final = AnnoyStore()
