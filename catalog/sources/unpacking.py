"""Turns standard input, gzip and zip into plain files, within limits of size."""

import gzip
import io
import lzma
import os
import re
import shutil
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from catalog.errors import SourceError
from catalog.files import distinct_name, replacing
from catalog.photos.photo_file import SUFFIXES
from catalog.settings import CatalogSettings
from catalog.sources.file_format import BY_SUFFIX

STDIN = "-"
OLD_EXCEL_MAGIC = b"\xd0\xcf\x11\xe0"
GZIP_MAGIC, ZIP_MAGIC = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
CHUNK = 1 << 20
FEED_SUFFIXES = frozenset({*BY_SUFFIX, ".txt", ".xml", ".json"})
CORRUPT_ZIP = (  # what zipfile and its decompressors raise on broken bytes
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    OverflowError,
    struct.error,
)
ZIP_TAIL = 66_000  # bytes at a zip's end that contain the end of its directory
MAX_ZIP_DIRECTORY = 32_000_000  # bytes of a zip's list of files, which is read into memory


def save_stdin(folder: Path, settings: CatalogSettings) -> Path:
    """Writes standard input to a file in ``folder``.

    Raises:
        SourceError: it is larger than the limit, or cannot be written.
    """
    return _save(sys.stdin.buffer, folder / "stdin", "Standard input", settings.max_feed_bytes)


def is_gzip(path: Path) -> bool:
    """Whether a file is gzip, by its first bytes."""
    return _start(path).startswith(GZIP_MAGIC)


def is_zip(path: Path) -> bool:
    """Whether a file is a zip, by its first bytes."""
    return _start(path).startswith(ZIP_MAGIC)


def unpack_gzip(path: Path, folder: Path, settings: CatalogSettings) -> Path:
    """Decompresses a file to ``folder``, under its name without ``.gz``.

    Raises:
        SourceError: it is cut off or corrupt, or larger than the limit; nothing of it is used then.
    """
    stem = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    with gzip.open(path) as stream:
        return _save(
            cast(IO[bytes], stream), folder / (stem or "feed"), str(path), settings.max_feed_bytes
        )


def unpack_zip(path: Path, name: str, settings: CatalogSettings) -> Path:
    """Unpacks the feed and the photos of a zip to a folder of the home, where the photos stay.

    Photos of an earlier zip of the same name stay too; unchanged ones are not written again.

    Returns:
        The folder, or its only sub folder if that contains everything.

    Raises:
        SourceError: it is corrupt, has paths that lead outside, or more bytes than the limit.
    """
    folder = settings.resolved_home / "unpacked" / distinct_name(name)
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            if kind := workbook_kind(archive.namelist()):
                raise SourceError(f"{path} is {kind}. Save it as CSV, and ingest that file.")
            members = [entry for entry in archive.infolist() if _is_used(entry)]
            if not members:
                raise SourceError(
                    f"{path} contains no feed and no photo that could be read, only folders, other "
                    "files or nothing at all. Pack the feed itself, not a zip of it."
                )
            total = sum(entry.file_size for entry in members)
            if total > settings.max_feed_bytes:
                raise _too_large(str(path), settings.max_feed_bytes)
            kept = {_inside(folder, entry, path) for entry in members}
            _remove_old_feeds(folder, kept)
            for entry in members:
                _extract(archive, entry, _inside(folder, entry, path))
    except CORRUPT_ZIP as error:
        raise SourceError(f"{path} cannot be unpacked: {error}. It may be cut off.") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be unpacked to {folder}: {error}.") from error
    tops = {_parts(entry)[0] for entry in members}
    only = folder / tops.pop() if len(tops) == 1 else folder
    return only if only.is_dir() else folder


def _save(stream: IO[bytes], to: Path, shown: str, limit: int) -> Path:
    size = 0
    try:
        with to.open("wb") as out:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise _too_large(shown, limit)
                out.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(
            f"{shown} is cut off or corrupt ({error}). Copy it again; nothing of it was used."
        ) from error
    except OSError as error:
        raise SourceError(
            f"{shown} cannot be unpacked to {to.parent}: {error}. Set TMPDIR to another folder."
        ) from error
    return to


def _too_large(shown: str, limit: int) -> SourceError:
    return SourceError(
        f"{shown} has more than {limit:,} bytes when unpacked (LOOKALIKE_MAX_FEED_BYTES)."
    )


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(4)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error


def workbook_kind(names: Sequence[str]) -> str | None:
    """What a zip file is if it is a workbook of an office program, by its file names."""
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook"
    if "content.xml" in names and "mimetype" in names:
        return "an OpenDocument workbook"
    return "a Numbers workbook" if any(name.endswith(".iwa") for name in names) else None


