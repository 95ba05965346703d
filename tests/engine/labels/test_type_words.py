import pytest

from engine.errors import SettingsError
from engine.labels.type_words import (
    TYPE_WORDS,
    answers,
    read_type_words,
    type_word,
)


def test_a_type_answers_itself_and_what_the_table_says():
    assert answers("watch") == {"watch"}
    assert answers("hoodie") == {"hoodie", "sweatshirt"}
    assert "tshirt" in answers("polo shirt") and "polo shirt" not in answers("tshirt")


def test_the_table_uses_the_words_of_labels():
    for word, others in TYPE_WORDS.items():
        for one in (word, *others):
            assert type_word(one) == one


def test_a_file_adds_and_replaces_rows_in_any_spelling(tmp_path):
    file = tmp_path / "types.toml"
    file.write_text('[types]\nHoodies = ["Fleeces"]\n"Button Down Shirts" = ["Blouses"]\n')
    words = read_type_words(file)
    assert answers("hoodie", words) == {"hoodie", "fleece"}
    assert answers("shirt", words) == {"shirt", "blouse"}
    assert answers("hat", words) == answers("hat")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Cannot read the type words"),
        ("[types", "not valid TOML"),
        ("[label]\nx = 1", "one table"),
        ("[types]\nhat = 'cap'", "hat must be a list of types"),
        ("[types]\nhat = [1]", "hat must be a list of types"),
        ("types = 1", "one table"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_what_is_expected(tmp_path, content, message):
    file = tmp_path / "types.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError, match=message):
        read_type_words(file)
