"""Files that several machines share: in a folder that all of them have, or in an object store (S3).

A file is written whole or not at all, and never changed: its name says what is in it.
"""

import errno
import io
import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

from catalog.files import replacing, write_whole

if TYPE_CHECKING:  # imported where an object store is used
    from pyarrow.fs import FileSystem

PIECE = 4_000_000  # bytes that are copied at a time
CONNECT_SECONDS = 5.0
REQUEST_SECONDS = 20.0  # without any byte
TRIES = 3
OPTIONS = {"region", "endpoint_override", "scheme"}
EXAMPLES = "a folder such as /mnt/shared/lookalike, or s3://BUCKET/FOLDER"


class SharedFile(NamedTuple):
    """A file right below a folder; ``modified`` is in seconds, by the clock of the place."""

    name: str
    size: int
    modified: float


class SharedFiles(Protocol):
    """The files below one address; keys are relative paths such as ``photos/ab/abcd``.

    All methods raise `OSError` where the folder or store cannot be used.
    """

    address: str

    def size(self, key: str) -> int | None:
        """The bytes of a file; None if there is none."""
        ...

    def read_into(self, key: str, to: IO[bytes], most: int | None = None) -> int:
        """Copy a file to a stream; the number of its bytes.

        Args:
            key: of the file.
            to: an open binary stream.
            most: nothing more than this is read.

        Raises:
            FileNotFoundError: there is none.
        """
        ...

    def write(self, key: str, content: bytes | Path) -> None:
        """Write a file from memory or from another file."""
        ...

    def names(self, folder: str) -> list[str]:
        """The names right below a folder, in order; none if there is no such folder."""
        ...

    def files(self, folder: str) -> list[SharedFile]:
        """The files right below a folder, in no order; none if there is no such folder."""
        ...

    def move(self, key: str, to: str) -> None:
        """Give a file another key, and the age of a new one; one that is not there is no error."""
        ...

    def remove(self, key: str) -> None:
        """Remove a file, or a folder with all files; one that is not there is no error."""
        ...


