"""Draws a contact sheet: rows of labelled photos."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

THUMB = 116  # pixels of a photo's longer side
_LINE = 15  # pixels of a line of text
_TEXT = 12  # pixels of the font
_GAP, _MARGIN, _FRAME = 6, 16, 3
_INK, _SOFT, _PAPER = (35, 39, 43), (102, 112, 120), (251, 251, 250)
FRAMES = {"both": (0, 128, 94), "one": (230, 145, 0), "none": (214, 218, 222), "": _PAPER}


@dataclass(frozen=True)
class Cell:
    """A photo with lines of text below it; ``agrees`` (a key of `FRAMES`) chooses its frame."""

    image: Image.Image
    lines: tuple[str, ...]
    agrees: str = ""


@dataclass(frozen=True)
class Row:
    """A line of seeds and a line of results beside each other; ``heading`` stands above."""

    seeds: tuple[Cell, ...]
    results: tuple[Cell, ...]
    heading: str = ""


def draw_sheet(title: str, subtitle: str, rows: Sequence[Row]) -> bytes:
    """The sheet as a JPEG; the same rows always give the same bytes."""
    lines = max((len(cell.lines) for row in rows for cell in _cells(row)), default=0)
    width = THUMB + 2 * _FRAME + _GAP
    height = THUMB + 2 * _FRAME + lines * _LINE + _GAP
    columns = max((len(row.seeds) + len(row.results) for row in rows), default=0)
    head = 3 * _LINE + _MARGIN
    tops, bottom = [], _MARGIN + head
    for row in rows:
        bottom += _LINE + _GAP if row.heading else 0
        tops.append(bottom)
        bottom += height
    size = (max(2 * _MARGIN + columns * width + _GAP, 640), bottom + _MARGIN)
    sheet = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((_MARGIN, _MARGIN), title, _INK, _font(18))
    pen.text((_MARGIN, _MARGIN + 26), subtitle, _SOFT, _font(_TEXT))
    for row, top in zip(rows, tops, strict=True):
        if row.heading:
            at = (_MARGIN, top - _LINE - 2)
            pen.text(at, row.heading, _SOFT, _font(_TEXT))
        for column, cell in enumerate(_cells(row)):
            aside = 0 if column < len(row.seeds) else 2 * _GAP  # results stand apart
            _draw_cell(sheet, pen, cell, (_MARGIN + column * width + aside, top))
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=80, subsampling=0)
    return file.getvalue()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _cells(row: Row) -> tuple[Cell, ...]:
    return (*row.seeds, *row.results)


def _draw_cell(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, cell: Cell, corner: tuple[int, int]
) -> None:
    left, top = corner
    edge = THUMB + 2 * _FRAME
    box = (left, top, left + edge - 1, top + edge - 1)
    pen.rectangle(box, fill="white", outline=FRAMES[cell.agrees], width=_FRAME)
    image = cell.image
    middle = (left + (edge - image.width) // 2, top + (edge - image.height) // 2)
    sheet.paste(image, middle)
    font = _font(_TEXT)
    for at, line in enumerate(cell.lines):
        place = (left + 1, top + edge + 1 + at * _LINE)
        pen.text(place, fitting(line, edge, font), _INK if at == 0 else _SOFT, font)


def fitting(text: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """A text cut with an ellipsis so that it fits a width in pixels."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def thumbnail(image: Image.Image | None) -> Image.Image:
    """A photo at the size of a cell; grey for one that cannot be read."""
    if image is None:
        return Image.new("RGB", (THUMB, THUMB), (226, 229, 232))
    small = image.convert("RGB")
    scale = THUMB / max(small.size)
    size = (max(1, round(small.width * scale)), max(1, round(small.height * scale)))
    return small.resize(size, Image.Resampling.LANCZOS)