def _check_directory(path: Path) -> None:
    """Refuses a zip whose list of files is too large for memory, before it is read."""
    with path.open("rb") as stream:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(max(0, size - ZIP_TAIL))
        tail = stream.read()
    end = tail.rfind(b"PK\x05\x06")
    directory_size = int.from_bytes(tail[end + 12 : end + 16], "little")
    if end < 0:
        raise zipfile.BadZipFile("its list of files is missing")
    if directory_size > MAX_ZIP_DIRECTORY or b"PK\x06\x07" in tail[:end]:
        raise SourceError(f"{path} contains too many files. Unpack it, and give its folder.")


def _is_used(entry: zipfile.ZipInfo) -> bool:
    """Whether a file of a zip is a feed or a photo, and not hidden."""
    parts = _parts(entry)
    hidden = any(part.startswith((".", "__MACOSX")) and part != ".." for part in parts)
    suffix = PurePosixPath(*parts).suffix.lower()
    return not entry.is_dir() and not hidden and suffix in FEED_SUFFIXES | SUFFIXES


def _parts(entry: zipfile.ZipInfo) -> tuple[str, ...]:
    """The parts of a file's path; some tools on Windows write backslashes between them."""
    return PurePosixPath(entry.filename.replace("\\", "/")).parts


def _inside(folder: Path, entry: zipfile.ZipInfo, path: Path) -> Path:
    parts = _parts(entry)
    if ".." in parts or parts[0].startswith("/") or re.match("[A-Za-z]:", parts[0]):
        raise SourceError(
            f"{path} contains a file {entry.filename!r}, whose path leads outside of the folder."
        )
    return folder.joinpath(*parts)


def _remove_old_feeds(folder: Path, kept: set[Path]) -> None:
    for old in folder.rglob("*"):
        if old.is_file() and old.suffix.lower() in FEED_SUFFIXES and old not in kept:
            old.unlink()


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, to: Path) -> None:
    # The fraction of the time holds the checksum, so that a changed photo is read again.
    seconds = int(time.mktime((*entry.date_time, 0, 0, -1)))
    stamp = seconds * 1_000_000_000 + entry.CRC % 1_000_000_000
    if to.is_file():
        found = to.stat()
        if (found.st_size, found.st_mtime_ns) == (entry.file_size, stamp):
            return
    to.parent.mkdir(parents=True, exist_ok=True)
    with replacing(to, durable=False) as draft:
        with archive.open(entry) as stream, draft.open("wb") as out:
            shutil.copyfileobj(stream, out, CHUNK)
        os.utime(draft, ns=(stamp, stamp))


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file or folder that needs no unpacking.

    Attributes:
        path: where it is.
        name: the source's name; None for that of the path.
        shown: the packed file or address that it comes from, for messages.
        root: the root of its photo paths; None for its own folder.
    """

    path: Path
    name: str | None = None
    shown: str | None = None
    root: Path | None = None


def unpack(given: PlainFile, stack: ExitStack, settings: CatalogSettings) -> PlainFile:
    """Writes standard input, gzip and zip to plain files; returns others as they are.

    Args:
        given: a file, a folder or "-".
        stack: removes temporary files when it is closed.
        settings: the limit, and the home that zips are unpacked to.

    Raises:
        SourceError: it cannot be unpacked, or is larger than the limit.
    """
    path, plain = given.path, given
    if str(path) == STDIN:
        saved = save_stdin(_scratch(stack), settings)
        plain = PlainFile(saved, given.name or "stdin", "standard input", Path.cwd().resolve())
    if plain.path.is_file() and is_gzip(plain.path):
        unpacked = unpack_gzip(plain.path, _scratch(stack), settings)
        root = plain.root or path.resolve().parent
        plain = PlainFile(unpacked, plain.name or path.name, plain.shown or str(path), root)
    if plain.path.is_file() and _start(plain.path) == OLD_EXCEL_MAGIC:
        shown = plain.shown or path
        raise SourceError(
            f"{shown} is an old Excel workbook. Save it as CSV, and ingest that file."
        )
    if plain.path.is_file() and is_zip(plain.path):
        name = plain.name or path.name
        plain = PlainFile(unpack_zip(plain.path, name, settings), name, plain.shown or str(path))
    return plain


def _scratch(stack: ExitStack) -> Path:
    folder = tempfile.TemporaryDirectory(prefix="lookalike-", ignore_cleanup_errors=True)
    return Path(stack.enter_context(folder))
