import json

import pytest
from click.testing import CliRunner, Result

from engine.commands.applications.search import search_command
from engine.encoders import loading
from tests.engine.applications.words.text_shop import TextEncoder, TextShop


@pytest.fixture(scope="module")
def text_shop(tmp_path_factory):
    shop = TextShop(tmp_path_factory.mktemp("texts"))
    yield shop
    shop.db.close()


@pytest.fixture
def search(monkeypatch, text_shop):
    monkeypatch.setattr(loading, "load", lambda settings, name=None: TextEncoder())

    def run(*arguments: str) -> Result:
        env = {"LOOKALIKE_HOME": str(text_shop.settings.home)}
        return CliRunner().invoke(search_command, arguments, env=env, catch_exceptions=False)

    return run


def test_search_prints_what_each_product_meets(search):
    result = search("red dress under 13", "-k", "2")
    assert result.exit_code == 0
    assert "t001  Model 1 red Dresses  (red, dress)" in result.stdout


def test_search_says_what_it_changed(search):
    assert "Searched for 'green bags'." in search("greem bags").stderr
    assert "without them" in search("dress under 2").stderr
    nothing = search("qqqqzzzz")
    assert "'qqqqzzzz'" in nothing.stderr and "No product" in nothing.stderr


def test_search_as_json_has_the_documented_form(search):
    answer = json.loads(search("blue shirt", "--json", "--filter", "price_to=40").stdout)
    assert answer.keys() == {
        "generation",
        "understood",
        "corrected",
        "ignored",
        "relaxed",
        "by_look",
        "results",
    }
    assert answer["understood"] == {"category": ["Clothing > Shirts"], "colour": ["blue"]}
    assert answer["results"][0].keys() == {
        "product_id",
        "rank",
        "score",
        "similarity",
        "meets",
        "in_words",
    }


def test_like_changes_a_product(search):
    result = search("in green", "--like", "t001", "--json")
    answer = json.loads(result.stdout)
    assert answer["seeds"] == ["t001"] and answer["understood"] == {"colour": ["green"]}
    shown = search("with longer sleeves", "--like", "t001")
    assert "no sleeve to compare with" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["  "], "nothing to search for"),
        (["red", "--like", "nobody"], "nobody"),
        (["red", "-k", "0"], "k"),
        (["red", "--filter", "colour"], "FIELD=VALUE"),
    ],
)
def test_bad_input_is_a_plain_error(search, arguments, message):
    result = search(*arguments)
    assert result.exit_code != 0 and message in result.output
