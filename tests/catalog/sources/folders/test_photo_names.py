"""Which photos of a plain folder are one product."""

from pathlib import Path

import pytest

from catalog.errors import SourceError
from catalog.sources import open_source
from catalog.sources.folders.photo_names import MAX_NUMBER, MAX_NUMBER_OF_WORDS, group_photos


def grouped(*names: str, how: str = "auto") -> dict[str, list[str]]:
    """Product -> its photos, from the names of some ``.jpg``."""
    photos = sorted(Path(f"{name}.jpg") for name in names)
    return {
        shown.path.as_posix(): [photo.with_suffix("").as_posix() for photo in shown.photos]
        for shown in group_photos(photos, how)
    }


@pytest.mark.parametrize(
    ("names", "product"),
    [
        ("LK0012-1 LK0012-2 LK0012-3", "LK0012"),
        ("LK0012_01 LK0012_02", "LK0012"),
        ("10001 10001-1 10001-2", "10001"),
        ("10001 10001_2 10001_3", "10001"),
        ("1-0 1-1", "1"),
        ("SKU-0815-front SKU-0815-back SKU-0815-detail2", "SKU-0815"),
        ("red-dress_front red-dress_back", "red-dress"),
        ("hat hat_BACK", "hat"),
        ("LK0012-1-front LK0012-1-back", "LK0012"),
        ("LK0012-2-1 LK0012-2-2", "LK0012-2"),
        ("shop/LK0012-1 shop/LK0012-2", "shop/LK0012"),
        ("look 2024-7b-1 look 2024-7b-2", "look 2024-7b"),
    ],
)
def test_numbers_and_views_of_one_name_are_one_product(names, product):
    names = names.replace("look ", "look+").split()
    names = [name.replace("+", " ") for name in names]
    assert grouped(*names) == {product: names}


def test_a_single_photo_has_its_base_name_as_id():
    assert grouped("LK0012-1") == {"LK0012": ["LK0012-1"]}
    assert grouped("red-dress_front") == {"red-dress_front": ["red-dress_front"]}


def test_names_of_words_are_grouped_only_if_several_are_numbered():
    names = ["red-dress-1", "red-dress-2", "blue-skirt-1"]
    # A name of words that is there once keeps its number: a second photo gives it a reason.
    assert grouped(*names) == {"red-dress": names[:2], "blue-skirt-1": names[2:]}
    alone = [f"summer-dress-{n}" for n in range(1, 5)]
    assert len(grouped(*alone)) == 4
    many = [f"blue-skirt-{n}" for n in range(1, MAX_NUMBER_OF_WORDS + 2)]
    assert len(grouped(*names[:2], *many)) == 1 + len(many)
    assert len(grouped("dress-1", "dress-2", "hat-1", "hat-2")) == 4


@pytest.mark.parametrize(
    "names",
    [
        "IMG_0001 IMG_0002",
        "IMG_0001 IMG_0001_1 IMG_0001_2",
        "IMG-1 IMG-2 scan-1 scan-2",
        "DSC00012 DSC00013",
        "DSC00012-1 DSC00012-2",
        "2024-01-01 2024-01-02",
        "20240105_1 20240105_2 IMG_20240105_1 IMG_20240105_2",
        "05-01-2024-1 05-01-2024-2",
        "2024-summer-1 2024-summer-2",
        "LK0012-10 LK0012-20",
        "LK0012 LK0013 LK0014",
        "shirt1 shirt2",
        "0 1 2 3",
        "a/1 a/2 b/1",
        "zip-front tie-back",
    ],
)
def test_names_by_cameras_dates_and_counters_are_not_grouped(names):
    names = names.split()
    assert grouped(*names) == {name: [name] for name in names}


def test_too_many_photos_are_not_one_product():
    names = [f"A7-{n}" for n in range(1, MAX_NUMBER + 2)]
    assert len(grouped(*names)) == len(names)
    assert len(grouped(*names[:-1])) == 1


@pytest.mark.parametrize("folder", ["10001", "SKU-0815", "LK000012", "Tops/10001"])
def test_a_folder_named_like_an_id_is_a_product(folder):
    names = [f"{folder}/{name}" for name in ("1", "IMG_0001", "side", f"{Path(folder).name}-2")]
    assert list(grouped(*names)) == [folder]


@pytest.mark.parametrize("folder", ["Tops", "2024", "202401", "batch-001", "100CANON", "IMG_0001"])
def test_any_other_folder_is_a_category(folder):
    assert len(grouped(f"{folder}/1", f"{folder}/2")) == 2


def test_a_folder_of_several_products_or_with_folders_is_a_category():
    assert set(grouped("10001/LK1-1", "10001/LK1-2", "10001/LK2-1")) == {"10001/LK1", "10001/LK2"}
    assert len(grouped("10001/1", "10001/2", "10001/more/a", "10001/more/b")) == 4
    assert len(grouped(*(f"10001/{n}" for n in range(MAX_NUMBER + 1)))) == MAX_NUMBER + 1


def test_the_front_comes_first_and_numbers_in_order():
    names = ["A7-back", "A7-front", "A8-1", "A8-10", "A8-2", "A9", "A9-1"]
    assert grouped(*names) == {
        "A7": ["A7-front", "A7-back"],
        "A8": ["A8-1", "A8-2", "A8-10"],
        "A9": ["A9", "A9-1"],
    }


def test_a_shop_can_set_another_rule():
    names = ["LK1-1", "LK1-2", "Tops/red-a", "Tops/red-b"]
    assert len(grouped(*names, how="photo")) == 4
    assert set(grouped(*names, how="folder")) == {"LK1-1", "LK1-2", "Tops"}
    assert grouped(*names, how=r".*/(\w+)-[a-z]") == {
        "LK1-1": ["LK1-1"],
        "LK1-2": ["LK1-2"],
        "red": names[2:],
    }
    assert set(grouped(*names, how=r"(Tops/)?(?P<product>\w+)-.")) == {"LK1", "red"}


@pytest.mark.parametrize(
    ("pattern", "words"), [("(", "not a valid regular expression"), ("a.*", "has no group")]
)
def test_an_invalid_pattern_is_an_error(pattern, words):
    with pytest.raises(SourceError, match=words):
        grouped("a", how=pattern)


def test_the_setting_reaches_the_source(tmp_path, make_photo, monkeypatch):
    for name in ("LK1-1", "LK1-2", "LK2-1"):
        make_photo(tmp_path / f"shop/{name}.jpg")
    source = open_source(tmp_path / "shop")
    one, two = source.records()
    assert (one.product_id, one.title, one.photos) == ("LK1", "LK1", ("LK1-1.jpg", "LK1-2.jpg"))
    assert (two.product_id, two.line) == ("LK2", 3)
    assert "2 products, from the names of 3 photos" in source.describe()
    monkeypatch.setenv("LOOKALIKE_PHOTO_NAMES", "photo")
    assert len(list(open_source(tmp_path / "shop").records())) == 3


def test_a_product_folder_is_no_category(tmp_path, make_photo):
    for name in ("front", "back"):
        make_photo(tmp_path / f"Tops/10001/{name}.jpg")
    (product,) = open_source(tmp_path).records()
    assert (product.product_id, product.title) == ("Tops/10001", "10001")
    assert product.category == ("Tops",)
    assert product.photos == ("Tops/10001/front.jpg", "Tops/10001/back.jpg")
