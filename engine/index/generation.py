"""Generations on disk: written beside the live one, published by one rename, never edited.

index/
├── CURRENT              name of the live generation, and on a second line that of its delta
├── HISTORY              names of the generations that were live, the newest last
├── LOCK                 held by the only reindex that may run
├── .building-*          of an unfinished or killed run; removed by the next one
└── 20261123T101500-1a2b3c4d/
    ├── manifest.json    see `engine.index.manifest`
    ├── ids.npy          product id of each row; ids.json where one is longer than 64 bytes
    ├── vectors.npy      (N, D) float32 unit rows
    ├── index.ann        Annoy, over the same rows
    ├── marks.npy        (N, 16) uint8 row digests; see `engine.index.row_digests`
    ├── verified.txt     a cache of which files were checked; see `engine.index.manifest`
    ├── facts.bin        a cache of what the catalogue says of each row; see `engine.facts.file`
    └── calibration.json from cosines to matches in percent; only if the encoder has one

What changed since is in a delta beside it; see `engine.index.delta`. One pointer names both, so no
reader ever combines a generation with the delta of another one.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from catalog.files import remove_drafts, sync
from engine.arrays import Float32, Float64, Int64
from engine.calibration.calibration import FILE as CALIBRATION
from engine.encoders.facets import FacetLayout
from engine.errors import BrokenGeneration, InAnotherStore, NoGeneration
from engine.index.manifest import FILE, NAME, REBUILD, Manifest, check_files, read_manifest
from engine.index.pointer import CURRENT, HISTORY, Pointer, current_name, published
from engine.index.stacked_rows import Matrix
from engine.index.stores import annoy
from engine.index.stores.annoy import ANNOY
from engine.index.stores.store import NearestRows, VectorStore
from engine.index.stores.tuning import search_k_of
from engine.product_ids import ProductIds, RowOf
from engine.storage import remove_folder

IDS, VECTORS, INDEX = "ids.npy", annoy.VECTORS, annoy.INDEX
LONG_IDS = "ids.json"  # in the place of `IDS` where one is long, and in earlier versions
BUILDING = ".building-"


@dataclass(frozen=True)
class Generation:
    """A generation, checked and memory-mapped.

    Attributes:
        manifest: its facts.
        ids: ``(N,)`` product ids, ascending.
        vectors: ``(N, D)`` float32 unit rows, from the store; memory-mapped by the default one.
        index: over the same rows; `candidates` queries it.
    """

    manifest: Manifest
    ids: ProductIds
    vectors: Matrix
    index: NearestRows

    @property
    def name(self) -> str:
        """Its name, which is also that of its folder."""
        return self.manifest.name

    @cached_property
    def layout(self) -> FacetLayout:
        """The facet blocks of a row and their default weights."""
        return self.manifest.layout

    @cached_property
    def row_of(self) -> RowOf:
        """Product id -> row."""
        return RowOf(self.ids)

    def search_k_of(self, query: Float32 | Float64) -> int:
        """The nodes that a query ``(D,)`` has to inspect, by the facet weights that it has."""
        return search_k_of(self.manifest, self.layout, self.index.growth, query)

    def candidates(self, query: Float32 | Float64, n: int, search_k: int) -> tuple[Int64, float]:
        """Approximately the ``n`` rows nearest to a query, for exact re-ranking.

        Args:
            query: ``(D,)``.
            n, search_k: as for `NearestRows.nearest`.

        Returns:
            The rows ``(m,)``, and a dot product with the query that no other row should exceed.
        """
        rows = self.index.nearest(query, n, search_k)
        return rows, float(self.vectors[rows[-1]] @ query)


def live_manifest(index_dir: Path) -> Manifest | None:
    """The manifest of the live generation, or None if nothing has been published."""
    name = current_name(index_dir)
    return None if name is None else read_manifest(index_dir / name)


def open_live(index_dir: Path, store: VectorStore = ANNOY) -> Generation:
    """Open the live generation; each file is checked before it is mapped.

    Args:
        index_dir: the folder of generations and their pointer.
        store: that of the settings.

    Raises:
        NoGeneration: nothing has been published yet.
        BrokenGeneration: its files do not match its manifest.
    """
    name = current_name(index_dir)
    while name is not None:
        try:
            return open_generation(index_dir / name, store)
        except BrokenGeneration:
            # A reindex may have published and pruned since the pointer was read.
            newer = current_name(index_dir)
            if newer == name:
                raise
            name = newer
    raise NoGeneration(
        f"Nothing has been indexed yet in {index_dir}. Run `lookalike reindex`, or set "
        "LOOKALIKE_HOME to the folder that has the index."
    )


def last_good(index_dir: Path, store: VectorStore = ANNOY) -> Generation | None:
    """The last published generation that can be opened, if any; for when the live one cannot."""
    for path in _generations(index_dir):
        with suppress(BrokenGeneration):
            return open_generation(path, store)
    return None


def open_generation(folder: Path, store: VectorStore = ANNOY) -> Generation:
    """Check and map the generation in a folder.

    Args:
        folder: of the generation.
        store: that of the settings; a generation in files is opened whatever the store.

    Raises:
        BrokenGeneration: its files do not match its manifest.
        InAnotherStore: its rows are in another store.
        StoreError: the store does not answer.
    """
    manifest = read_manifest(folder)
    if manifest.store == ANNOY.name:
        store = ANNOY
    elif manifest.store != store.name:
        raise InAnotherStore(
            f"The rows of {folder} are in {manifest.store}: set LOOKALIKE_STORE={manifest.store}. "
            f"Or, to leave it: {REBUILD}"
        )
    of_ids = LONG_IDS if LONG_IDS in manifest.files else IDS
    calibration = (name for name in manifest.files if name == CALIBRATION)
    check_files(folder, manifest, (of_ids, *store.files, *calibration))
    if manifest.metric != store.metric:
        raise BrokenGeneration(
            f"{folder} is ordered by {manifest.metric}, not {store.metric}. {REBUILD}"
        )
    try:
        ids = _read_ids(folder / of_ids)
        vectors = store.vectors(folder, manifest)
    except (OSError, ValueError) as error:  # pruned since it was checked
        raise BrokenGeneration(f"{folder} cannot be read: {error}. {REBUILD}") from error
    expected = (manifest.count, manifest.dim)
    if vectors.shape != expected or vectors.dtype != np.float32 or len(ids) != manifest.count:
        raise BrokenGeneration(
            f"{folder} has {len(ids)} ids and vectors {vectors.shape} {vectors.dtype}; "
            f"its manifest says {expected} float32. {REBUILD}"
        )
    return Generation(manifest, ids, vectors, store.index(folder, manifest, vectors))


def _read_ids(path: Path) -> ProductIds:
    if path.name == IDS:
        return ProductIds.load(path)
    return ProductIds.of(json.loads(path.read_text(encoding="utf-8")))


@contextmanager
def building(index_dir: Path) -> Iterator[Path]:
    """Yield a new empty folder beside the live generation; it is removed unless it was renamed.

    Only the holder of the lock may call this, as it first removes what killed runs left.
    """
    for left in index_dir.glob(f"{BUILDING}*"):
        remove_folder(left)
    for name in (CURRENT, HISTORY):
        remove_drafts(index_dir / name)
    folder = index_dir / f"{BUILDING}{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, index_dir: Path, manifest: Manifest, store: VectorStore = ANNOY) -> None:
    """Make a finished building folder the live generation.

    A kill at any point leaves either the old one or the new one live.
    """
    text = manifest.as_text()
    home = finish_folder(folder, index_dir / manifest.name, text, manifest.files)
    open_generation(home, store)  # as a reader will, before any reader can
    store.publish(index_dir, Pointer(manifest.name))


def finish_folder(folder: Path, home: Path, manifest: str, files: Iterable[str]) -> Path:
    """Write the manifest of a building folder, flush all of it to the disk, and rename it."""
    (folder / FILE).write_text(f"{manifest}\n", encoding="utf-8")
    for name in (*files, FILE):
        sync(folder / name)
    sync(folder)
    folder.rename(home)
    sync(home.parent)
    return home


def prune(index_dir: Path, keep: int) -> list[str]:
    """Remove all but the live generation and those published last before it, ``keep`` in all.

    A reader that has mapped an old one can still use it: removed files exist while they are open.

    Returns:
        The removed names.
    """
    live = current_name(index_dir)
    others = [path for path in _generations(index_dir) if path.name != live]
    removed = others[max(keep - 1, 0) :]
    for path in removed:
        remove_folder(path)
    return [path.name for path in removed]


def fingerprints_on_disk(index_dir: Path) -> set[str]:
    """The fingerprints of the encoders that generations on disk were built by."""
    found = set()
    for path in _generations(index_dir) if index_dir.is_dir() else ():
        with suppress(BrokenGeneration):
            found.add(read_manifest(path).fingerprint)
    return found


def _generations(index_dir: Path) -> list[Path]:
    """The folders of all generations, the one that was live last first.

    Those that are in no history, of an earlier version or of a killed run, follow by their names.
    """
    places = {name: place for place, name in enumerate(published(index_dir))}
    found = (path for path in index_dir.iterdir() if NAME.fullmatch(path.name))
    return sorted(
        found, key=lambda path: (places.get(path.name, -1), *_created(path)), reverse=True
    )


def _created(folder: Path) -> tuple[str, int]:
    """When a generation was created: the second, from its name, and the folder's mtime."""
    try:
        return folder.name.partition("-")[0], folder.stat().st_mtime_ns
    except OSError:  # pruned meanwhile
        return "", 0
