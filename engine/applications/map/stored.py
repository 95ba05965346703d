"""`StoredMap`: a map as `lookalike map` wrote it, and what changed since."""

import json
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from engine.applications.map import parts
from engine.arrays import Bool, Int64
from engine.errors import BrokenMap
from engine.product_ids import ProductIds
from engine.search.live_index import LiveGeneration

AGAIN = "Run `lookalike map` to make it again."
NAMES = (
    *("made", "generation", "count", "total", "left_out"),
    *("chunk", "sprite", "layouts", "attributes"),
)


@dataclass(frozen=True)
class MapAge:
    """How a map differs from the index: products that came since, and those that are gone."""

    new: int
    gone: int


@dataclass(frozen=True)
class StoredMap:
    """A map of N products; its files are never changed.

    Attributes:
        folder: of its files, see `engine.applications.map.parts`; its name is that of the map.
        head: what its file `parts.HEAD` holds.
    """

    folder: Path
    head: dict[str, Any]

    @classmethod
    def load(cls, folder: Path) -> "StoredMap":
        """That of a folder.

        Raises:
            BrokenMap: it cannot be read, or lacks files.
        """
        try:
            head = json.loads((folder / parts.HEAD).read_text(encoding="utf-8"))
            if head["schema"] != parts.SCHEMA:
                raise ValueError("it is of another version")
            found = cls(folder, {name: head[name] for name in NAMES})
            found.check()
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise BrokenMap(f"{folder} cannot be used: {error}. {AGAIN}") from error
        return found

    def check(self) -> None:
        """Check that the files are there and have the sizes that the number of products says.

        Raises:
            ValueError: one has not.
            OSError: one is not there.
        """
        sizes = {parts.COLOURS: 2 * len(self)}
        sizes |= {parts.PLACES.format(at): 4 * len(self) for at, _ in enumerate(self.layouts)}
        sizes |= {parts.CODES.format(at): len(self) for at, _ in enumerate(self.head["attributes"])}
        for name, size in sizes.items():
            if (self.folder / name).stat().st_size != size:
                raise ValueError(f"{name} has not {size:,} bytes")
        if not len(self) == len(self._ids[0]) == len(self._ids[1]):
            raise ValueError(f"{parts.IDS} has not {len(self):,} products")
        last = parts.TEXTS.format((len(self) - 1) // self.head["chunk"])
        (self.folder / last).stat()

    def __len__(self) -> int:
        return int(self.head["count"])

    @property
    def name(self) -> str:
        """Its name."""
        return self.folder.name

    @property
    def layouts(self) -> list[str]:
        """What it is laid out by."""
        found: list[str] = self.head["layouts"]
        return found

    @cached_property
    def _ids(self) -> tuple[ProductIds, Int64]:
        """Its products by their ids, ascending, and the row of each."""
        with np.load(self.folder / parts.IDS, allow_pickle=False) as found:
            return ProductIds(found["ids"]), found["rows"].astype(np.int64)

    def row_of(self, product_id: str) -> int | None:
        """The row of a product; None if it is not on the map."""
        ids, rows = self._ids
        place = ids.find(product_id)
        return None if place < 0 else int(rows[place])

    def gone(self, live: LiveGeneration) -> Bool:
        """``(N,)`` bool: which of its products the shop has no longer.

        Args:
            live: the live index with the catalogue's facts at this moment.
        """
        ids, rows = self._ids
        generation = live.generation
        found = self._in_generation.get(generation.name)
        if found is None:
            found = generation.ids.rows(ids.tolist())
            self._in_generation.clear()
            self._in_generation[generation.name] = found
        here = np.flatnonzero(found >= 0)
        facts = live.facts.snapshot().columns(found[here])
        missing = np.ones(len(self), dtype=bool)
        missing[rows[here[np.asarray(facts.known & ~facts.retired)]]] = False
        return missing

    @cached_property
    def _in_generation(self) -> dict[str, Int64]:
        """Name of the last generation -> rows of its products in it: 0.2 s for 200,000 products."""
        return {}

    def gone_bits(self, live: LiveGeneration) -> str:
        """The same for a script: a bit of each row, the lowest first, as base64; empty: none is."""
        gone = self.gone(live)
        return (
            b64encode(np.packbits(gone, bitorder="little").tobytes()).decode() if gone.any() else ""
        )

    def age(self, ids: ProductIds) -> MapAge:
        """How it differs from an index.

        Args:
            ids: the products of the index.
        """
        known = int((ids.rows(self._ids[0].tolist()) >= 0).sum())
        left_out = self.head["left_out"]  # products of the index that were retired, or too many
        return MapAge(max(0, len(ids) - known - left_out), len(self) - known)
