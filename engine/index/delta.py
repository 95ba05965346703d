"""Deltas: what changed since a generation was built, a small folder beside it, searched exactly.

index/
├── CURRENT              names the live generation and, on a second line, its delta
├── 20261123T101500-1a2b3c4d/
└── delta-20261123T101500-1a2b3c4d-3/
    ├── manifest.json    its generation, and the size and digest of its files
    ├── rows.json        product id and row digest of each row, and the products that are gone
    └── vectors.npy      (M, D) float32 unit rows

A delta holds all changes since its generation, so there is at most one, which the next one
replaces. Like a generation, it is written, published and never edited. Its number grows, so that
no two deltas of a generation have the same name.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalog.validation import first_problem
from engine.arrays import Float32
from engine.encoders.facets import check_rows
from engine.errors import BrokenGeneration
from engine.index.generation import finish_folder
from engine.index.manifest import FILE, FileFacts, Manifest, check_facts
from engine.index.pointer import Pointer, read_pointer
from engine.index.stores.annoy import ANNOY
from engine.index.stores.store import VectorStore
from engine.storage import remove_folder

SCHEMA = 1
ROWS, VECTORS = "rows.json", "vectors.npy"
DATA_FILES = (ROWS, VECTORS)
NAME = re.compile(r"delta-(?P<generation>[0-9]{8}T[0-9]{6}-[0-9a-f]{8})-(?P<number>[1-9][0-9]*)")
REPUBLISH = "Run `lookalike reindex --delta` to publish it again."


class DeltaManifest(BaseModel):
    """The facts of a delta: its generation, and what must be true of its files.

    Attributes:
        generation, fingerprint, dim: those of its generation.
        number: counts the deltas of a generation, from 1.
        count: of its rows.
        photos, failed: the number of different photos of its rows, and of those that could not
            be read.
        close: as in `engine.index.manifest.Manifest`, for the generation with this delta.
        catalogue: the catalogue's watermark when it was made.
        files: name -> size and digest.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA
    generation: str
    number: int = Field(gt=0)
    created: str
    fingerprint: str
    dim: int = Field(gt=0)
    count: int = Field(ge=0)
    photos: int = Field(ge=0)
    failed: int = Field(ge=0)
    close: dict[str, float]
    catalogue: str
    files: dict[str, FileFacts]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return name_of(self.generation, self.number)


@dataclass(frozen=True)
class Delta:
    """A delta, checked and in memory.

    Attributes:
        manifest: its facts.
        ids: the product of each of its M rows, ascending.
        row_digests: of each row, hexadecimal; see `engine.index.row_digests`.
        vectors: ``(M, D)`` float32 unit rows.
        gone: products of the generation that no longer have a row, ascending.
    """

    manifest: DeltaManifest
    ids: tuple[str, ...]
    row_digests: tuple[str, ...]
    vectors: Float32
    gone: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of products that it adds, changes or removes."""
        return len(self.ids) + len(self.gone)

    def equals(
        self, ids: tuple[str, ...], row_digests: tuple[str, ...], gone: tuple[str, ...]
    ) -> bool:
        """Whether it has these ids, row digests and gone products."""
        return (self.ids, self.row_digests, self.gone) == (ids, row_digests, gone)


class _Rows(BaseModel):
    ids: tuple[str, ...]
    row_digests: tuple[str, ...] = Field(alias="marks")
    gone: tuple[str, ...]


def name_of(generation: str, number: int) -> str:
    """The name of a delta's folder."""
    return f"delta-{generation}-{number}"


def next_number(index_dir: Path, generation: str) -> int:
    """A number that no delta of a generation has which a reader may have opened."""
    pointer = read_pointer(index_dir)
    names = [path.name for path in index_dir.iterdir()]
    names += [pointer.delta] if pointer and pointer.delta else []
    found = [match for name in names if (match := NAME.fullmatch(name))]
    numbers = [int(one["number"]) for one in found if one["generation"] == generation]
    return 1 + max(numbers, default=0)


