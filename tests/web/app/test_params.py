import pytest
from werkzeug.datastructures import MultiDict

from web.app.errors import ParameterError
from web.app.params import int_param, text_param


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
