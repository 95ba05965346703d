"""Parquet files of rows in a folder or an object store, each written whole and never changed.

A file is ``fingerprint=ENCODER/STAMP-ROWS-ID.parquet``: its name says when its newest row was
written and how many it has, so that a list of names is enough to count rows. Its columns are
``photo`` (string, ascending), ``vector`` (a list of D float32) and ``digest`` (16 bytes).
"""

import re
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from catalog.files import replacing
from engine.arrays import Float32
from engine.embedding.caches.cache import DIGEST, ROW, row_digest
from engine.errors import CacheError, SettingsError

FULL = 32_768  # rows of a file that is not merged again: 32 MB of rows of 240 numbers
GROUP = 2_048  # rows that are read at a time
LARGEST = 1 << 29  # bytes; no file of ours is near it
_FOLDER = "fingerprint="
_NAME = re.compile(r"(\d{20})-(\d{1,9})-[0-9a-f]{16}\.parquet")
_DRAFT = re.compile(r"\..+\.tmp")  # see `catalog.files.replacing`


class Part(NamedTuple):
    """A file: its name in the folder of its encoder, stamp in nanoseconds, rows and bytes."""

    fingerprint: str
    name: str
    stamp: int
    rows: int
    size: int


class Rows(NamedTuple):
    """Some rows ``(n, D)`` by content hash, and the hashes of rows that were harmed."""

    photos: list[str]
    vectors: Float32
    harmed: list[str]


