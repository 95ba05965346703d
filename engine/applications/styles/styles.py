"""`Styles`: which products belong together, as `lookalike clusters` found and stored it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from catalog.files import replacing
from engine.arrays import Float32, Int64
from engine.errors import BrokenStyles
from engine.product_ids import ProductIds

FILE = "styles.npz"
SCHEMA = 2
HEAD = (
    "made", "generation", "fingerprint", "wanted", "resolution", "next_number", "grouped",
    "changed",
)  # fmt: skip
AGAIN = "Run `lookalike clusters` to find the styles again."


@dataclass(frozen=True, slots=True)
class Style:
    """A group of products that look alike.

    Attributes:
        number: from 1; it stays while most of the style stays together.
        name: in plain words; no other style has it.
        words: of titles, which tell this style from others, the most telling first.
        medoid: the product that is most like all others of the style.
        size: its products.
    """

    number: int
    name: str
    words: tuple[str, ...]
    medoid: str
    size: int


@dataclass(frozen=True)
class Styles:
    """The styles of a catalogue at one moment.

    Attributes:
        made: when, in UTC as ISO 8601.
        generation: the index that they were found in.
        fingerprint: of its encoder.
        wanted: the number of styles that was asked for.
        resolution: of the grouping; see `engine.applications.styles.grouping`.
        next_number: the first number that no style ever had.
        grouped: the number of products when they were found.
        changed: how many products came or went since.
        listed: the S styles, the largest first.
        ids: ``(N,)`` the products, ascending.
        places: ``(N,)`` the style of each, as a place in ``listed``.
        closeness: ``(N,)`` float32, the cosine with the centre of the style.
        centres: ``(S, D)`` float32, unit rows.
    """

    made: str
    generation: str
    fingerprint: str
    wanted: int
    resolution: float
    next_number: int
    grouped: int
    changed: int
    listed: tuple[Style, ...]
    ids: ProductIds
    places: Int64
    closeness: Float32
    centres: Float32

    def __len__(self) -> int:
        return len(self.listed)

    @cached_property
    def _place_of(self) -> Mapping[int, int]:
        return {style.number: place for place, style in enumerate(self.listed)}

    @cached_property
    def _members(self) -> tuple[Int64, Int64]:
        """Rows by style, the most typical first, and where each style starts."""
        order = np.lexsort((-self.closeness, self.places))
        sizes = np.bincount(self.places, minlength=len(self.listed))
        return order, np.concatenate([[0], np.cumsum(sizes)])

    def find(self, number: int) -> Style | None:
        """The style of a number."""
        place = self._place_of.get(number)
        return None if place is None else self.listed[place]

    def rows(self, style: Style) -> Int64:
        """The rows of a style's products, the most typical first."""
        order, starts = self._members
        place = self._place_of[style.number]
        return order[starts[place] : starts[place + 1]]

    def members(self, style: Style, start: int = 0, most: int | None = None) -> list[str]:
        """The products of a style, the most typical first."""
        rows = self.rows(style)[start : None if most is None else start + most]
        found: list[str] = self.ids[rows].tolist()
        return found

    def of_product(self, product_id: str) -> Style | None:
        """The style of a product; None if it was not there yet."""
        row = self.ids.find(product_id)
        return None if row < 0 else self.listed[self.places[row]]

    def like(self, style: Style, most: int) -> list[Style]:
        """Other styles, those that look most like one first."""
        place = self._place_of[style.number]
        order = np.argsort(-(self.centres @ self.centres[place]), kind="stable")
        return [self.listed[one] for one in order[: most + 1].tolist() if one != place][:most]

    def nearest(self, row: Float32) -> Style:
        """The style whose centre is nearest to a row ``(D,)`` of the same encoder."""
        return self.listed[int(np.argmax(self.centres @ row))]

    def numbers_of(self, product_ids: Sequence[str]) -> Int64:
        """``(n,)`` int64: the number of each product's style, -1 for none."""
        rows = self.ids.rows(product_ids)
        numbers = np.array([style.number for style in self.listed], dtype=np.int64)
        return np.where(rows >= 0, numbers[self.places[np.maximum(rows, 0)]], -1)

    def save(self, path: Path) -> None:
        """Write them in one step: a reader sees the old ones or these.

        Raises:
            OSError: the file cannot be written.
        """
        head: dict[str, Any] = {"schema": SCHEMA, **{name: getattr(self, name) for name in HEAD}}
        head["styles"] = [
            [one.number, one.name, list(one.words), one.medoid, one.size] for one in self.listed
        ]
        path.parent.mkdir(parents=True, exist_ok=True)
        ids = np.array([one.encode() for one in self.ids], dtype=np.bytes_)
        with replacing(path) as draft, draft.open("wb") as stream:
            np.savez(
                stream,
                head=np.frombuffer(json.dumps(head).encode(), dtype=np.uint8),
                ids=ids,
                places=self.places.astype(np.int32),
                closeness=self.closeness,
                centres=self.centres,
            )

    @classmethod
    def load(cls, path: Path) -> "Styles | None":
        """Those of a file; None if there is none.

        Raises:
            BrokenStyles: it cannot be read, or its parts do not fit together.
        """
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as parts:
                head = json.loads(parts["head"].tobytes())
                schema = head.pop("schema")
                if schema == 1:
                    head |= {"grouped": len(parts["ids"]), "changed": 0}
                elif schema != SCHEMA:
                    raise ValueError("it is of another version")
                listed = tuple(
                    Style(number, name, tuple(words), medoid, size)
                    for number, name, words, medoid, size in head.pop("styles")
                )
                found = cls(
                    **head,
                    listed=listed,
                    ids=ProductIds(parts["ids"]),
                    places=parts["places"].astype(np.int64),
                    closeness=parts["closeness"],
                    centres=parts["centres"],
                )
                found.check()
                return found
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever zip, JSON or NumPy say of a harmed file
            raise BrokenStyles(f"{path} cannot be used: {error}. {AGAIN}") from error

    def check(self) -> None:
        """Check that the parts fit together.

        Raises:
            ValueError: they do not.
        """
        sizes = np.bincount(self.places, minlength=len(self.listed)).tolist()
        if sizes != [style.size for style in self.listed] or len(self.centres) != len(sizes):
            raise ValueError("its styles are not those of its products")
        if not len(self.ids) == len(self.places) == len(self.closeness):
            raise ValueError(f"{len(self.ids)} products, {len(self.places)} places")
