"""Copies of generations and deltas: to the shared files, and from there to a home.

shared files
└── index/
    ├── 20261123T101500-1a2b3c4d/           manifest.json, written last, the files that
    │                                       it lists, and PUBLISHER: which home wrote them
    └── delta-20261123T101500-1a2b3c4d-3/

What is copied to a home is checked before it gets its name there: the manifest by its digest, which
the pointer has, and each file by the digest in the manifest.
"""

import hashlib
import io
import json
import re
import secrets
import shutil
from pathlib import Path

from pydantic import BaseModel, ValidationError

from catalog.files import sync
from catalog.shared_files import SharedFiles
from engine.errors import BrokenGeneration
from engine.index.manifest import FILE, NAME, REBUILD, FileFacts, Manifest, check_facts
from engine.index.stores.homes import Publisher, home_id, place_of

FOLDER = "index"
PUBLISHER = "PUBLISHER"  # beside a manifest: the home's id and its place, a line each
COPYING = ".copying-"
MOST_MANIFEST, MOST_PUBLISHER = 10_000_000, 10_000  # bytes
OURS = re.compile(rf"{NAME.pattern}|delta-{NAME.pattern}-[1-9][0-9]*")
PLAIN = re.compile(r"[\w-][\w.-]{0,99}", re.ASCII)  # the name of a file


class Listing(BaseModel):
    """What a manifest, of a generation or a delta, says of its files."""

    files: dict[str, FileFacts]


def upload(shared: SharedFiles, folder: Path) -> str:
    """Copy a finished folder of a home to the shared files; the digest of its manifest.

    One that is there already stays as it is.
    """
    manifest = (folder / FILE).read_bytes()
    key = f"{FOLDER}/{folder.name}"
    if shared.size(f"{key}/{FILE}") != len(manifest):
        for name in json.loads(manifest)["files"]:
            shared.write(f"{key}/{name}", folder / name)
        by = f"{home_id(folder.parent)}\n{place_of(folder.parent)}\n"
        shared.write(f"{key}/{PUBLISHER}", by.encode())
        shared.write(f"{key}/{FILE}", manifest)
    return hashlib.sha256(manifest).hexdigest()


def publisher(shared: SharedFiles, generation: str) -> Publisher | None:
    """The home that copied a generation to the shared files; None if nobody knows.

    Raises:
        OSError: the shared files cannot be read.
    """
    by, manifest = io.BytesIO(), io.BytesIO()
    try:
        shared.read_into(f"{FOLDER}/{generation}/{PUBLISHER}", by, MOST_PUBLISHER)
        shared.read_into(f"{FOLDER}/{generation}/{FILE}", manifest, MOST_MANIFEST)
        home, _, place = by.getvalue().decode().strip().partition("\n")
        facts = Manifest.model_validate_json(manifest.getvalue())
    except (FileNotFoundError, ValueError):
        return None
    return Publisher(home, place, facts.encoder, facts.fingerprint)


def download(shared: SharedFiles, index_dir: Path, name: str, digest: str) -> None:
    """Copy a folder of the shared files to a home, checked.

    Raises:
        BrokenGeneration: a file is missing, or another one than was published.
        OSError: the shared files cannot be read, or the home cannot be written.
    """
    draft = index_dir / f"{COPYING}{secrets.token_hex(4)}"
    draft.mkdir(parents=True)
    try:
        _fetch(shared, f"{FOLDER}/{name}/{FILE}", draft / FILE, MOST_MANIFEST)
        text = (draft / FILE).read_bytes()
        if hashlib.sha256(text).hexdigest() != digest:
            raise BrokenGeneration(
                f"The manifest of {name} in {shared.address} is not what was published. {REBUILD}"
            )
        try:
            files = Listing.model_validate_json(text).files
        except ValidationError as error:
            raise BrokenGeneration(f"The manifest of {name} cannot be read. {REBUILD}") from error
        for file, facts in files.items():
            if not PLAIN.fullmatch(file):
                raise BrokenGeneration(f"{name} has a file of an odd name. {REBUILD}")
            _fetch(shared, f"{FOLDER}/{name}/{file}", draft / file, facts.size + 1)
        check_facts(draft, files, tuple(files), REBUILD)
        for path in draft.iterdir():
            sync(path)
        shutil.rmtree(index_dir / name, ignore_errors=True)  # a half or harmed one
        draft.rename(index_dir / name)
        sync(index_dir)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _fetch(shared: SharedFiles, key: str, to: Path, most: int) -> None:
    try:
        with to.open("wb") as stream:
            shared.read_into(key, stream, most)
    except FileNotFoundError as error:
        raise BrokenGeneration(
            f"{shared.address}/{key} is not there. Check LOOKALIKE_SHARED_INDEX. If it is right: "
            f"{REBUILD}"
        ) from error


def prune_shared(shared: SharedFiles, generations: list[str], delta: str | None) -> None:
    """Remove all but these from the shared files; only for the holder of the lock.

    That also removes what killed processes had begun to copy.
    """
    for name in shared.names(FOLDER):
        is_generation = NAME.fullmatch(name) is not None
        if (
            name not in generations
            if is_generation
            else name.startswith("delta-") and name != delta
        ):
            shared.remove(f"{FOLDER}/{name}")
