"""The products of a contact sheet as labelled pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from PIL import Image

from engine.arrays import Int64
from engine.evaluation.coarse_colours import coarse_codes
from engine.evaluation.sheets.draw import Cell, thumbnail
from engine.labels.labels import UNKNOWN, LabelTable


@dataclass(frozen=True)
class Album:
    """N products with labels; ``open_photo`` reads the first photo of a row, None if unreadable."""

    table: LabelTable
    open_photo: Callable[[int], Image.Image | None]

    @cached_property
    def _thumbnails(self) -> dict[int, Image.Image]:
        return {}

    @cached_property
    def _colours(self) -> Int64:
        return coarse_codes(self.table)

    def seed(self, row: int, *more: str) -> Cell:
        """A product as a seed, with further lines."""
        return Cell(self._picture(row), (*self._words(row), *more))

    def result(self, row: int, score: float, agrees: str, *more: str) -> Cell:
        """A product as a result, with its cosine."""
        return Cell(self._picture(row), (*self._words(row), f"{score:.2f}", *more), agrees)

    def agreement(self, seed: int, row: int) -> str:
        """How a result agrees with its seed: in type and coarse colour, one of them, or none.

        Returns:
            A key of `engine.evaluation.sheets.draw.FRAMES`; "" where nothing is known.
        """
        columns = (self.table.columns["type"], self._colours)
        known = [codes for codes in columns if UNKNOWN not in (codes[seed], codes[row])]
        equal = sum(bool(codes[seed] == codes[row]) for codes in known)
        if not known:
            return ""
        return ("none", "one", "both")[equal]

    def _picture(self, row: int) -> Image.Image:
        if row not in self._thumbnails:
            self._thumbnails[row] = thumbnail(self.open_photo(row))
        return self._thumbnails[row]

    def _words(self, row: int) -> tuple[str, str]:
        kind, colour = (self.table.text(column, row) for column in ("type", "colour"))
        return kind or "no type", colour or "no colour"
