"""Feeds on standard input, in gzip or in zip, laid out as plain files first; bounded."""

import gzip
import io
import os
import re
import shutil
import sys
import tempfile
import time
import zipfile
import zlib
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from catalog.errors import SourceError
from catalog.files import replacing
from catalog.photos.photo_file import SUFFIXES
from catalog.settings import CatalogSettings
from catalog.sources.file_format import BY_SUFFIX

STDIN = "-"
GZIP, ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
CHUNK = 1 << 20
FEEDS = frozenset({*BY_SUFFIX, ".txt", ".xml", ".json"})
TAIL = 66_000  # bytes at a zip's end that say how many files it has
MAX_LISTING = 32_000_000  # bytes of a zip's list of files, which is held in memory


def save_stdin(folder: Path, settings: CatalogSettings) -> Path:
    """Standard input as a file in ``folder``.

    Raises:
        SourceError: it is larger than the limit, or the disk is full.
    """
    return _save(sys.stdin.buffer, folder / "stdin", "Standard input", settings.max_feed_bytes)


def is_gzip(path: Path) -> bool:
    """Whether the file's first bytes say so."""
    return _start(path).startswith(GZIP)


def is_zip(path: Path) -> bool:
    """Whether the file's first bytes say so."""
    return _start(path).startswith(ZIP)


def unpack_gzip(path: Path, folder: Path, settings: CatalogSettings) -> Path:
    """The file inside, in ``folder``, under its name without ``.gz``.

    Raises:
        SourceError: it is cut off or broken, or larger than the limit; nothing of it is used then.
    """
    stem = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    with gzip.open(path) as stream:
        return _save(
            cast(IO[bytes], stream), folder / (stem or "feed"), str(path), settings.max_feed_bytes
        )


def unpack_zip(path: Path, name: str, settings: CatalogSettings) -> Path:
    """The feed and the photos of a zip, in a folder of the home that stays: photos live there.

    Photos of an earlier zip of this name stay too; those that are the same are not written again.

    Returns:
        The folder, or the one folder in it that has everything.

    Raises:
        SourceError: it is broken, has names that lead outside, or more bytes than the limit.
    """
    folder = settings.resolved_home / "unpacked" / re.sub(r"[^\w.-]+|^\.+", "_", name)[:80]
    try:
        _check_listing(path)
        with zipfile.ZipFile(path) as archive:
            members = [entry for entry in archive.infolist() if _wanted(entry)]
            total = sum(entry.file_size for entry in members)
            if total > settings.max_feed_bytes:
                raise _too_large(str(path), settings.max_feed_bytes)
            kept = {_inside(folder, entry, path) for entry in members}
            _drop_old_feeds(folder, kept)
            for entry in members:
                _extract(archive, entry, _inside(folder, entry, path))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise SourceError(f"{path} cannot be unpacked: {error}. Is it cut off?") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be unpacked to {folder}: {error}.") from error
    tops = {PurePosixPath(entry.filename).parts[0] for entry in members}
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
            f"{shown} is cut off or broken ({error}). Copy it again; nothing of it was used."
        ) from error
    except OSError as error:
        raise SourceError(
            f"{shown} cannot be laid out in {to.parent}: {error}. TMPDIR names another folder."
        ) from error
    return to


def _too_large(shown: str, limit: int) -> SourceError:
    return SourceError(
        f"{shown} has more than {limit:,} bytes unpacked (LOOKALIKE_MAX_FEED_BYTES)."
    )


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(4)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error


def _check_listing(path: Path) -> None:
    """Refuse a zip whose list of files is too long to be held, before it is read."""
    with path.open("rb") as stream:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(max(0, size - TAIL))
        tail = stream.read()
    end = tail.rfind(b"PK\x05\x06")
    listing = int.from_bytes(tail[end + 12 : end + 16], "little")
    if end < 0:
        raise zipfile.BadZipFile("its list of files is missing")
    if listing > MAX_LISTING or b"PK\x06\x07" in tail[:end]:
        raise SourceError(f"{path} has too many files in it. Unpack it, and give its folder.")


def _wanted(entry: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(entry.filename).parts
    hidden = any(part.startswith((".", "__MACOSX")) and part != ".." for part in parts)
    suffix = PurePosixPath(entry.filename).suffix.lower()
    return not entry.is_dir() and not hidden and suffix in FEEDS | SUFFIXES


def _inside(folder: Path, entry: zipfile.ZipInfo, path: Path) -> Path:
    parts = PurePosixPath(entry.filename).parts
    if ".." in parts or parts[0].startswith("/") or "\\" in entry.filename:
        raise SourceError(f"{path} has a file {entry.filename!r}, which leads outside of it.")
    return folder.joinpath(*parts)


def _drop_old_feeds(folder: Path, kept: set[Path]) -> None:
    for old in folder.rglob("*"):
        if old.is_file() and old.suffix.lower() in FEEDS and old not in kept:
            old.unlink()


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, to: Path) -> None:
    # The checksum is told by the time's fraction, so that a photo is read again if it changed.
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
class LaidOut:
    """A plain file or folder; ``shown``, ``name`` and ``root`` are those of what it was in."""

    path: Path
    name: str | None = None
    shown: str | None = None
    root: Path | None = None


def lay_out(given: LaidOut, stack: ExitStack, settings: CatalogSettings) -> LaidOut:
    """Standard input, gzip and zip as plain files; others as they are.

    Args:
        given: a file, a folder or "-", and what else is known of it.
        stack: removes the files that are for one reading only, when it is closed.
        settings: the limit, and the home that what a zip has goes to.

    Raises:
        SourceError: it cannot be unpacked, or is larger than the limit.
    """
    path, laid = given.path, given
    if str(path) == STDIN:
        plain = save_stdin(_scratch(stack), settings)
        laid = LaidOut(plain, given.name or "stdin", "standard input", Path.cwd().resolve())
    if laid.path.is_file() and is_gzip(laid.path):
        plain = unpack_gzip(laid.path, _scratch(stack), settings)
        root = laid.root or path.resolve().parent
        laid = LaidOut(plain, laid.name or path.name, laid.shown or str(path), root)
    if laid.path.is_file() and is_zip(laid.path):
        name = laid.name or path.name
        laid = LaidOut(unpack_zip(laid.path, name, settings), name, laid.shown or str(path))
    return laid


def _scratch(stack: ExitStack) -> Path:
    folder = tempfile.TemporaryDirectory(prefix="lookalike-", ignore_cleanup_errors=True)
    return Path(stack.enter_context(folder))
