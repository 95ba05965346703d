"""Writes whole files: a reader, and a run after a kill, sees the old content or the new one."""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path


def write_whole(
    path: Path, content: str | bytes, *, mode: int | None = None, overwrite: bool = True
) -> None:
    """Writes a file in one step; text as UTF-8, with its line ends as they are.

    Args:
        path: the file; its folder must exist. A symbolic link is replaced, not followed.
        content: all of it.
        mode: the permissions, such as 0o600; None for what the process's umask allows.
        overwrite: False leaves a file that is already there as it is, also if another process
            writes it at the same time.

    Raises:
        OSError: it cannot be written; no draft remains. The old file is still there, unless only
            the last step failed, the flush of the folder.
    """
    with replacing(path, mode=mode, overwrite=overwrite) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def replacing(
    path: Path, *, mode: int | None = None, overwrite: bool = True, durable: bool = True
) -> Iterator[Path]:
    """Yields an empty draft in the same folder, which takes the name ``path`` after the block.

    Several threads and processes may write one file at once: the last to finish wins, or the
    first with ``overwrite=False``. A draft that a killed process left behind is removed by
    `remove_drafts`.

    Args:
        path: as in `write_whole`.
        mode: as in `write_whole`; the draft has it from the start.
        overwrite: as in `write_whole`.
        durable: flush the file and its folder to the disk before and after the rename. False is
            for caches: faster, but after a power cut the file may be empty.

    Raises:
        OSError: as `write_whole`; also what the block raises.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    permissions = 0o666 if mode is None else mode
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, permissions))
    try:
        yield draft
        if mode is not None:
            draft.chmod(mode)  # some libraries write a file of their own in the draft's place
        if durable:
            sync(draft)
        if overwrite:
            draft.replace(path)
        else:
            with suppress(FileExistsError):
                os.link(draft, path)  # unlike a rename, never replaces
    finally:
        draft.unlink(missing_ok=True)
    if durable:
        sync(path.parent)


def sync(path: Path) -> None:
    """Flushes a file, or the names in a folder, to the disk.

    Raises:
        OSError: it cannot be opened, or the disk does not take it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_drafts(path: Path) -> None:
    """Removes the drafts of a file that killed processes left. Nobody may be writing it."""
    for draft in path.parent.glob(f".{escape(path.name)}.????????.tmp"):
        draft.unlink(missing_ok=True)


def distinct_name(text: str, most: int = 80) -> str:
    """A name as `safe_name`, of at most ``most`` characters, that no other text has."""
    name = safe_name(text)
    if name and name == text and len(name) <= most:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name[: most - 9]}-{digest}"


def safe_name(text: str) -> str:
    """A text as the name of a file or folder: without separators, and not hidden."""
    return re.sub(r"[^\w.-]+|^\.+", "_", text)
