"""CURRENT, the file that names the live generation and its delta; replaced by one rename.

Beside it, HISTORY names the generations that were live, in their order.
"""

import re
import shutil
from pathlib import Path
from typing import NamedTuple

from catalog.files import write_whole
from engine.errors import BrokenGeneration
from engine.index.manifest import FILE, NAME, REBUILD

CURRENT, HISTORY = "CURRENT", "HISTORY"
MAX_HISTORY = 100  # generations; few of them are still on disk


class Pointer(NamedTuple):
    """The folder names of the live generation, and of its delta if it has one."""

    generation: str
    delta: str | None = None


class Stamp(NamedTuple):
    """Identifies a state of the pointer, at the cost of one stat call."""

    mtime_ns: int
    inode: int


def pointer_stamp(index_dir: Path) -> Stamp | None:
    """The state of the pointer, or None if nothing has been published."""
    try:
        facts = (index_dir / CURRENT).stat()
    except FileNotFoundError:
        return None
    return Stamp(facts.st_mtime_ns, facts.st_ino)


def current_name(index_dir: Path) -> str | None:
    """The name of the live generation, or None if nothing has been published.

    Raises:
        BrokenGeneration: the pointer cannot be read, or holds no name.
    """
    pointer = read_pointer(index_dir)
    return None if pointer is None else pointer.generation


def read_pointer(index_dir: Path) -> Pointer | None:
    """Read the pointer; None if nothing has been published. The delta's name is not checked.

    Raises:
        BrokenGeneration: it cannot be read, or holds no name of a generation.
    """
    path = index_dir / CURRENT
    try:
        name, _, delta = path.read_text(encoding="utf-8").strip().partition("\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenGeneration(f"{path} cannot be read: {error}. {REBUILD}") from error
    if not NAME.fullmatch(name):
        raise BrokenGeneration(f"{path} names no generation ({name[:40]!r}). {REBUILD}")
    return Pointer(name, delta or None)


def write_pointer(index_dir: Path, to: Pointer) -> None:
    """Make a generation live, with or without a delta, in one step."""
    history = published(index_dir)
    if history[-1:] != [to.generation]:
        earlier = [name for name in history if name != to.generation]
        lines = [*earlier, to.generation][-MAX_HISTORY:]
        write_whole(index_dir / HISTORY, "".join(f"{name}\n" for name in lines))
    write_whole(index_dir / CURRENT, "".join(f"{name}\n" for name in to if name))


def published(index_dir: Path) -> list[str]:
    """The names of the last generations that were made live, the newest last.

    Their order is that of publishing, whatever the clock was. Empty if that is not known: in a home
    of an earlier version, or where the file is broken.
    """
    try:
        lines = (index_dir / HISTORY).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [name for name in lines if NAME.fullmatch(name)]


def names_folders(to: Pointer) -> bool:
    """Whether the names of a pointer from elsewhere are those of a generation and its delta."""
    number = "1" if to.delta is None else to.delta.removeprefix(f"delta-{to.generation}-")
    return bool(NAME.fullmatch(to.generation) and re.fullmatch("[1-9][0-9]*", number))


def is_followed(index_dir: Path, to: Pointer) -> bool:
    """Whether a home's pointer is one that several homes share, and it has the folders."""
    try:
        mine = read_pointer(index_dir)
    except BrokenGeneration:
        return False
    return mine == to and all((index_dir / name / FILE).exists() for name in to if name)


def follow_pointer(index_dir: Path, to: Pointer) -> None:
    """Make a pointer that several homes share that of one, which has its folders.

    Older copies are removed but for the last generation, which a reader may still be opening.
    """
    earlier = published(index_dir)
    write_pointer(index_dir, to)
    old = [index_dir / name for name in earlier[:-1] if name != to.generation]
    old += [path for path in index_dir.glob("delta-*") if _is_older(path.name, to)]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)


def _is_older(delta: str, live: Pointer) -> bool:
    """Whether a delta is of another generation, or replaced; not one that is being published."""
    generation, _, number = delta.removeprefix("delta-").rpartition("-")
    if generation != live.generation:
        return True
    return live.delta is not None and int(number) < int(live.delta.rpartition("-")[2])
