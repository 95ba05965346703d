"""The manifest of a generation, and the check of its files against it."""

import hashlib
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalog.files import replacing
from catalog.validation import first_problem
from engine.encoders.facets import FacetLayout
from engine.errors import BrokenGeneration

SCHEMA = 1
FILE = "manifest.json"
FILES = "annoy"  # the store of generations whose rows are in files
VERIFIED = "verified.txt"  # a cache: digests that were right, with size and times of their files
SETTLED_NS = 100_000_000  # since the last change of a file: a later one gets another time
NAME = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{8}")
REBUILD = "Run `lookalike reindex` to build a new generation; cached vectors are kept."


class FileFacts(BaseModel):
    """Size in bytes and SHA-256 of one file."""

    model_config = ConfigDict(frozen=True)

    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @classmethod
    def of(cls, path: Path) -> "FileFacts":
        """Measure a file."""
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return cls(size=path.stat().st_size, sha256=digest)


class Manifest(BaseModel):
    """The facts of a generation: what must be true of its files, and their origin.

    Attributes:
        schema_version: of the manifest.
        name, created: of the generation.
        metric, dim, count: of its rows.
        photos, failed: the number of different photos of its rows, and of those that could not
            be read.
        facets, weights, photo_weights: the blocks of a row, their default weights, and those of
            a search by photo; see `layout`.
        close: facet -> the cosine that one random pair of products in a hundred exceeds.
        encoder, fingerprint: the encoder that computed the rows.
        trees: number of trees in the settings.
        trees_found: number that Annoy counts in the file; see `engine.index.annoy_index.build`.
        search_k: nodes that a query by the default facet weights inspects.
        asked_search_k: the same in the settings, 0 for automatic.
        seed: of Annoy's random generator.
        recall_at_10, recall_sample: measured recall, and the number of seeds that it is over.
        catalogue: the catalogue's watermark when it was built.
        photos_digest: SHA-256 of all products and their photos at that time.
        files: name -> size and digest.
        store: what holds the rows and their index; see `engine.index.stores`.
        search_k_by_facet, recall_by_facet: facet -> nodes that a query by it alone inspects, and
            the measured recall; empty in earlier versions.
        search_k_by_own: the same, of facets that have an index of their own
            (`engine.index.stores.tuning`): nodes of that one.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA
    name: str
    created: str
    metric: str
    dim: int = Field(gt=0)
    count: int = Field(gt=0)
    photos: int = Field(ge=0)
    failed: int = Field(ge=0)
    facets: dict[str, tuple[int, int]]
    weights: dict[str, float]
    photo_weights: dict[str, float] = Field(default_factory=dict)
    close: dict[str, float]
    encoder: str
    fingerprint: str
    trees: int = Field(gt=0)
    trees_found: int = Field(gt=0)
    search_k: int = Field(gt=0)
    asked_search_k: int = Field(ge=0)
    seed: int
    recall_at_10: float = Field(ge=0, le=1)
    recall_sample: int = Field(ge=0)
    catalogue: str
    photos_digest: str
    files: dict[str, FileFacts]
    store: str = FILES
    search_k_by_facet: dict[str, int] = Field(default_factory=dict)
    recall_by_facet: dict[str, float] = Field(default_factory=dict)
    search_k_by_own: dict[str, int] = Field(default_factory=dict)

    def as_text(self) -> str:
        """As JSON; a generation in files has no store in it, as in earlier versions."""
        left_out = {"store"} if self.store == FILES else None
        return self.model_dump_json(indent=2, exclude=left_out)

    @property
    def layout(self) -> FacetLayout:
        """The facet blocks of a row and their default weights."""
        return FacetLayout(self.facets, self.weights, self.photo_weights)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest in a generation's folder.

    Raises:
        BrokenGeneration: it is missing, truncated, invalid or of another schema or generation.
    """
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8")
        manifest = Manifest.model_validate_json(text)
        layout = manifest.layout
    except ValidationError as error:
        what = first_problem(error)
        raise BrokenGeneration(f"{path} cannot be used: {what}. {REBUILD}") from error
    except (OSError, ValueError) as error:  # also invalid UTF-8, or facets that overlap
        raise BrokenGeneration(f"{path} cannot be used: {error}. {REBUILD}") from error
    if manifest.schema_version != SCHEMA:
        raise BrokenGeneration(
            f"{path} has schema {manifest.schema_version} and this version of Lookalike reads "
            f"{SCHEMA}. {REBUILD}"
        )
    if manifest.name != folder.name or layout.dim != manifest.dim:
        raise BrokenGeneration(
            f"{path} is of generation {manifest.name} with {layout.dim} facet columns, not of "
            f"{folder.name} with {manifest.dim}. {REBUILD}"
        )
    return manifest


def check_files(folder: Path, manifest: Manifest, names: tuple[str, ...]) -> None:
    """Check size and digest of the named files against the manifest.

    Raises:
        BrokenGeneration: a file is missing, truncated or altered.
    """
    check_facts(folder, manifest.files, names, REBUILD)


def check_facts(
    folder: Path, facts: Mapping[str, FileFacts], names: tuple[str, ...], next_step: str
) -> None:
    """Check size and digest of the named files.

    A digest that was right is not computed again, in no process, until the file is written or
    replaced, which changes what the system says of it: reading a large index takes seconds.

    Args:
        folder: their folder.
        facts: name -> size and digest, from a manifest.
        names: the files that are checked.
        next_step: what to do about a broken file.

    Raises:
        BrokenGeneration: a file is missing, truncated or altered.
    """
    verified = _read_verified(folder)
    known = len(verified)
    for name in names:
        path = folder / name
        expected = facts.get(name)
        if expected is None:
            raise BrokenGeneration(f"{folder / FILE} does not list {name}. {next_step}")
        try:
            stat, now = path.stat(), time.time_ns()
            size = stat.st_size
            state = f"{expected.sha256} {size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"
            if state in verified:
                continue
            found = FileFacts.of(path) if size == expected.size else None
        except OSError as error:
            raise BrokenGeneration(f"{path} cannot be read: {error}. {next_step}") from error
        if found is None:
            raise BrokenGeneration(
                f"{path} has {size:,} bytes and should have {expected.size:,}. {next_step}"
            )
        if found != expected:
            raise BrokenGeneration(f"{path} was altered: its digest does not match. {next_step}")
        if now - stat.st_ctime_ns > SETTLED_NS:
            verified.add(state)
    if len(verified) > known:
        with suppress(OSError), replacing(folder / VERIFIED, durable=False) as draft:
            draft.write_text("\n".join(sorted(verified)), encoding="utf-8")


def _read_verified(folder: Path) -> set[str]:
    try:
        return set((folder / VERIFIED).read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return set()