def write_delta(folder: Path, delta: Delta) -> DeltaManifest:
    """Write a delta's data files into a building folder.

    Returns:
        Its manifest, with the facts of these files.
    """
    check_rows(delta.vectors, delta.manifest.dim)
    rows = _Rows(ids=delta.ids, marks=delta.row_digests, gone=delta.gone)
    (folder / ROWS).write_text(rows.model_dump_json(by_alias=True), encoding="utf-8")
    np.save(folder / VECTORS, delta.vectors, allow_pickle=False)
    facts = {name: FileFacts.of(folder / name) for name in DATA_FILES}
    return delta.manifest.model_copy(update={"files": facts})


def publish_delta(
    folder: Path,
    index_dir: Path,
    manifest: DeltaManifest,
    to: Manifest,
    store: VectorStore = ANNOY,
) -> None:
    """Make a finished building folder the live delta of the live generation.

    A kill at any point leaves the earlier state live, or the new one.
    """
    text = manifest.model_dump_json(indent=2)
    home = finish_folder(folder, index_dir / manifest.name, text, manifest.files)
    open_delta(home, to)  # as a reader does, before any reader can
    store.publish(index_dir, Pointer(manifest.generation, manifest.name))


def open_delta(folder: Path, generation: Manifest) -> Delta:
    """Check and read a delta of a generation.

    Raises:
        BrokenGeneration: its files do not match its manifest, or its generation is another one.
    """
    manifest = _read_manifest(folder)
    found = (manifest.generation, manifest.fingerprint, manifest.dim)
    if found != (generation.name, generation.fingerprint, generation.dim):
        raise BrokenGeneration(
            f"{folder} is a delta of generation {manifest.generation} by an encoder "
            f"{manifest.fingerprint[:12]} and not of {generation.name} by "
            f"{generation.fingerprint[:12]}. {REPUBLISH}"
        )
    check_facts(folder, manifest.files, DATA_FILES, REPUBLISH)
    try:
        rows = _Rows.model_validate_json((folder / ROWS).read_text(encoding="utf-8"))
        vectors = np.load(folder / VECTORS, allow_pickle=False)
        check_rows(vectors, manifest.dim)
        if not len(vectors) == len(rows.ids) == len(rows.row_digests) == manifest.count:
            raise ValueError(
                f"{len(vectors)} rows, {len(rows.ids)} ids, {len(rows.row_digests)} digests"
            )
        if list(rows.ids) != sorted(set(rows.ids)) or set(rows.ids) & set(rows.gone):
            raise ValueError("its ids are not unique and sorted")
    except (OSError, ValueError) as error:
        raise BrokenGeneration(f"{folder} cannot be used: {error}. {REPUBLISH}") from error
    return Delta(manifest, rows.ids, rows.row_digests, vectors, rows.gone)


def prune_deltas(index_dir: Path) -> list[str]:
    """Remove all but the live delta; returns their names. Readers have theirs in memory."""
    pointer = read_pointer(index_dir)
    kept = pointer and pointer.delta
    removed = [
        path for path in index_dir.iterdir() if NAME.fullmatch(path.name) and path.name != kept
    ]
    for path in removed:
        remove_folder(path)
    return [path.name for path in removed]


def _read_manifest(folder: Path) -> DeltaManifest:
    path = folder / FILE
    try:
        if not NAME.fullmatch(folder.name):
            raise ValueError("this is no name of a delta")
        schema = json.loads(path.read_text(encoding="utf-8"))["schema_version"]
        if schema != SCHEMA:
            raise ValueError(f"it has schema {schema} and this version reads {SCHEMA}")
        manifest = DeltaManifest.model_validate_json(path.read_text(encoding="utf-8"))
        if manifest.name != folder.name:
            raise ValueError(f"it belongs to {manifest.name}")
    except ValidationError as error:
        what = first_problem(error)
        raise BrokenGeneration(f"{path} cannot be used: {what}. {REPUBLISH}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenGeneration(f"{path} cannot be used: {error!s}. {REPUBLISH}") from error
    return manifest
