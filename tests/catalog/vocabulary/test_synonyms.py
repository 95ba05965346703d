"""Synonyms, which a shop can extend; replaced words are kept as attributes."""

import pytest

from catalog.errors import SettingsError
from catalog.records import ProductRecord
from catalog.sample.shapes.palette import COLOURS
from catalog.vocabulary.synonyms import Synonyms


def record(colour=None, *category):
    return ProductRecord(product_id="1", title="t", line=1, colour=colour, category=category)


def test_synonyms_are_replaced():
    done = Synonyms.load(None).apply(record("GRAU", "Women", "Tee"))
    assert (done.colour, done.category) == ("grey", ("Women", "T-shirts"))
    assert done.attributes == {"original_colour": "GRAU", "original_category": "Women > Tee"}


@pytest.mark.parametrize("colour", [None, "taupe", *COLOURS])
def test_canonical_and_unknown_words_stay(colour):
    assert Synonyms.load(None).apply(record(colour, "Hats")) == record(colour, "Hats")


def test_a_shop_extends_the_table(tmp_path):
    path = tmp_path / "words.toml"
    path.write_text('[colours]\nsand = ["Beige"]\nsky = ["blue"]\n')
    words = Synonyms.load(path)
    assert words.apply(record("beige")).colour == "sand"
    assert words.apply(record("Blue")).colour == "sky"
    assert words.apply(record("gray")).colour == "grey"


@pytest.mark.parametrize("text", ["[sizes]\na = []", "[colours]\na = 1", "[colours", "colours = 1"])
def test_an_invalid_file(tmp_path, text):
    (tmp_path / "w.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"w\.toml"):
        Synonyms.load(tmp_path / "w.toml")


@pytest.mark.parametrize(
    ("given", "colour"),
    [
        ("Red/Blue", "red/blue"),
        ("Blue & Red", "blue/red"),
        ("rot/blau", "red/blue"),
        ("Navy | White, red", "navy/white/red"),
        ("Rosso", "red"),
        ("Red/Unknown", "Red/Unknown"),
        ("Dark Red", "Dark Red"),
        ("red/red", "red"),
    ],
)
def test_several_colours(given, colour):
    record = ProductRecord("1", "One", 1, colour=given)
    assert Synonyms.load(None).apply(record).colour == colour
