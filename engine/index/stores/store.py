"""What an index is asked of the engine that holds its rows: the interface of all stores.

A store keeps the rows of generations and finds, approximately, the nearest ones. All else is the
same whatever the store: a generation is built beside the live one, its recall is measured against
exact search before it is published, a delta is searched exactly beside it, filters and guards are
applied to what the store proposes, and exact scores rank it (`engine.search.search`).

Rows are the numbers 0 ... N - 1, in the order of product ids. Facet weights of a request scale the
blocks of its query, so one index by inner product, or by angle, serves all of them.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.arrays import Float32, Float64, Int64
from engine.encoders.facets import FacetLayout
from engine.index.manifest import Manifest
from engine.index.pointer import Pointer
from engine.index.stacked_rows import Matrix
from engine.settings import EngineSettings


class NearestRows(Protocol):
    """The index of one generation."""

    @property
    def growth(self) -> float:
        """How late ``search_k`` grows with a facet's share; see `engine.index.stores.tuning`."""
        ...

    def nearest(self, query: Float32 | Float64, n: int, search_k: int) -> Int64:
        """Approximately the ``n`` rows with the largest inner product with a query, best first.

        The product of the query with the last one is what no other row should exceed; how far that
        holds is what the measured recall says.

        Args:
            query: ``(D,)``, finite and not all zero; a row, or one with scaled facet blocks.
            n: number of rows, 1 or more.
            search_k: how many of its nodes the index inspects; more are slower and more accurate.

        Raises:
            ValueError: an argument is out of range.
            GenerationError: the store does not answer.
        """
        ...


@dataclass(frozen=True)
class Built:
    """An index that was built and is not published yet.

    Attributes:
        index: the index.
        files: those that it wrote into the generation's folder.
        trees: the number of trees that Annoy counts; 1 where an index has none.
        search_k: what the first measurement of recall inspects.
        most: the largest ``search_k`` that is tried.
        all_rows: from this ``search_k`` on, scoring all rows is faster; None: it never is.
        advice: what to do where recall is too low.
        faster: how a large ``search_k`` is avoided.
        own: facets that have an index of their own; see `engine.index.stores.tuning`.
    """

    index: NearestRows
    files: tuple[str, ...]
    trees: int
    search_k: int
    most: int
    all_rows: int | None
    advice: str
    faster: str
    own: tuple[str, ...] = ()


class VectorStore(Protocol):
    """Keeps the rows of generations, and makes their indexes."""

    @property
    def name(self) -> str:
        """As in settings and manifests."""
        ...

    @property
    def metric(self) -> str:
        """Of its indexes, as manifests name it."""
        ...

    @property
    def files(self) -> tuple[str, ...]:
        """Its own files in the folder of a generation."""
        ...

    def build(
        self,
        generation: str,
        folder: Path,
        vectors: Float32,
        layout: FacetLayout,
        settings: EngineSettings,
    ) -> Built:
        """Store the unit rows ``(N, D)`` of a generation, and index them.

        Args:
            generation: its name.
            folder: of the generation, which is being built.
            vectors: may be mapped from that folder's ``vectors.npy``.
            layout: the facet blocks of a row.
            settings: of the index.

        Raises:
            GenerationError: the store cannot hold such rows, or does not answer.
        """
        ...

    def vectors(self, folder: Path, manifest: Manifest) -> Matrix:
        """The rows ``(N, D)`` of a generation, float32.

        Raises:
            OSError, ValueError: they cannot be read.
            BrokenGeneration: they are gone.
            StoreError: the store does not answer.
        """
        ...

    def index(self, folder: Path, manifest: Manifest, vectors: Matrix) -> NearestRows:
        """The index of a generation, of which these are the rows.

        Raises:
            BrokenGeneration: it is another one than the manifest says.
        """
        ...

    def fits(self, manifest: Manifest, settings: EngineSettings) -> bool:
        """Whether a generation was built as the settings of the index say."""
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the store for one reindex, beside the lock of its home.

        Raises:
            Busy: a reindex of another home holds it.
        """
        ...

    def check_home(self, index_dir: Path, encoder: str, fingerprint: str) -> None:
        """Whether a home may replace what is published for all homes of this store.

        Args:
            index_dir: the home's folder of generations.
            encoder, fingerprint: of the rows that it would publish.

        Raises:
            SettingsError: another home published, with another encoder, as for an experiment.
        """
        ...

    def publish(self, index_dir: Path, to: Pointer) -> None:
        """Make a generation, with or without a delta, live for all homes of this store.

        Args:
            index_dir: the home's folder of generations, which has these.
            to: their names.
        """
        ...

    def follow(self, index_dir: Path) -> None:
        """Make what another home published the live generation of this one.

        Raises:
            BrokenGeneration: what was published is damaged; a reindex replaces it.
            StoreError: the store does not answer.
            StorageError: this home cannot be written.
        """
        ...

    def prune(self, keep: int) -> None:
        """Remove from the store all but the ``keep`` generations that were published last."""
        ...