class ParquetFiles:
    """The files under a folder's path or an address such as ``s3://bucket/path``.

    Raises:
        SettingsError: pyarrow knows no such address.
        CacheError: from every method, if the place cannot be read or written.
    """

    def __init__(self, place: str) -> None:
        self.shown = _without_secrets(place)
        with self.errors():
            try:
                if "://" in place:
                    self._fs, self._root = fs.FileSystem.from_uri(place)
                else:
                    self._fs = fs.LocalFileSystem()
                    self._root = str(Path(place).expanduser().resolve())
            except (pa.ArrowException, ValueError) as error:
                raise SettingsError(
                    f"LOOKALIKE_VECTOR_CACHE={self.shown} is no folder and no address of a store "
                    f"that pyarrow can open, such as s3://bucket/path: {error}"
                ) from error

    def parts(self, fingerprint: str) -> tuple[list[Part], list[str]]:
        """The files of an encoder, the latest first, and the names of files that are not ours."""
        parts, others = [], []
        for info in self._listed(f"{self._root}/{_folder(fingerprint)}"):
            found = _NAME.fullmatch(info.base_name)
            if found and info.is_file and info.size <= LARGEST:
                name, stamp, rows = info.base_name, int(found[1]), int(found[2])
                parts.append(Part(fingerprint, name, stamp, rows, info.size))
            elif not _DRAFT.fullmatch(info.base_name):
                others.append(info.base_name)
        return sorted(parts, key=lambda part: part.name, reverse=True), others

    def fingerprints(self) -> list[str]:
        """The encoders that have a folder."""
        names = [info.base_name for info in self._listed(self._root) if not info.is_file]
        return [unquote(name[len(_FOLDER) :]) for name in names if name.startswith(_FOLDER)]

    def read(self, part: Part) -> pa.Buffer:
        """All bytes of a file.

        Raises:
            FileNotFoundError: it is gone, as another process merged it with others.
        """
        with self.errors(), self._fs.open_input_file(self._path(part)) as stream:
            return stream.read_buffer()

    def open(self, part: Part) -> pa.NativeFile:
        """A file to read parts of; errors as `read`."""
        with self.errors():
            return self._fs.open_input_file(self._path(part))

    def write(
        self, fingerprint: str, photos: Sequence[str], vectors: Float32, stamp: int = 0
    ) -> Part:
        """Write a file of unlike photos in one step.

        Args:
            fingerprint: of the encoder.
            photos: content hashes, ascending.
            vectors: their rows ``(n, D)``.
            stamp: when the newest was written; 0 means now.
        """
        stamp = stamp or time.time_ns()
        name = f"{stamp:020}-{len(photos)}-{secrets.token_hex(8)}.parquet"
        part = Part(fingerprint, name, stamp, len(photos), 0)
        with self.errors():
            content = _as_parquet(fingerprint, photos, vectors)
            path = self._path(part)
            if isinstance(self._fs, fs.LocalFileSystem):
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                with replacing(Path(path)) as draft:
                    draft.write_bytes(content)
            else:  # an object appears when all of it is there
                with self._fs.open_output_stream(path) as stream:
                    stream.write(content)
        return part._replace(size=content.size)

    def remove(self, parts: Sequence[Part]) -> None:
        """Remove files; those that are gone already are no error."""
        with self.errors():
            for part in parts:
                with suppress(FileNotFoundError):
                    self._fs.delete_file(self._path(part))

    def remove_all(self, fingerprint: str) -> None:
        """Remove the folder of an encoder."""
        with self.errors(), suppress(FileNotFoundError):
            self._fs.delete_dir(f"{self._root}/{_folder(fingerprint)}")

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns errors of the place into `CacheError`, but for a file that is gone."""
        try:
            yield
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException) as error:
            raise CacheError(
                f"The vector cache {self.shown} cannot be used: {error}. Check the address, the "
                "rights and the free space, or choose another one by LOOKALIKE_VECTOR_CACHE. It is "
                "a cache: what it lacks is embedded again by `lookalike reindex`."
            ) from error

    def _listed(self, folder: str) -> list[fs.FileInfo]:
        with self.errors():
            found: list[fs.FileInfo] = self._fs.get_file_info(
                fs.FileSelector(folder, recursive=False, allow_not_found=True)
            )
        return found

    def _path(self, part: Part) -> str:
        return f"{self._root}/{_folder(part.fingerprint)}/{part.name}"


def rows_in(
    file: pq.ParquetFile, group: int, fingerprint: str, wanted: set[str] | pa.Array | None
) -> Rows:
    """The rows of a row group whose photos are wanted; None wants all.

    An array of a few photos is much faster than a set where a group has none of them.

    Raises:
        pyarrow.ArrowException, OSError, ValueError: the file is damaged or not ours.
    """
    photos = file.read_row_group(group, columns=["photo"])["photo"].combine_chunks()
    places = _places(photos, wanted)
    if not places:
        return Rows([], np.empty((0, width(file)), np.float32), [])
    table = file.read_row_group(group, columns=["vector", "digest"])
    blocks = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    vectors = blocks.reshape(len(photos), -1).astype(ROW, copy=False)
    digests = table["digest"].to_pylist()
    good, harmed = [], []
    for at in places:
        row, photo = vectors[at], photos[at].as_py()
        if digests[at] == row_digest(fingerprint, photo, row.tobytes()):
            if np.isfinite(row).all():
                good.append(at)
        else:
            harmed.append(photo)
    return Rows(
        photos.take(pa.array(good, pa.int64())).to_pylist(),
        vectors[good].astype(np.float32, copy=False),
        harmed,
    )


def _places(photos: pa.Array, wanted: set[str] | pa.Array | None) -> list[int]:
    if isinstance(wanted, pa.Array):
        return np.flatnonzero(pc.is_in(photos, value_set=wanted)).tolist()
    if wanted is None:
        return list(range(len(photos)))
    return [at for at, photo in enumerate(photos.to_pylist()) if photo in wanted]


def opened(source: pa.NativeFile | pa.Buffer) -> pq.ParquetFile:
    """A Parquet file with our columns.

    Raises:
        pyarrow.ArrowException, OSError, ValueError: the file is damaged or not ours.
    """
    file = pq.ParquetFile(source)
    types = {field.name: field.type for field in file.schema_arrow}
    vector = types.get("vector")
    lists = isinstance(vector, pa.FixedSizeListType) and vector.value_type == pa.float32()
    if not lists or types.get("photo") != pa.string() or types.get("digest") != pa.binary(DIGEST):
        raise ValueError("it has not the columns photo, vector and digest")
    return file


def width(file: pq.ParquetFile) -> int:
    """The length of the rows of a file."""
    return int(file.schema_arrow.field("vector").type.list_size)


def span(file: pq.ParquetFile, group: int) -> tuple[str, str] | None:
    """The first and the last photo of a row group, as far as the file says."""
    found = file.metadata.row_group(group).column(0).statistics
    return (str(found.min), str(found.max)) if found and found.has_min_max else None


def _as_parquet(fingerprint: str, photos: Sequence[str], vectors: Float32) -> pa.Buffer:
    matrix = np.ascontiguousarray(vectors, dtype=ROW)
    digests = [
        row_digest(fingerprint, photo, row.tobytes())
        for photo, row in zip(photos, matrix, strict=True)
    ]
    table = pa.table(
        {
            "photo": pa.array(photos, pa.string()),
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1]),
            "digest": pa.array(digests, pa.binary(DIGEST)),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        row_group_size=GROUP,
        compression="NONE",  # numbers and hashes have no repetition
        use_dictionary=False,
        write_statistics=["photo"],
    )
    return sink.getvalue()


def _folder(fingerprint: str) -> str:
    return _FOLDER + quote(fingerprint, safe="")


def _without_secrets(place: str) -> str:
    """An address without a name, a password and parameters, which may hold keys."""
    if "://" not in place:
        return place
    parts = urlsplit(place)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
