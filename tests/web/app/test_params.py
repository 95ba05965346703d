import math

import pytest
from werkzeug.datastructures import MultiDict

from web.app.errors import ParameterError
from web.app.params import int_param, number, text_param


def test_blank_parameters_mean_nothing():
    args = MultiDict([("q", "  "), ("page", "")])
    assert text_param(args, "q") is None
    assert int_param(args, "page", default=7, low=1, high=9) == 7


@pytest.mark.parametrize("page", ["0", "-1", "1.5", "two", "99999999999999999999", "²", "1e3"])
def test_a_number_of_another_form_is_refused(page):
    with pytest.raises(ParameterError, match="page must be a whole number from 1"):
        int_param(MultiDict({"page": page}), "page", default=1, low=1, high=1_000_000)


def test_a_long_or_unprintable_text_is_refused():
    with pytest.raises(ParameterError, match="200 characters, not 201"):
        text_param(MultiDict({"q": "x" * 201}), "q")
    with pytest.raises(ParameterError, match="cannot be printed"):
        text_param(MultiDict({"colour": "red\x00"}), "colour")


@pytest.mark.parametrize("text", ["1_0", "\u0663", "\uff11", "inf", "nan", "0x1", "1 0", "", "."])
def test_only_plain_digits_are_a_number(text):
    assert math.isnan(number(text))


def test_a_number_may_have_a_sign_a_point_and_an_exponent():
    assert [number(text) for text in ("3", " 0.5 ", ".5", "-1", "1e3")] == [3, 0.5, 0.5, -1, 1000]
