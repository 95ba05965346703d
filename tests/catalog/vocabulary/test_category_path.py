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
