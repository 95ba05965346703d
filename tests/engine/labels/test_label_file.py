import pytest

from catalog.records import ProductRecord
from engine.errors import SettingsError
from engine.labels.label_file import read_rules
from engine.labels.labels import RULES, label_products


def write(folder, text):
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def product(title="", **attributes):
    return ProductRecord("p", title, 1, attributes=attributes)


def test_a_shop_can_use_its_own_columns_and_words(tmp_path):
    rules = read_rules(
        write(
            tmp_path,
            """
            [[label]]
            column = "colour"
            fields = ["attributes.farbe"]
            words = { "navy blue" = ["nachtblau"], "petrol" = [] }

            [[label]]
            column = "fabric"
            fields = ["attributes.stoff"]
            facets = ["pattern"]

            [[label]]
            column = "type_fabric"
            of = ["type", "fabric"]
            """,
        )
    )
    table = label_products([product("Jeans", farbe="Nachtblau", stoff="Denim")], rules)
    assert table.text("colour", 0) == "navy blue"
    assert table.text("fabric", 0) == "denim"
    assert table.text("type_fabric", 0) == "jeans | denim"
    assert table.facets["fabric"] == ("pattern",)
    assert [rule.column for rule in rules[: len(RULES)]] == [rule.column for rule in RULES]


def test_words_are_added_to_those_that_are_there(tmp_path):
    rules = read_rules(write(tmp_path, '[[label]]\ncolumn="colour"\nwords={blue=["azul"]}\n'))
    for word in ("azul", "royal blue"):
        record = ProductRecord("p", "", 1, colour=word)
        assert label_products([record], rules).text("colour", 0) == "blue"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[label]", "not valid TOML"),
        ("x = 1", "must hold"),
        ("label = 3", "must hold"),
        ("[[label]]\nfields = ['title']", "number 1: give it a name"),
        ("[[label]]\ncolumn = 'a'\nfeilds = ['title']", "unknown key 'feilds'; use column"),
        ("[[label]]\ncolumn = 'a'\nfields = 'title'", "fields must be a list of texts"),
        ("[[label]]\ncolumn = 'a'\nfields = ['titel']", "'titel' is none of .*attributes.NAME"),
        ("[[label]]\ncolumn = 'a'\nfields = ['title']\nfacets = ['hue']", "'hue' is none of shape"),
        ("[[label]]\ncolumn = 'a'\nfields = ['title']\npick = 'any'", "'any' is none of first"),
        ("[[label]]\ncolumn = 'a'\nfields = ['title']\nwords = ['x']", "words must look like"),
        ("[[label]]\ncolumn = 'a'\nfields = ['title']\nwords = {x = 'y'}", "x must be a list"),
        ("[[label]]\ncolumn = 'a'", "give fields, search or of"),
        ("[[label]]\ncolumn = 'a'\nof = ['type', 'zz']", "'zz' is none of type"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path, text, message):
    with pytest.raises(SettingsError, match=message):
        read_rules(write(tmp_path, text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"Cannot read the label rules .*none.toml: No such"):
        read_rules(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not valid TOML"):
        read_rules(path)
