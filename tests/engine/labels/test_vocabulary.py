import pytest

from engine.labels import vocabulary
from engine.labels.vocabulary import Finder, normal, tokens

TABLES = {name: table for name, table in vars(vocabulary).items() if name.isupper()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Men's T-Shirts (Navy)", ["men", "tshirt", "navy"]),
        ("T SHIRT, t-shirts; Tshirts", ["tshirt", "tshirt", "tshirt"]),
        ("Dresses watches scarves boxes", ["dress", "watch", "scarve", "box"]),
        ("jeans Trousers SHORTS", ["jeans", "trousers", "shorts"]),
        ("Kurtis ties glass", ["kurti", "tie", "glass"]),
        ("Off-White_x", ["off", "white", "x"]),
        ("Größe Blusen", ["grösse", "blusen"]),
        ("", []),
    ],
)
def test_texts_fall_into_plain_singular_words(text, expected):
    assert tokens(text) == expected


def test_the_longest_phrase_wins_and_phrases_do_not_overlap():
    finder = Finder({"blue": (), "navy blue": ("navy",), "blue steel": ()})
    assert finder.spans(tokens("navy blue steel blue")) == [(0, 2, "navy blue"), (3, 4, "blue")]


def test_a_marked_word_counts_as_a_whole_value_only():
    finder = Finder({"short sleeve": ("=short",)})
    assert finder.value("Short") == "short sleeve"
    assert finder.spans(["short"]) == []
    assert finder.spans(tokens("a short-sleeved shirt and short sleeves")) == [
        (5, 7, "short sleeve")
    ]


@pytest.mark.parametrize(
    "table", [name for name, value in TABLES.items() if hasattr(value, "items")]
)
def test_no_phrase_means_two_things(table):
    meaning = {}
    for word, others in TABLES[table].items():
        for phrase in (word, *others):
            assert meaning.setdefault(normal(phrase), word) == word, phrase
            assert normal(phrase)


@pytest.mark.parametrize(
    "table", [name for name, value in TABLES.items() if hasattr(value, "items")]
)
def test_every_word_stands_for_itself(table):
    finder = Finder(TABLES[table])
    assert {word: finder.value(word) for word in TABLES[table]} == {w: w for w in TABLES[table]}
