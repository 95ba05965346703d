"""Copies of what is small in a generation: PostgreSQL has its files, each home a copy of them.

The pointer is a row. A home follows it: its own ``CURRENT`` is a copy that is written when all
files are there, so whoever reads the home's folder sees what it would see without a server.
"""

import secrets
import shutil
from pathlib import Path

import psycopg

from catalog.files import sync
from engine.errors import BrokenGeneration
from engine.index.manifest import FILE, REBUILD, VERIFIED, Manifest
from engine.index.pointer import Pointer, follow_pointer, names_folders
from engine.index.stores.homes import Publisher, home_id, place_of
from engine.index.stores.postgres_session import SCHEMA, Connection

PIECE = 8_000_000  # bytes of a file in one row
CACHES = (VERIFIED, "facts.bin")  # of a home; they are not copied
COPYING = ".copying-"


def read_live(connection: Connection) -> Pointer | None:
    """The pointer; None if nothing was published.

    Raises:
        BrokenGeneration: its names are none of a generation and its delta, which name folders.
    """
    try:
        found = connection.execute(f"SELECT generation, delta FROM {SCHEMA}.live").fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    if found is None:
        return None
    live = Pointer(*found)
    if not names_folders(live):
        raise BrokenGeneration(f"{SCHEMA}.live names no generation ({live}). {REBUILD}")
    return live


def publisher(connection: Connection) -> Publisher | None:
    """The home that published the live generation; None if there is none, or nobody knows."""
    try:
        live = read_live(connection)
    except BrokenGeneration:
        return None
    if live is None:
        return None
    select = f"SELECT home, place FROM {SCHEMA}.generations WHERE name = %s"
    home, place = connection.execute(select, [live.generation]).fetchone() or (None, None)
    if home is None:
        return None
    select = f"SELECT content FROM {SCHEMA}.files WHERE folder = %s AND name = %s ORDER BY piece"
    parts = connection.execute(select, [live.generation, FILE]).fetchall()
    try:
        facts = Manifest.model_validate_json(b"".join(part for (part,) in parts))
    except ValueError:
        return None
    return Publisher(home, str(place), facts.encoder, facts.fingerprint)


def write_live(connection: Connection, index_dir: Path, to: Pointer) -> None:
    """Store the files of a generation and its delta, and point to them; in one transaction."""
    with connection.transaction():
        connection.execute(
            f"INSERT INTO {SCHEMA}.generations (name, home, place) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [to.generation, home_id(index_dir), place_of(index_dir)],
        )
        for folder in filter(None, to):
            _store(connection, index_dir / folder)
        connection.execute(
            f"INSERT INTO {SCHEMA}.live (generation, delta) VALUES (%s, %s) ON CONFLICT (one)"
            " DO UPDATE SET generation = EXCLUDED.generation, delta = EXCLUDED.delta",
            [to.generation, to.delta],
        )
        connection.execute(
            f"DELETE FROM {SCHEMA}.files WHERE folder LIKE 'delta-%%'"
            " AND folder IS DISTINCT FROM %s",
            [to.delta],
        )


def _store(connection: Connection, folder: Path) -> None:
    known = f"SELECT 1 FROM {SCHEMA}.files WHERE folder = %s LIMIT 1"
    if connection.execute(known, [folder.name]).fetchone() is not None:
        return
    insert = f"INSERT INTO {SCHEMA}.files (folder, name, piece, content) VALUES (%s, %s, %s, %b)"
    for path in sorted(folder.iterdir()):
        if path.name in CACHES or path.name.startswith("."):
            continue
        with path.open("rb") as stream:
            number = 0
            while (content := stream.read(PIECE)) or not number:
                connection.execute(insert, [folder.name, path.name, number, content])
                number += 1


def copy_live(connection: Connection, index_dir: Path, live: Pointer) -> None:
    """Make a home's folders and pointer those of the database; older copies are removed.

    Only for the holder of the lock, which also removes what killed processes were copying.

    Raises:
        BrokenGeneration: the database has no files of them.
    """
    for draft in index_dir.glob(f"{COPYING}*"):
        shutil.rmtree(draft, ignore_errors=True)
    for name in filter(None, live):
        if not (index_dir / name / FILE).exists():
            _copy(connection, index_dir, name)
    follow_pointer(index_dir, live)


def _copy(connection: Connection, index_dir: Path, name: str) -> None:
    draft = index_dir / f"{COPYING}{secrets.token_hex(4)}"
    draft.mkdir()
    try:
        select = f"SELECT name, content FROM {SCHEMA}.files WHERE folder = %s ORDER BY name, piece"
        with psycopg.ServerCursor(connection, "lookalike_files") as cursor:
            cursor.itersize = 2
            cursor.execute(select, [name], binary=True)
            for file, content in cursor:
                with (draft / Path(file).name).open("ab") as stream:
                    stream.write(content)
        if not (draft / FILE).exists():
            raise BrokenGeneration(f"The files of {name} are not in PostgreSQL any more. {REBUILD}")
        for path in draft.iterdir():
            sync(path)
        shutil.rmtree(index_dir / name, ignore_errors=True)  # one without a manifest
        draft.rename(index_dir / name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