def check_address(address: str) -> str:
    """An address of shared files, if it can be one.

    Raises:
        ValueError: it cannot; the message says what to write.
    """
    parts = urlsplit(address)
    if "://" not in address:
        if not address.strip() or not Path(address).expanduser().is_absolute():
            raise ValueError(f"write {EXAMPLES}; a folder from its root on")
        return address
    if parts.scheme != "s3" or not parts.netloc or parts.fragment:
        raise ValueError(f"write {EXAMPLES}")
    if "@" in parts.netloc or ":" in parts.netloc:
        raise ValueError(
            "an address has no password: put the credentials into AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        )
    if unknown := set(parse_qs(parts.query, keep_blank_values=True)) - OPTIONS:
        raise ValueError(
            f"{sorted(unknown)[0]!r} is no option of s3://; those are {', '.join(sorted(OPTIONS))}"
        )
    return address


def open_shared(address: str) -> SharedFiles:
    """The files at an address that was checked; nothing is connected yet."""
    if "://" in address:
        return BucketFiles(address)
    return FolderFiles(Path(address).expanduser())


class FolderFiles:
    """See `SharedFiles`. The folder must exist: one that is not mounted is not created."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.address = str(root)

    def size(self, key: str) -> int | None:
        """See `SharedFiles`."""
        self._check()
        try:
            return (self._root / key).stat().st_size
        except FileNotFoundError:
            return None

    def read_into(self, key: str, to: IO[bytes], most: int | None = None) -> int:
        """See `SharedFiles`."""
        self._check()
        with (self._root / key).open("rb") as stream:
            return _copy(stream.read, to, most)

    def write(self, key: str, content: bytes | Path) -> None:
        """See `SharedFiles`."""
        self._check()
        path = self._root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            write_whole(path, content)
            return
        with replacing(path) as draft:
            shutil.copyfile(content, draft)

    def names(self, folder: str) -> list[str]:
        """See `SharedFiles`."""
        self._check()
        try:
            found = os.listdir(self._root / folder)  # noqa: PTH208 - names, not paths
        except FileNotFoundError:
            return []
        return sorted(name for name in found if not name.startswith("."))

    def files(self, folder: str) -> list[SharedFile]:
        """See `SharedFiles`."""
        self._check()
        found = []
        with suppress(FileNotFoundError), os.scandir(self._root / folder) as entries:
            for one in entries:
                with suppress(FileNotFoundError):  # it went meanwhile
                    facts = one.stat()
                    if one.is_file() and not one.name.startswith("."):
                        found.append(SharedFile(one.name, facts.st_size, facts.st_mtime))
        return found

    def move(self, key: str, to: str) -> None:
        """See `SharedFiles`."""
        self._check()
        (self._root / to).parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            os.utime(self._root / key)
            (self._root / key).replace(self._root / to)

    def remove(self, key: str) -> None:
        """See `SharedFiles`."""
        self._check()
        path = self._root / key
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def _check(self) -> None:
        if not self._root.is_dir():
            raise OSError(errno.ENODEV, "the folder is not there; is it mounted?", self.address)


class BucketFiles:
    """See `SharedFiles`. Credentials are those of the environment, as AWS's tools find them."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.address = f"s3://{parts.netloc}{parts.path}"
        self._prefix = f"{parts.netloc}{parts.path}".rstrip("/")
        self._options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self._opened: FileSystem | None = None

    def size(self, key: str) -> int | None:
        """See `SharedFiles`."""
        size: int | None = self._files.get_file_info(f"{self._prefix}/{key}").size
        return size

    def read_into(self, key: str, to: IO[bytes], most: int | None = None) -> int:
        """See `SharedFiles`."""
        with self._files.open_input_stream(f"{self._prefix}/{key}") as stream:
            return _copy(stream.read, to, most)

    def write(self, key: str, content: bytes | Path) -> None:
        """See `SharedFiles`."""
        # An object appears when its stream is closed, so never if this process is killed.
        path = f"{self._prefix}/{key}"
        with ExitStack() as opened:
            source = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
            opened.enter_context(source)
            try:
                with self._files.open_output_stream(path) as stream:
                    _copy(source.read, stream, None)
            except BaseException:
                with suppress(OSError):
                    self._files.delete_file(path)
                raise

    def names(self, folder: str) -> list[str]:
        """See `SharedFiles`."""
        from pyarrow.fs import FileSelector

        chosen = FileSelector(f"{self._prefix}/{folder}".rstrip("/"), allow_not_found=True)
        return sorted(one.base_name for one in self._files.get_file_info(chosen))

    def files(self, folder: str) -> list[SharedFile]:
        """See `SharedFiles`."""
        from pyarrow.fs import FileSelector, FileType

        chosen = FileSelector(f"{self._prefix}/{folder}", allow_not_found=True)
        return [
            SharedFile(one.base_name, one.size or 0, one.mtime_ns / 1e9)
            for one in self._files.get_file_info(chosen)
            if one.type == FileType.File
        ]

    def move(self, key: str, to: str) -> None:
        """See `SharedFiles`."""
        with suppress(FileNotFoundError):
            self._files.move(f"{self._prefix}/{key}", f"{self._prefix}/{to}")

    def remove(self, key: str) -> None:
        """See `SharedFiles`."""
        from pyarrow.fs import FileType

        path = f"{self._prefix}/{key}"
        kind = self._files.get_file_info(path).type
        if kind == FileType.Directory:
            self._files.delete_dir(path)
        elif kind == FileType.File:
            self._files.delete_file(path)

    @property
    def _files(self) -> "FileSystem":
        if self._opened is None:  # late: it must not be connected before a fork
            from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

            self._opened = S3FileSystem(
                connect_timeout=CONNECT_SECONDS,
                request_timeout=REQUEST_SECONDS,
                retry_strategy=AwsStandardS3RetryStrategy(max_attempts=TRIES),
                **self._options,
            )
        return self._opened


def _copy(read: Callable[[int], bytes], to: IO[bytes], most: int | None) -> int:
    size = 0
    while (most is None or size < most) and (
        piece := read(PIECE if most is None else min(PIECE, most - size))
    ):
        to.write(piece)
        size += len(piece)
    return size
