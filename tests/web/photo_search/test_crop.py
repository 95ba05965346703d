import numpy as np
import pytest
from PIL import Image
from werkzeug.datastructures import MultiDict

from web.app.errors import ParameterError
from web.photo_search.crop import Crop, proposed_crop


def test_a_text_names_left_top_width_and_height():
    assert Crop.of_text("0.1, 0.2,0.5,0.6") == Crop(0.1, 0.2, 0.5, 0.6)
    assert Crop.of_text("0,0,1,1").whole
    assert Crop.of_text(" ") is None


@pytest.mark.parametrize(
    "text",
    ["1,2", "a,b,c,d", "0,0,1,1,1", "-0.1,0,1,1", "0.6,0,0.5,1", "0,0,0.04,1", "nan,0,1,1",
     "0,0,inf,1", "1,1,1,1", "0,0,0,0", "\u0660,0,1,1", "0_0,0,1,1", "0,0,1,", ",,,"],
)  # fmt: skip
def test_what_is_no_part_of_a_photo_is_refused_with_an_example(text):
    with pytest.raises(ParameterError, match=r"0\.1,0\.2,0\.5,0\.6"):
        Crop.of_text(text)


def fields(left="", top="", width="", height=""):
    return MultiDict(
        {"crop_left": left, "crop_top": top, "crop_width": width, "crop_height": height}
    )


def test_a_form_s_region_is_fitted_into_the_photo():
    assert Crop.of_form(MultiDict()).whole
    assert Crop.of_form(fields("10", "20", "50", "60.5")) == Crop(0.1, 0.2, 0.5, 0.605)
    assert Crop.of_form(fields("60", "-5", "70", "1e9")) == Crop(0.6, 0, 0.4, 1)
    assert Crop.of_form(fields("99", "0", "3", "0")) == Crop(0.95, 0, 0.05, 0.05)


@pytest.mark.parametrize("text", ["wide", "nan", "1e999", "1,5"])
def test_a_field_that_is_no_number_is_refused(text):
    with pytest.raises(ParameterError, match="crop_width must be a number"):
        Crop.of_form(fields(width=text))


def test_it_cuts_the_pixels_that_it_names():
    image = Image.fromarray(np.arange(100, dtype=np.uint8).reshape(10, 10))
    cut = np.asarray(Crop(0.2, 0.5, 0.3, 0.2).of(image))
    assert cut.tolist() == [[52, 53, 54], [62, 63, 64]]
    assert Crop().of(image) is image
    assert Crop(0.95, 0.95, 0.05, 0.05).of(Image.new("RGB", (3, 2000))).size == (1, 100)


def test_its_percents_lead_back_to_it():
    crop = Crop(0.125, 0.2, 0.5, 0.604)
    form = MultiDict({name: str(value) for name, value in crop.percents().items()})
    assert Crop.of_form(form) == crop


def test_the_garment_s_part_is_proposed():
    photo = Image.new("RGB", (300, 400), (240, 238, 235))
    photo.paste((30, 60, 120), (90, 80, 210, 240))
    crop = proposed_crop(photo)
    assert crop is not None
    left, top, width, height = crop.shares()
    assert 0.24 <= left <= 0.31 and 0.15 <= top <= 0.21
    assert 0.38 <= width <= 0.5 and 0.38 <= height <= 0.5
    assert proposed_crop(Image.new("RGB", (300, 400), "white")) is None
