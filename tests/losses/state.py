"""The whole state of a home as comparable values, to find lost and duplicated data."""

import re
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select, text

from catalog.database.database import Database
from catalog.database.models import FetchRow, PhotoRow, ProductRow, SourceRow
from catalog.errors import MigrationNeeded
from catalog.settings import CatalogSettings
from engine.errors import NoGeneration
from engine.facts.file import FILE as FACTS
from engine.index.manifest import NAME, VERIFIED
from engine.index.merged import open_merged
from engine.settings import EngineSettings

Row = tuple[Any, ...]
Photos = tuple[Row, ...]
MADE = re.compile(rf"{NAME.pattern}|-[0-9]+(?=/)")  # in the names of folders
CACHE = re.compile(rf"({FACTS}|{VERIFIED})|\.({FACTS}|{VERIFIED})\.[0-9a-f]{{8}}\.tmp")
# Counters and times, which depend on the number of runs and not on the contents.
IGNORED = {"number", "changed", "source_id", "id", "product_number", "completed_at"}


@dataclass(frozen=True)
class State:
    """The state of a home.

    ``products`` and ``photos`` are by product id, in the order of their first ingest; ``rows`` is
    the live generation by id; ``cached`` are pairs of fingerprint and photo; ``files`` are the
    other files below the home.
    """

    schema: str
    products: dict[str, Row]
    photos: dict[str, Photos]
    sources: dict[str, Row]
    rows: dict[str, np.ndarray]
    fingerprint: str
    cached: frozenset[tuple[str, str]]
    fetches: dict[str, Row]
    files: frozenset[str]


def state_of(home: Path, address: str | None = None) -> State:
    """Reads everything and checks that each part is consistent.

    Args:
        home: the home.
        address: of its database; that of the home unless given.
    """
    rows, fingerprint = _index(home)
    cached, files = _cached(EngineSettings(home=home).vectors_file), _files(home)
    settings = CatalogSettings(home=home, database_url=address)
    try:
        opened = Database.open(settings)
    except MigrationNeeded:
        assert not rows, "an index without a catalogue"
        return State("", {}, {}, {}, {}, "", cached, {}, files)
    with opened as db, db.read() as connection:
        if db.engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        products = _rows(connection, ProductRow, ProductRow.number)
        photos = _rows(connection, PhotoRow, PhotoRow.product_number, PhotoRow.position)
        sources = _rows(connection, SourceRow, SourceRow.name)
        fetches = _rows(connection, FetchRow, FetchRow.address)
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    ids = {row["number"]: row["product_id"] for row in products}
    by_product: dict[str, list[dict[str, Any]]] = {}
    for row in photos:  # a photo without a product would fail here
        by_product.setdefault(ids[row["product_number"]], []).append(row)
    for product_id, mine in by_product.items():
        places = [row["position"] for row in mine]
        assert places == list(range(len(mine))), f"{product_id} has photos at {places}"
    duplicated = [one for one, count in Counter(ids.values()).items() if count > 1]
    assert not duplicated, f"{duplicated} are stored twice"
    return State(
        schema=str(revision),
        products={row["product_id"]: _values(row, home) for row in products},
        photos={one: tuple(_values(row, home) for row in mine) for one, mine in by_product.items()},
        sources={row["name"]: _values(row, home) for row in sources},
        rows=rows,
        fingerprint=fingerprint,
        cached=cached,
        fetches={row["address"]: (row["content_hash"], row["code"]) for row in fetches},
        files=files,
    )


def differences(found: State, wanted: State) -> list[str]:
    """The differences between two states, one line each."""
    lines = []
    for name in ("schema", "fingerprint", "sources", "files", "cached", "fetches"):
        have, want = getattr(found, name), getattr(wanted, name)
        if have != want:
            lines.append(f"{name}: {have!r}, not {want!r}")
    for name in ("products", "photos"):
        have, want = getattr(found, name), getattr(wanted, name)
        lines += [f"{name} of {one} lost" for one in want.keys() - have.keys()]
        lines += [f"{name} of {one} superfluous" for one in have.keys() - want.keys()]
        lines += [
            f"{name} of {one}: {have[one]}, not {want[one]}"
            for one in have.keys() & want.keys()
            if have[one] != want[one]
        ]
    if list(found.products) != list(wanted.products):
        lines.append("products were ingested in another order")
    if not same_rows(found.rows, wanted.rows):
        lines.append(
            f"the index has {sorted(found.rows)}, not {sorted(wanted.rows)}, or other rows"
        )
    return lines


def same_rows(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Whether two generations have equal rows."""
    return one.keys() == other.keys() and all(
        np.allclose(one[key], other[key], atol=1e-6) for key in one
    )


def _rows(connection: Any, table: Any, *order: Any) -> list[dict[str, Any]]:
    found = connection.execute(select(table.__table__).order_by(*order)).mappings()
    return [dict(row) for row in found]


def _values(row: dict[str, Any], home: Path) -> Row:
    """A row without counters, with values as text and the home's path replaced."""
    return tuple(
        (name, str(value).replace(str(home), "HOME"))
        for name, value in row.items()
        if name not in IGNORED
    )


def _index(home: Path) -> tuple[dict[str, np.ndarray], str]:
    """The live generation's rows by id; opening it checks all its files."""
    try:
        generation = open_merged(EngineSettings(home=home).index_dir)
    except NoGeneration:
        return {}, ""
    rows = np.array(generation.vectors[np.arange(len(generation.ids))])
    return dict(zip(generation.ids.tolist(), rows, strict=True)), generation.manifest.fingerprint


def _cached(path: Path) -> frozenset[tuple[str, str]]:
    if not path.exists():
        return frozenset()
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name='vectors'")
        if tables.fetchone() is None:  # killed before the table was created
            return frozenset()
        return frozenset(connection.execute("SELECT fingerprint, photo FROM vectors"))
    finally:
        connection.close()


def _files(home: Path) -> frozenset[str]:
    """All other files below the home, with names of generations replaced; caches left out.

    Whether these are there depends on the time and on who reads: each is made anew if missing.
    So does a draft of one, which a killed reader leaves; `lookalike tidy` takes it after a day.
    """
    names = set()
    for path in home.rglob("*"):
        name = path.relative_to(home).as_posix()
        cache = CACHE.fullmatch(path.name)
        if (
            path.is_file()
            and not cache
            and not name.startswith(("catalog.db", "vectors.db", "rejects/"))
        ):
            names.add(MADE.sub("MADE", name))
    return frozenset(names)
