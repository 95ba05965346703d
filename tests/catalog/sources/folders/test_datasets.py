"""The layouts of two public data sets, on rows made up here."""

import pytest

from catalog.errors import SourceError
from catalog.records import Rejection
from catalog.sources import open_source

STYLES = (
    "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,"
    "productDisplayName\n"
)


def styles(folder, rows):
    (folder / "styles.csv").write_text(STYLES + rows)
    return open_source(folder)


def test_fashion_product_images(tmp_path):
    source = styles(
        tmp_path, "7,Men,Apparel,Topwear,Shirts,Navy Blue,Fall,2011,Casual,Ours Shirt\n"
    )
    (record,) = source.records()
    assert source.format == "fashion-product-images"
    assert (record.product_id, record.title, record.line) == ("7", "Ours Shirt", 2)
    assert record.category == ("Apparel", "Topwear", "Shirts")
    assert (record.gender, record.age_group, record.colour) == ("male", "adult", "Navy Blue")
    assert record.photos == ("images/7.jpg",)
    assert record.attributes == {"season": "Fall", "year": "2011", "usage": "Casual"}


def test_unquoted_titles_with_commas(tmp_path):
    rows = "7,Men,Apparel,Topwear,Shirts,NA,,2011,NA,Red, white,and blue\n8,Men,cut\n9,Men,Apparel"
    record, short, last = styles(tmp_path, rows).records()
    assert record.title == "Red, white,and blue"
    assert (record.colour, record.attributes) == (None, {"year": "2011"})
    assert isinstance(short, Rejection) and (short.line, short.product_id) == (3, "8")
    assert isinstance(last, Rejection)


@pytest.mark.parametrize(
    ("gender", "title", "expected"),
    [
        ("Girls", "Ours Top", ("female", "kids")),
        ("Women", "Ours Kids Girls Skirt", ("female", "kids")),
        ("Unisex", "Ours Watch", ("unisex", "adult")),
        ("Men", "Playboy Skidded Shirt", ("male", "adult")),
    ],
)
def test_children_are_recognised_by_gender_or_title(tmp_path, gender, title, expected):
    (record,) = styles(tmp_path, f"7,{gender},A,B,C,Red,Fall,2011,Casual,{title}\n").records()
    assert (record.gender, record.age_group) == expected


def test_clothing_dataset(tmp_path):
    text = (
        "image,sender_id,label,kids\nab-1,124,T-Shirt,False\nab-2,9,Not sure,True\n,9,Hat,False\n"
    )
    (tmp_path / "images.csv").write_text(text)
    source = open_source(tmp_path)
    shirt, unsure, nameless = source.records()
    assert source.format == "clothing-dataset"
    assert (shirt.product_id, shirt.title, shirt.category) == ("ab-1", "T-Shirt", ("T-Shirt",))
    assert (shirt.age_group, shirt.attributes) == ("adult", {"sender_id": "124"})
    assert shirt.photos == ("images/ab-1.jpg",)
    assert (unsure.category, unsure.age_group) == ((), "kids")
    assert isinstance(nameless, Rejection)


def test_clothing_dataset_with_its_other_folder_names(tmp_path):
    (tmp_path / "images.csv").write_text("image,sender_id,label,kids\nab,1,Hat,False\n")
    (tmp_path / "images_original").mkdir()
    (record,) = open_source(tmp_path).records()
    assert record.photos == ("images_original/ab.jpg",)


def test_a_given_format_must_fit(tmp_path):
    (tmp_path / "styles.csv").write_text("id,title\n1,a\n")
    with pytest.raises(SourceError, match="masterCategory"):
        list(open_source(tmp_path, "fashion-product-images").records())
    with pytest.raises(SourceError, match=r"images\.csv cannot be read"):
        list(open_source(tmp_path, "clothing-dataset").records())
