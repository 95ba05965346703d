"""The panel's words: every language has all of them, and the API and the panel speak them."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest

from catalog.records import Facts
from catalog.sample.shapes.palette import COLOURS
from engine.recommendation.explanations import reasons
from tests.web.page_text import text_of
from web.app.context import EXTENSION
from web.words.languages import LANGUAGES, language_of, words_of

ITEM = "t-shirt-blue-1"
PLACES = re.compile(r"\{\w+\}")


def test_german_and_french_are_among_the_languages():
    assert LANGUAGES[0] == "en" and {"de", "fr"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_all_words_with_the_same_places_to_fill(language):
    english, words = words_of("en"), words_of(language)
    for part in ("labels", "reasons", "colours", "map"):
        known, given = getattr(english, part), getattr(words, part)
        assert given.keys() == known.keys(), part
        for name, text in given.items():
            assert text.strip() == text != "", name
            assert set(PLACES.findall(text)) == set(PLACES.findall(known[name])), name


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_no_text_was_left_in_english(language):
    english, words = words_of("en"), words_of(language)
    same = [name for name, text in words.labels.items() if text == english.labels[name]]
    same += [name for name, text in words.reasons.items() if text == name]
    assert same == []


def test_every_colour_of_the_sample_shop_has_its_word():
    assert {*COLOURS} <= words_of("en").colours.keys()


def facts(colour, pattern, category, group):
    """Facts of a seed and a result."""
    nothing = np.array([None, None], dtype=object)
    known = dict.fromkeys(Facts.__dataclass_fields__, nothing)
    pairs = {"colour": colour, "pattern": pattern, "category": category, "group_id": group}
    return Facts(**{**known, **{k: np.array(v, dtype=object) for k, v in pairs.items()}})


def test_every_reason_of_the_engine_is_known_in_every_language():
    """What `reasons` says of seeds and results that share, or do not share, each thing."""
    same, other, unknown = ("navy", "navy"), ("navy", "red"), (None, None)
    found = set()
    for colour, pattern, category, group, cosine in itertools.product(
        (same, other, unknown), (same, other, unknown), (same, other), (same, other), (0.0, 0.9)
    ):
        known = facts(colour, pattern, category, group)
        for names in (("shape", "colour", "pattern"), ("look",), ("shape",), ("shape", "fit")):
            cosines = {name: 0.9 if name == "shape" else cosine for name in names}
            close = dict.fromkeys(names, 0.5)
            found.update(reasons(cosines, close, known, 0, 1))
    assert {"same cut in red", "same design in red", "close fit", "very similar look"} <= found
    for language in LANGUAGES[1:]:
        told = {text: words_of(language).reason(text) for text in found}
        assert [text for text, said in told.items() if text == said] == []
        assert not [said for said in told.values() if PLACES.search(said)]
    assert words_of("de").reason("same cut in red") == "gleicher Schnitt in Rot"
    assert words_of("fr").reason("same cut in red") == "même coupe en rouge"
    assert words_of("de").reason("same cut in snow leopard") == "gleicher Schnitt in snow leopard"
    assert words_of("en").reason("same cut in red") == "same cut in red"


def test_a_locale_that_is_not_here_is_english():
    names = ("de", "DE_at", "fr-CA", "es", "", None, "deutsch")
    assert [language_of(name) for name in names] == ["de", "de", "fr", "en", "en", "en", "en"]


def first_reasons(client, address, **more):
    answer = client.post(address, **more) if more else client.get(address)
    return {reason for one in answer.get_json()["results"] for reason in one["reasons"]}


def test_the_api_gives_reasons_in_the_language_that_is_asked_for(client):
    address = f"/api/v1/products/{ITEM}/similar?k=6"
    usual = first_reasons(client, address)
    assert "same colour" in usual
    german = first_reasons(client, f"{address}&locale=de_AT")
    assert german == {words_of("de").reason(text) for text in usual} and "gleiche Farbe" in german
    assert first_reasons(client, f"{address}&locale=es") == usual
    assert first_reasons(client, address) == usual  # what is remembered is of its language
    lists = "/api/v1/wishlist/similar"
    assert "même couleur" in first_reasons(client, f"{lists}?ids={ITEM}&locale=fr")
    for locale, text in (("fr", "même couleur"), ("de", "gleiche Farbe"), (None, "same colour")):
        body = {"ids": [ITEM], "locale": locale}
        assert text in first_reasons(client, lists, json=body)
    assert client.get(f"{address}&locale=<b>").status_code == 400


def test_the_server_s_panel_is_in_one_language(client):
    page = text_of(client.get(f"/panel/{ITEM}?embed=1&layout=carousel&saved=&locale=de"))
    for text in ("Ähnliche Artikel", "Nächste Artikel", "Wunschliste: ", "gleiche Farbe"):
        assert text in page
    assert "same colour" not in page and "Next items" not in page
    own = text_of(client.get(f"/panel/{ITEM}?embed=1&locale=fr&heading=Voyez aussi"))
    assert "Voyez aussi" in own and "Articles similaires" not in own


def test_the_shop_s_setting_chooses_where_nobody_asks(client, app):
    shop = app.extensions[EXTENSION]
    address = f"/api/v1/products/{ITEM}/similar"
    before = client.get(address)
    with pytest.MonkeyPatch.context() as patch:
        german = replace(shop.own, locale="de_DE")
        patch.setattr(type(shop), "own", property(lambda _: german))
        assert "gleiche Farbe" in first_reasons(client, address)
        assert "same colour" in first_reasons(client, f"{address}?locale=en")
        panel = text_of(client.get(f"/panel/{ITEM}?embed=1"))
        assert "Ähnliche Artikel" in panel
        assert 'locale="de_DE"><template' in panel  # the script says the rest
        assert client.get(address).headers["ETag"] != before.headers["ETag"]
