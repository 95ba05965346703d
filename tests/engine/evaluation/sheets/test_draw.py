import io

import numpy as np
import pytest
from PIL import Image, ImageFont

from engine.evaluation.sheets.draw import (
    FRAMES,
    THUMB,
    Cell,
    Row,
    draw_sheet,
    fitting,
    thumbnail,
)


def cell(colour, agrees=""):
    return Cell(thumbnail(Image.new("RGB", (30, 40), colour)), ("shirt", "red", "0.93"), agrees)


def opened(content):
    return Image.open(io.BytesIO(content)).convert("RGB")


def near(pixels, colour):
    return (np.abs(pixels.astype(int) - colour).max(axis=2) < 12).sum()


def test_a_sheet_shows_every_photo_with_the_frame_of_its_agreement():
    rows = [Row((cell("blue"),), (cell("red", "both"), cell("lime", "one"), cell("red", "none")))]
    sheet = opened(draw_sheet("Title", "subtitle", rows))
    pixels = np.asarray(sheet)
    area = THUMB * THUMB * 3 / 4
    assert near(pixels, (0, 0, 255)) == pytest.approx(area, rel=0.1)
    assert near(pixels, (255, 0, 0)) == pytest.approx(2 * area, rel=0.1)
    for agrees in ("both", "one"):
        assert near(pixels, FRAMES[agrees]) > THUMB * 4


def test_the_same_rows_give_the_same_bytes():
    rows = [Row((cell("blue"),), (cell("red"),), "before")]
    assert draw_sheet("T", "s", rows) == draw_sheet("T", "s", rows)
    assert draw_sheet("T", "s", rows) != draw_sheet("T", "t", rows)


def test_rows_of_any_length_and_none_are_drawn():
    long = Row((cell("blue"),) * 3, (cell("red"),) * 12)
    assert opened(draw_sheet("T", "s", [Row((), ()), long, Row((cell("blue"),), ())])).width > 1800
    assert opened(draw_sheet("T", "s", [])).width == 640


@pytest.mark.parametrize("size", [(1, 1), (10, 300), (4000, 20), (60, 80)])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_thumbnails_fit_a_cell(size, mode):
    small = thumbnail(Image.new(mode, size))
    assert max(small.size) == THUMB and small.mode == "RGB"


def test_a_photo_that_cannot_be_read_is_grey():
    pixels = np.asarray(thumbnail(None))
    assert (pixels == pixels[0, 0]).all()


def test_long_words_are_cut_with_an_ellipsis():
    font = ImageFont.load_default(12)
    assert fitting("shirt", 100, font) == "shirt"
    cut = fitting("accessory gift set of three", 60, font)
    assert cut.endswith("…") and font.getlength(cut) <= 60
    assert fitting("word", 1, font) == "…"
