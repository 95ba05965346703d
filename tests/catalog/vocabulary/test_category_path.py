import pytest

from catalog.vocabulary import category_path


@pytest.mark.parametrize(
    ("names", "path"), [((), ""), (("Tops",), "Tops"), (("Tops", "T-shirts"), "Tops > T-shirts")]
)
def test_names_and_paths(names, path):
    assert category_path.join(names) == path
    assert category_path.split(path) == names


def test_nothing_has_no_names_and_no_levels():
    assert category_path.split(None) == ()
    assert category_path.levels(None) == category_path.levels("") == []


def test_leaf_parent_and_levels():
    assert category_path.leaf("A > B > C") == "C"
    assert category_path.leaf("A") == "A"
    assert category_path.parent("A > B > C") == "A > B"
    assert category_path.parent("A") is None
    assert category_path.levels("A > B > C") == ["A", "A > B", "A > B > C"]


@pytest.mark.parametrize(
    ("path", "other", "expected"),
    [
        ("Tops", "Tops", True),
        ("Tops", "Tops > T-shirts", True),
        ("Tops", "Topshop", False),
        ("Tops > T-shirts", "Tops", False),
        ("Tops", "", False),
    ],
)
def test_contains(path, other, expected):
    assert category_path.contains(path, other) is expected


@pytest.mark.parametrize(
    "text",
    [
        "Women > Dresses",
        "Women/Dresses",
        "Women | Dresses",
        "Women >> Dresses",
        "Women » Dresses",
        "Women\\Dresses",
        "Women;Dresses",
        "Women -> Dresses",
        "Women => Dresses",
        "Women → Dresses",
        "Women :: Dresses",
        "Women &gt; Dresses",
        "Women &amp;gt; <b>Dresses</b>",
        " > Women > Dresses > ",
        '["Women >> Dresses"]',
        '["Women", "Dresses"]',
        ["Women", None, "Dresses"],
        ["Women > Dresses"],
        ["Women > Dresses", "Sale > Women"],
        "Women > Dresses, Sale > Women",
        "Women/Dresses|Sale/Women",
    ],
)
def test_separators_of_a_category(text):
    assert category_path.category(text) == ("Women", "Dresses")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Women > Coats/Jackets", ("Women", "Coats/Jackets")),  # the slash is text
        ("Tops > Tees, Tanks & more", ("Tops", "Tees, Tanks & more")),
        ("3/4 sleeves", ("3/4 sleeves",)),
        ("S/S 2026", ("S/S 2026",)),
        ("T-shirts", ("T-shirts",)),
        ("Women, Dresses", ("Women, Dresses",)),
        ("Women: Dresses", ("Women: Dresses",)),
        ("[Sale", ("[Sale",)),
        ("[1, 2", ("[1, 2",)),
        (None, ()),
        ("N/A", ()),
    ],
)
def test_what_is_no_separator(text, names):
    assert category_path.category(text) == names


def test_paths_as_they_are_shown():
    assert category_path.names_of("Tops >  T-shirts > ") == ("Tops", "T-shirts")
    assert category_path.names_of("Coats/Jackets") == ("Coats/Jackets",)
