import pytest

from web.api import text_params
from web.app.errors import ParameterError


def test_facet_weights_are_parsed_and_missing_ones_mean_the_default():
    assert text_params.facet_weights(" colour:2 , shape:0.5") == {"colour": 2, "shape": 0.5}
    assert text_params.facet_weights("") is None


@pytest.mark.parametrize(
    "text", ["colour", "colour:", "colour:x", "colour:-1", "colour:nan", "colour:inf", ":2", ",",
             "colour:1_0", "colour:\u0663", "colour:1e7",
             "colour:1,colour:2"],
)  # fmt: skip
def test_facet_weights_of_another_form_are_refused(text):
    with pytest.raises(ParameterError):
        text_params.facet_weights(text)


def test_seed_weights_are_parsed_and_an_id_may_contain_colons():
    assert text_params.seed_weights("a:2, sku:7:0.5") == {"a": 2, "sku:7": 0.5}
    assert text_params.seed_weights("") == {}


@pytest.mark.parametrize("text", ["a", "a:", ":1", "a:x", "a:1,a:2"])
def test_seed_weights_of_another_form_are_refused(text):
    with pytest.raises(ParameterError):
        text_params.seed_weights(text)


def test_seeds_come_in_both_forms_each_once():
    assert text_params.seed_ids(("a, b,,a", "e"), ("c,d",)) == ("a", "b", "e", "c,d")


def test_seeds_may_not_be_missing():
    with pytest.raises(ParameterError, match="ids is missing"):
        text_params.seed_ids((" , ",), ())
