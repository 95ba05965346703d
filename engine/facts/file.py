"""The snapshot of a generation's facts on disk: one file, written whole, mapped by all processes.

It starts with a signature, the SHA-256 of all that follows, the length of the header and the header
in JSON; the arrays follow, each at a multiple of `ALIGN` bytes. It is a cache: what is missing, of
another version or harmed is made anew from the catalogue.
"""

import hashlib
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalog.files import replacing
from engine.arrays import UInt8
from engine.facts.columns import WORDED, FactColumns
from engine.facts.postings import Postings
from engine.facts.words import Words

FILE = "facts.bin"
SIGNATURE = b"LKFACTS3"
ALIGN = 64
_PREFIX = len(SIGNATURE) + 32 + 8
_BLOCK = 1 << 24
_COLUMNS = {
    "flags": "<u1",
    "gender": "<i4",
    "age_group": "<i4",
    "kind": "<i4",
    "group": "<i4",
    "price": "<i8",
    "design": "<i4",
    "colour": "<i4",
    "pattern": "<i4",
    "category": "<i4",
}
_POSTINGS = {"first": "<u8", "second": "<u8", "starts": "<i8", "rows": "<i4"}
_PARTS = {"text": "<u1", "starts": "<i8"}  # of words
_WORDS = {f"{field}_{part}": kind for field in WORDED for part, kind in _PARTS.items()}
_ARRAYS = _COLUMNS | _POSTINGS | _WORDS


class FactsFileError(ValueError):
    """The file is missing, harmed, or of something else."""


class Saved(NamedTuple):
    """Columns, the words of their codes, and the version of the catalogue that they are of.

    ``names`` is the digest of what named their designs; see `engine.facts.design_names`.
    """

    columns: FactColumns
    words: dict[str, list[str]]
    mark: str
    names: str


class _Header(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    mark: str
    names: str
    generation: str
    count: int = Field(ge=0)
    words: dict[str, list[str]]
    lengths: dict[str, int]


def save(path: Path, saved: Saved, generation: str) -> None:
    """Write a snapshot of a generation's facts in one step; several processes may.

    Raises:
        OSError: there is no space, or the folder cannot be written. Nothing remains.
    """
    columns = saved.columns
    arrays = {name: getattr(columns, name) for name in _COLUMNS}
    arrays |= {name: getattr(columns.postings, name) for name in _POSTINGS}
    for field, words in columns.words.items():
        arrays |= {f"{field}_{part}": getattr(words, part) for part in _PARTS}
    header = _Header(
        mark=saved.mark,
        names=saved.names,
        generation=generation,
        count=len(columns),
        words=saved.words,
        lengths={name: len(values) for name, values in arrays.items()},
    )
    text = header.model_dump_json().encode()
    text += b" " * (-(_PREFIX + len(text)) % ALIGN)
    digest = hashlib.sha256()
    with replacing(path, durable=False) as draft, draft.open("r+b") as stream:
        stream.write(SIGNATURE + bytes(32))
        for part in _parts(text, arrays):
            digest.update(part)
            stream.write(part)
        stream.seek(len(SIGNATURE))
        stream.write(digest.digest())


def load(path: Path, count: int, generation: str) -> Saved:
    """Map a snapshot of ``count`` rows of a generation, after its digest was checked.

    Raises:
        FactsFileError: it is missing, harmed, or of something else.
    """
    try:
        whole = np.memmap(path, dtype=np.uint8, mode="r").view(np.ndarray)
    except (OSError, ValueError) as error:
        raise FactsFileError(f"{path} cannot be read: {error}") from error
    start = whole[:_PREFIX].tobytes()
    if len(start) < _PREFIX or not start.startswith(SIGNATURE):
        raise FactsFileError(f"{path} is no file of facts of this version")
    digest = hashlib.sha256(whole[len(SIGNATURE) + 32 :].data).digest()
    if digest != start[len(SIGNATURE) : -8]:
        raise FactsFileError(f"{path} was altered: its digest does not match")
    length = int.from_bytes(start[-8:], "little")
    try:
        header = _Header.model_validate(json.loads(whole[_PREFIX : _PREFIX + length].tobytes()))
        if (header.count, header.generation) != (count, generation):
            raise FactsFileError(f"{path} has {header.count} rows of {header.generation}")
        arrays = _map(whole, _PREFIX + length, header.lengths)
    except (ValidationError, KeyError, TypeError) as error:
        raise FactsFileError(f"{path} cannot be used: {error}") from error
    postings = Postings(**{name: arrays[name] for name in _POSTINGS})
    words = {
        field: Words(**{part: arrays[f"{field}_{part}"] for part in _PARTS}) for field in WORDED
    }
    of_rows = {name: arrays[name] for name in _COLUMNS}
    columns = FactColumns(**of_rows, postings=postings, words=words)
    return Saved(columns, header.words, header.mark, header.names)


def _parts(header: bytes, arrays: dict[str, NDArray[Any]]) -> Iterator[bytes]:
    """What follows the digest, in pieces of bounded size."""
    yield len(header).to_bytes(8, "little") + header
    for name, dtype in _ARRAYS.items():
        values = np.ascontiguousarray(arrays[name], dtype=dtype).view(np.uint8)
        bounds = [*range(0, len(values), _BLOCK), len(values)]
        for start, end in pairwise(bounds):
            yield values[start:end].tobytes()
        yield bytes(-len(values) % ALIGN)


def _map(whole: UInt8, start: int, lengths: dict[str, int]) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for name, dtype in _ARRAYS.items():
        size = lengths[name] * np.dtype(dtype).itemsize
        arrays[name] = whole[start : start + size].view(dtype)
        start += size + -size % ALIGN
    return arrays
