import pytest

from engine.applications.words.vocabulary import LiveVocabulary, ShopVocabulary
from engine.applications.words.wishes import Wishes


@pytest.fixture(scope="module")
def vocabulary(text_shop):
    return ShopVocabulary.of(text_shop.catalogue)


def fields(wishes: Wishes) -> list[tuple[str, str]]:
    return [(wish.phrase, wish.field) for wish in wishes.wishes]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a red dress", [("red", "colour"), ("dress", "category")]),
        ("robe rouge", [("rouge", "colour")]),
        ("frock", [("frock", "category")]),  # a synonym
        ("dres", [("dres", "category")]),  # not written to its end
        ("women's shirts", [("womens", "gender"), ("shirts", "category")]),
        ("maxi dress", [("maxi", "attributes.length"), ("dress", "category")]),
        ("knee length", [("knee length", "attributes.length")]),
        ("xyzzy", []),
    ],
)
def test_phrases_mean_values_of_the_shop(vocabulary, text, found):
    read = fields(Wishes.read(text, vocabulary))
    assert [(phrase, field) for phrase, field in read if field != "age_group"] == found


def test_wishes_for_one_field_are_alternatives(vocabulary):
    wanted = Wishes.read("black or red bag", vocabulary).filter_of()
    assert wanted.colour == ("black", "red") and wanted.category == ("Bags",)


def test_the_look_is_searched_for_in_the_words_of_the_shop(vocabulary):
    assert Wishes.read("frock rouge on sale under 20", vocabulary).look() == "dresses red"


def test_strict_wishes_are_prices_and_sales(vocabulary):
    strict = Wishes.read("shirt on sale under 20", vocabulary).strict()
    assert strict.on_sale is True and str(strict.price_to) == "20"


def test_a_text_counts_with_its_first_eight_words(vocabulary):
    read = Wishes.read(" ".join(f"word{n}" for n in range(5000)), vocabulary)
    assert len(read.phrases) == 8


def test_signs_alone_are_searched_for_as_they_are(vocabulary):
    assert Wishes.read("👗 %", vocabulary).text == "👗 %"
    assert Wishes.read("red 👗", vocabulary).text == "red"
    assert Wishes.read("under 50", vocabulary).text == ""


def test_the_vocabulary_is_read_again_only_when_the_catalogue_changed(text_shop, monkeypatch):
    monkeypatch.setattr("engine.applications.words.vocabulary.LASTS", -1.0)  # always due
    mark = ["1"]
    catalogue = text_shop.catalogue
    monkeypatch.setattr(type(catalogue), "watermark", lambda self: mark[0])
    live = LiveVocabulary(catalogue)
    first = live.current()
    assert live.current() is first
    mark[0] = "2"
    assert live.current() is not first
